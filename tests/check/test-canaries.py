#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Each check reports the fault that is planted for it, by name, and nothing without it.

    test-canaries.py WIRESTORM CANARIES     in a build with the mutants

There must be a program CANARIES/CHECK.vmt for each check that "wirestorm help checks" lists. There may be more of a
check, CANARIES/CHECK-WHAT.vmt, where it looks at several things; and there are no others.
"""

import subprocess
import sys
from pathlib import Path


def explore(wirestorm, text):
    done = subprocess.run([wirestorm, "explore", "-"], input=text, timeout=600, check=False,
        capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def checks_of(wirestorm):
    """(name, verdict) of each check."""
    text = subprocess.run([wirestorm, "help", "checks"], capture_output=True, text=True, check=True).stdout
    return [tuple(line.split()[:2]) for line in text.splitlines() if line.startswith("  ")]


def wrong_with(wirestorm, path, name, verdict):
    """What is wrong with a canary of a check; None: nothing."""
    if not path.exists():
        return "there is no program for it"
    text = path.read_text(encoding="utf-8")
    if f"mutant canary_{name}\n" not in text:
        return "its program has another mutant, or none"
    status, output = explore(wirestorm, text)
    if status != 1 or f"# FINDING {verdict} {'X1' if name == 'target' else name}: " not in output:
        return f"not reported (status {status}):\n{output}"
    if ", steps 0 to " in output:
        return f"a thread's operation cannot have begun before step 1:\n{output}"
    bare = "".join(line for line in text.splitlines(True) if not line.startswith("mutant "))
    status, output = explore(wirestorm, bare)
    if status != 0 or any("FINDING" in line and " (as the recorded kernel " not in line for line in output.split("\n")):
        return f"not silent without the fault (status {status}):\n{output}"
    return None


def main():
    wirestorm, folder = sys.argv[1], Path(sys.argv[2])
    checks = checks_of(wirestorm)
    failed = 0
    seen = set()
    for name, verdict in checks:
        for path in [folder / f"{name}.vmt", *sorted(folder.glob(f"{name}-*.vmt"))]:
            seen.add(path)
            wrong = wrong_with(wirestorm, path, name, verdict)
            if wrong is not None:
                failed += 1
                print(f"{path.stem}: {wrong}\n  repeat: {wirestorm} explore {path}")
    for path in sorted(set(folder.glob("*.vmt")) - seen):
        failed += 1
        print(f"{path}: no check has this name")
    print(f"{len(seen) - failed} of {len(seen)} canaries reported")
    return 1 if failed or len(checks) < 40 else 0


if __name__ == "__main__":
    sys.exit(main())
