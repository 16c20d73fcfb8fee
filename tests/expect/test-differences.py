#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""test-differences.py WIRESTORM: docs/differences.md is what happens; scripts/differences notices when it is not."""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs" / "differences.md"
TOOL = None


def script(*args):
    return subprocess.run([sys.executable, str(ROOT / "scripts" / "differences"), "--wirestorm", TOOL, *args],
        capture_output=True, text=True)


class Differences(unittest.TestCase):
    def test_right(self):
        done = script("--check")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        text = DOCUMENT.read_text()
        for i in range(1, 10):
            self.assertIn("\n### M%d\n" % i, text)

    def test_wrong_is_noticed(self):
        text = DOCUMENT.read_text()
        line = "| schedules | 5 | 6 |"
        self.assertIn(line, text)
        with tempfile.TemporaryDirectory() as room:
            copy = Path(room) / "differences.md"
            copy.write_text(text.replace(line, "| schedules | 5 | 5 |"))
            done = script("--check", "--document", str(copy))
            self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
            self.assertIn("- | schedules | 5 | 5 |", done.stdout)
            self.assertEqual(script("--write", "--document", str(copy)).returncode, 0)
            self.assertEqual(copy.read_text(), text)

    def test_expectations_hold(self):
        done = subprocess.run([TOOL, "check", "--counts", "corpus/differences"], cwd=ROOT, capture_output=True,
            text=True)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("9 passed, 0 failed", done.stdout)


if __name__ == "__main__":
    TOOL = str(Path(sys.argv[1]).resolve())
    unittest.main(argv=sys.argv[:1])
