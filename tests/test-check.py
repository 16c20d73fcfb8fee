#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""scripts/check.py counts what it should, and does not pass when nothing ran: tried on a small project of its own."""

import contextlib
import importlib.util
import io
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
SCRIPT = Path(__file__).resolve().parent.parent / "scripts" / "check.py"
SPEC = importlib.util.spec_from_file_location("check", SCRIPT)
check = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(check)

PROJECT = """
project('small')
sh = find_program('sh')
test('one', sh, args: ['-c', 'exit 0'], suite: 'good')
test('two', sh, args: ['-c', 'exit 0'], suite: 'good')
test('left out', sh, args: ['-c', 'exit 77'], suite: ['mixed', 'skips'])
test('wrong', sh, args: ['-c', 'for i in $(seq 40); do echo line $i; done; test "$WORD" = "a b"; exit 3'],
  env: {'WORD': 'a b'}, suite: 'mixed')
test('right', sh, args: ['-c', 'exit 0'], suite: 'mixed')
"""


class Check(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        check.ROOT = Path(folder.name)
        check.BUILD = check.ROOT / "build"
        check.BUILD.mkdir()
        (check.ROOT / "meson.build").write_text(PROJECT, encoding="utf-8")

    def run_job(self, suites, options=()):
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            passed, failed = check.run_job(check.Job("job", "a job", suites, options=options), [])
        return passed, failed, out.getvalue()

    def test_all_pass(self):
        passed, failed, out = self.run_job(["--suite", "good"])
        self.assertEqual((passed, failed), (2, 0))
        self.assertEqual(len(out.splitlines()), 1)
        self.assertIn("ok", out)
        self.assertTrue((check.BUILD / "junit" / "job.xml").exists())

    def test_a_failure_shows_its_end_and_how_to_repeat_it(self):
        passed, failed, out = self.run_job(["--suite", "mixed"])
        self.assertEqual((passed, failed), (1, 1))
        self.assertIn("1 skipped", out)
        self.assertIn("small:mixed / wrong: FAIL, exit status 3", out)
        self.assertIn("line 40\n", out)
        self.assertNotIn("line 10\n", out)
        command = out.split("--- repeat it: ", 1)[1].splitlines()[0]
        done = subprocess.run(command, shell=True, cwd=check.ROOT, capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 3)
        self.assertIn("WORD='a b'", command)

    def test_no_test_is_a_failure(self):
        self.assertEqual(self.run_job(["--suite", "good"])[:2], (2, 0))
        passed, failed, out = self.run_job(["--suite", "none"])  # the log of the run before must not count
        self.assertEqual((passed, failed), (0, 1))
        self.assertIn("it ran no test", out)

    def test_only_skipped_is_a_failure(self):
        passed, failed, out = self.run_job(["--suite", "skips"])
        self.assertEqual((passed, failed), (0, 1))
        self.assertIn("all were skipped", out)

    def test_what_cannot_be_built_is_a_failure(self):
        passed, failed, out = self.run_job(["--suite", "good"], options=["-Dno_such_option=1"])
        self.assertEqual((passed, failed), (0, 1))
        self.assertIn("configuring failed: meson setup build/job", out)

    def test_strong_randomisation_is_switched_off_or_named(self):
        job = check.Job("job", "a job", [], fixed_addresses=True)
        self.addCleanup(setattr, check, "aslr_bits", check.aslr_bits)
        check.aslr_bits = lambda: 28
        self.assertEqual(check.prefix_of(job), [])
        check.aslr_bits = lambda: 32
        path = os.environ["PATH"]
        self.addCleanup(os.environ.__setitem__, "PATH", path)
        os.environ["PATH"] = ""  # as if there were no setarch
        with self.assertRaisesRegex(check.Failure, "sysctl -w vm.mmap_rnd_bits=28"):
            check.prefix_of(job)


if __name__ == "__main__":
    unittest.main()
