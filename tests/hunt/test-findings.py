#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""test-findings.py WIRESTORM: what a finding's file says, whether the finding still happens, and the regression test.

The findings here are those of quirks, which every build has: with the quirk on the bug is there, in strict it is fixed.
"""

import json
import re
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "common"))
import cli  # noqa: E402
from cli import Case, ws  # noqa: E402

# T1's clip leaves the user-wire counter wrong when T0's wire fails: two checks say so.
TWO = """profile strict +Q1
map 16 80
poison 21
init insert 20 22 rw rwx
T0 wire 20 22 user noholes
T1 clip 21
verdict model rollback
verdict invariant I19
result T0: KERN_OUT_OF_BOUNDS | T1: KERN_SUCCESS | 20-22:rw-/rwx:copy:w0 uw=-1
schedule T0 T1 T0*3
"""
FIND = "profile strict +Q4\nmap 16 32\ninit insert 18 28 rw rwx\ninit find 4 r rwx => KERN_NO_SPACE\n"
SYNC = cli.ROOT / "corpus" / "litmus" / "quirk-q6-sync-past-hole.vmt"


def verdicts(text):
    return [line[len("verdict "):] for line in text.splitlines() if line.startswith("verdict ")]


class Verdicts(Case):
    def changed(self, old, new, code, words):
        self.assertIn(old, TWO)
        out, err = self.expect(code, "check", self.file("p.vmt", TWO.replace(old, new)))
        self.assertIn(words, out + err)

    def test_set_must_be_the_same(self):
        self.expect(0, "check", self.file("p.vmt", TWO))
        self.changed("verdict invariant I19\n", "", 1, "no verdict line lists invariant I19")
        self.changed("verdict model rollback\n", "", 1, "no verdict line lists model rollback")
        self.changed("verdict invariant I19\n", "verdict invariant I19\nverdict missed\n", 1, "expected verdict missed")
        self.changed("uw=-1", "uw=0", 1, "expected result")

    def test_order_after_the_first_means_nothing(self):
        text = TWO.replace("verdict invariant I19\n", "verdict spurious\nverdict invariant I19\n")
        out, _ = self.expect(0, "fmt", "-", text=text)
        self.assertEqual(verdicts(out), ["model rollback", "spurious", "invariant I19"])

    def test_kind_alone_lists_all_its_checks(self):
        self.changed("verdict invariant I19\n", "verdict invariant\n", 0, "1 passed")

    def test_without_verdicts_quirks_are_counted(self):
        self.changed("verdict model rollback\nverdict invariant I19\n", "", 0, "explained by quirks: I19 in 1 program")

    def test_bless_brings_verdicts_up_to_date(self):
        path = self.file("p.vmt", TWO.replace("verdict invariant I19\n", "verdict missed\n"))
        self.expect(0, "check", "--bless", path)
        self.assertEqual(path.read_text(), TWO)

    def test_bless_writes_no_finding_that_is_gone(self):
        text = TWO.replace("+Q1", "").replace("T0 T1 T0*3", "T0 T1 T0*3")
        out, _ = self.expect(1, "check", "--bless", self.file("p.vmt", text))
        self.assertIn("the run shows no finding", out)

    def test_sequential_program_has_verdicts(self):
        for lines, code, words in (("", 0, "explained by quirks: find in 1 program"), ("verdict model find\n", 0, ""),
                ("verdict missed\n", 1, "expected verdict missed, but the run does not show it"),
                ("verdict missed\n", 1, "no verdict line lists model find")):
            out, _ = self.expect(code, "check", self.file("p.vmt", FIND + lines))
            self.assertIn(words, out)

    def test_show_compares_all(self):
        _, err = self.expect(1, "show", self.file("p.vmt", TWO + "verdict missed\n"))
        self.assertIn("expected verdict missed, but the run does not show it", err)
        _, err = self.expect(1, "show", self.file("p.vmt", TWO.replace("verdict invariant I19\n", "")))
        self.assertIn("no verdict line lists invariant I19: ", err)

    def test_shrink_keeps_the_first_and_lists_all(self):
        text = TWO.replace("T1 clip 21\n", "T1 clip 21\nT2 lookup 30\n").replace("| T1: KERN_SUCCESS",
            "| T1: KERN_SUCCESS | T2: FALSE").replace("T0*3", "T0*3 T2")
        for first, second in (("model rollback", "invariant I19"), ("invariant I19", "model rollback")):
            lines = "verdict %s\nverdict %s\n" % (first, second)
            out, _ = self.expect(0, "shrink", "-", text=re.sub(r"(?s)verdict.*I19\n", lines, text))
            self.assertEqual(verdicts(out)[0], first)
            self.expect(0, "check", self.file("small.vmt", out))

    def test_until_lists_findings(self):
        text = re.sub(r"(?s)verdict.*", "", TWO)
        out, _ = self.expect(0, "explore", "--until", "T0.0=KERN_OUT_OF_BOUNDS,T1.0=KERN_SUCCESS",
            self.file("p.vmt", text))
        path = self.file("way.vmt", out)
        self.expect(0, "check", path)

    def test_triage_lists_all(self):
        out, _ = self.expect(1, "triage", "--no-shrink", self.file("p.vmt", re.sub(r"(?m)^verdict .*\n", "", TWO)))
        listed = {v.split(":")[0].strip() for v in verdicts(out)}
        self.assertEqual({"invariant I19", "model rollback"}, listed)

    def test_hunt_checks_what_it_writes(self):
        got, out, err = ws("hunt", "--json", "--profile", "freebsd12", "--programs", 800, "--seed", 12,
            "--out", "found", cwd=self.room)
        self.assertEqual(got, 1, err)
        findings = json.loads(out)["findings"]
        self.assertTrue(findings)
        self.assertEqual([f["complaint"] for f in findings], [None] * len(findings))
        self.expect(0, "check", self.room / "found")
        self.assertTrue(any(len(verdicts(f["program"])) > 1 for f in findings))


class Fixed(Case):
    def test_still_happens(self):
        path = self.file("p.vmt", TWO)
        out, _ = self.expect(1, "check", "--fixed", path)
        self.assertIn("p.vmt: still happens: ", out)
        schedule = re.search(r"repeat: wirestorm run --schedule '([^']*)' ", out).group(1)
        shown, _ = self.expect(0, "run", "--schedule", schedule, path)
        self.assertIn("rollback", shown)

    def test_other_schedules_are_tried(self):
        """The schedule of the file no longer shows the finding, but another one does."""
        path = self.file("p.vmt", TWO.replace("T0 T1 T0*3", "T1 T0*4"))
        self.expect(1, "check", path)
        out, _ = self.expect(1, "check", "--fixed", path)
        self.assertIn("still happens: ", out)

    def test_fixed(self):
        path = self.file("p.vmt", TWO)
        self.expect(1, "check", "--profile", "strict", path)
        out, _ = self.expect(0, "check", "--fixed", "--profile", "strict", path)
        self.assertIn("fixed: none of ", out)
        self.assertIn("shows model rollback, invariant I19\n", out)

    def test_bound_is_stated(self):
        out, _ = self.expect(0, "check", "--fixed", "--profile", "strict", "--max-states", 2, SYNC)
        self.assertRegex(out, r"not found: content sync in 2 states \(cut: .*\) and 1000 runs by strategies\n")

    def test_bound_is_no_bound_for_strategies(self):
        path = self.file("p.vmt", re.sub(r"(?m)^schedule .*", "schedule T1", SYNC.read_text(encoding="utf-8")))
        out, _ = self.expect(1, "check", "--fixed", "--max-states", 2, path)
        self.assertIn("still happens: content sync", out)

    def test_deadlock(self):
        text = "init insert 20 22 rw rwx\ninit wire 20 22 system noholes\nT0 remove 20 22\nverdict deadlock\n" \
            "schedule T0\n"
        self.expect(1, "check", "--fixed", self.file("p.vmt", text))
        self.expect(0, "check", "--fixed", self.file("p.vmt", text.replace("init wire 20 22 system noholes\n", "")))

    def test_sequential(self):
        path = self.file("p.vmt", FIND.replace(" => KERN_NO_SPACE", "") + "verdict model find\n")
        self.assertIn("still happens: model find", self.expect(1, "check", "--fixed", path)[0])
        out, _ = self.expect(0, "check", "--fixed", "--profile", "strict", path)
        self.assertIn("fixed: its only run does not show model find\n", out)

    def test_cannot_run(self):
        bad = self.file("bad.vmt", "nonsense\n")
        good = self.file("good.vmt", TWO)
        other = self.file("other.vmt", TWO.replace("rw rwx\n", "rw rwx => KERN_NO_SPACE\n"))
        for path in (bad, other, self.room / "none.vmt"):
            self.expect(2, "check", "--fixed", path)
            self.expect(125, "check", "--fixed", "--bisect", path)
        # One that still happens is certain, whatever the others are.
        out, _ = self.expect(1, "check", "--fixed", "--bisect", bad, good)
        self.assertIn("0 fixed, 1 still happens, 1 cannot be run", out)

    def test_usage(self):
        path = self.file("p.vmt", TWO)
        for args in (("--bisect",), ("--fixed", "--bless"), ("--fixed", "--no-checks"), ("--mutant", "nonesuch"),
                ("--bless", "--mutant", "none")):
            self.expect(2, "check", *args, path)

    def test_bisect_run_blames_the_right_commit(self):
        """As docs/hunting.md says, in a repository whose third of five commits brings the quirk."""
        found = self.file("found.vmt", TWO)
        repo = self.room / "repo"
        repo.mkdir()

        def git(*args):
            return subprocess.run(["git", "-c", "user.name=x", "-c", "user.email=x@x", *args], cwd=repo, check=True,
                capture_output=True, text=True).stdout
        git("init", "-q")
        for i, profile in enumerate(["strict", "strict", "strict +Q1", "broken", "strict +Q1"]):
            (repo / "profile").write_text(profile)
            (repo / "number").write_text(str(i))
            git("add", ".")
            git("commit", "-qm", "commit %d" % i)
        git("bisect", "start", "HEAD", "HEAD~4")
        out = git("bisect", "run", "sh", "-c", "grep -q strict profile || exit 125; '%s' check --fixed --bisect "
            "--profile \"$(cat profile)\" '%s'" % (cli.TOOL, found))
        self.assertRegex(out, r"(?s)is the first bad commit.*commit 2\n")


class Regress(Case):
    def test_refuses_what_still_happens(self):
        out = self.room / "test.vmt"
        _, err = self.expect(1, "regress", "--out", out, self.file("p.vmt", TWO))
        self.assertIn("still happens: ", err)
        self.assertFalse(out.exists())

    def test_test_of_what_is_fixed(self):
        out = self.room / "test.vmt"
        found = self.file("p.vmt", "# What it was.\n" + TWO)
        args = "regress", "--profile", "strict", "--out", out, found
        self.expect(0, *args)
        text = out.read_text()
        self.assertTrue(text.startswith("# Regression test: no schedule shows model rollback, invariant I19. "
            "The finding was:\n# What it was.\nprofile strict\n"), text)
        self.assertNotRegex(text, r"(?m)^(schedule|verdict|result) ")
        self.assertRegex(text, r"(?m)^outcome ")
        self.expect(0, "check", "--counts", "--verify", out)
        self.expect(0, "fmt", "--check", out)
        self.expect(1, "check", "--profile", "strict +Q1", out)
        # The same again is nothing new; another test under that name is refused.
        self.expect(0, *args)
        _, err = self.expect(2, "regress", "--profile", "strict", "--out", out, SYNC)
        self.assertIn("exists with different contents", err)
        self.assertEqual(out.read_text(), text)
        self.assertEqual(self.expect(0, "regress", "--profile", "strict", "--out", "-", found)[0], text)

    def test_incomplete(self):
        _, err = self.expect(2, "regress", "--profile", "strict", "--max-states", 2, self.file("p.vmt", TWO))
        self.assertIn("not explored completely", err)

    def test_sequential(self):
        """Results and states become what is expected."""
        path = self.file("q.vmt", FIND + "verdict model find\n")
        out, _ = self.expect(0, "regress", "--profile", "strict", self.file("p.vmt",
            FIND.replace(" => KERN_NO_SPACE", "") + "verdict model find\n"))
        self.assertIn("init find 4 r rwx => KERN_SUCCESS@28\nstate ", out)
        self.expect(0, "check", self.file("test.vmt", out))
        self.expect(2, "regress", "--profile", "strict", path)  # its init step expects what the quirk gives

    def test_bad_files(self):
        self.expect(2, "regress", self.file("p.vmt", "nonsense\n"))
        self.expect(2, "regress", self.room / "none.vmt")
        self.expect(2, "regress")


if __name__ == "__main__":
    cli.use(sys.argv.pop(1))
    unittest.main(argv=[sys.argv[0], *sys.argv[1:]])
