#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""wirestorm check over a corpus, which must pass, with at least N files in it.

Usage: check-corpus.py --at-least N WIRESTORM DIRECTORY...
"""

import json
import subprocess
import sys


def main():
    if len(sys.argv) < 5 or sys.argv[1] != "--at-least":
        sys.exit(__doc__)
    at_least, tool, directories = int(sys.argv[2]), sys.argv[3], sys.argv[4:]
    done = subprocess.run([tool, "check", "--counts", "--verify", "--json", *directories], stdout=subprocess.PIPE)
    try:
        report = json.loads(done.stdout)
    except ValueError:
        sys.exit("wirestorm check exited with %d and wrote no JSON" % done.returncode)
    for f in report["files"]:
        if f["status"] != "passed":
            print(f["text"], end="")
    concurrent = sum(f["schedules"] != "0" for f in report["files"])
    print("%d passed, %d failed, %d with %s schedules, %d verified" % (report["passed"], report["failed"], concurrent,
        report["schedules"], report["nr_verified"]))
    if report["passed"] < at_least:
        sys.exit("expected at least %d files to pass" % at_least)
    if concurrent > 0 and report["nr_verified"] == 0:
        sys.exit("nothing was verified")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
