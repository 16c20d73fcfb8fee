#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""test-escape.py WIRESTORM [unittest's arguments]: no command sends a terminal or a browser what a file holds."""

import os
import pty
import re
import subprocess
import sys
import unittest
import xml.etree.ElementTree
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "common"))
import cli  # noqa: E402
from cli import Case, ROOT  # noqa: E402

sys.path.insert(0, str(ROOT / "scripts"))
import escape  # noqa: E402

# ESC, BEL, U+009B (which begins a sequence, as ESC [ does), U+202E (the rest runs backwards), U+2066, and no UTF-8.
EVIL = "\033[31m\007\u009b\u202e\u2066".encode() + b"\xff\xe2\x80"
# A program may hold all of these but the C0 control bytes, which the parser refuses.
COMMENT = "\u009b31m\u202e\u2066".encode() + b"\xff\xe2\x80"
PROGRAM = b"""# a title, %s
# and the rest, %s
map 16 80
init insert 20 22 rw rwx
T0 wire 20 22 user noholes # %s
T1 remove 20 22
schedule T0*4 T1
verdict invariant I19 %s
""" % (COMMENT, COMMENT, COMMENT, COMMENT)
HARMFUL = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def harmful(output):
    """The first harmful thing in these bytes, or None."""
    try:
        found = HARMFUL.search(output.decode())
    except UnicodeDecodeError as e:
        return str(e)
    return found and repr(output[max(0, found.start() - 40):found.end() + 20])


class Escape(Case):
    def setUp(self):
        super().setUp()
        self.evil = os.fsencode(self.room) + b"/x" + EVIL
        os.mkdir(self.evil)
        self.path = self.evil + b"/" + EVIL + b".vmt"
        with open(self.path, "wb") as f:
            f.write(PROGRAM)

    def run_tool(self, *args):
        return subprocess.run([os.fsencode(a) for a in (cli.TOOL, *args)], capture_output=True, timeout=1200,
            cwd=self.evil)

    def harmless(self, *args):
        done = self.run_tool(*args)
        self.assertIn(done.returncode, (0, 1, 2), (args, done.stderr))
        self.assertIsNone(harmful(done.stdout), args)
        self.assertIsNone(harmful(done.stderr), args)
        return done

    def test_every_command(self):
        path, none, bad = self.path, self.path + b".none", self.evil + b"/bad" + EVIL + b".vmt"
        with open(bad, "wb") as f:
            f.write(b"T0 wire 20 " + EVIL + b"\n")
        commands = re.findall(r"(?m)^  ([a-z]+) ", cli.ws("--help")[1].split("The targets for --target")[0])
        self.assertIn("explain", commands)
        for command in commands:
            self.harmless(command, EVIL)
            self.harmless(command, b"--" + EVIL)
            self.harmless(command, "--profile", EVIL)
            if command in ("hunt", "stress", "bench", "bugs", "gen", "help", "explain"):
                continue
            for file in (path, none, bad, self.evil):
                # Programs keep their bytes in a file or a pipe; the terminal is below.
                short = ("--seconds", "0.1") if command == "reproduce" else ()
                if command not in ("encode", "decode", "shrink") or file in (none, self.evil):
                    self.harmless(command, *short, file)
                self.harmless(command, "--json", *short, file)
        self.harmless(EVIL)
        self.harmless("check", "--profile", "strict", path)
        self.harmless("explore", "--until", EVIL, path)
        self.harmless("run", "--schedule", EVIL, path)
        self.harmless("hunt", "--programs", "300", "--profile", "freebsd12", "--out", self.evil + b"/out" + EVIL)
        self.harmless("hunt", "--programs", "1", "--baseline", none)
        self.harmless("bugs", "report", "--state", none)

    def test_line_end_in_a_name(self):
        """A message about a file is one line, whatever the file is called."""
        path = self.evil + b"/a\nb.vmt"
        with open(path, "wb") as f:
            f.write(b"nonsense\n")
        for command in ("check", "run", "explore", "show", "fmt", "shrink", "edges"):
            for name in (path, path + b".none"):
                done = self.harmless(command, name)
                lines = [line for line in (done.stdout + done.stderr).splitlines() if b"b.vmt" in line]
                self.assertTrue(lines and all(b"/a\\012b.vmt" in line for line in lines), (command, done))

    def test_show_names_what_it_hides(self):
        done = self.harmless("show", self.path)
        self.assertIn(rb"a title, \302\23331m\342\200\256\342\201\246\377\342\200", done.stdout)
        self.assertIn(rb"\033[31m\007", b"".join(done.stdout.split()))
        self.harmless("show", "--color", "never", self.path)

    def test_pages_and_pictures(self):
        for args in (("show", "--svg"), ("show", "--html"), ("edges", "--html")):
            out = self.evil + b"/out" + EVIL
            self.harmless(*args, out, self.path)
            with open(out, "rb") as f:
                written = f.read()
            self.assertIsNone(harmful(written), args)
            text = "".join(xml.etree.ElementTree.fromstring(written).itertext())
            self.assertIn(r"\302\233" if args[0] == "show" else r"\033[31m", text)

    def test_program_keeps_its_bytes(self):
        self.assertEqual(self.run_tool("fmt", self.path).returncode, 0)
        with open(self.path, "rb") as f:
            written = f.read()
        self.assertIn(b"# a title, " + COMMENT, written)
        with open(self.path, "rb") as f:
            done = subprocess.run([cli.TOOL, "fmt", "-"], stdin=f, capture_output=True)
        self.assertEqual(done.stdout, written)

    def test_terminal(self):
        """A program that is printed on a terminal is escaped, too."""
        leader, follower = pty.openpty()
        with open(self.path, "rb") as f, subprocess.Popen([cli.TOOL, "fmt", "-"], stdin=f, stdout=follower) as tool:
            os.close(follower)
            out = cli.read_terminal(leader)
            self.assertEqual(tool.wait(), 0)
        self.assertIn(b"a title, ", out)
        self.assertIsNone(harmful(out.replace(b"\r\n", b"\n")))

    def test_binary_stays(self):
        path = self.file("p.vmt", "map 16 80\nT0 wire 20 22 user noholes\n")
        encoded = self.run_tool("encode", str(path)).stdout
        self.assertIsNotNone(harmful(encoded))
        with open(self.evil + b"/bytes", "wb") as f:
            f.write(encoded)
        self.assertIn(b"T0 wire 20 22 user noholes", self.run_tool("decode", self.evil + b"/bytes").stdout)

    def test_scripts(self):
        self.assertEqual(escape.shown("a\033\u009b\u202e\udcff é\n"), "a\\033\\302\\233\\342\\200\\256\\377 é\n")
        for script in ("corpus", "stress-ci", "bench-fuzz", "strict-differences", "bugs-plot.py"):
            done = subprocess.run([os.fsencode(ROOT / "scripts" / script), EVIL, b"--tool", EVIL],
                capture_output=True, env=dict(os.environ, PYTHONDONTWRITEBYTECODE="1"), timeout=600)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIsNone(harmful(done.stderr + done.stdout), script)

    def test_check_can_fail(self):
        for text in (EVIL, b"\xff", "\u009b".encode(), "\u202e".encode(), b"\x1b"):
            self.assertIsNotNone(harmful(b"a " + text))
        self.assertIsNone(harmful("é 日本 ┃\n".encode()))


if __name__ == "__main__":
    cli.use(sys.argv[1])
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]])
