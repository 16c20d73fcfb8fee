#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""test-tutorial.py [--write] WIRESTORM DOC...: the commands in documents print what the documents show.

A block "```vmt NAME" is a file. In a block "```console", a line "$ COMMAND" is run by bash, with WIRESTORM on the path,
in a directory that has the files of the document; where it has none, corpus/. The lines after it are its output,
standard error included. There, a line "..." stands for any lines, and "..." within a line for any text. --write puts
the output of today where it differs.

DOC may be a folder: all its documents. A picture that a document shows and that lies beside it ("![...](NAME.svg)") is
what a command of the document writes as NAME.svg.
"""

import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COMMANDS_MIN, FILES_MIN, PICTURES_MIN = 80, 2, 10
BLOCK = re.compile(r"^```(vmt \S+|console)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
PICTURE = re.compile(r"!\[[^\]]*\]\(([\w-]+\.svg)\)")


def pattern(shown):
    """What the lines of an output, with "..." in them, match."""
    parts = [r"(?:.*\n)*" if line == "..." else ".*".join(map(re.escape, line.split("..."))) + r"\n"
             for line in shown]
    return re.compile("".join(parts))


def run(command, room, tool):
    env = {**os.environ, "PATH": f"{tool.parent}:{os.environ['PATH']}", "LC_ALL": "C.UTF-8", "COLUMNS": "80"}
    done = subprocess.run(["bash", "-c", command], cwd=room, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, timeout=600, check=False)
    return done.stdout


def commands(block):
    """Pairs of a command and the lines that are shown of its output."""
    found = []
    for line in block.splitlines():
        if line.startswith("$ "):
            found.append((line[2:], []))
        elif found:
            found[-1][1].append(line)
        else:
            sys.exit(f"test-tutorial: expected a line '$ COMMAND' first, found '{line}'")
    return found


def compare_pictures(names, room, folder, write):
    """The pictures in the folder of the document against those that its commands have made in the room."""
    complaints = []
    for name in names:
        made, kept = Path(room, name), folder / name
        if not made.exists():
            complaints.append(f"{name}: no command of the document makes this picture")
        elif write:
            kept.write_bytes(made.read_bytes())
        elif not kept.exists() or kept.read_bytes() != made.read_bytes():
            complaints.append(f"{name}: the picture differs from the one that the command makes")
    return complaints


def follow(text, tool, folder, write=False):
    """Does all of a document in order. Returns the differences, the counts, and the text of today."""
    pictures = PICTURE.findall(text)
    counts, complaints = {"commands": 0, "files": 0, "pictures": len(pictures)}, []

    def block(match):
        kind, body = match.groups()
        if kind != "console":
            Path(room, kind.split()[1]).write_text(body, encoding="utf-8")
            counts["files"] += 1
            return match.group(0)
        lines = []
        for command, shown in commands(body):
            out = run(command, room, tool)
            counts["commands"] += 1
            if not pattern(shown).fullmatch(out):
                complaints.append(f"$ {command}\n--- the document:\n" + "\n".join(shown) + f"\n--- the command:\n{out}")
                shown = out.splitlines()
            lines += ["$ " + command, *shown]
        return "```console\n" + "\n".join(lines) + "\n```"

    with tempfile.TemporaryDirectory() as room:
        if "```vmt " not in text:
            Path(room, "corpus").symlink_to(ROOT / "corpus")
        written = BLOCK.sub(block, text)
        complaints += compare_pictures(pictures, room, folder, write)
    return complaints, counts, written


def main():
    write = sys.argv[1] == "--write"
    tool = Path(sys.argv[1 + write]).resolve()
    # The comparison itself can fail: another output, a file that is not what the commands say, and another picture.
    canary = "```vmt a.vmt\nmap 16 80\n```\n```console\n$ wirestorm fmt --check a.vmt\n{}\n```\n"
    for shown, wrong in (("nothing", 1), ("a.vmt:...: expected ...", 0), ("...", 0)):
        if len(follow(canary.format(shown).replace("16 80", "80"), tool, ROOT)[0]) != wrong:
            sys.exit(f"test-tutorial: the comparison with '{shown}' does not work")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "a.svg").write_text("kept", encoding="utf-8")
        for command, wrong in (("printf kept >a.svg", 0), ("printf other >a.svg", 1), ("true", 1)):
            if len(follow(f"```console\n$ {command}\n```\n![a](a.svg)\n", tool, Path(folder))[0]) != wrong:
                sys.exit(f"test-tutorial: the comparison of the picture after '{command}' does not work")
    total, complaints = Counter(), []
    docs = [doc for given in map(Path, sys.argv[2 + write:])
            for doc in (sorted(given.glob("*.md")) if given.is_dir() else [given])]
    for doc in docs:
        found, counts, written = follow(doc.read_text(encoding="utf-8"), tool, doc.parent, write)
        total.update(counts)
        complaints += [f"{doc.name}: {complaint}" for complaint in found]
        if write:
            doc.write_text(written, encoding="utf-8")
    if write:
        return
    least = {"commands": COMMANDS_MIN, "files": FILES_MIN, "pictures": PICTURES_MIN}
    if any(total[what] < least[what] for what in least):
        sys.exit(f"{dict(total)}: expected at least {least}")
    if complaints:
        sys.exit("\n".join(complaints) + f"\nthe output of {len(complaints)} commands differs; look at it, then run"
            + f"\n{sys.argv[0]} --write {' '.join(sys.argv[1:])}")
    print(dict(total))


if __name__ == "__main__":
    main()
