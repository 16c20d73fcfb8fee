#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""test-reproduce.py - from real threads to a schedule: wirestorm stress, then reproduce, then run.

Usage: test-reproduce.py [--tsan] WIRESTORM [MUTANT | MUTANT~]...

With mutants (a build with -Dmutants=true) real threads must fail with each of them, its window must be reproduced, and
what reproduce writes must show its verdict when it is run. With a ~ behind the name another failure of that mutant will
do: it fails in several ways, and which of them real threads meet first is chance. Without mutants: what cannot be
reproduced is said, a data race at once, but in a build with ThreadSanitizer (--tsan).
"""

import json
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SEARCH_SECONDS = 20  # what is refused does not take them
ORDERED = Path(__file__).resolve().parents[2] / "corpus" / "bugs" / "clip_loses_owner.vmt"
QUIET_WINDOW = """\
# Nothing is wrong with it.
init insert 20 24 rw rw
T0 wire 20 22 user noholes
T1 unwire 20 24 user noholes
verdict invariant I5: made up
order T0*2 T1 T0 T1
"""


def run(words, expected, what):
    done = subprocess.run(words, check=False, capture_output=True, text=True, errors="replace", timeout=1200)
    if done.returncode not in expected:
        sys.exit(f"test-reproduce: {what}: status {done.returncode}, expected {expected}: {words}\n"
            f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
    return done


def verdict_of(path):
    """(kind, check) of a file's verdict line; check is "" if it names none."""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("verdict "):
            return (line.split(" ") + [""])[1:3]
    sys.exit(f"test-reproduce: {path.name} has no verdict")


def check_mutant(tool, mutant, same, folder):
    window, found = Path(folder, f"{mutant}.vmt"), Path(folder, f"{mutant}-reproduced.vmt")
    run([tool, "stress", "--seconds", "60", "--hang-s", "5", "--seed", "1", "--mutant", mutant, "--window",
        str(window)], (1, 3), f"{mutant}: stress finds it")
    run([tool, "fmt", "--check", str(window)], (0,), f"{mutant}: the window is canonical")
    done = run([tool, "reproduce", "--seconds", "10", "--json", str(window)], (0,) if same else (0, 1),
        f"{mutant}: is reproduced")
    answer = json.loads(done.stdout)
    if answer.get("path") != str(found):
        sys.exit(f"test-reproduce: {mutant}: {answer}")
    kind, check = verdict_of(found)
    run([tool, "check", str(found)], (0,), f"{mutant}: the schedule shows it, and not without the mutant")
    print(f"{mutant}: {' '.join(verdict_of(window))}; {answer['how']}, {answer['runs']} runs: {kind} {check}")


def check_quiet(tool, folder):
    window, out = Path(folder, "quiet.vmt"), Path(folder, "quiet-reproduced.vmt")
    window.write_text(QUIET_WINDOW, encoding="utf-8")
    done = run([tool, "reproduce", "--seconds", "1", str(window)], (1,), "nothing is found")
    if "not reproduced" not in done.stdout or out.exists() or not window.exists():
        sys.exit(f"test-reproduce: nothing was to be found: {done.stdout}")
    window.write_text(QUIET_WINDOW.replace("verdict", "# verdict"), encoding="utf-8")
    done = run([tool, "reproduce", str(window)], (2,), "no verdict")
    if "not a stress window" not in done.stderr:
        sys.exit(f"test-reproduce: {done.stderr}")
    run([tool, "reproduce", str(Path(folder, "none.vmt"))], (2,), "no file")
    print("what is not there is not reproduced")


def check_order(tool, folder):
    """The order line is followed: this failure needs its order, which the default order is not."""
    window, out = Path(folder, "order.vmt"), Path(folder, "order-reproduced.vmt")
    text = re.sub(r"(?m)^result .*\n", "", ORDERED.read_text(encoding="utf-8"))
    without, nr = re.subn(r"(?m)^schedule .*\n", "", text)
    if nr != 1:
        sys.exit(f"test-reproduce: {ORDERED} has no schedule")
    for with_order, source in ((True, re.sub(r"(?m)^schedule ", "order ", text)), (False, without)):
        window.write_text(source, encoding="utf-8")
        done = run([tool, "reproduce", "--no-shrink", "--seconds", "5", "--json", str(window)], (0,), "an order")
        answer = json.loads(done.stdout)
        if (answer["how"] == "by the observed order" and answer["runs"] == 1) != with_order:
            sys.exit(f"test-reproduce: with the order {with_order}: {answer}")
        if "\norder " in out.read_text(encoding="utf-8"):
            sys.exit("test-reproduce: the order of the window is left in the reproducer, which has a schedule")
        out.unlink()
    print("the observed order is followed")


def check_race(tool, tsan, folder):
    window, out = Path(folder, "race.vmt"), Path(folder, "race-reproduced.vmt")
    window.write_text(QUIET_WINDOW.replace("invariant I5: made up", "race data race: write in nothing"),
        encoding="utf-8")
    began = time.monotonic()
    done = run([tool, "reproduce", "--json", "--seconds", str(1 if tsan else SEARCH_SECONDS), str(window)],
        (1,) if tsan else (2,), "a data race")
    if out.exists():
        sys.exit("test-reproduce: a race was reproduced that is none")
    if tsan:
        return
    if done.stdout != "" or done.stderr.count("\n") != 1 or not done.stderr.startswith(f"{window}: ") or \
            "-Db_sanitize=thread" not in done.stderr:
        sys.exit(f"test-reproduce: which build sees a race is not said: {done.stdout}{done.stderr}")
    if time.monotonic() - began > SEARCH_SECONDS / 2:
        sys.exit("test-reproduce: a race was looked for where none can be seen")
    print("a race wants another build")


def check_refused(tool, folder):
    window = Path(folder, "refused.vmt")
    window.write_text("map 16 80\ninit lookup 20 => TRUE\nT0 lookup 20\nverdict invariant I5: made up\n",
        encoding="utf-8")
    done = run([tool, "reproduce", str(window)], (2,), "a program that cannot be run")
    if not done.stderr.startswith(f"{window}:2: "):
        sys.exit(f"test-reproduce: the line is not said: {done.stderr}")


def main():
    tsan = sys.argv[1:2] == ["--tsan"]
    words = sys.argv[2 if tsan else 1:]
    if not words:
        sys.exit("usage: test-reproduce.py [--tsan] WIRESTORM [MUTANT...]")
    tool = words[0]
    with tempfile.TemporaryDirectory() as folder:
        check_quiet(tool, folder)
        check_race(tool, tsan, folder)
        check_refused(tool, folder)
        if len(words) > 1:
            check_order(tool, folder)
        for mutant in words[1:]:
            check_mutant(tool, mutant.rstrip("~"), not mutant.endswith("~"), folder)


if __name__ == "__main__":
    main()
