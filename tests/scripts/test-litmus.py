#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""test-litmus.py WIRESTORM ROOT - corpus/litmus against its heads and the documents that point to it.

What the programs do is checked by `wirestorm check`; here it is whether they are explained, found, and about what they
say: every file has a head and a line in docs/litmus.md, every row of docs/returns.md has a file with its code, every
sentence of docs/manpage.md has one, every command in a head works, and the files about a quirk change without it.
docs/returns.md says of an edge what docs/edges.md says, which is made from engine/edges.def (test-docs.c).
"""

import re
import shlex
import subprocess
import sys
from functools import cache
from pathlib import Path

FILES_MIN = 25
HEAD_MIN, HEAD_MAX = 4, 16
ROWS = [f"w{i}" for i in range(1, 13)] + [f"u{i}" for i in range(1, 10)]
ROWS += ["wire_inverted", "unwire_inverted", "clamped"]
UNREACHABLE = {"w6", "w11", "w12", "u6"}
VERDICTS = ("agrees", "contradicts", "partly", "silent")
SENTENCES_MIN = 12

# File: a profile in which it goes differently.
CHANGES = {
    "quirk-q1-clip-then-fail": "strict",
    "quirk-q2-drift": "strict",
    "quirk-q2-leak-refuses": "strict",
    "quirk-q3-unsigned-limit": "strict +Q2",
    "quirk-q4-find-misses-tail": "strict",
    "quirk-q6-sync-past-hole": "strict",
    "quirk-q7-inherit-copy-leaves-pieces": "strict",
    "quirk-q8-mmap-unwired": "strict",
    "quirk-q9-growth-unwired": "strict",
    "quirk-q10-stack-takes-orphan": "strict",
    "quirk-q11-unwire-grown": "strict",
    "limit-on-system-wired": "strict +Q2",
    "sync-hole-made-meanwhile": "strict +Q6",
    "wire-clipped-then-fails": "strict +Q1",
    "wires-share-pages": "strict +Q2",
}

# Quirk file: the check that reports it, and the profile without that quirk.
REPORTED = {
    "quirk-q1-clip-then-fail": ("rollback", "strict"),
    "quirk-q2-drift": ("I19", "strict"),
    "quirk-q3-unsigned-limit": ("shortage", "strict +Q2"),
    "quirk-q4-find-misses-tail": ("find", "strict"),
    "quirk-q6-sync-past-hole": ("sync", "strict"),
    "quirk-q7-inherit-copy-leaves-pieces": ("fragments", "strict"),
    "quirk-q11-unwire-grown": ("alien", "strict"),
}

wirestorm, root = Path(sys.argv[1]).resolve(), Path(sys.argv[2])
litmus = root / "corpus" / "litmus"
names = sorted(path.stem for path in litmus.rglob("*.vmt"))
complaints = []


def complain(where, what):
    complaints.append(f"{where}: {what}")


def run(*words):
    return subprocess.run([wirestorm, *words], cwd=root, capture_output=True, text=True, timeout=600)


@cache
def text(name):
    return (litmus / f"{name}.vmt").read_text(encoding="utf-8")


@cache
def head(name):
    """The comment lines before the first other line."""
    lines = text(name).split("\n")
    end = next(i for i, line in enumerate(lines) if not line.startswith("#"))
    return lines[:end]


def title(name):
    match = re.match(r"# title: (\S.*)$", head(name)[0]) if head(name) else None
    return match.group(1) if match else None


@cache
def results(name):
    """The set of (operation, result) that a file expects. Its result line, if it has one, stands for its outcomes."""
    found, threads = set(), {}
    lines = [line for line in text(name).split("\n") if not line.startswith("#")]
    for line in lines:
        if match := re.match(r"(?:init|final) (\w+).* => (\S+)$", line):
            found.add(match.groups())
        elif match := re.match(r"(T\d+) (\w+)", line):
            threads.setdefault(match.group(1), []).append(match.group(2))
    ends = [line for line in lines if line.startswith("result ")] or [l for l in lines if l.startswith("outcome ")]
    for end in ends:
        for thread, values in re.findall(r"(T\d+): ([^ ]+)", end):
            found.update(zip(threads[thread], values.split(",")))
    return found


def cells(line):
    return [cell.strip() for cell in line.strip().strip("|").split(" | ")]


def linked(cell):
    return re.findall(r"corpus/litmus/([\w-]+)\.vmt\)", cell)


def check_heads():
    if len(names) < FILES_MIN:
        complain(litmus, f"{len(names)} programs, at least {FILES_MIN} are wanted")
    for name in names:
        lines = head(name)
        if title(name) is None:
            complain(name, "line 1 is not '# title: ...'")
        if not HEAD_MIN <= len(lines) <= HEAD_MAX:
            complain(name, f"a head of {len(lines)} lines, wanted are {HEAD_MIN} to {HEAD_MAX}")
        for other in re.findall(r"([\w-]+)\.vmt", "\n".join(lines)):
            if other not in names:
                complain(name, f"its head names {other}.vmt, which does not exist")


def check_index():
    """docs/litmus.md has each program once, with its title and its rows."""
    seen = []
    for line in (root / "docs" / "litmus.md").read_text(encoding="utf-8").split("\n"):
        match = re.match(r"\| \[([\w-]+)\]\(\.\./corpus/litmus/([\w-]+)\.vmt\) \| (.*?) ?\| (.*) \|$", line)
        if not match:
            continue
        name, target, rows, shows = match.groups()
        seen.append(name)
        if name not in names or name != target:
            complain("docs/litmus.md", f"the line of {name} does not fit a program")
            continue
        if shows != title(name):
            complain("docs/litmus.md", f"{name} is not described by its title, '{title(name)}'")
        for row in filter(None, rows.split(", ")):
            if not any(re.match(rf"# Rows? (\w+ and )*{row}\b", h) for h in head(name)):
                complain("docs/litmus.md", f"{name}: its head does not begin a line with 'Row {row}'")
    for name in names:
        if seen.count(name) != 1:
            complain("docs/litmus.md", f"{name} has {seen.count(name)} lines")


@cache
def edges():
    """Of each edge: its rule, and what the man page says of it."""
    lines = (root / "docs" / "edges.md").read_text(encoding="utf-8").split("\n")
    rows = [cells(line) for line in lines if line.startswith("| `")]
    return {row[0].strip("`"): (row[4], row[6]) for row in rows}


def check_edge(where, row, cell, man):
    """A row of a document has the edge whose rule it is, or which is called so, and what the man page says of that."""
    if row in UNREACHABLE:
        if cell != "-":
            complain(where, f"is unreachable, but has the edge {cell}")
        return
    name = next((name for name, (rule, _) in edges().items() if row in (rule, name)), None)
    if name is None:
        complain(where, "docs/edges.md has no edge for it")
    elif cell != f"[`{name}`](edges.md)":
        complain(where, f"its edge is not {name}")
    elif re.match(r"\w+", man)[0] != edges()[name][1]:
        complain(where, f"the man page {man}, but engine/edges.def says: {edges()[name][1]}")


def check_row(row, line):
    """A row's programs have its code, at an operation of its kind."""
    where = f"docs/returns.md, row {row}"
    _, edge, codes, _, _, man, see = cells(line)
    check_edge(where, row, edge, man)
    if row in UNREACHABLE:
        if "unreachable because" not in see or linked(see):
            complain(where, "is unreachable, and does not say why")
        return
    if not linked(see):
        complain(where, "names no program")
    op = "unwire" if row.startswith("u") else "wire"
    codes = re.findall(r"KERN_\w+", codes)
    found = set()
    for name in linked(see):
        if name not in names:
            continue
        here = {code for code in codes if (op, code) in results(name)}
        if not here:
            complain(where, f"{name} has no {op} with {' or '.join(codes)}")
        if not re.search(rf"\b{row}\b", "\n".join(head(name))):
            complain(where, f"the head of {name} does not name {row}")
        found |= here
    for code in codes:
        if code not in found:
            complain(where, f"no program shows {code}")


def check_returns():
    """docs/returns.md has each row once, with its edge, its code and its programs."""
    lines = (root / "docs" / "returns.md").read_text(encoding="utf-8").split("\n")
    for row in ROWS:
        of_row = [line for line in lines if line.startswith(f"| {row} |")]
        if len(of_row) != 1:
            complain("docs/returns.md", f"{len(of_row)} lines for row {row}")
        else:
            check_row(row, of_row[0])


def check_manpage():
    """docs/manpage.md has a verdict and a program for each sentence."""
    lines = (root / "docs" / "manpage.md").read_text(encoding="utf-8").split("\n")
    begin = next(i for i, line in enumerate(lines) if line.startswith("| the man page |"))
    sentences = 0
    for line in lines[begin + 2:]:
        if not line.startswith("|"):
            break
        sentences += 1
        sentence, verdict, _, see = cells(line)
        if verdict not in VERDICTS:
            complain("docs/manpage.md", f"'{verdict}' is not a verdict")
        if not linked(see):
            complain("docs/manpage.md", f"no program shows: {sentence}")
    if sentences < SENTENCES_MIN:
        complain("docs/manpage.md", f"{sentences} sentences, at least {SENTENCES_MIN} are wanted")


def check_commands():
    """Every command in a head does what it is there for: it works, or under another profile it differs."""
    for name in names:
        lines = "\n".join(head(name)).replace("\\\n#", " ")
        commands = re.findall(r"\bwirestorm (.*\.vmt)$", lines, re.MULTILINE)
        if not commands:
            complain(name, "its head has no command")
        for command in commands:
            words = shlex.split(command)
            status = run(*words).returncode
            if status != int(words[0] == "check" and "--profile" in words):
                complain(name, f"wirestorm {command}: exit status {status}")


def check_reported():
    """The checker reports a quirk by the right check, and is silent about that without the quirk."""
    for name, (check, profile) in REPORTED.items():
        path = f"corpus/litmus/{name}.vmt"
        if not re.search(rf"^# FINDING \S+ {check}: .*quirk", run("explore", path).stdout, re.MULTILINE):
            complain(name, f"explore does not report {check}")
        without = run("explore", "--profile", profile, path)
        if re.search(rf"^# FINDING \S+ {check}: ", without.stdout, re.MULTILINE) or without.returncode > 1:
            complain(name, f"explore --profile '{profile}' is not silent about {check}")


def check_quirks():
    table = (root / "engine" / "behaviours.def").read_text(encoding="utf-8")
    quirks = re.findall(r"^VM_BEHAVIOUR\((\w+), QUIRK,", table, re.MULTILINE)
    for quirk in quirks:
        if not any(name.startswith(f"quirk-{quirk.lower()}-") for name in CHANGES):
            complain("engine/behaviours.def", f"no program shows {quirk}: quirk-{quirk.lower()}-...")
    for name in names:
        if name.startswith("quirk-") and name not in CHANGES:
            complain(name, "is not in the list of those that change")
    for name, profile in CHANGES.items():
        r = run("check", "--profile", profile, f"corpus/litmus/{name}.vmt")
        if r.returncode != 1 or not re.search(r"expected|schedule", r.stdout):
            complain(name, f"does not change with --profile '{profile}': exit status {r.returncode}\n{r.stdout}")
    # The others are about all profiles.
    others = [f"corpus/litmus/{name}.vmt" for name in names if name not in CHANGES]
    for profile in ("freebsd12", "freebsd-main"):
        r = run("check", "--profile", profile, *others)
        if r.returncode != 0:
            complain(f"--profile {profile}", f"exit status {r.returncode}\n{r.stdout}")


for check in (check_heads, check_index, check_returns, check_manpage, check_commands, check_quirks, check_reported):
    check()
print("\n".join(complaints + [f"litmus: {len(names)} programs, {len(complaints)} complaints"]))
sys.exit(1 if complaints else 0)
