#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What commands say while they go on: a line that replaces itself on a terminal, plain lines elsewhere.

WIRESTORM_PROGRESS=0 makes them say it at once, so nothing here waits.

Usage: test-progress.py [--mutants] WIRESTORM [unittest's arguments]; --mutants: the build has mutants.
"""

import os
import pty
import re
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "common"))
import cli  # noqa: E402
from cli import ROOT  # noqa: E402

MUTANTS = False
# 21^3 states.
MIDDLE = "".join("T%d lookup 20\n" % t * 20 for t in range(3))
LITMUS = ROOT / "corpus" / "litmus" / "wire-gone-after-wait.vmt"


class Progress(cli.Case):
    def commands(self):
        """(arguments, words of a line of progress)"""
        middle = self.file("middle.vmt", MIDDLE)
        deadlock = self.file("deadlock.vmt", "init insert 20 24 rw rwx\ninit wire 20 24 system noholes\n"
            "T0 lookup 20\nT0 remove 20 24\nT1 lookup 21\nverdict deadlock\n")
        found = [
            (("hunt", "--programs", "300", "-j", "1"), "[0-9]+ s: [0-9]+ programs, "),
            (("explore", middle), "[0-9]+ states"),
            (("explore", "--by-schedules", "--max-schedules", "1000", middle), "[0-9]+ schedules"),
            (("edges", "--programs", "50"), "[0-9]+ programs, [0-9]+ states"),
            (("check", "-j", "1", ROOT / "corpus" / "freebsd" / "directed"), "[0-9]+ of [0-9]+ files checked"),
            (("shrink", deadlock), "[0-9]+ programs tried, [0-9]+ were smaller"),
            (("triage", middle, middle), "[0-9] of 2 files processed"),
        ]
        if MUTANTS:
            found += [
                (("bugs", "hunt", "--seconds", "5", "--seeds", "2", "canary"), "[0-9] of 2 trials"),
                (("bugs", "equivalent", "--count", "50", "--corpus", LITMUS, "relook_always"), "[0-9]+ programs"),
            ]
        return found

    def env(self, **more):
        kept = {k: v for k, v in os.environ.items() if k not in ("WIRESTORM_PROGRESS", "NO_COLOR", "TERM")}
        return dict(kept, **more)

    def piped(self, *args, **env):
        done = subprocess.run([cli.TOOL, *map(str, args)], env=self.env(**env), capture_output=True, text=True,
            cwd=self.room, timeout=300, check=False)
        return done.stdout, done.stderr

    def on_terminal(self, *args, **env):
        """All that a terminal got."""
        parent, child = pty.openpty()
        process = subprocess.Popen([cli.TOOL, *map(str, args)], env=self.env(**env), stdin=child, stdout=child,
            stderr=child, cwd=self.room)
        os.close(child)
        got = cli.read_terminal(parent)
        process.wait()
        return got.decode()

    def test_piped_is_plain_lines(self):
        for args, words in self.commands():
            with self.subTest(args=args):
                out, err = self.piped(*args, TERM="xterm", WIRESTORM_PROGRESS="0")
                self.assertTrue(re.search(f"(?m)^wirestorm {args[0]}: {words}", err), err[-500:])
                self.assertTrue(err.endswith("\n"))
                self.assertNotIn("\033", out + err)
                self.assertNotIn("\r", out + err)

    def test_piped_says_nothing_for_ten_seconds(self):
        """With no word from the environment the first line takes 10 s, which nothing here does."""
        middle = self.file("middle.vmt", MIDDLE)
        for nonsense in ({}, {"WIRESTORM_PROGRESS": "1e9"}):
            self.assertEqual(self.piped("explore", middle, **nonsense)[1], "")

    def test_terminal_has_one_line(self):
        for args, words in self.commands():
            with self.subTest(args=args):
                got = self.on_terminal(*args, TERM="xterm", WIRESTORM_PROGRESS="0")
                self.assertTrue(re.search(f"{words}[^\n]*\r\033\\[K", got), repr(got[-500:]))

    def test_dumb_terminal_gets_no_escape_sequences(self):
        for args, words in self.commands():
            with self.subTest(args=args):
                got = self.on_terminal(*args, TERM="dumb", WIRESTORM_PROGRESS="0")
                self.assertNotIn("\033", got)
                self.assertTrue(re.search(f"wirestorm {args[0]}: {words}", got), repr(got[-500:]))
        self.assertNotIn("\033", self.on_terminal("show", LITMUS, TERM="dumb"))
        self.assertNotIn("\033", self.on_terminal("stress", "--seconds", "2", TERM="dumb"))
        self.assertIn("\033", self.on_terminal("show", LITMUS, TERM="xterm"))
        self.assertNotIn("\033", self.on_terminal("show", LITMUS, TERM="xterm", NO_COLOR="1"))


if __name__ == "__main__":
    MUTANTS = sys.argv[1] == "--mutants"
    if MUTANTS:
        sys.argv.pop(1)
    cli.use(sys.argv.pop(1))
    unittest.main(argv=[sys.argv[0], *sys.argv[1:]])
