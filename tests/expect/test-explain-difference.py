#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""wirestorm check --explain-difference names the switches behind a difference.

Usage: test-explain-difference.py WIRESTORM
"""

import re
import subprocess
import sys
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
DIRECTED = "corpus/freebsd-main/directed"
LINE = re.compile(r"(\S+\.vmt): (.*): as expected in profile '(.*)', but not in '(.*)'$")
# Of these the head names a rule, and another one is enough, or two are necessary.
OTHERS = {"protect-empty-inside-merged": "M5", "protect-empty-inside-guard": "M5+M7",
    "wire-empty-at-boundary-twice": "M1"}
# All recordings of stable/12 that main gives otherwise.
MAIN = {"M1": "conc/001 conc/056 conc/080 conc/120 conc/124 conc/236 conc/319 conc/326 conc/331 conc/353 conc/355 "
              "directed/wire-poison-clip-both-limit",
    "Q7 (M2)": "conc/134 conc/335", "M3": "conc/362", "M1 or Q7 (M2)": "conc/379",
    "M9": "directed/find-anon-first directed/find-tail-gap-from-anon"}
TOOL = None


def check(*args, text=None):
    done = subprocess.run([TOOL, "check", *args], cwd=ROOT, input=text, capture_output=True, text=True)
    return done.returncode, done.stdout


class ExplainDifference(unittest.TestCase):
    def explained(self, *args):
        """[(file, sets, profile that passes, profile that does not)]"""
        status, out = check("--explain-difference", *args)
        found = [LINE.match(line).groups() for line in out.splitlines() if ": as expected" in line]
        self.assertEqual(status, 1 if found else 0, out)
        return found

    def test_directed_programs_name_their_rule(self):
        found = self.explained("--profile", "freebsd12", DIRECTED)
        for path, sets, good, _ in found:
            name = Path(path).stem
            rule = re.search(r": (M\d):", (ROOT / path).read_text()).group(1)
            self.assertEqual(re.sub(r"Q7 \((M2)\)", r"\1", sets), OTHERS.get(name, rule), name)
            self.assertEqual(check("--counts", "--no-checks", "--profile", good, path)[0], 0, path)
        rules = {sets for _, sets, _, _ in found}
        self.assertLessEqual({"M1", "Q7 (M2)", "M3", "M4", "M5", "M6", "M7", "M8", "M9"}, rules)

    def test_recordings_of_stable12_in_main(self):
        found = self.explained("--profile", "freebsd-main", "corpus/freebsd/conc", "corpus/freebsd/directed",
            "corpus/freebsd/seq")
        sets = {path[len("corpus/freebsd/"):-len(".vmt")]: names for path, names, _, _ in found}
        self.assertEqual(sets, {name: rule for rule, names in MAIN.items() for name in names.split()})

    def test_stacks_of_stable12_in_main(self):
        """Rules explain every difference."""
        out = check("--explain-difference", "--profile", "freebsd-main", "corpus/freebsd/stack")[1]
        explained = re.findall(r"(?m)^\S+: .*M.*: as expected in profile", out)
        failed = int(re.search(r"(\d+) failed", out).group(1))
        self.assertGreater(failed, 0)
        self.assertEqual(len(explained), failed, out)

    def test_no_difference(self):
        self.assertEqual(self.explained("corpus/freebsd-main/defects"), [])

    def test_own_profile_that_is_not_as_expected(self):
        """The recording says another profile than the one that it was made in: all switches are tried."""
        text = (ROOT / DIRECTED / "clip-keeps-boundary-behind.vmt").read_text()
        status, out = check("--explain-difference", "-", text=text.replace("freebsd-main", "freebsd12"))
        self.assertEqual((status, ": M1: as expected in profile 'freebsd12 +M1'" in out), (1, True), out)

    def test_what_no_switch_explains(self):
        """The canary: an expectation that is wrong in every profile."""
        status, out = check("--explain-difference", "-",
            text="init insert 20 24 rw rwx => KERN_SUCCESS\nstate 20-25:rw-/rwx:copy:w0 uw=0\n")
        self.assertEqual(status, 1, out)
        self.assertIn("not explained: no set of at most 3 switches makes it as expected in profile 'strict'", out)

    def test_other_options(self):
        for option in ("--bless", "--fixed", "--verify"):
            self.assertEqual(check("--explain-difference", option, DIRECTED)[0], 2)


if __name__ == "__main__":
    TOOL = str(Path(sys.argv.pop(1)).resolve())
    unittest.main()
