#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""test-diff.py WIRESTORM [unittest's arguments]: wirestorm diff says how two sides differ, and where runs part."""

import json
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "common"))
import cli  # noqa: E402
from cli import Case  # noqa: E402

# In strict, protect cuts the entry at 22 before it fails; with M3 it leaves the entry whole. A sync makes a step for
# each entry.
FAILS = "map 16 80\ninit insert 20 24 r rx\nT0 protect 22 24 rw\nT0 sync 20 24\nT1 lookup 20\n"
TAIL = "map 16 32\ninit insert 18 28 rw rwx\nT0 find 4 r rwx\n"
INIT = "map 16 32\ninit insert 18 28 rw rwx\ninit find 4 r rwx => KERN_NO_SPACE\nT0 check 16 17 r\n"
FINAL = "map 16 32\ninit insert 18 28 rw rwx\nT0 check 18 19 r\nfinal find 4 r rwx\n"
TWO = "map 16 80\ninit insert 20 22 rw rwx\nT0 wire 20 22 user noholes\nT1 remove 20 22\n"


class Diff(Case):
    def diff(self, code, text, *args):
        return self.expect(code, "diff", *args, self.file("p.vmt", text))

    def json(self, code, text, *args):
        return json.loads(self.diff(code, text, "--json", *args)[0])

    def test_no_difference(self):
        for args in (("--profile", "strict", "--profile", "strict"), ("--profile", "freebsd12"),
                ("--target", "engine", "--target", "engine"), ("--profile", "strict", "--profile", "strict +M9")):
            self.assertIn("no difference", self.diff(0, TWO, *args)[0])
        self.assertTrue(self.json(0, TWO, "--profile", "strict +Q4")["same"])

    def test_outcomes_of_one_side(self):
        out, _ = self.diff(1, TAIL, "--profile", "strict", "--profile", "strict +Q4")
        self.assertIn("only A: outcome T0: KERN_SUCCESS@28 |", out)
        self.assertIn("only B: outcome T0: KERN_NO_SPACE |", out)
        self.assertIn("#   witness, 0 preemptions: T0\n", out)
        self.assertIn("the runs part at step 1 (T0.0 find 4 r rwx), by the result:\n"
            "#     A: T0.0 KERN_SUCCESS@28\n#     B: T0.0 KERN_NO_SPACE\n", out)
        swapped = self.json(1, TAIL, "--profile", "strict +Q4", "--profile", "strict")
        self.assertEqual([x["side"] for x in swapped["only"]], ["A", "B"])
        self.assertIn("KERN_NO_SPACE", swapped["only"][0]["outcome"])
        self.assertEqual(swapped["kinds"], ["outcomes"])

    def test_numbers_of_schedules_and_the_cause(self):
        out, _ = self.diff(1, FAILS, "--profile", "strict", "--profile", "strict +M3")
        self.assertIn("\nschedules: A 5, B 4\n", out)
        self.assertNotIn("only ", out)
        self.assertIn("entries differ from step 1 on: A 20 22 | B 20", out)
        x = self.json(1, FAILS, "--profile", "strict", "--profile", "strict +M3")
        self.assertEqual((x["kinds"], x["only"]), (["schedules"], []))
        self.assertNotEqual(x["sides"][0]["schedules"], x["sides"][1]["schedules"])
        self.assertEqual(x["parting"]["entries"], ["20 22", "20"])
        # No shorter schedule parts them.
        self.assertEqual((x["parting"]["step"], x["parting"]["operation"]), (3, "sync 20 24"))

    def test_init_and_final_steps(self):
        out, _ = self.diff(1, INIT, "--profile", "strict", "--profile", "strict +Q4")
        self.assertIn("init step 2, line 3: find 4 r rwx\n#   A: KERN_SUCCESS@28, then ", out)
        self.assertIn("#   B: KERN_NO_SPACE, then ", out)
        sequential = INIT.replace("T0 check 16 17 r\n", "")
        self.assertEqual(self.json(1, sequential, "--profile", "strict +Q4")["init"]["step"], 2)
        out, _ = self.diff(1, FINAL, "--profile", "strict", "--profile", "strict +Q4")
        self.assertIn("final steps after outcome T0: TRUE", out)
        self.assertIn("#   A: KERN_SUCCESS@28\n#   B: KERN_NO_SPACE\n", out)

    def test_an_init_step_with_another_code(self):
        # With M4, protect of an empty range inside an entry looks at the entry's maximum.
        text = "map 16 32\ninit insert 28 32 r r\ninit protect 40 30 rw\n"
        self.assertEqual(self.json(1, text, "--profile", "strict", "--profile", "strict +M4")["kinds"], ["init"])

    def test_limits(self):
        out, _ = self.diff(2, TWO, "--profile", "strict", "--profile", "strict", "--max-states", "2")
        self.assertIn("not all interleavings were compared", out)
        x = self.json(2, TWO, "--profile", "strict", "--profile", "strict", "--max-states", "2")
        self.assertEqual((x["same"], x["complete"]), (True, False))

    def test_targets(self):
        sequential = INIT.replace("T0 check 16 17 r\n", "")
        self.diff(0, sequential, "--target", "engine", "--target", "model")
        _, err = self.diff(2, TWO, "--target", "engine", "--target", "model")
        self.assertIn("side B: target model cannot run this: sequential programs only", err)
        # One profile for both targets.
        self.diff(0, sequential, "--target", "engine", "--target", "model", "--profile", "freebsd-main")

    def test_usage(self):
        for args, words in (((), "expected two sides"),
                (("--profile", "strict", "--mutant", "none"), "one option with"),
                (("--profile", "strict") * 3, "at most two sides"), (("--profile", "nix"), "expected strict"),
                (("--target", "nix"), "expected one of")):
            self.assertIn(words, self.diff(2, TWO, *args)[1])
        self.assertIn(":2:", self.diff(2, "map 16 80\nnix\n", "--profile", "strict")[1])


if __name__ == "__main__":
    cli.use(sys.argv[1])
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]])
