#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""tsan-run.py - runs a ThreadSanitizer build, and holds it to what is expected.

Usage: tsan-run.py [--report TEXT | --status N] PROGRAM [ARGUMENT...]

Without --report the program must end with status 0, or N, and no word from ThreadSanitizer. With it, ThreadSanitizer
must stop the program (status 66) with a report that contains TEXT. A program that cannot start is a failure, never a
skip: where the addresses are too random for the sanitizer of clang 14, it is run with randomisation off
(personality(2)).
"""

import argparse
import ctypes
import os
import subprocess
import sys
from pathlib import Path

ADDR_NO_RANDOMIZE = 0x0040000
RANDOM_BITS_MAX = 28  # above this, clang 14's runtime may stop with "unexpected memory mapping"
REPORT_STATUS = 66
SIGN = "ThreadSanitizer"


def random_bits():
    try:
        return int(Path("/proc/sys/vm/mmap_rnd_bits").read_text())
    except (OSError, ValueError):
        return 0


def fix_addresses():
    """Runs in the child, before the program."""
    if ctypes.CDLL(None, use_errno=True).personality(ADDR_NO_RANDOMIZE) == -1:
        os.write(2, (f"vm.mmap_rnd_bits is {random_bits()}, and personality(2) is refused here (in a container:\n"
            "start it with --security-opt seccomp=unconfined). Or run once, as root:\n"
            f"sysctl -w vm.mmap_rnd_bits={RANDOM_BITS_MAX}\n").encode())


def fix_addresses_if_needed():
    return fix_addresses if random_bits() > RANDOM_BITS_MAX else None


def environment():
    env = dict(os.environ)
    env["TSAN_OPTIONS"] = f"halt_on_error=1 {env.get('TSAN_OPTIONS', '')} exitcode={REPORT_STATUS}"
    return env


def complaint(status, output, report, expected=0):
    """What is wrong with a run, or None."""
    if "unexpected memory mapping" in output:
        return f"ThreadSanitizer could not start; as root: sysctl -w vm.mmap_rnd_bits={RANDOM_BITS_MAX}"
    if report is None:
        if status != expected:
            return f"status {status}, expected {expected}"
        return f"{SIGN} spoke, expected silence" if SIGN in output else None
    if status != REPORT_STATUS or SIGN not in output:
        return f"status {status}, expected a report and {REPORT_STATUS}: a broken rule went unseen"
    return None if report in output else f"a report without \"{report}\""


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--report", metavar="TEXT", help="what a report must contain; without it, silence is expected")
    parser.add_argument("--status", metavar="N", type=int, default=0)
    parser.add_argument("program", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    if not options.program:
        parser.error("no program")
    done = subprocess.run(options.program, env=environment(), check=False, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, errors="replace", preexec_fn=fix_addresses_if_needed())
    wrong = complaint(done.returncode, done.stdout, options.report, options.status)
    sys.stdout.write(done.stdout)
    print(f"tsan-run: {wrong or 'as expected'}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
