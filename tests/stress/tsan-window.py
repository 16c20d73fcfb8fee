#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""tsan-window.py - a data race between real threads leaves a window, and in that it is found again with its schedule.

Usage: tsan-window.py WIRESTORM

Runs stress with a planted race, in a build with ThreadSanitizer and the mutants. It must end at the first report, with
a summary that names the window and the command that repeats it; and the window must be a program with that verdict.
Then `wirestorm reproduce` of the window must end in such a report, with a schedule; not of each window, as the order in
one is nearly but not always what happened, but of one in three. Where ThreadSanitizer ends the process before stress
can (halt_on_error=1), that must be said.
"""

import importlib.util
import re
import subprocess
import sys
import tempfile
from pathlib import Path

spec = importlib.util.spec_from_file_location("tsan_run", Path(__file__).parents[1] / "common" / "tsan-run.py")
tsan_run = importlib.util.module_from_spec(spec)
spec.loader.exec_module(tsan_run)

MUTANT = "unlocked_access"
RUN_SECONDS = 20  # far more than it takes
SECONDS_MAX = 60
WINDOWS_MAX = 3
NOT_REPRODUCED = 1


def fail(done, text):
    sys.exit(f"{done.stdout}{done.stderr}\ntsan-window: status {done.returncode}: {text}")


def start(words, halt):
    env = tsan_run.environment()
    env["TSAN_OPTIONS"] += f" halt_on_error={int(halt)}"
    return subprocess.run([str(w) for w in words], env=env, check=False, capture_output=True, text=True,
        errors="replace", timeout=SECONDS_MAX, preexec_fn=tsan_run.fix_addresses_if_needed())


def check(done):
    wrong = tsan_run.complaint(done.returncode, done.stderr, "data race")
    if wrong:
        fail(done, f"{done.args[1]}: {wrong}")


def stress(tool, window, halt):
    done = start([tool, "stress", "--threads", "4", "--seconds", RUN_SECONDS, "--seed", "1", "--mutant", MUTANT,
        "--quiet", "--window", window], halt)
    check(done)
    return done


def test_window(tool, window):
    done = stress(tool, window, False)
    for line in (r"BROKEN: data race: .*\bin vm_map_\w+.*", rf"window: {re.escape(str(window))}",
            rf"repeat with: wirestorm stress .*--seed 1 .*--mutant {MUTANT}"):
        if not re.search(f"^{line}$", done.stdout, re.MULTILINE):
            fail(done, f"no line \"{line}\"")
    text = window.read_text(encoding="utf-8")
    if not re.search(r"^verdict race data race: ", text, re.MULTILINE) or f"mutant {MUTANT}\n" not in text:
        fail(done, f"no window of a race:\n{text}")
    if len(set(re.findall(r"^T\d", text, re.MULTILINE))) < 2:
        fail(done, f"fewer than two threads:\n{text}")


def reproduced(tool, window):
    done = start([tool, "reproduce", "--seconds", RUN_SECONDS, window], True)
    if done.returncode == NOT_REPRODUCED:
        return False
    check(done)
    if not re.search(r"^in step \d+ of the schedule T\d", done.stderr, re.MULTILINE):
        fail(done, "reproduced without a schedule")
    return True


def test_halt(tool, window):
    done = stress(tool, window, True)
    if "no window: TSAN_OPTIONS has halt_on_error=1" not in done.stderr or window.exists():
        fail(done, "not a word of the window that is missing")


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: tsan-window.py WIRESTORM")
    tool = sys.argv[1]
    with tempfile.TemporaryDirectory() as folder:
        for nr in range(WINDOWS_MAX):
            window = Path(folder, f"window-{nr}.vmt")
            test_window(tool, window)
            if reproduced(tool, window):
                break
        else:
            sys.exit(f"tsan-window: none of {WINDOWS_MAX} windows was reproduced")
        test_halt(tool, Path(folder, "none.vmt"))
    print("a race has a window, and that a schedule")


if __name__ == "__main__":
    main()
