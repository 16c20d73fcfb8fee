#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""test-quotes.py [--write] DOC: the code that a document quotes is the code that there is.

In the document, "<!-- quote FILE NAME -->" stands in a line before a fenced block; FILE is relative to the tree. In the
file, the quoted lines stand between a line "/* quote NAME */" and the next line "/* end */". --write brings the
document up to date instead of complaining.
"""
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
QUOTE = re.compile(r'(<!-- quote (\S+) (\S+) -->\n```c\n)(.*?)(```\n)', re.DOTALL)


def source(file, name):
    """The lines between the marks, or an exit that names what is missing."""
    text = (ROOT / file).read_text()
    found = re.findall(rf'^/\* quote {re.escape(name)} \*/\n(.*?)^/\* end \*/\n', text, re.DOTALL | re.MULTILINE)
    if len(found) != 1:
        sys.exit(f'{file}: {len(found)} passages "quote {name}", expected one')
    return found[0]


def main():
    write = sys.argv[1] == '--write'
    doc = Path(sys.argv[-1])
    text = doc.read_text()
    quotes = QUOTE.findall(text)
    if not quotes or len(quotes) != text.count('<!-- quote '):
        sys.exit(f'{doc.name}: {text.count("<!-- quote ")} marks but {len(quotes)} quotes behind them')
    if write:
        doc.write_text(QUOTE.sub(lambda m: m[1] + source(m[2], m[3]) + m[5], text))
        return
    stale = [f'{doc.name}: quote {name} is not what {file} says; tests/scripts/test-quotes.py --write mends it'
             for _, file, name, quoted, _ in quotes if source(file, name) != quoted]
    if stale:
        sys.exit('\n'.join(stale))
    print(f'{len(quotes)} quotes')


if __name__ == '__main__':
    main()
