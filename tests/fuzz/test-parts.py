#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""test-parts.py WIRESTORM FUZZ_SEQ FUZZ_VMT SEEDS DICT [--afl LIBRARY] [--mutants]: what stands around fuzz targets.

What makes the seeds and the dictionary, the mutations for AFL++, and the targets in a build without a fuzzing engine.
"""

import ctypes
import os
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

WIRESTORM, FUZZ_SEQ, FUZZ_VMT, SEEDS, DICT = (str(Path(arg).resolve()) for arg in sys.argv[1:6])
LIBRARY = str(Path(sys.argv[sys.argv.index("--afl") + 1]).resolve()) if "--afl" in sys.argv else None
MUTANTS = "--mutants" in sys.argv
PROGRAM = """map 16 24
init insert 20 22 rw rwx
T0 wire 20 22 user noholes
T1 remove 20 22
"""
SIZE_MAX = 256


class Parts(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.scratch = Path(scratch.name)

    def run_tool(self, status, *words, text="", env=None):
        done = subprocess.run([*map(str, words)], input=text, cwd=self.scratch, capture_output=True, text=True,
            errors="replace", env=dict(os.environ, **(env or {})), check=False)
        self.assertEqual(done.returncode, status, f"{words}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
        return done.stdout + done.stderr

    def programs(self, **texts):
        folder = self.scratch / "programs"
        folder.mkdir(exist_ok=True)
        for name, text in texts.items():
            (folder / f"{name}.vmt").write_text(text)
        return folder

    def seeds(self, status, *folders):
        return self.run_tool(status, SEEDS, "stamp", "deps", "out", *folders)

    def seed(self, name, folder="programs"):
        return f"{self.scratch.name}-{folder}-{name}.vmt.bin"

    def test_folders_of_one_name(self):
        """conc of one recording and conc of another: no seed replaces another."""
        folder = self.programs(a=PROGRAM)
        other = self.scratch / "other" / "programs"
        other.mkdir(parents=True)
        (other / "a.vmt").write_text(PROGRAM)
        self.assertIn("2 seeds", self.seeds(0, folder, other))
        names = sorted(path.name for path in (self.scratch / "out").iterdir())
        self.assertEqual(names, sorted([self.seed("a"), "other-programs-a.vmt.bin"]))

    def test_seeds_are_the_programs(self):
        folder = self.programs(plain=PROGRAM, with_schedule=PROGRAM + "schedule T0 T1 T0*3 T1\n")
        (folder / "note.txt").write_text("not a program")
        self.assertIn("2 seeds", self.seeds(0, folder))
        names = sorted(path.name for path in (self.scratch / "out").iterdir())
        self.assertEqual(names, [self.seed("plain"), self.seed("with_schedule")])
        for name in names:
            text = self.run_tool(0, WIRESTORM, "decode", f"out/{name}")
            for line in PROGRAM.splitlines():
                self.assertIn(line, text)
        sizes = [(self.scratch / "out" / name).stat().st_size for name in names]
        self.assertGreater(sizes[1], sizes[0])  # the choices of its schedule
        files = [str(folder), f"{folder}/plain.vmt", f"{folder}/with_schedule.vmt"]
        self.assertEqual((self.scratch / "deps").read_text(), f"stamp: {' '.join(files)}\n")
        self.assertEqual((self.scratch / "stamp").read_text(), "")

    def test_a_schedule_that_does_not_fit(self):
        """The seed is the program without it."""
        out = self.seeds(0, self.programs(a=PROGRAM + "schedule T1*1000\n", b=PROGRAM))
        self.assertRegex(out, r"programs/a\.vmt: .*T1")
        one, other = (self.scratch / "out" / self.seed(name) for name in "ab")
        self.assertEqual(one.read_bytes(), other.read_bytes())

    def test_seeds_refuse(self):
        self.assertIn("usage: ", self.run_tool(2, SEEDS, "stamp", "deps", "out"))
        self.assertIn("nonesuch: No such file", self.seeds(1, "nonesuch"))
        empty = self.scratch / "empty"
        empty.mkdir()
        self.assertIn("no program became a seed", self.seeds(1, empty))
        self.assertIn("a.vmt:1:4: expected", self.seeds(1, self.programs(a="T0 nonsense\n")))
        self.programs(a=PROGRAM)
        self.assertIn("none/out: No such file", self.run_tool(1, SEEDS, "stamp", "deps", "none/out", "programs"))
        self.assertIn("none/deps: No such file", self.run_tool(1, SEEDS, "stamp", "none/deps", "out", "programs"))
        self.assertIn("none/stamp: No such file", self.run_tool(1, SEEDS, "none/stamp", "deps", "out", "programs"))

    def test_dictionary(self):
        """Each line is a word in quotes, as libFuzzer reads it; all operations are there."""
        lines = self.run_tool(0, DICT).splitlines()
        self.assertEqual([line for line in lines if not re.fullmatch(r'"[^"\\]+"', line)], [])
        listed = re.findall(r"(?m)^  (\w+)", self.run_tool(0, WIRESTORM, "help", "ops").split("\nArguments:")[0])
        self.assertGreater(len(listed), 15)
        self.assertEqual([op for op in listed if f'"{op} "' not in lines], [])
        for word in ("KERN_SUCCESS", "noholes", "verdict ", "strict", "freebsd12", "freebsd-main"):
            self.assertIn(f'"{word}"', lines)

    def test_replay_options(self):
        self.programs(a=PROGRAM, b="T0 nonsense\n")
        (self.scratch / "empty").mkdir()
        out = self.run_tool(0, FUZZ_VMT, "--verbose", "programs", "--bench", "0.001")
        self.assertIn("programs/a.vmt\nprograms/b.vmt\n", out)
        self.assertIn("programs: 2 inputs", out)
        self.assertGreater(float(re.search(r"us_per_input: ([\d.]+)", out).group(1)), 0)
        self.assertIn("-: 1 inputs", self.run_tool(0, FUZZ_VMT, "-", text=PROGRAM))
        self.assertIn("no input was run", self.run_tool(2, FUZZ_VMT))
        self.assertRegex(self.run_tool(2, FUZZ_VMT, "empty"), "no (file found|input was run)")
        (self.scratch / "list").write_text("programs\n-\n")
        self.assertIn("list:2: expected the name of a file or directory",
            self.run_tool(2, FUZZ_VMT, "--files-from", "list"))
        self.assertIn("a.vmt/x: Not a directory", self.run_tool(2, FUZZ_VMT, "programs/a.vmt/x"))

    def test_environment_of_a_target(self):
        for name, value, words in (("WS_FUZZ_PROFILE", "strickt", 'found "strickt"'),
                ("WS_FUZZ_MUTANT", "nonesuch", "WS_FUZZ_MUTANT=nonesuch: no such mutant")):
            self.assertIn(words, self.run_tool(2, FUZZ_SEQ, "programs", env={name: value}))
        if not MUTANTS:
            self.assertIn("only in a build with -Dmutants=true",
                self.run_tool(2, FUZZ_SEQ, "programs", env={"WS_FUZZ_MUTANT": "canary"}))

    @unittest.skipUnless(MUTANTS, "a build with the mutants")
    def test_the_model_differs_from_a_wrong_engine(self):
        """The target aborts, and prints the program and the difference."""
        self.programs(a="map 16 24\ninit insert 20 22 rw rwx\ninit wire 20 22 user noholes\n"
            "init unwire 20 22 user noholes\n")
        self.run_tool(0, WIRESTORM, "encode", "--out", "bytes", "programs")
        self.assertIn("bytes: 1 inputs", self.run_tool(0, FUZZ_SEQ, "bytes"))
        out = self.run_tool(-6, FUZZ_SEQ, "bytes", env={"WS_FUZZ_MUTANT": "unwire_takes_nothing"})
        self.assertIn("wire 20 22", out)

    @unittest.skipIf(LIBRARY is None, "a build that has the library")
    def test_mutations_for_afl(self):
        lib = ctypes.CDLL(LIBRARY)
        lib.afl_custom_init.restype = ctypes.c_void_p
        lib.afl_custom_fuzz.restype = ctypes.c_size_t
        self.programs(a=PROGRAM, b=PROGRAM.replace("remove", "sync"))
        self.run_tool(0, WIRESTORM, "encode", "--out", "bytes", "programs")
        one, other = ((self.scratch / "bytes" / f"{name}.bin").read_bytes() for name in "ab")

        def mutations(seed, add, size_max=SIZE_MAX, nr=40):
            state = ctypes.c_void_p(lib.afl_custom_init(None, seed))
            made = []
            for _ in range(nr):
                out = ctypes.c_void_p()
                buf = ctypes.create_string_buffer(one, len(one))
                size = lib.afl_custom_fuzz(state, buf, ctypes.c_size_t(len(one)), ctypes.byref(out), add,
                    ctypes.c_size_t(len(add) if add else 0), ctypes.c_size_t(size_max))
                made.append(ctypes.string_at(out.value, size))
            lib.afl_custom_deinit(state)
            return made
        alone, crossed = mutations(1, None), mutations(1, other)
        self.assertEqual(alone, mutations(1, None))
        self.assertEqual(crossed, mutations(1, other))
        self.assertNotEqual(alone, mutations(2, None))
        # One in four is a crossover.
        self.assertEqual([i for i in range(40) if alone[i] != crossed[i]], [i for i in range(40) if (i + 2) % 4 == 0])
        for made in (*alone, *crossed):
            self.assertTrue(0 < len(made) <= SIZE_MAX)
        self.assertGreater(len(set(alone)), 20)
        self.assertEqual(max(map(len, mutations(1, None, len(one) - 2))), len(one) - 2)
        # Too small for any program: as it is, cut.
        self.assertEqual(mutations(1, other, 1), [one[:1]] * 40)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
