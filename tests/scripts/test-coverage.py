#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""scripts/coverage judges a trace as it should, and counts what processes did that were killed or ended by _exit."""

import importlib.machinery
import importlib.util
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "coverage"
sys.path.insert(0, str(SCRIPT.parent))
LOADER = importlib.machinery.SourceFileLoader("coverage_script", str(SCRIPT))
coverage = importlib.util.module_from_spec(importlib.util.spec_from_loader("coverage_script", LOADER))
LOADER.exec_module(coverage)

# One child ends by _exit, the other is killed: each behind a line that only it reaches.
PROGRAM = """
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile int reached;

int
main(void)
{
	if (fork() == 0) {
		reached = 1;
		_exit(0);
	}
	if (fork() == 0) {
		reached = 2;
		(void)raise(SIGKILL);
	}
	while (wait(NULL) > 0)
		;
	if (reached != 0)
		reached = 3;
	return 0;
}
"""


def trace_of(root, files):
    """In lcov's format: {path: (lines reached, lines not reached)}; half of the branches of a file are taken."""
    text = ""
    for path, (reached, missed) in files.items():
        text += f"SF:{root}/build/coverage/../../{path}\nBRDA:1,0,0,1\nBRDA:1,0,1,-\n"
        text += "".join(f"DA:{n},{int(n <= reached)}\n" for n in range(1, reached + missed + 1)) + "end_of_record\n"
    return text


class Coverage(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.root = Path(scratch.name).resolve()

    def judge(self, files, uncompiled=()):
        """Runs the script on a tree with these files."""
        for path in (*files, *uncompiled):
            (self.root / path).parent.mkdir(parents=True, exist_ok=True)
            (self.root / path).write_text("")
        (self.root / "trace").write_text(trace_of(self.root, files))
        return self.run_script("--read", self.root / "trace", "--root", self.root)

    def run_script(self, *words):
        done = subprocess.run([sys.executable, SCRIPT, *words], capture_output=True, text=True, check=False)
        return done.returncode, done.stdout, done.stderr

    def test_a_floor_holds(self):
        status, out, err = self.judge({"engine/a.c": (90, 0), "engine/b.c": (5, 5), "harness/run/c.c": (20, 0)})
        self.assertEqual((status, err), (0, ""))
        self.assertRegex(out, r"(?m)^engine +100 +5 +95\.0 +50\.0 +95$")
        self.assertRegex(out, r"(?m)^harness/run +20 +0 +100\.0 +50\.0 +95$")
        self.assertTrue(out.endswith("\n2 passed, 0 failed\n"), out)

    def test_a_room_below_its_floor_fails_and_names_the_worst_file(self):
        status, out, _ = self.judge({"engine/a.c": (90, 1), "engine/b.c": (4, 5), "harness/run/c.c": (20, 0)})
        self.assertEqual(status, 1)
        self.assertRegex(out, r"(?m)^engine +100 +6 +94\.0 +50\.0 +95  too low$")
        self.assertIn("engine: 94.0 % of its lines are reached, 95 % is the floor: 1 lines more; most are missing in:\n"
            "  engine/b.c: 5: 5-9\n  engine/a.c: 1: 91\n", out)
        self.assertTrue(out.endswith("\n1 passed, 1 failed\n"), out)

    def test_almost_the_floor_is_below_it(self):
        self.assertEqual(self.judge({"stress/a.c": (18999, 1001)})[0], 1)
        self.assertEqual(self.judge({"stress/a.c": (19000, 1000)})[0], 0)

    def test_a_file_that_no_program_contains_fails(self):
        status, out, _ = self.judge({"fuzz/a.c": (9, 0)}, ["fuzz/b.c", "fuzz/stub.c"])
        self.assertEqual(status, 1)
        self.assertIn("fuzz/b.c: no program of this build contains it", out)
        self.assertNotIn("stub.c", out)
        self.assertTrue(out.endswith("\n1 passed, 1 failed\n"), out)

    def test_what_is_no_room_does_not_count(self):
        self.assertEqual(self.judge({"engine/a.c": (9, 0), "tests/b.c": (0, 9), "build/c.c": (0, 9)})[0], 0)

    def test_a_trace_of_nothing_is_an_error(self):
        for text, words in (("", "the trace has no line of a room"), ("DA:1,1\n", "line 1 of the trace: expected lcov"),
                (f"SF:{self.root}/engine/a.c\nDA:one,1\n", "line 2 of the trace: expected lcov")):
            (self.root / "trace").write_text(text)
            status, out, err = self.run_script("--read", self.root / "trace", "--root", self.root)
            self.assertEqual((status, out), (2, ""))
            self.assertIn(words, err)
            self.assertEqual(err.count("\n"), 1)

    def test_lines_as_ranges(self):
        self.assertEqual(coverage.ranges([1, 2, 3, 7, 9, 10]), ["1-3", "7", "9-10"])

    def test_each_row_of_the_tables_is_of_this_tree(self):
        for path in coverage.ABSENT:
            self.assertTrue((coverage.ROOT / path).exists(), path)
        for room, (floor, reason) in coverage.FLOORS.items():
            self.assertTrue((coverage.ROOT / room).is_dir(), room)
            self.assertTrue(0 < floor < coverage.FLOOR and reason, room)

    def test_processes_that_are_killed_count(self):
        clang = shutil.which("clang")
        self.assertIsNotNone(clang, "scripts/bootstrap installs clang")
        (self.root / "a.c").write_text(PROGRAM)
        subprocess.run([clang, "-O2", *coverage.counting(self.root / "profiles"), "-o", self.root / "a",
            self.root / "a.c"], check=True)
        for _ in range(6):
            subprocess.run([self.root / "a"], check=True)
        counts = list((self.root / "profiles").iterdir())
        self.assertIn(len(counts), range(1, 5))
        subprocess.run([coverage.llvm("llvm-profdata"), "merge", "-o", self.root / "merged", *counts], check=True)
        trace = subprocess.run([coverage.llvm("llvm-cov"), "export", "-format=lcov", self.root / "a",
            f"-instr-profile={self.root}/merged"], capture_output=True, text=True, check=True).stdout
        lines = PROGRAM.splitlines()
        for text, count in (("reached = 1;", 6), ("reached = 2;", 6), ("reached = 3;", 0)):
            number = 1 + next(i for i, line in enumerate(lines) if text in line)
            self.assertIn(f"\nDA:{number},{count}\n", trace, text)


if __name__ == "__main__":
    unittest.main()
