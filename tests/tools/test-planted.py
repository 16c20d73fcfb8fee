#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""test-planted.py WIRESTORM [--all]: findings of planted bugs pass check while the bug is there, and only then.

Hunts with a mutant, in a build with the mutants, and asks of each file: wirestorm check passes it with the mutant and
fails it without; wirestorm check --fixed says that it still happens with the mutant, and that it does not without. The
files that the hunt itself says do not pass are counted, and so are those about an incomplete state key; none is
allowed. --all: every mutant of the bank, three seeds. Without it: a sample, one seed.
"""

import json
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

SAMPLE = ["clip_loses_transition", "unwire_barges_in", "delete_checks_once", "wait_sampled_late", "rollback_twice",
    "limit_charge_kept", "find_error_keeps_lock", "limit_not_with_holes"]
PROGRAMS = 1200
PROGRAMS_ALL = 4000

tool = str(Path(sys.argv[1]).resolve())


def run(*words, cwd=None):
    return subprocess.run([tool, *map(str, words)], capture_output=True, text=True, cwd=cwd, timeout=1800, check=False)


def statuses(directory, *options):
    """The status of each file of the directory, by its name."""
    done = run("check", "--json", *options, directory)
    if done.returncode not in (0, 1):
        sys.exit(f"wirestorm check {options} {directory}: status {done.returncode}\n{done.stderr}")
    return {Path(f["file"]).name: (f["status"], f["text"]) for f in json.loads(done.stdout)["files"]}


def hunt(room, mutant, seed, programs):
    """What is wrong with the findings, and how many there are."""
    out = room / f"{mutant}-{seed}"
    done = run("hunt", "-j", 1, "--mutant", mutant, "--seed", seed, "--programs", programs, "--json", "--out", out,
        cwd=room)
    if done.returncode not in (0, 1):
        return [f"{mutant}, seed {seed}: hunt ends with status {done.returncode}: {done.stderr}"], 0
    findings = json.loads(done.stdout)["findings"]
    keys = [f for f in findings if f["name"].endswith("-key.vmt")]
    wrong = [f"{out}/{f['name']}: hunt says: {f['complaint']}" for f in findings if f["complaint"] is not None]
    # An incomplete state key has no run and no verdict to check.
    for f in keys:
        wrong.append(f"{out}/{f['name']}: the state key is incomplete")
        (out / f["name"]).unlink()
        findings.remove(f)
    if not findings:
        return wrong, 0
    for options, expected in (((), "passed"), (("--mutant", "none"), "failed"), (("--fixed",), "failed"),
            (("--fixed", "--mutant", "none"), "passed")):
        got = statuses(out, *options)
        if len(got) != len(findings):
            wrong.append(f"{out}: {len(findings)} findings, {len(got)} files")
        for name, (status, text) in got.items():
            if status != expected:
                wrong.append(f"{out}/{name}: check {' '.join(options)}: expected {expected}, got {status}: {text}")
    return wrong, len(findings)


def bank():
    lines = run("bugs", "list").stdout.split("\n\n", maxsplit=1)[0].split("\n")
    return [line.split()[0] for line in lines if line]


def main():
    everything = "--all" in sys.argv[2:]
    mutants, seeds, programs = (bank(), (1, 2, 3), PROGRAMS_ALL) if everything else (SAMPLE, (1,), PROGRAMS)
    wrong, total, found = [], 0, set()
    with tempfile.TemporaryDirectory() as name, ThreadPoolExecutor(2) as pool:
        jobs = [(m, pool.submit(hunt, Path(name), m, s, programs)) for m in mutants for s in seeds]
        for mutant, job in jobs:
            problems, count = job.result()
            wrong += problems
            total += count
            found |= {mutant} if count else set()
    print(f"{total} findings of {len(found)} of {len(mutants)} mutants, {len(seeds)} seeds of {programs} programs: "
        f"{len(wrong)} wrong")
    if wrong:
        sys.exit("\n".join(wrong))
    if len(found) < (len(mutants) if not everything else 40):
        sys.exit(f"nothing was found of {sorted(set(mutants) - found)}")


if __name__ == "__main__":
    main()
