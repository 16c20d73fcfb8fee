#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""tsan-replay.py - a data race of the simulated world has a schedule, and that schedule shows it again.

Usage: tsan-replay.py WIRESTORM FILE.vmt

Explores the program, which must end in a report of ThreadSanitizer with the schedule that led to it; then runs that
schedule alone, which must give the same report.
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


def report_of(words):
    """(schedule, what is reported of it) by a run that must end in a report."""
    done = subprocess.run(words, env=tsan_run.environment(), check=False, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, errors="replace", preexec_fn=tsan_run.fix_addresses_if_needed())
    wrong = tsan_run.complaint(done.returncode, done.stdout, "data race")
    schedule = re.search(r"^in step \d+ of the schedule (T\d.*)$", done.stdout, re.MULTILINE)
    summary = re.search(r"^SUMMARY: (.*)$", done.stdout, re.MULTILINE)
    if wrong or not schedule or not summary:
        sys.exit(f"{done.stdout}\ntsan-replay: {words}: {wrong or 'a report without a schedule'}")
    return schedule.group(1), summary.group(1)


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: tsan-replay.py WIRESTORM FILE.vmt")
    tool, program = sys.argv[1:]
    schedule, summary = report_of([tool, "explore", program])
    with tempfile.TemporaryDirectory() as folder:
        found = Path(folder, "found.vmt")
        found.write_text(f"{Path(program).read_text(encoding='utf-8')}schedule {schedule}\n", encoding="utf-8")
        again, summary_again = report_of([tool, "run", str(found)])
    if (again, summary_again) != (schedule, summary):
        sys.exit(f"tsan-replay: {schedule}: {summary}\nbut its replay: {again}: {summary_again}")
    print(f"{schedule}: {summary}: replayed")


if __name__ == "__main__":
    main()
