#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""test-inputs.py WIRESTORM FUZZ_SCHED [--engine]: every command that takes many files takes them in the same ways.

As operands, below a directory, from a list in a file or on standard input, with any name, and from a pipe. --engine:
FUZZ_SCHED has a fuzzing engine, which takes its files in its own way.
"""
import os
import subprocess
import sys
import tempfile
import threading
import unittest
from pathlib import Path

WIRESTORM, FUZZ_SCHED = (str(Path(arg).resolve()) for arg in sys.argv[1:3])
HAS_ENGINE = "--engine" in sys.argv[3:]
SECONDS_MAX = 120  # only a command that waits for ever takes so long
TEXT = """map 16 24
init insert 20 22 rw rwx
T0 wire 20 22 user noholes
T1 remove 20 22
outcome T0: KERN_INVALID_ADDRESS | T1: KERN_SUCCESS | (empty) uw=0
outcome T0: KERN_SUCCESS | T1: KERN_SUCCESS | (empty) uw=0
schedules 5
"""
NAMES = ("a.vmt", "-b.vmt", "c d.vmt", "e\nf.vmt")
MANY = 40000  # names of crash files, too long for one list of arguments


class Inputs(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.scratch = Path(scratch.name)
        (self.scratch / "programs").mkdir()
        for name in NAMES:
            (self.scratch / "programs" / name).write_text(TEXT)

    def run_tool(self, status, *words, stdin="", tool=WIRESTORM):
        done = subprocess.run([tool, *words], input=stdin, cwd=self.scratch, capture_output=True, text=True,
            errors="replace", timeout=SECONDS_MAX, check=False)
        self.assertEqual(done.returncode, status, f"{words}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
        return done.stdout + done.stderr

    def each(self):
        """(the words of a command that takes many files, what it prints of all that are in programs/)"""
        yield ["check"], "4 passed, 0 failed"
        yield ["fmt", "--check"], ""
        yield ["edges"], " 4 programs"
        yield ["triage", "--no-shrink"], "4 files"
        yield ["encode", "--out", "bytes"], ""
        yield ["decode", "--out", "texts"], ""

    def test_directory(self):
        for words, shown in self.each():
            self.assertIn(shown, self.run_tool(0, *words, "programs"), words)
        self.assertEqual(len(list((self.scratch / "bytes").iterdir())), 4)
        self.assertEqual(len(list((self.scratch / "texts").iterdir())), 4)

    def test_list_from_standard_input(self):
        paths = [f"programs/{name}" for name in NAMES]
        for words, shown in self.each():
            found = self.run_tool(0, *words, "--files-from", "-", stdin="\0".join(paths) + "\0")
            self.assertIn(shown, found, words)

    def test_list_from_file(self):
        (self.scratch / "list").write_text("\nprograms/a.vmt\n\nprograms/c d.vmt")
        self.assertIn("2 passed", self.run_tool(0, "check", "--files-from", "list"))
        (self.scratch / "list").write_text("programs\n")
        self.assertIn("4 passed", self.run_tool(0, "check", "--files-from", "list"))
        path = self.scratch / "list"
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
        self.assertIn("4 passed", self.run_tool(0, "check", "--files-from", "list"))
        self.assertIn("5 passed", self.run_tool(0, "check", "--files-from", "list", "programs/a.vmt"))

    def test_bad_list(self):
        for words, _ in self.each():
            self.assertIn("nonesuch: No such file", self.run_tool(2, *words, "--files-from", "nonesuch"))
            self.assertIn("x.vmt: No such file", self.run_tool(2, *words, "--files-from", "-", stdin="x.vmt\n"))
            self.assertRegex(self.run_tool(2, *words, "--files-from", "-", stdin=""), "no (.vmt )?file found")
        self.assertIn(':2: expected the name of a file or directory, found "-"',
            self.run_tool(2, "check", "--files-from", "-", stdin="programs\n-\n"))
        self.assertIn("standard input: it can be read only once",
            self.run_tool(2, "check", "--files-from", "-", "-", stdin="programs\n"))
        self.assertIn("File too large", self.run_tool(2, "check", "--files-from", "/dev/zero"))

    def test_endless_input(self):
        for words, _ in self.each():
            self.run_tool(2, *words, "/dev/zero")

    def test_pipe(self):
        """A pipe gives its program once; no command reads it again, and waits for ever."""
        os.mkfifo(self.scratch / "pipe.vmt")
        for words in (["check"], ["edges"], ["triage", "--no-shrink"], ["explore"], ["run"], ["show"],
                ["encode"], ["fmt", "--check"]):
            writer = threading.Thread(target=(self.scratch / "pipe.vmt").write_text, args=(TEXT,), daemon=True)
            writer.start()
            self.run_tool(0, *words, "pipe.vmt")
            writer.join()
        self.assertIn("- --schedule 'T1 T0'", self.run_tool(0, "edges", "-", stdin=TEXT))

    def test_one_output_takes_one_file(self):
        for command in ("encode", "decode"):
            self.assertIn("expected one file, found 4: several need --out DIR",
                self.run_tool(2, command, "programs"))

    def test_out_keeps_what_is_there(self):
        self.run_tool(0, "encode", "--out", "bytes", "programs/a.vmt")
        self.run_tool(0, "encode", "--out", "bytes", "programs/a.vmt")
        (self.scratch / "bytes" / "a.bin").write_text("mine")
        self.assertIn("bytes/a.bin: the file exists with other contents",
            self.run_tool(2, "encode", "--out", "bytes", "programs/a.vmt"))
        self.assertEqual((self.scratch / "bytes" / "a.bin").read_text(), "mine")

    def test_there_and_back(self):
        self.run_tool(0, "encode", "--out", "bytes", "programs")
        self.run_tool(0, "decode", "--out", "texts", "bytes")
        self.assertIn("4 passed", self.run_tool(0, "check", "--bless", "texts"))

    def test_more_files_than_arguments(self):
        (self.scratch / "crashes").mkdir()
        for i in range(MANY):
            (self.scratch / "crashes" / f"crash-{i:040}").write_bytes(b"\1")
        self.assertIn(f"{MANY} files", self.run_tool(0, "triage", "crashes"))

    @unittest.skipIf(HAS_ENGINE, "the engine takes its files in its own way")
    def test_replay(self):
        self.run_tool(0, "encode", "--out", "bytes", "programs")
        self.assertIn("bytes: 4 inputs", self.run_tool(0, "bytes", tool=FUZZ_SCHED))
        self.assertIn("-: 4 inputs", self.run_tool(0, "--files-from", "-", stdin="bytes\n", tool=FUZZ_SCHED))
        self.assertIn("/dev/zero: File too large", self.run_tool(2, "/dev/zero", tool=FUZZ_SCHED))
        self.assertIn("nonesuch: No such file", self.run_tool(2, "nonesuch", tool=FUZZ_SCHED))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
