#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""test-record.py WIRESTORM HOSTILE: wirestorm record and gen --sequential, and what --bless writes."""

import json
import os
import re
import signal
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "common"))
import cli  # noqa: E402
from cli import ws  # noqa: E402

VERSION = subprocess.run([sys.argv[1], "--version"], capture_output=True, text=True, check=True).stdout
DIFFERS = ["--profile", "freebsd12", "--differs-from", "strict"]


class Record(cli.Case):
    def names(self, folder):
        return sorted(p.name for p in (self.room / folder).glob("*.vmt"))

    def test_records_what_differs_from_a_profile(self):
        for more in ([], ["--sequential"]):
            folder = self.room / ("d" + "".join(more))
            rv, out, _ = ws("record", *DIFFERS, *more, "--count", 4, folder)
            self.assertEqual(rv, 0, out)
            self.assertRegex(out, r"^4 programs in .*, 4 of them new; of \d+ programs tried, .* the same in strict$")
            self.assertEqual(ws("check", "--counts", folder)[0], 0)
            rv, out, _ = ws("check", "--profile", "strict", folder)
            self.assertRegex(out, r"(?m)^0 passed, 4 failed$")

    def test_says_where_a_file_comes_from(self):
        ws("record", "--sequential", "--target", "model", "--source", "my map", "--count", 1, "--seed", 7,
            self.room / "d")
        self.assertTrue((self.room / "d/000007.vmt").read_text().startswith(
            "# seed 7\n# recorded from my map: wirestorm record --target model --sequential\n"))

    def test_continues_without_changing_a_file(self):
        ws("record", *DIFFERS, "--count", 5, self.room / "whole")
        ws("record", *DIFFERS, "--count", 2, self.room / "d")
        first = self.names("d")
        changed = self.room / "d" / first[0]
        changed.write_text(changed.read_text() + "# mine\n")
        rv, out, _ = ws("record", *DIFFERS, "--count", 5, "--json", self.room / "d")
        self.assertEqual(rv, 0)
        self.assertEqual({k: json.loads(out)[k] for k in ("total", "kept_before", "recorded")},
            {"total": 5, "kept_before": 2, "recorded": 3})
        self.assertEqual(self.names("d"), self.names("whole"))
        self.assertTrue(changed.read_text().endswith("# mine\n"))

    def test_refuses_the_folder_of_another_recording(self):
        ws("record", "--count", 1, self.room / "d")
        rv, _, err = ws("record", *DIFFERS, "--count", 2, self.room / "d")
        self.assertEqual(rv, 2)
        self.assertIn("expected a program of this recording", err)
        self.assertEqual(len(self.names("d")), 1)

    def test_interrupt_keeps_what_was_recorded(self):
        done = subprocess.Popen([cli.TOOL, "record", "--count", "100000000", str(self.room / "d")],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        cli.wait_until(lambda: done.poll() is not None or len(self.names("d")) > 3, "four programs are recorded")
        done.send_signal(signal.SIGINT)
        out, err = done.communicate()
        self.assertEqual(done.returncode, 1)
        self.assertRegex(err, r"interrupted: the next program is seed \d+; the same command continues there")
        self.assertEqual(int(re.match(r"(\d+) programs", out).group(1)), len(self.names("d")))
        self.assertEqual(ws("fmt", "--check", self.room / "d")[0], 0)

    def test_wrong_usage(self):
        for args, say in ((["--differs-from", "x"], "expected a profile of the engine"),
                          (["--counts"], "--counts needs --differs-from"),
                          (["--sequential", "--threads", 2], "exclude each other"),
                          (["--target", "model"], "add --sequential")):
            rv, _, err = ws("record", *args, self.room / "d")
            self.assertEqual(rv, 2)
            self.assertIn(say, err)
            self.assertFalse((self.room / "d").exists())

    @unittest.skipIf("address" in VERSION, "AddressSanitizer ends the process that crashes")
    def test_program_with_a_panic_is_not_recorded(self):
        rv = subprocess.run([HOSTILE, "record", "--count", "20", str(self.room / "d")], capture_output=True,
            check=False)
        self.assertEqual(rv.returncode, 0, rv.stderr)
        done = subprocess.run([HOSTILE, "check", "--counts", str(self.room / "d")], capture_output=True, check=False)
        self.assertIn(b"20 passed, 0 failed", done.stdout)


class Gen(cli.Case):
    def test_sequential_programs_suit_the_target(self):
        rv, out, _ = ws("gen", "--sequential", "--target", "model", "--seed", 5, "--ops", 12)
        self.assertEqual(rv, 0)
        self.assertTrue(out.startswith("# wirestorm gen --seed 5 --sequential --ops 12 --target model\n"))
        self.assertEqual(out.count("\ninit "), 12)
        self.assertNotRegex(out, r"(?m)^T0")
        ws("gen", "--sequential", "--count", 50, "--target", "model", "--out", self.room / "g")
        text = "".join(p.read_text() for p in (self.room / "g").glob("*.vmt"))
        for line in (r"init clip ", r"init inherit .* share\ninit inherit .* copy\n", r"limit \d\n", r"poison "):
            self.assertRegex(text, line)
        self.assertEqual(ws("gen", "--target", "model")[0], 2)
        self.assertEqual(ws("gen", "--sequential", "--threads", 2)[0], 2)


MAP = "map 16 80\ninit insert 20 22 rw rwx\n"


class Bless(cli.Case):
    def bless(self, text, *args, tool=None):
        path = self.room / "p.vmt"
        path.write_text(text)
        done = subprocess.run([tool or cli.TOOL, "check", "--bless", *args, str(path)], capture_output=True, text=True,
            check=False)
        return done.returncode, done.stdout, path.read_text()

    def passes(self):
        self.assertEqual(ws("check", "--counts", self.room / "p.vmt")[0], 0)

    def test_init_step_that_blocks(self):
        rv, _, text = self.bless(MAP + "init wire 20 22 system noholes\ninit remove 20 22 => KERN_SUCCESS\n")
        self.assertEqual(rv, 0)
        self.assertIn("init remove 20 22 => BLOCKED\n", text)
        self.passes()

    def test_final_step_after_a_schedule(self):
        rv, _, text = self.bless(MAP + "T0 remove 20 22\nT1 clip 21\nfinal lookup 20 => TRUE\nfinal lookup 21\n"
                                 "schedule T0 T1\nschedules 7\n"
                                 "result T0: KERN_FAILURE | T1: KERN_SUCCESS | (empty) uw=0\n")
        self.assertEqual(rv, 0)
        self.assertIn("final lookup 20 => FALSE\nfinal lookup 21\n", text)
        self.assertNotIn("schedules", text)
        self.passes()

    def test_final_step_after_a_deadlock_expects_nothing(self):
        rv, _, text = self.bless(MAP + "init wire 20 22 system noholes\nT0 remove 20 22\nfinal lookup 20 => FALSE\n"
                                 "state (empty) uw=0\nschedule T0\n")
        self.assertEqual(rv, 0)
        self.assertIn("final lookup 20\n", text)
        self.assertNotIn("state (empty)", text)
        self.passes()

    def test_panic_is_not_written(self):
        program = MAP + "T0 clip 20\nT1 remove 20 22\n"
        rv, out, text = self.bless(program, "--no-checks", tool=HOSTILE)
        self.assertEqual(rv, 1)
        self.assertIn("which no program can expect", out)
        self.assertEqual(text, program)


if __name__ == "__main__":
    cli.use(sys.argv[1])
    HOSTILE = str(Path(sys.argv[2]).resolve())
    os.environ.pop("WIRESTORM_PROGRESS", None)
    unittest.main(argv=sys.argv[:1])
