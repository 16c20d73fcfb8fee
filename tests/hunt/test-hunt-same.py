#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""A hunt draws the same programs and finds the same with every compiler: compares four hunts with hunt-same.txt.

The suite unit runs this in the builds by clang and by gcc, with and without sanitizers; all compare with one file.

Usage: test-hunt-same.py [--write] WIRESTORM. --write writes the file anew: after a deliberate change of what hunt
draws, finds or shrinks. Then the next run with the other compiler has to pass without --write.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

GOLDEN = Path(__file__).resolve().parent / "hunt-same.txt"
HUNTS = (("freebsd12", 1), ("freebsd12", 2), ("freebsd12", 3), ("freebsd-main", 1))
PROGRAMS = 600
COUNTS = ("programs", "explored", "sampled", "refused", "crashed", "hung", "states", "runs", "features", "kept", "seen")


def hunted(wirestorm, profile, seed):
    """What the hunt of a seed in a profile counts, and the programs that it found, without their comments."""
    words = [wirestorm, "hunt", "--json", "--programs", str(PROGRAMS), "--seed", str(seed), "--profile", profile,
        "--max-states", "2000"]
    with tempfile.TemporaryDirectory() as empty:  # no corpus/bugs, so nothing is known
        done = subprocess.run(words, cwd=empty, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode not in (0, 1):
        sys.exit(f"{' '.join(words)}: exit status {done.returncode}")
    report = json.loads(done.stdout)
    lines = [f"profile {profile}, seed {seed}: " + ", ".join(f"{report[name]} {name}" for name in COUNTS),
        "edges " + " ".join(report["edges"])]
    for finding in report["findings"]:
        lines += ["", f"finding {finding['key']}"]
        lines += [line for line in finding["program"].splitlines() if not line.startswith("#")]
    return lines


def main():
    args = sys.argv[1:]
    write = "--write" in args
    wirestorm = os.path.abspath(next(arg for arg in args if arg != "--write"))
    lines = [f"# Made by tests/hunt/test-hunt-same.py --write WIRESTORM: hunts of {PROGRAMS} programs."]
    for profile, seed in HUNTS:
        lines += ["", *hunted(wirestorm, profile, seed)]
    text = "\n".join(lines) + "\n"
    if "\nfinding " not in text:
        sys.exit("no hunt found anything: the comparison means nothing")
    if write:
        GOLDEN.write_text(text, encoding="utf-8")
        return 0
    expected = GOLDEN.read_text(encoding="utf-8").splitlines()
    for number, (want, got) in enumerate(zip(expected + ["end"] * len(lines), text.splitlines() + ["end"]), 1):
        if want != got:
            print(f"{GOLDEN}:{number}: expected {want!r}, found {got!r}\n"
                f"If the change is deliberate: {sys.argv[0]} --write {wirestorm}")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
