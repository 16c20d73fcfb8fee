#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""scripts/static never passes when a tool is missing or reports nothing."""

import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "static"
TOOLS = ("shellcheck", "cppcheck", "clang-tidy")


class Static(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.scratch = Path(scratch.name)

    def run_static(self, path, *words):
        return subprocess.run([sys.executable, SCRIPT, *words], env=dict(os.environ, PATH=path), capture_output=True,
            text=True, check=False)

    def test_a_missing_tool_is_one_line_and_status_2(self):
        for tool in TOOLS:
            done = self.run_static(str(self.scratch), tool)
            self.assertEqual((done.returncode, done.stdout, done.stderr),
                (2, "", f"static: {tool}: no such program; scripts/bootstrap installs it\n"))

    def test_a_tool_that_reports_nothing_fails(self):
        for tool in TOOLS:
            (self.scratch / tool).write_text("#!/bin/sh\nexit 0\n")
            (self.scratch / tool).chmod(0o755)
            done = self.run_static(str(self.scratch), tool)
            self.assertEqual(done.returncode, 1, done.stderr)
            self.assertIn(f"{tool} does not report", done.stdout)


if __name__ == "__main__":
    unittest.main()
