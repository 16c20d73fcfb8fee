#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""test-against.py WIRESTORM [unittest's arguments]: hunt --against finds small programs that tell two sides apart."""

import json
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "common"))
import cli  # noqa: E402
from cli import Case  # noqa: E402

# Rule: the seed and the number of programs with which a hunt comes upon it.
RULES = {
    "M1": (1, 250), "M2": (1, 250), "M3": (4, 1000), "M4": (8, 1000), "M5": (2, 1000), "M6": (3, 1000), "M7": (1, 250),
    "M8": (1, 16000), "M9": (13, 1000),
}
NAMES = {"M2": "Q7"}  # the first id of a rule that has two


class Against(Case):
    def hunt(self, code, profile, against, seed, programs, *args):
        return self.expect(code, "hunt", "--profile", profile, "--against", against, "--seed", seed, "--programs",
            programs, *args)

    def test_each_rule_alone(self):
        for rule, (seed, programs) in RULES.items():
            out = self.room / rule
            self.hunt(1, "strict", "strict +" + rule, seed, programs, "--out", out)
            files = sorted(out.glob("*.vmt"))
            self.assertEqual([f.name for f in files], ["001-%s.vmt" % {"M2": "Q7-M2"}.get(rule, rule)])
            text = files[0].read_text()
            self.assertIn("# %s tells apart: profile strict, profile strict +" % NAMES.get(rule, rule), text)
            self.assertIn("# In profile strict +", text)
            # A few operations are enough for each of them.
            self.assertLessEqual(sum(line.startswith(("init ", "T")) for line in text.splitlines()), 6, text)
            # The file holds for the first side, and not for the second; the switch explains it.
            self.expect(0, "check", "--counts", files[0])
            self.expect(1, "check", "--counts", "--profile", "strict +" + rule, files[0])
            said, _ = self.expect(1, "check", "--explain-difference", "--profile", "strict +" + rule, files[0])
            self.assertIn(": %s" % NAMES.get(rule, rule), said)
            self.expect(1, "diff", "--profile", "strict", "--profile", "strict +" + rule, files[0])

    def test_both_ways(self):
        seed, programs = RULES["M1"]
        out, _ = self.hunt(1, "freebsd-main", "freebsd-main -M1", seed, programs)
        self.assertIn("M1 tells apart: profile freebsd-main, profile freebsd-main -M1", out)
        self.assertIn("\nprofile freebsd-main\n", out)

    def test_equal_sides_give_nothing(self):
        for profile in ("strict", "freebsd-main"):
            out, _ = self.hunt(0, profile, profile, 1, 500)
            self.assertIn("0 differences, 0 of them new", out)
        self.hunt(0, "strict", "engine", 1, 100)

    def test_same_again(self):
        one, two = (json.loads(self.hunt(1, "freebsd12", "freebsd-main", 2, 1000, "--json", jobs)[0])["findings"]
            for jobs in ("-j1", "-j2"))
        self.assertEqual(one, two)
        self.assertGreater(len(one), 2)
        self.assertTrue(all(f["replays"] for f in one), one)
        keys = [f["key"] for f in one]
        self.assertEqual(len(keys), len(set(keys)))

    def test_known_differences_are_not_written_again(self):
        seed, programs = RULES["M1"]
        for new in (1, 0):
            out, _ = self.hunt(1, "strict", "strict +M1", seed, programs, "--out", self.room / "out")
            self.assertIn("1 difference, %d of them new" % new, out)
        self.assertEqual(len(list((self.room / "out").glob("*.vmt"))), 1)

    def test_usage(self):
        for against, words in (("nix", "--against nix: expected strict"), ("model", "sequential programs only")):
            self.assertIn(words, self.expect(2, "hunt", "--against", against, "--programs", "1")[1])


if __name__ == "__main__":
    cli.use(sys.argv[1])
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]])
