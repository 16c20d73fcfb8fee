#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""test-bugs-hunt.py [--mutants] WIRESTORM [unittest's arguments]: how trials of the bug bank end, and their tables.

A fuzzer is played by a script that prints what libFuzzer prints. Without --mutants: only what any build can do.
"""

import json
import os
import signal
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "common"))
import cli  # noqa: E402
from cli import Case, ROOT, children, wait_until  # noqa: E402

MUTANTS = "--mutants" in sys.argv
BUG = "unwire_takes_nothing"


def record(engine, mutant, seed, end="found", check="I1", seconds=1.0):
    return {"mutant": mutant, "class": "historical", "engine": engine, "seed": str(seed), "budget_seconds": 10.0,
        "end": end, "seconds": seconds, "programs": 10 * seed, "transitions": 1, "text": "", "where": "",
        "check": check if end == "found" else ""}


class Report(Case):
    def state(self, records):
        folder = self.room / "state"
        for r in records:
            (folder / r["engine"]).mkdir(parents=True, exist_ok=True)
            (folder / r["engine"] / f"{r['mutant']}-{r['seed']}.json").write_text(json.dumps(r))
        return folder

    def test_table(self):
        """Medians, each check once, what failed, and how much each engine finds."""
        state = self.state([record("hunt", BUG, 1, check="I12", seconds=4),
            record("hunt", BUG, 2, check="I1", seconds=2), record("hunt", BUG, 3, check="I1", seconds=8),
            record("hunt", BUG, 4, check="panic", seconds=6),
            record("hunt", "relook_never", 1, "failed"), record("hunt", "relook_never", 2, "not found"),
            record("litmus", BUG, 1, check="outcomes", seconds=0.5)])
        out, err = self.expect(0, "bugs", "report", "--state", state)
        self.assertEqual(err, "")
        self.assertRegex(out, r"(?m)^hunt +unwire_takes_nothing +\w+ +4/4 +5\.000 +25  I12, I1, panic$")
        self.assertRegex(out, r"(?m)^hunt +relook_never +\w+ +0/2  +\(1 failed\)$")
        self.assertRegex(out, r"(?m)^litmus +unwire_takes_nothing +\w+ +1/1 +0\.500 +10  outcomes$")
        self.assertRegex(out, r"(?m)^hunt: .*1 of 1 found in at least 4/5 of the seeds.* median of the found 5\.000 s$")
        self.assertRegex(out, r"(?m)^litmus: .* median of the found 0\.500 s$")

    def test_markdown_has_a_column_for_each_engine(self):
        state = self.state([record("hunt", BUG, 1, seconds=0.25), record("hunt", BUG, 2, "not found"),
            record("litmus", "relook_never", 1, "not found")])
        out, _ = self.expect(0, "bugs", "report", "--state", state, "--markdown")
        lines = out.splitlines()
        self.assertEqual(lines[:2], ["| mutant | class | hunt | litmus |", "|---|---|---|---|"])
        self.assertRegex("\n".join(lines), r"(?m)^\| `unwire_takes_nothing` \| \w+ \| 1/2, 0\.25 s \| \|$")
        self.assertRegex("\n".join(lines), r"(?m)^\| `relook_never` \| \w+ \| \| 0/1 \|$")
        listed, _ = self.expect(0, "bugs", "list")
        self.assertEqual(len(lines) - 2, len(listed.split("\n\n")[0].splitlines()))

    def test_json_is_sorted_and_as_it_was_kept(self):
        records = [record("litmus", BUG, 1, check="outcomes"), record("hunt", BUG, 10, "not found"),
            record("hunt", BUG, 9), record("hunt", "none", 1, "failed")]
        out, _ = self.expect(0, "bugs", "report", "--json", "--state", self.state(records))
        got = [json.loads(line) for line in out.splitlines()]
        self.assertEqual([(r["engine"], r["mutant"], int(r["seed"])) for r in got],
            [("hunt", "none", 1), ("hunt", BUG, 9), ("hunt", BUG, 10), ("litmus", BUG, 1)])
        for r in records:
            same = next(x for x in got if (x["engine"], x["mutant"], str(x["seed"]))
                == (r["engine"], r["mutant"], r["seed"]))
            self.assertEqual({key: same[key] for key in ("end", "check", "seconds", "programs")},
                {key: r[key] for key in ("end", "check", "seconds", "programs")})

    def test_what_is_no_record_is_named(self):
        state = self.state([record("hunt", BUG, 1)])
        (state / "hunt" / "broken-1.json").write_text("{")
        (state / "hunt" / "nonesuch-1.json").write_text(json.dumps(record("hunt", "nonesuch", 1)))
        (state / "hunt" / "note.txt").write_text("not read")
        out, err = self.expect(0, "bugs", "report", "--state", state)
        self.assertIn("1/1", out)
        self.assertEqual(err.count("not a record, or unknown mutant"), 2, err)
        self.assertNotIn("note.txt", err)

    def test_words_that_are_refused(self):
        for words, about in ((("list", "x"), 'list: expected options only, found "x"'),
                (("describe", "unwire_takes_nothin"), BUG), (("describe", BUG, "nonesuch"), 'found "nonesuch"'),
                (("hunt", "--engine", "hint"), "--engine hint: expected the name of an engine"),
                (("repord", "--state", "x"), 'found "repord"'),
                (("equivalent", *["--corpus", "x"] * 17, BUG), "--corpus: at most 16"),
                (("report", "--state", "x", "y"), "report: expected only --state DIR")):
            out, err = self.expect(2, "bugs", *words)
            self.assertEqual(out, "", words)
            self.assertIn(about, err)


@unittest.skipUnless(MUTANTS, "a build with the mutants")
class Hunt(Case):
    def fuzzer(self, text, status=0, more=""):
        path = self.file("fuzzer", f"#!/bin/sh\necho \"$WS_FUZZ_MUTANT $*\" > '{self.room}/called'\n{more}\n"
            f"cat <<'END'\n{text}\nEND\nexit {status}\n")
        path.chmod(0o755)
        return path

    def fuzz(self, code, text, status=0, more="", mutant=BUG):
        out, err = self.expect(code, "bugs", "hunt", "--json", "--engine", "fuzz_sched", "--fuzzer",
            self.fuzzer(text, status, more), "--seeds", "1", "--seconds", "0.5", mutant)
        return json.loads(out), err

    def test_a_fuzzer_that_finds_nothing(self):
        got, err = self.fuzz(0, "stat::number_of_executed_units: 321")
        self.assertEqual((got["end"], got["programs"], err), ("not found", 321, ""))
        words = (self.room / "called").read_text().split()
        self.assertEqual(words[:3], [BUG, "-max_total_time=1", "-seed=1"])

    def test_a_fuzzer_that_finds_something(self):
        got, _ = self.fuzz(0, "T0 wire 16 17\n\nspurious unfounded: nobody asked for it\n"
            "==12== ERROR: libFuzzer: deadly signal\nstat::number_of_executed_units: 7", 77)
        self.assertEqual((got["end"], got["check"], got["text"], got["programs"]),
            ("found", "unfounded", "spurious unfounded: nobody asked for it", 7))

    def test_a_fuzzer_that_crashes(self):
        for how in ("", "kill -SEGV $$"):
            got, _ = self.fuzz(0, "no finding of a checker\n==12== ERROR: libFuzzer: timeout", 70,
                "echo a line; echo '==1== ERROR: libFuzzer: x'; " + how if how else "")
            self.assertEqual((got["end"], got["check"]), ("found", "crash"))

    def test_a_fuzzer_without_a_bug_must_find_nothing(self):
        got, _ = self.fuzz(1, "a line\n==12== ERROR: libFuzzer: deadly signal", 77, mutant="none")
        self.assertEqual((got["end"], got["mutant"]), ("found", "none"))
        self.assertEqual((self.room / "called").read_text().split()[0], "-max_total_time=1")

    def test_a_fuzzer_that_fails(self):
        got, err = self.fuzz(2, "it cannot start", 3)
        self.assertEqual((got["end"], got["text"]), ("failed", "it cannot start"))
        self.assertIn("1 trial failed without a result", err)
        out, err = self.expect(2, "bugs", "hunt", "--engine", "fuzz_sched", "--fuzzer", self.room / "none",
            "--seeds", "2", BUG)
        self.assertEqual(out.count("none: No such file or directory"), 2, out)
        self.assertIn("2 trials failed without a result", err)
        _, err = self.expect(2, "bugs", "hunt", "--engine", "fuzz_sched", BUG)
        self.assertIn("hunt: --engine fuzz_sched needs --fuzzer FILE", err)

    def test_a_killed_trial_has_no_result(self):
        for name in ("KILL", "TERM"):
            got, _ = self.fuzz(2, "", 0, f"kill -{name} $$")
            self.assertEqual((got["end"], got["check"]), ("failed", ""))

    def test_how_the_process_of_a_trial_ends(self):
        """A signal says what it died of: a step that does not end, or a crash."""
        for sig, check in ((signal.SIGPROF, "endless"), (signal.SIGXCPU, "crash")):
            process = self.start("bugs", "hunt", "--json", "--engine", "twin", "--seeds", "1", "--seconds", "60",
                "none", cwd=self.room)

            def works():
                """Its name stays that of the parent; it has worked when the processor's time is counted."""
                found = children(process.pid)
                fields = Path(f"/proc/{found[0]}/stat").read_text().rsplit(")", 1)[1].split() if found else []
                return found and int(fields[11]) > 0
            wait_until(works, "the trial runs")
            os.kill(children(process.pid)[0], sig)
            out, _ = process.communicate()
            got = json.loads(out)
            self.assertEqual((process.returncode, got["end"], got["check"]), (1, "found", check), sig)

    def test_real_threads_find_a_wrong_count(self):
        out, _ = self.expect(0, "bugs", "hunt", "--json", "--engine", "stress", "--seeds", "1", "--seconds", "10",
            "wire_counts_first_entry")
        got = json.loads(out)
        self.assertEqual(got["end"], "found")
        self.assertNotEqual(got["check"], "?")
        self.assertTrue(got["text"].startswith(got["check"]), got)
        self.assertGreater(got["programs"], 0)

    def test_a_corpus_that_is_not_there(self):
        out, err = self.expect(2, "bugs", "hunt", "--engine", "litmus", "--corpus", self.room / "none", BUG)
        self.assertRegex(out, r"(?m)^litmus +unwire_takes_nothing +seed 1: failed: .*none: No such file or directory$")
        self.assertIn("1 trial failed", err)
        broken = self.file("broken.vmt", "T0 nonsense\n")
        self.assertIn("failed: ", self.expect(2, "bugs", "hunt", "--engine", "litmus", "--corpus", broken, BUG)[0])
        for path in (self.room / "none", broken):
            self.expect(2, "bugs", "equivalent", "--count", "0", "--corpus", path, BUG)

    def test_a_state_that_cannot_be_written(self):
        out, err = self.expect(2, "bugs", "hunt", "--engine", "litmus", "--corpus", ROOT / "corpus" / "bugs",
            "--state", self.file("state", ""), BUG)
        self.assertIn("1 of 1 trial found something", out)
        self.assertIn("the result cannot be written: Not a directory", err)

    def test_what_was_kept_is_not_run_again(self):
        """Only if it was found, or had as much time."""
        state = self.room / "state"
        how = ["bugs", "hunt", "--engine", "fuzz_sched", "--fuzzer", self.fuzzer("done"), "--seeds", "1", "--state",
            state]
        for seconds, again in (("1", True), ("1", False), ("0.5", False), ("2", True)):
            (self.room / "called").unlink(missing_ok=True)
            out, _ = self.expect(0, *how, "--seconds", seconds, BUG)
            self.assertIn("not found in", out)
            self.assertEqual((self.room / "called").exists(), again, seconds)

    def test_interrupted(self):
        """The trials that run have no result; those that ended are kept."""
        process = self.start("bugs", "hunt", "--engine", "fuzz_sched", "--fuzzer",
            self.fuzzer("", 0, f"case $* in *seed=1\\ *) exit 0; esac\n: > '{self.room}/second'; exec sleep 100000"),
            "--seeds", "3", BUG)
        wait_until((self.room / "second").exists, "the second trial runs")
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate()
        self.assertIn("seed 1: not found", out)
        self.assertTrue(out.endswith("0 of 1 trial found something; interrupted\n"), out)
        self.assertEqual(process.returncode, 1)

    def test_equivalent_interrupted(self):
        """By itself it compares all recordings, which takes long."""
        process = self.start("bugs", "equivalent", "--count", "1000000000", "relook_always", cwd=ROOT)

        def catches():
            status = Path(f"/proc/{process.pid}/status").read_text()
            return "Name:\twirestorm-bugs" in status and int(status.split("SigCgt:")[1].split()[0], 16) >> 1 & 1
        wait_until(catches, "it catches the signal")
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate()
        self.assertRegex(out, r"^relook_always: interrupted: \d+ files?, ")
        self.assertEqual(process.returncode, 1)

    def test_how_engines_differ(self):
        """equivalent names the first difference."""
        for mutant, words in (("clip_loses_owner", "the number of outcomes"), (BUG, "the outcomes"),
                ("wait_sampled_late", "the number of schedules that end in an outcome")):
            out, _ = self.expect(1, "bugs", "equivalent", "--count", "0", "--corpus",
                ROOT / "corpus" / "bugs" / f"{mutant}.vmt", mutant)
            self.assertRegex(out, rf"^{mutant}: different: 1 file, 0 random programs, \d+ states; .*{words}\n$")
        alone = self.file("alone.vmt", "init insert 16 24 rw rwx\nfinal unwire 16 24 user noholes\n")
        out, _ = self.expect(0, "bugs", "equivalent", "--count", "0", "--corpus", alone, BUG)
        self.assertIn(": the same: 1 file", out)


if __name__ == "__main__":
    if MUTANTS:
        sys.argv.remove("--mutants")
    cli.use(sys.argv.pop(1))
    unittest.main()
