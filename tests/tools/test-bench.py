#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""test-bench.py WIRESTORM [unittest's arguments]: what each bench measures, what it needs, and how it is interrupted.

No figure is compared with a time: only what must be true of it on any machine.
"""

import json
import signal
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "common"))
import cli  # noqa: E402
from cli import Case, ROOT, wait_until  # noqa: E402

FIGURES = {
    "sched": ["executions_per_s", "steps_per_execution", "ns_per_step"],
    "explore": ["programs", "seconds_per_round", "states_per_s", "transitions_per_s", "steps_per_transition",
        "schedules_covered_per_s"],
    "map": ["lookup_ns_1e3", "lookup_ns_1e6", "lookup_ratio", "lookup_cold_ns_1e6", "findspace_ns_1e3",
        "findspace_ns_1e6", "findspace_ratio", "wire_unwire_ns"],
    "reset": ["reset_ns"],
    "decode": ["inputs_per_s", "us_per_input", "ns_per_byte", "ops_per_input"],
}
LITMUS = ROOT / "corpus" / "litmus"


class Bench(Case):
    def bench(self, name, *more):
        out, _ = self.expect(0, "bench", name, "--json", "--seconds", "0.01", "--corpus", LITMUS, *more)
        report = json.loads(out)
        self.assertEqual(report["bench"], name)
        return report["figures"]

    def test_each_bench_has_its_figures(self):
        out, _ = self.expect(0, "bench", "--help")
        listed = [line.split()[0] for line in out.split("\nBenches:\n")[1].splitlines() if line]
        self.assertEqual(sorted(listed), sorted(FIGURES))
        for name, keys in FIGURES.items():
            figures = self.bench(name)
            self.assertEqual(list(figures), keys)
            self.assertEqual([key for key, value in figures.items() if value <= 0], [], name)

    def test_explore_counts_the_programs(self):
        self.assertEqual(self.bench("explore")["programs"],
            sum("\nT0 " in path.read_text() for path in LITMUS.glob("*.vmt")))

    def test_all_interleavings_of_the_scheduler_bench(self):
        """Two threads of n increments, each a step of its own: C(2n, n) schedules of those steps at least."""
        for ops, least in ((1, 2), (2, 6)):
            figures = self.bench("sched", "--strategy", "explore", "--threads", "2", "--ops", ops)
            self.assertEqual(list(figures), ["ms", "complete", "states", "transitions", "schedules"])
            self.assertEqual(figures["complete"], 1)
            self.assertGreaterEqual(figures["schedules"], least)
            again = self.bench("sched", "--strategy", "explore", "--threads", "2", "--ops", ops)
            self.assertEqual(dict(again, ms=0), dict(figures, ms=0))

    def test_text_has_a_line_for_each_figure(self):
        out, _ = self.expect(0, "bench", "decode", "--seconds", "0.01", "--seed", "3")
        self.assertEqual([line.split()[0] for line in out.splitlines()], FIGURES["decode"])

    def test_what_cannot_be_measured(self):
        empty = self.room / "empty"
        empty.mkdir()
        alone = self.file("alone.vmt", "init insert 16 24 rw rwx\n")
        broken = self.file("broken.vmt", "T0 nonsense\n")
        for name in ("explore", "reset"):
            for path, words in ((alone, "no program with threads"), (broken, "broken.vmt:1:4: "),
                    (empty, "no program with threads"), (self.room / "none", "none: No such file")):
                out, err = self.expect(2, "bench", name, "--json", "--corpus", path)
                self.assertEqual(out, "")
                self.assertIn(words, err)
        _, err = self.expect(2, "bench", "shed")
        self.assertRegex(err, r'no bench "shed".*sched')
        _, err = self.expect(2, "bench", "sched", "--strategy", "pcd")
        self.assertIn("--strategy pcd: expected explore or one of", err)

    @unittest.skipUnless(Path("/proc/self/status").exists(), "needs /proc")
    def test_interrupted_it_reports_what_it_has(self):
        process = self.start("bench", "decode", "--json", "--seconds", "100000")

        def catches():
            status = Path(f"/proc/{process.pid}/status").read_text()
            mask = int(status.split("SigCgt:")[1].split()[0], 16)
            return "Name:\twirestorm-bench" in status and mask >> (signal.SIGINT - 1) & 1
        wait_until(catches, "the bench catches the signal")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate()
        self.assertIn("interrupted: the figures are from shorter runs", err)
        self.assertEqual(list(json.loads(out)["figures"]), FIGURES["decode"])
        self.assertEqual(process.returncode, 0)


if __name__ == "__main__":
    cli.use(sys.argv.pop(1))
    unittest.main()
