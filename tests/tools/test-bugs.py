#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""test-bugs.py WIRESTORM ROOT [--mutants]: the bug bank, its documents and its programs.

Without --mutants (any build): docs/bug-bank.md is current, and a build without mutants refuses to put one back.
With it: every program of corpus/bugs shows its bug, and does not without it (check looks both ways); each mutant has
one or its reason in tests/tools/mutants/not-found.txt; a hunt finds a sample, nothing without a bug, and resumes; the
controls are the same as the original on a part of the corpus.
"""
import json
import subprocess
import sys
import tempfile
from pathlib import Path

# Each is found by another check, and in a fraction of a second.
SAMPLE = ["unwire_takes_nothing", "wait_sampled_late", "rollback_takes_old_wiring", "unwire_skips_transition",
    "limit_not_with_holes", "clip_loses_owner", "find_error_keeps_lock", "relook_never", "fault_refused_after_wait",
    "hole_by_old_end"]
CONTROLS = ["relook_always", "merge_compares_owners"]

wirestorm, root = Path(sys.argv[1]).resolve(), Path(sys.argv[2])


def run(*words, status=0):
    r = subprocess.run([wirestorm, *words], capture_output=True, text=True, cwd=root, timeout=1000)
    if r.returncode != status:
        sys.exit(f"wirestorm {' '.join(words)}: expected status {status}, got {r.returncode}:\n{r.stdout}{r.stderr}")
    return r.stdout


def table():
    """The mutants of the bank with their classes, from the list."""
    lines = run("bugs", "list").split("\n\n", maxsplit=1)[0].split("\n")
    return {line.split()[0]: line.split()[2] for line in lines if line}


def test_document():
    page = root / "docs" / "bug-bank.md"
    if page.read_text(encoding="utf-8") != run("bugs", "list", "--markdown"):
        sys.exit(f"{page} is not current: wirestorm bugs list --markdown > docs/bug-bank.md")


def test_words():
    for name in ("unwire_takes_nothing", "relook_always"):
        if name not in run("bugs", "describe", name):
            sys.exit(f"bugs describe {name} does not name it")
    run("bugs", "describe", "nonesuch", status=2)
    run("bugs", "describe", status=2)
    run("bugs", status=2)
    run("bugs", "nonesuch", status=2)
    run("bugs", "report", status=2)
    run("bugs", "report", "--state", "/nonesuch", status=2)


def test_plot_refuses():
    """What is no record is said in one line, before anything is drawn."""
    for text, words in (("nonsense\n", ":1: expected a record"), ('{"class": "historical"}\n', ":1: expected a record"),
            ("[]\n", ":1: expected a record"), ("", "no records of mutants")):
        r = subprocess.run([sys.executable, root / "scripts" / "bugs-plot.py", "-o", "/nonesuch/x.svg"], input=text,
            capture_output=True, text=True)
        if r.returncode != 2 or words not in r.stderr or r.stderr.count("\n") != 1:
            sys.exit(f"bugs-plot.py on {text!r}: status {r.returncode}, expected 2 and a line about it:\n{r.stderr}")


def test_refused():
    run("bugs", "hunt", "unwire_takes_nothing", status=2)
    run("bugs", "equivalent", "relook_always", status=2)


def test_corpus():
    files = {path.stem: path for path in (root / "corpus" / "bugs").glob("*.vmt")}
    reasons = {line.split(":")[0] for line in
        (root / "tests" / "tools" / "mutants" / "not-found.txt").read_text(encoding="utf-8").splitlines()
        if line and not line.startswith("#")}
    classes = table()
    if len(classes) < 45:
        sys.exit(f"the bank has {len(classes)} mutants only")
    for name, kind in classes.items():
        if (name in files) + (name in reasons) + (kind == "equivalent") != 1:
            sys.exit(f"{name}: expected one of: a program in corpus/bugs, a reason in not-found.txt, to be a control")
    for name, path in files.items():
        if f"\nmutant {name}\n" not in path.read_text(encoding="utf-8"):
            sys.exit(f"{path} is not about {name}")
    last = run("check", "corpus/bugs").rstrip().split("\n")[-1]
    if last != f"{len(files)} passed, 0 failed":
        sys.exit(f"corpus/bugs: {last}")


def results(*words):
    return [json.loads(line) for line in run("bugs", "hunt", "--json", *words).splitlines()]


def test_hunt(state):
    # Processor seconds: what else the machine does is of no account.
    how = ["--engine", "explore", "--seeds", "1", "--seconds", "20", "--state", state, *SAMPLE]
    found = results(*how)
    missed = [r["mutant"] for r in found if r["end"] != "found"]
    if missed or len(found) != len(SAMPLE):
        sys.exit(f"not found: {missed}, of {len(found)}")
    if results(*how) != found:
        sys.exit("a hunt over the same state does not give what it kept")
    bare = results("--engine", "explore", "--engine", "hunt", "--seeds", "1", "--seconds", "1", "none")
    if any(r["end"] != "not found" for r in bare):
        sys.exit("something was found without a bug")
    report = run("bugs", "report", "--state", state)
    for name in SAMPLE:
        if not any(name in line and "1/1" in line for line in report.splitlines()):
            sys.exit(f"the report lacks {name}:\n{report}")


def check_stress(*more):
    """Real threads find it, and a trial leaves nothing in the directory where it is started."""
    with tempfile.TemporaryDirectory() as empty:
        r = subprocess.run([wirestorm, "bugs", "hunt", *more, "--engine", "stress", "--seeds", "1", "--seconds", "10",
            "delete_unmaps_first"], capture_output=True, text=True, cwd=empty, timeout=1000)
        left = [path.name for path in Path(empty).iterdir()]
    if r.returncode != 0 or "panic" not in r.stdout or left:
        sys.exit(f"bugs hunt {more} --engine stress: status {r.returncode}, left {left}:\n{r.stdout}{r.stderr}")


def test_engines():
    """The others find it, too; a control is found by nobody."""
    for engine in ("hunt", "twin", "litmus"):
        for r in results("--engine", engine, "--seeds", "1", "--seconds", "10", "unwire_takes_nothing"):
            if r["end"] != "found":
                sys.exit(f"{engine} does not find unwire_takes_nothing: {r}")
    check_stress()
    check_stress("--json")
    for r in results("--engine", "litmus", "--engine", "twin", "--seeds", "1", "--seconds", "1", *CONTROLS):
        if r["end"] != "not found":
            sys.exit(f"a control was found: {r}")
    run("bugs", "equivalent", "--count", "100", "--corpus", "corpus/litmus", *CONTROLS)
    run("bugs", "equivalent", "--count", "100", "--corpus", "corpus/litmus", "unwire_takes_nothing", status=1)


def test_stale_pointer_is_in_the_state_key():
    """By states and by schedules the same outcomes, as often; the former says "complete"."""
    path = "tests/tools/mutants/stale-pointer.vmt"
    states, schedules = (json.loads(run("explore", "--json", *how, path, status=1)) for how in
        ([], ["--by-schedules"]))
    if not states["complete"]:
        sys.exit(f"{path}: {states['end']}")
    counts = [[(o["outcome"], o["schedules"]) for o in x["outcomes"]] for x in (states, schedules)]
    if counts[0] != counts[1] or sum(int(n) for _, n in counts[0]) != 176:
        sys.exit(f"{path}: by states {counts[0]}, by schedules {counts[1]}")


def main():
    test_document()
    test_words()
    test_plot_refuses()
    if "--mutants" not in sys.argv[3:]:
        test_refused()
        return
    test_corpus()
    test_stale_pointer_is_in_the_state_key()
    with tempfile.TemporaryDirectory() as state:
        test_hunt(state)
    test_engines()


main()
