# SPDX-License-Identifier: BSD-2-Clause
"""cli.py - what the tests of the command line share: how they run wirestorm, in a room of their own."""

import os
import re
import shutil
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TOOL = None


def use(tool):
    """Says which wirestorm is under test."""
    global TOOL
    TOOL = str(Path(tool).resolve())


def ws(*args, text=None, **how):
    """Runs wirestorm; (exit code, standard output, standard error)."""
    done = subprocess.run([TOOL, *map(str, args)], input=text, capture_output=True, text=True, timeout=3000,
        check=False, **how)
    return done.returncode, done.stdout, done.stderr


def profiles():
    """(name, folder with its recordings or "") of each row of profiles.def."""
    table = (ROOT / "engine" / "profiles.def").read_text().split("*/")[-1]
    return [re.findall(r'"([^"]*)"', row)[:2] for row in table.split("VM_PROFILE(")[1:]]


def read_terminal(parent):
    """All that a terminal gets until its programs have ended. Closes it."""
    got = b""
    while True:
        try:
            part = os.read(parent, 65536)
        except OSError:
            break
        if not part:
            break
        got += part
    os.close(parent)
    return got


def wait_until(condition, what):
    """No test depends on how fast something is, only on that it happens at all."""
    for _ in range(600000):
        if condition():
            return
        time.sleep(0.002)
    raise AssertionError("never happened: " + what)


def children(pid):
    try:
        return [int(c) for c in Path("/proc/%d/task/%d/children" % (pid, pid)).read_text().split()]
    except OSError:
        return []


class Case(unittest.TestCase):
    def setUp(self):
        self.room = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.room)

    def file(self, name, text):
        path = self.room / name
        path.write_text(text)
        return path

    def copy(self, tree, name):
        """A copy that can be changed, of a tree that may be read-only."""
        shutil.copytree(tree, self.room / name)
        for folder in [self.room / name, *(self.room / name).rglob("*")]:
            folder.chmod(folder.stat().st_mode | 0o200)

    def expect(self, code, *args, text=None, env=None):
        got, out, err = ws(*args, text=text, env=env)
        self.assertNotIn("LeakSanitizer", err, args)  # which has the same status as a finding
        self.assertEqual(got, code, "wirestorm %s\n%s%s" % (" ".join(map(str, args)), out[-2000:], err))
        return out, err

    def start(self, *args, **how):
        """A wirestorm that goes on meanwhile."""
        process = subprocess.Popen([TOOL, *map(str, args)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            **how)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process
