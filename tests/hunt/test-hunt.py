#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""wirestorm run --strategy, shrink and hunt, as their users see them.

Usage: test-hunt.py WIRESTORM [unittest's arguments]; with --mutants in front the build has mutants.
"""

import json
import os
import re
import signal
import sys
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "common"))
import cli  # noqa: E402
from cli import ROOT, children, wait_until, ws  # noqa: E402

LITMUS = ROOT / "corpus" / "litmus" / "wire-gone-after-wait.vmt"
MUTANTS = False

# A remove that waits for ever, under what has nothing to do with it.
DEADLOCK = """# What this is about.
profile freebsd12
map 0 64
limit 9
poison 60
init insert 30 40 r rx
init insert 40 44 rw rw
init wire 34 36 system holesok
T0 lookup 30
T0 madvise 30 34 random
T0 remove 33 38
T0 protect 30 31 rw
T1 wire 41 43 user noholes
T1 unwire 41 43 user noholes
T2 clip 42
verdict deadlock
"""
# A million runs of this for each edit: nobody waits for the end.
SLOW = "init insert 20 24 rw rwx\ninit wire 20 21 system noholes\n" + "".join(
    "T%d lookup 20\n" % t * 63 for t in range(4)) + "T0 remove 20 21\nverdict deadlock\n"


class Case(cli.Case):
    def lines(self, text, word):
        return [line for line in text.split("\n") if line.startswith(word)]

    def start(self, *args):
        return super().start(*args, cwd=self.room)


class Strategies(Case):
    def names(self):
        out, _ = self.expect(0, "run", "--help")
        names = re.findall(r"^  (\w+) +\S", out[out.index("Strategies:"):], re.MULTILINE)
        self.assertGreaterEqual(len(names), 5)
        return names

    def test_each_replays(self):
        for name in self.names():
            for seed in range(1, 6):
                out, _ = self.expect(0, "run", "--strategy", name, "--seed", seed, LITMUS)
                again, _ = self.expect(0, "run", "--strategy", name, "--seed", seed, LITMUS)
                self.assertEqual(out, again)
                schedule = self.lines(out, "schedule ")[0].split(" ", 1)[1]
                replayed, _ = self.expect(0, "run", "--schedule", schedule, LITMUS)
                self.assertEqual(self.lines(replayed, "result ")[0], self.lines(out, "result ")[0])

    def test_differ(self):
        """Seeds and strategies matter."""
        schedules = {self.lines(self.expect(0, "run", "--strategy", name, "--seed", seed, LITMUS)[0], "schedule ")[0]
                     for name in self.names() for seed in range(1, 9)}
        self.assertGreater(len(schedules), 3)

    def test_usage(self):
        _, err = self.expect(2, "run", "--strategy", "none", LITMUS)
        self.assertIn("none", err)
        self.expect(2, "run", "--strategy", "pct", "--schedule", "T0", LITMUS)
        self.expect(2, "bench", "sched", "--strategy", "none")

    def test_bench(self):
        out, _ = self.expect(0, "bench", "sched", "--strategy", "pct", "--seconds", "0.01", "--json")
        self.assertGreater(json.loads(out)["figures"]["executions_per_s"], 0)


class Shrink(Case):
    def test_deadlock(self):
        path = self.file("p.vmt", DEADLOCK)
        out, err = self.expect(0, "shrink", path)
        self.assertEqual(len(self.lines(out, "T")), 1, out)
        self.assertEqual(len(self.lines(out, "init ")), 2, out)
        self.assertIn("# What this is about.", out)
        self.assertEqual(self.lines(out, "verdict "), ["verdict deadlock"])
        self.assertNotIn("limit", out)
        self.assertIn("nothing more can be taken away", err)
        small = self.file("small.vmt", out)
        self.expect(0, "check", small)
        self.expect(0, "fmt", "--check", small)
        again, _ = self.expect(0, "shrink", small)
        self.assertEqual(again, out)

    def test_same_check(self):
        """The first verdict stays, and all that the run shows is listed."""
        path = self.file("p.vmt", "profile freebsd12\npoison 42\ninit insert 20 28 rw rwx\ninit insert 40 44 rw rwx\n"
                         "T0 wire 20 24 system noholes\nT0 wire 20 24 user noholes\nT1 wire 40 44 user noholes\n"
                         "T2 clip 41\nverdict model rollback\n")
        out, _ = self.expect(0, "shrink", path)
        self.assertEqual(self.lines(out, "verdict "), ["verdict model rollback", "verdict invariant I19"])
        self.assertEqual(self.lines(out, "profile "), ["profile strict +Q1"])
        self.assertEqual(self.lines(out, "T"), ["T0 wire 20 22 user noholes", "T1 clip 21"])
        self.expect(0, "check", self.file("small.vmt", out))

    def test_out(self):
        path = self.file("p.vmt", DEADLOCK)
        out, _ = self.expect(0, "shrink", "--json", "--out", path, path)
        report = json.loads(out)
        self.assertTrue(report["fixed_point"])
        self.assertTrue(report["fewest_preemptions"])
        self.assertEqual((report["before"]["threads"], report["after"]["threads"]), (3, 1))
        self.assertEqual(report["after"]["operations"] + report["after"]["init_steps"], 3)
        self.expect(0, "check", path)
        self.assertEqual([p.name for p in self.room.iterdir()], ["p.vmt"])

    def test_not_there(self):
        path = self.file("p.vmt", DEADLOCK.replace("init wire 34 36 system holesok\n", ""))
        before = path.read_text()
        _, err = self.expect(1, "shrink", "--out", path, path)
        self.assertIn("does not show its verdict", err)
        self.assertEqual(path.read_text(), before)

    def test_usage(self):
        for text in (DEADLOCK.replace("verdict deadlock\n", ""), "init lookup 20\nverdict deadlock\n",
                     "nonsense\n"):
            self.expect(2, "shrink", self.file("p.vmt", text))
        livelock = self.file("p.vmt", DEADLOCK.replace("verdict deadlock", "verdict livelock circle"))
        self.assertIn("does not show its verdict", self.expect(1, "shrink", livelock)[1])
        self.expect(2, "shrink", "--json", self.file("p.vmt", DEADLOCK))
        self.expect(2, "shrink")
        self.expect(2, "shrink", self.room / "none.vmt")

    def slow(self):
        out = self.room / "out.vmt"
        args = "shrink", "--max-states", "1", "--runs", "1000000", "--out", out, self.file("p.vmt", SLOW)
        return args, out

    def test_interrupted(self):
        args, out = self.slow()
        process = self.start(*args)
        wait_until(out.exists, "something smaller is written")
        self.expect(0, "fmt", "--check", out)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=1200)
        self.assertEqual(process.returncode, 0, err)
        self.assertIn("interrupted", err)
        self.expect(0, "check", out)

    def test_seconds(self):
        args, out = self.slow()
        _, err = self.expect(0, *args, "--seconds", "1")
        self.assertIn("the time limit was reached", err)
        self.expect(0, "check", out)


class Hunt(Case):
    def test_seeds_are_whole(self):
        """The upper half of a seed counts, too."""
        hunted = [json.loads(self.expect(0, "hunt", "--seed", seed, "--programs", 300, "--json")[0])["states"]
            for seed in (7, 7 + (1 << 32), 7 + (1 << 63), 7)]
        self.assertEqual(hunted[0], hunted[3])
        self.assertEqual(len(set(hunted)), 3)
        last = str((1 << 64) - 1)
        self.assertIn("# wirestorm gen --seed %s\n" % last, self.expect(0, "gen", "--seed", last)[0])
        self.expect(2, "hunt", "--seed", str(1 << 64))

    def hunt(self, *args, code=None):
        got, out, err = ws("hunt", "--json", *args, cwd=self.room)
        self.assertIn(got, (0, 1), err)
        report = json.loads(out)
        self.assertEqual(got, (1 if report["findings"] else 0) if code is None else code)
        return report

    def check_small(self, finding):
        """At most three set-up and three thread operations, replaying, and silent without its quirks."""
        self.assertTrue(finding["replays"] and finding["shrunk"], finding)
        text = finding["program"]
        self.assertLessEqual(len(self.lines(text, "init ")), 3, text)
        self.assertLessEqual(len(self.lines(text, "T")), 3, text)
        path = self.file("finding.vmt", text)
        self.expect(0, "check", path)  # the verdict is there, and gone without the quirks
        self.expect(1, "check", "--profile", "strict", path)
        self.expect(0, "fmt", "--check", path)

    def test_quirks(self):
        report = self.hunt("--profile", "freebsd12", "--programs", "4096", "--seed", "7")
        found = " ".join(f["key"] for f in report["findings"])
        for quirk in ("Q1", "Q2", "Q4"):
            self.assertIn("+" + quirk, found)
        for finding in report["findings"]:
            self.assertTrue(finding["quirk"])
            self.check_small(finding)
        self.assertEqual(report["programs"], 4096)
        self.assertGreater(report["states"], 4096)
        self.assertIn("wire_hole", report["edges"])

    def test_sync(self):
        report = self.hunt("--profile", "strict +Q6", "--programs", "4096", "--seed", "8")
        # Past the hole, or to an end before the range's: the same check and quirk, by other returns.
        self.assertEqual({f["key"].split(" |")[0] for f in report["findings"]}, {"sync +Q6"})
        for finding in report["findings"]:
            self.check_small(finding)

    def test_strict(self):
        out, _ = self.expect(0, "hunt", "--programs", "300")
        self.assertIn("0 findings", out)
        self.assertIn("300 programs", out)

    def test_jobs(self):
        """Who does the work decides nothing."""
        reports = [self.hunt("--profile", "freebsd12", "--programs", "400", "--seed", "6", "-j", j) for j in (1, 3)]
        for report in reports:
            del report["seconds"]
        self.assertEqual(reports[0], reports[1])
        self.assertTrue(reports[0]["findings"])

    def test_strategies(self):
        """Few states are enough to be too many: then by strategies."""
        report = self.hunt("--profile", "freebsd12", "--programs", "150", "--max-states", "10", "--runs", "20")
        self.assertGreater(report["sampled"], 50)
        self.assertGreaterEqual(report["runs"], 20 * report["sampled"])

    def test_seeds(self):
        """A range of seeds is the sum of its parts."""
        ranges = "50..170", "50..100", "100..170"
        whole, low, high = (self.hunt("--profile", "freebsd12", "--seeds", r) for r in ranges)
        for key in ("programs", "explored", "sampled", "refused", "states", "seen"):
            self.assertEqual(whole[key], low[key] + high[key], key)
        self.assertEqual(whole["programs"], 120)
        self.assertEqual(whole["kept"], 0)

    def test_threads(self):
        for text, threads in (("1", {1}), ("3..3", {3})):
            report = self.hunt("--profile", "freebsd12", "--programs", "40", "--threads", text, "--ops", "2")
            self.assertEqual(report["programs"], 40)

    def test_out(self):
        args = "--profile", "freebsd12", "--programs", "300", "--seed", "6", "--out", "found"
        first = self.hunt(*args)
        names = sorted(f["name"] for f in first["findings"])
        self.assertTrue(names)
        self.assertEqual(sorted(p.name for p in (self.room / "found").glob("*.vmt")), names)
        self.assertEqual([n[:4] for n in names], ["%03d-" % (i + 1) for i in range(len(names))])
        self.expect(0, "check", self.room / "found")
        # Again: all is known. With the same as a baseline nothing is a failure.
        second = self.hunt(*args)
        self.assertEqual(second["new"], 0)
        self.assertTrue(all(f["known_as"] for f in second["findings"]))
        third = self.hunt(*args, "--baseline", "found", code=0)
        self.assertTrue(all(f["baseline"] for f in third["findings"]))
        self.assertEqual(sorted(p.name for p in (self.room / "found").glob("*.vmt")), names)
        # One is taken away: that one is new.
        (self.room / "found" / names[0]).unlink()
        fourth = self.hunt(*args[:-2], "--baseline", "found", code=1)
        self.assertEqual([f["name"][4:] for f in fourth["findings"] if not f["known_as"]], [names[0][4:]])

    def test_usage(self):
        for args in (("--seeds", "5..5"), ("--seeds", "a"), ("--threads", "3..2"), ("--mutant", "no-such"), ("file",),
                     ("--target", "model"), ("--profile", "other"), ("--baseline", "none"), ("-j", "0")):
            got, _, err = ws("hunt", "--programs", "1", *args, cwd=self.room)
            self.assertEqual(got, 2, args)
            self.assertTrue(err)

    def test_known_must_be_readable(self):
        self.file("bad.vmt", "nonsense\n")
        got, _, err = ws("hunt", "--programs", "1", "--known", self.room)
        self.assertEqual(got, 2)
        self.assertIn("bad.vmt:1:1", err)

    def endless(self):
        return self.start("hunt", "--profile", "freebsd12", "--out", "found", "-j", "2")

    def first_new(self, process):
        for line in process.stdout:
            if line.startswith("new "):
                return line.split()[1]
        self.fail("nothing was found: " + process.stderr.read())

    def test_killed(self):
        """Whatever it said is there, whole, and its workers go, too."""
        process = self.endless()
        name = self.first_new(process)
        workers = children(process.pid)
        self.assertEqual(len(workers), 2)
        process.kill()
        process.wait()
        self.expect(0, "check", self.room / "found" / name)
        for path in (self.room / "found").glob("*.vmt"):
            self.expect(0, "fmt", "--check", path)
        wait_until(lambda: not any(Path("/proc/%d/fd" % w).exists() and self.alive(w) for w in workers), "workers end")

    def alive(self, pid):
        try:
            return Path("/proc/%d/stat" % pid).read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
        except OSError:
            return False

    def test_interrupted(self):
        process = self.endless()
        self.first_new(process)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=1200)
        self.assertEqual(process.returncode, 1, err)
        self.assertIn("interrupted: ", out)
        self.assertRegex(out, r"\b\d+ findings?,")

    def test_all_terminated(self):
        """As by timeout(1) and by job schedulers: workers, too. That is nobody's crash."""
        process = self.endless()
        self.first_new(process)
        for pid in children(process.pid):
            os.kill(pid, signal.SIGTERM)
        time.sleep(0.5)  # the parent is the last to know
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=1200)
        self.assertEqual(process.returncode, 1, err)
        self.assertIn("interrupted: ", out)
        self.assertNotIn("crashed", out)
        self.assertEqual(list((self.room / "found").glob("*-crash.vmt")), [])

    def test_worker_killed(self):
        """A worker that dies costs one program, which is kept; another worker takes its place."""
        process = self.endless()
        self.first_new(process)
        before = children(process.pid)
        os.kill(before[0], signal.SIGKILL)
        wait_until(lambda: list((self.room / "found").glob("*-crash.vmt")), "the program is kept")
        wait_until(lambda: len(children(process.pid)) == 2 and before[0] not in children(process.pid), "a new worker")
        text = next((self.room / "found").glob("*-crash.vmt")).read_text()
        self.assertIn("died of signal 9", text)
        self.assertRegex(text, r"(?m)^T0 ")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=1200)
        self.assertEqual(process.returncode, 1, err)
        self.assertIn("1 crashed", out)

    def test_locked(self):
        process = self.endless()
        self.first_new(process)
        got, _, err = ws("hunt", "--programs", "1", "--out", "found", cwd=self.room)
        self.assertEqual(got, 2)
        self.assertIn("another hunt", err)

    def test_mutant(self):
        """The canary is found at once; a build without mutants refuses."""
        got, out, err = ws("hunt", "--mutant", "canary", "--programs", "200", "--json", cwd=self.room)
        if not MUTANTS:
            self.assertEqual(got, 2)
            self.assertIn("mutants=true", err)
            return
        self.assertEqual(got, 1)
        finding = json.loads(out)["findings"][0]
        self.assertIn("mutant canary", finding["program"])
        self.assertFalse(finding["quirk"])
        self.expect(0, "check", self.file("finding.vmt", finding["program"]))

    def test_endless_step(self):
        """It is a finding with a verdict, made small, and no hang."""
        if not MUTANTS:
            return
        report = self.hunt("--mutant", "canary_assertion", "--programs", "64", "--seed", "3")
        self.assertEqual((report["hung"], report["crashed"]), (0, 0))
        found = [f for f in report["findings"] if "does not end" in f["what"]]
        self.assertTrue(found)
        for finding in found:
            self.assertIn("\nverdict panic assertion\n", finding["program"])
            self.assertTrue(finding["shrunk"])
            self.assertEqual(len(self.lines(finding["program"], "T")), 1, finding["program"])
            self.expect(0, "check", self.file("finding.vmt", finding["program"]))

    def test_seconds_hold_within_an_exploration(self):
        """A program of which the states never end is cut, and is neither a hang nor a finding."""
        report = self.hunt("--seconds", "3", "--threads", "4..4", "--ops", "20", "--max-states", "100000000", "-j", "1",
            code=0)
        self.assertEqual((report["hung"], report["crashed"], report["findings"]), (0, 0, []))

    def test_incomplete_state_key(self):
        """A key that leaves something out is a finding, once."""
        if not MUTANTS:
            return
        got, out, err = ws("hunt", "--mutant", "canary_key", "--programs", "300", "--json", cwd=self.room)
        self.assertEqual(got, 1, err)
        findings = json.loads(out)["findings"]
        self.assertEqual([f["key"] for f in findings], ["state key incomplete"])
        path = self.file("key.vmt", findings[0]["program"])
        out, _ = self.expect(1, "explore", path)
        self.assertIn("# FINDING state key incomplete: ", out)
        self.assertIn("check --verify", out)
        self.assertNotIn("; complete", out)

    def test_incomplete_state_key_is_checked_with_fixed(self):
        """Its file has no verdict to compare: the hunt names the command that answers, and the answer is right."""
        if not MUTANTS:
            return
        got, out, err = ws("hunt", "--mutant", "canary_key", "--programs", "300", "--out", "found", cwd=self.room)
        self.assertEqual(got, 1, err)
        self.assertIn("\n1 of them have no verdict, so check cannot compare them: wirestorm check --fixed FILE", out)
        path = self.room / "found" / "001-key.vmt"
        self.assertIn("wirestorm check --fixed says if it still happens", path.read_text())
        out, _ = self.expect(1, "check", "--fixed", path)
        self.assertIn("001-key.vmt: still happens: state key incomplete: two different states", out)
        self.assertIn("; repeat: wirestorm explore ", out)
        out, _ = self.expect(0, "check", "--fixed", "--mutant", "none", path)
        self.assertIn("001-key.vmt: fixed: ", out)


if __name__ == "__main__":
    MUTANTS = sys.argv[1] == "--mutants"
    cli.use(sys.argv.pop(2 if MUTANTS else 1))
    if MUTANTS:
        sys.argv.pop(1)
    unittest.main(argv=[sys.argv[0], *sys.argv[1:]])
