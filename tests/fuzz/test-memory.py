#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Too little memory: a command either does what it does with enough, or says so in one line and ends with status 2.

Usage: test-memory.py WIRESTORM TOY_MAP FUZZ_SCHED FAIL_ALLOC MUTANTS [unittest's arguments]
MUTANTS is 1 if the build has them.

Each command runs under many limits on its address space. The limits begin where the program can barely be loaded. Some
also run with FAIL_ALLOC, a library that makes all allocations fail after the first N.
"""

import os
import re
import resource
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "common"))
import cli  # noqa: E402
from cli import ROOT  # noqa: E402

KIB = 1024
ENOUGH = 256 * KIB * KIB  # bytes; small programs need no more
# Of address space beyond what the loader needs, in KiB.
STEPS = (0, 16, 64, 128, 256, 512, 1024, 1536, 2048, 2304, 2560, 3072, 4096, 6144, 8192, 12288, 20480)

LITMUS = ROOT / "corpus" / "litmus"
RACE = LITMUS / "wire-gone-after-wait.vmt"
DEADLOCK = LITMUS / "remove-system-wired-deadlock.vmt"
# What another process or the clock decides.
VARYING = re.compile(r"\d+\.\d+ s\b|\b\d[\d.e+]*/s\b|\"seconds\": [\d.]+")

COUNTERS = re.compile(r"^LLVM Profile Error: .*\n", re.MULTILINE)  # scripts/coverage counts in mapped memory
ONE_LINE = r"\A[^\n]*(out of memory: |Cannot allocate memory)[^\n]*\n\Z"

# A program whose verdict is there, for shrink.
BLOCKED = """init insert 16 24 rw rwx
init wire 18 20 system noholes
T0 lookup 16
T0 remove 16 24
T1 lookup 17
verdict deadlock
"""


def bounded(command, limit, directory, environment=None):
    """The command under a limit of @limit bytes of address space; None: none."""

    def set_limits():
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    return subprocess.run(command, cwd=directory, preexec_fn=set_limits, capture_output=True, timeout=1200, check=False,
                          stdin=subprocess.DEVNULL, env=dict(os.environ, LC_ALL="C", **(environment or {})))


def files_in(directory):
    return {str(p.relative_to(directory)): VARYING.sub("", p.read_text(errors="replace"))
            for p in sorted(Path(directory).rglob("*")) if p.is_file()}


class Memory(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory(prefix="memory-test-")
        cls.addClassCleanup(cls.scratch.cleanup)
        cls.seed = Path(cls.scratch.name) / "seed.bin"
        cls.blocked = Path(cls.scratch.name) / "blocked.vmt"
        cls.blocked.write_text(BLOCKED)
        made = subprocess.run([cli.TOOL, "encode", "--out", str(cls.seed), str(RACE)], capture_output=True, check=False)
        assert made.returncode == 0, made
        low, high = 0, ENOUGH
        while high - low > 16 * KIB:
            middle = (low + high) // 2
            good = bounded([cli.TOOL, "--version"], middle, cls.scratch.name).returncode == 0
            low, high = (low, middle) if good else (middle, high)
        cls.loads = high

    def outcome(self, command, limit, environment=None):
        with tempfile.TemporaryDirectory(prefix="memory-test-") as directory:
            done = bounded(command, limit, directory, environment)
            out = VARYING.sub("", done.stdout.decode(errors="replace")).replace(directory, "")
            err = COUNTERS.sub("", done.stderr.decode(errors="replace"))
            return done.returncode, out, files_in(directory), err

    def sweep(self, *arguments, program=None, frugal=False):
        """All limits. The highest must be enough; some must be too low, unless the command is a frugal one."""
        command = [program or cli.TOOL, *map(str, arguments)]
        whole = self.outcome(command, None)
        self.assertIn(whole[0], (0, 1), whole)
        self.assertEqual(self.outcome(command, ENOUGH)[:3], whole[:3], "256 MiB are enough")
        refused = 0
        for step in STEPS:
            limit = self.loads + step * KIB
            status, out, files, err = self.outcome(command, limit)
            if (status, out, files) == whole[:3]:
                continue
            about = f"{' '.join(command)} under {limit // KIB} KiB: status {status}\n{out[:500]}{err}"
            self.assertIn(status, (2, 127), about)  # 127: the loader of another program
            if status == 2:
                self.assertRegex(err, ONE_LINE, about)
            refused += 1
        self.assertTrue(frugal or refused > 0, "no limit was too low, so nothing was tested")

    def injected(self, *arguments):
        """Each number of allocations that succeed, later in larger steps, up to those that the command needs."""
        command = [cli.TOOL, *map(str, arguments)]
        whole = self.outcome(command, None)
        self.assertIn(whole[0], (0, 1), whole)
        succeed, equal = 1, 0
        while equal < 3:
            done = self.outcome(command, None, {"LD_PRELOAD": FAIL_ALLOC, "FAIL_ALLOC": str(succeed)})
            equal = equal + 1 if done[:3] == whole[:3] else 0
            about = f"{' '.join(command)} after {succeed} allocations: {done[0]}\n{done[1][:500]}{done[3]}"
            if equal == 0:
                self.assertEqual(done[0], 2, about)
                self.assertRegex(done[3], ONE_LINE, about)
            succeed = succeed + 1 if succeed < 100 else succeed * 9 // 8
        self.assertGreater(succeed, 4, "no allocation was needed, so nothing was tested")

    def test_each_allocation_of_run_can_fail(self):
        self.injected("run", "-v", RACE)

    def test_each_allocation_of_explore_can_fail(self):
        self.injected("explore", "--json", RACE)

    def test_each_allocation_of_show_can_fail(self):
        self.injected("show", "--svg", "a.svg", "--json", RACE)

    def test_each_allocation_of_shrink_can_fail(self):
        self.injected("shrink", "--out", "small.vmt", self.blocked)

    def test_each_allocation_of_a_hunt_and_its_workers_can_fail(self):
        self.injected("hunt", "--programs", 20, "-j1", "--seed", 2)

    def test_hunt_counts_no_run_that_it_could_not_make(self):
        self.sweep("hunt", "--programs", 100, "-j1", "--seed", 3)

    def test_hunt_with_workers(self):
        self.sweep("hunt", "--programs", 60, "-j2", "--seed", 4, "--out", "found")

    def test_check(self):
        self.sweep("check", LITMUS)

    def test_check_with_json_and_verification(self):
        self.sweep("check", "--json", "--verify", RACE, DEADLOCK)

    def test_explore(self):
        self.sweep("explore", RACE)

    def test_explore_by_schedules(self):
        self.sweep("explore", "--by-schedules", "--json", DEADLOCK)

    def test_run(self):
        self.sweep("run", "-v", RACE)

    def test_run_of_one_seed(self):
        self.sweep("run", "--seed", 5, RACE)

    def test_show(self):
        self.sweep("show", "--svg", "a.svg", "--html", "a.html", RACE)

    def test_edges(self):
        self.sweep("edges", LITMUS)

    def test_shrink(self):
        self.sweep("shrink", "--out", "small.vmt", self.blocked)

    def test_gen(self):
        self.sweep("gen", "--seed", 1, "--count", 50, "--out", "programs", frugal=True)

    def test_fmt(self):
        self.sweep("fmt", "--check", LITMUS, frugal=True)

    def test_encode(self):
        self.sweep("encode", "--out", "program.bin", RACE)

    def test_decode(self):
        self.sweep("decode", self.seed)

    def test_help(self):
        self.sweep("help", "checks", frugal=True)

    def test_target_of_ones_own(self):
        self.sweep("check", ROOT / "examples", program=TOY_MAP)

    def test_replay_of_fuzz_inputs(self):
        self.sweep(self.seed, program=FUZZ_SCHED)

    def test_equivalent_mutants(self):
        if not MUTANTS:
            self.skipTest("the build has no mutants")
        self.sweep("bugs", "equivalent", "--corpus", LITMUS, "--count", 20, "relook_never")

    def test_hunt_for_planted_bugs(self):
        if not MUTANTS:
            self.skipTest("the build has no mutants")
        self.sweep("hunt", "--mutant", "relook_never", "--programs", 60, "-j1", "--seed", 1, "--out", "found")


if __name__ == "__main__":
    cli.use(sys.argv[1])
    TOY_MAP, FUZZ_SCHED = (os.path.abspath(p) for p in sys.argv[2:4])
    # The loader separates the names of LD_PRELOAD at spaces, and the path of a build may have one.
    LIBRARY = tempfile.NamedTemporaryFile(suffix=".so")
    LIBRARY.write(Path(sys.argv[4]).read_bytes())
    LIBRARY.flush()
    FAIL_ALLOC = LIBRARY.name
    MUTANTS = sys.argv[5] == "1"
    unittest.main(argv=[sys.argv[0], *sys.argv[6:]])
