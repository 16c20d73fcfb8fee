#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""test-check-ci.py WIRESTORM [unittest's arguments]: what a CI system asks of `wirestorm check`: a report, a list of
files that are expected to fail, a filter, an exit status."""

import json
import sys
import unittest
import xml.etree.ElementTree
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "common"))
import cli  # noqa: E402
from cli import Case  # noqa: E402

GOOD = "init insert 20 22 rw rwx => KERN_SUCCESS\n"
WRONG = "init insert 20 22 rw rwx => KERN_NO_SPACE\n"
BAD = "nonsense <&>\n"


class Ci(Case):
    def setUp(self):
        super().setUp()
        (self.room / "sub").mkdir()
        self.good, self.wrong = self.file("good.vmt", GOOD), self.file("wrong.vmt", WRONG)
        self.bad, self.deep = self.file("bad.vmt", BAD), self.file("sub/wrong-2.vmt", WRONG)

    def test_exit_status(self):
        """A mismatch is 1, whatever else there is; a file that cannot be used is 2 if there is no mismatch."""
        none = self.room / "none.vmt"
        for code, files in ((0, [self.good]), (1, [self.good, self.wrong]), (2, [self.good, self.bad]),
                (1, [self.bad, self.wrong]), (1, [self.wrong, self.bad]), (1, [none, self.wrong]),
                (2, [none, self.good]), (2, [none]), (2, [self.bad])):
            self.expect(code, "check", *files)
            report = json.loads(self.expect(code, "check", "--json", *files)[0] or "{}")
            if report:
                self.assertEqual(report["bad"], files.count(self.bad))
                self.assertEqual(report["complete"], none not in files)
        self.assertIn("0 passed, 2 failed (1 of them could not be used)\n", self.expect(1, "check", self.bad,
            self.wrong)[0])

    def test_expect_fail(self):
        known = self.file("known.txt", "# why: a reason\n\n  wrong*.vmt  # because\n".replace("  # because", ""))
        out, err = self.expect(0, "check", "--expect-fail", known, self.good, self.wrong, self.deep)
        self.assertEqual((out, err), ("1 passed, 0 failed, 2 failed as expected\n", ""))
        out, _ = self.expect(0, "check", "--expect-fail", known, self.wrong)
        self.assertIn("0 passed, 0 failed, 1 failed as expected\n", out)
        self.wrong.write_text(GOOD)
        out, _ = self.expect(1, "check", "--expect-fail", known, self.good, self.wrong, self.deep)
        self.assertEqual(out, "%s: passes, but %s:3 expects it to fail\n"
            "1 passed, 1 failed (1 of them expected to fail), 1 failed as expected\n" % (self.wrong, known))
        report = json.loads(self.expect(1, "check", "--json", "--expect-fail", known, self.good, self.wrong,
            self.deep)[0])
        self.assertEqual([f["status"] for f in report["files"]], ["passed", "passed unexpectedly",
            "failed as expected"])
        self.assertEqual((report["failed_as_expected"], report["passed_unexpectedly"], report["failed"]), (1, 1, 1))

    def test_expect_fail_lists(self):
        """A bad file is bad, listed or not; a line that names no file is said; a list that is not there is an error."""
        known = self.file("known.txt", "bad.vmt\nsub/wrong-2.vmt\n")
        _, err = self.expect(2, "check", "--expect-fail", known, self.good, self.bad)
        self.assertEqual(err, "%s:2: no file matches sub/wrong-2.vmt\n" % known)
        _, err = self.expect(2, "check", "--expect-fail", self.room / "none.txt", self.good)
        self.assertIn("none.txt: No such file", err)
        self.expect(1, "check", "--expect-fail", known, self.wrong, self.deep)

    def test_filter(self):
        for glob, nr in (("wrong*", 2), ("wrong.vmt", 1), ("sub/*", 1), ("*/sub/*", 1), ("*", 4), ("good.vmt", 1)):
            report = json.loads(cli.ws("check", "--json", "--filter", glob, self.room)[1])
            self.assertEqual(len(report["files"]), nr, glob)
        out, err = self.expect(2, "check", "--filter", "none*", self.room)
        self.assertEqual((out, err), ("", "wirestorm check: --filter none*: no file matches\n"))

    def test_junit(self):
        known, out = self.file("known.txt", "sub/wrong-2.vmt\n"), self.room / "report.xml"
        args = ("check", "--expect-fail", known, self.good, self.wrong, self.bad, self.deep)
        text, _ = self.expect(1, *args, "--junit", out)
        suites = xml.etree.ElementTree.parse(out).getroot()
        self.assertEqual([suites.get(k) for k in ("tests", "failures", "errors", "skipped")], ["4", "1", "1", "1"])
        cases = {c.get("name"): c for c in suites.iter("testcase")}
        self.assertEqual(list(cases), [str(p) for p in (self.good, self.wrong, self.bad, self.deep)])
        self.assertTrue(all(float(c.get("time")) >= 0 for c in cases.values()))
        self.assertEqual([[e.tag for e in c] for c in cases.values()], [[], ["failure"], ["error"], ["skipped"]])
        failure = cases[str(self.wrong)].find("failure")
        self.assertIn("expected result KERN_NO_SPACE, got KERN_SUCCESS", failure.get("message"))
        self.assertIn(failure.text, text)
        self.assertIn('"nonsense"', cases[str(self.bad)].find("error").text)
        # Alone on standard output; and well-formed whatever the file is called.
        evil = self.file("<\"&\033\x7f\u202e>.vmt", WRONG)
        xml_text, err = self.expect(1, "check", "--junit", "-", evil)
        case = next(xml.etree.ElementTree.fromstring(xml_text).iter("testcase"))
        self.assertEqual((case.get("name").split("/")[-1], err), ("<\"&\\033\\177\\342\\200\\256>.vmt", ""))
        self.expect(2, "check", "--junit", "-", "--json", self.good)
        self.expect(2, "check", "--junit", self.room / "none" / "x.xml", self.good)

    def test_a_verdict_must_need_the_mutant_or_the_quirks(self):
        """A deadlock of the engine as it is belongs to no quirk; as the verdict of a mutant it is a mistake."""
        text = ("init insert 16 24 rw rwx\ninit wire 18 20 system noholes\nT0 remove 16 24\nT1 lookup 17\n"
            "verdict deadlock\nschedule T1 T0\n")
        self.expect(0, "check", self.file("strict.vmt", text))
        self.expect(0, "check", self.file("quirks.vmt", "profile freebsd12\n" + text))
        if "mutants" in self.expect(0, "--version")[0].split():
            out, _ = self.expect(1, "check", self.file("mutant.vmt", "mutant relook_always\n" + text))
            self.assertIn("mutant.vmt:6: the verdict also appears without the mutant\n", out)


if __name__ == "__main__":
    cli.use(sys.argv[1])
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]])
