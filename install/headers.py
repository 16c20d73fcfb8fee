#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""headers.py SOURCE DIR: installs the headers of the library into the directory DIR of the prefix.

These are harness/wirestorm.h and all files of the source tree that it includes, directly or not. Each keeps its path
below DIR; DIR/wirestorm.h includes the first one. Run by meson install.
"""
import os
import re
import shutil
import sys
from pathlib import Path

FIRST = 'harness/wirestorm.h'


def closure(source):
    """The paths, relative to source, of the first header and of all that it includes."""
    found, todo = set(), [FIRST]
    while todo:
        path = todo.pop()
        if path not in found:
            found.add(path)
            todo += re.findall(r'^[ \t]*#[ \t]*include[ \t]+"([^"]+)"', (source / path).read_text(), re.MULTILINE)
    return sorted(found)


def main():
    source, to = Path(sys.argv[1]), Path(os.environ['MESON_INSTALL_DESTDIR_PREFIX'], sys.argv[2])
    paths = closure(source)
    for path in paths:
        (to / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / path, to / path)
    (to / 'wirestorm.h').write_text('/* SPDX-License-Identifier: BSD-2-Clause */\n'
        f'/* wirestorm.h - the library of wirestorm: see {FIRST} here. */\n#include "{FIRST}"\n')
    if not os.environ.get('MESON_INSTALL_QUIET'):
        print(f'Installing {len(paths) + 1} headers to {to}')


if __name__ == '__main__':
    main()
