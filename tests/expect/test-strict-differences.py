#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""scripts/strict-differences, and what strict promises.

Usage: test-strict-differences.py WIRESTORM

- The reviewed list is right; a list with a line less, a line more or another quirk is not (the canary).
- All recordings once more in profile strict: whatever the schedule, what is left obeys docs/engine.md section 13.
"""

import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "scripts" / "strict-differences"
DOCUMENT = ROOT / "docs" / "strict-differences.md"
TOOL = None


def script(*args):
    return subprocess.run([sys.executable, str(SCRIPT), "--wirestorm", TOOL, *args], capture_output=True, text=True)


class List(unittest.TestCase):
    def check_changed(self, old, new, complaint):
        text = DOCUMENT.read_text()
        self.assertIn(old, text)
        with tempfile.TemporaryDirectory() as room:
            copy = Path(room) / "list.md"
            copy.write_text(text.replace(old, new, 1))
            done = script("--check", "--document", str(copy))
            self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
            self.assertIn(complaint, done.stdout)
            done = script("--write", "--document", str(copy))
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(copy.read_text(), text)

    def test_right(self):
        done = script("--check")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_line_missing(self):
        line = re.search(r"\| conc/\S+ \| outcomes \|\n", DOCUMENT.read_text()).group()
        self.check_changed(line, "", "+ " + line.strip())

    def test_line_too_many(self):
        self.check_changed("### freebsd12, Q6:", "| conc/000.vmt | outcomes |\n\n### freebsd12, Q6:",
            "- | conc/000.vmt | outcomes |")

    def test_other_quirk(self):
        self.check_changed("### freebsd12, Q1+Q3: 1", "### freebsd12, Q1+Q4: 1", "+ ### freebsd12, Q1+Q3: 1")

    def test_no_marks(self):
        with tempfile.TemporaryDirectory() as room:
            copy = Path(room) / "list.md"
            copy.write_text("nothing\n")
            self.assertEqual(script("--check", "--document", str(copy)).returncode, 2)

    def test_no_tool(self):
        done = subprocess.run([sys.executable, str(SCRIPT), "--check", "--wirestorm", str(ROOT / "none")],
            capture_output=True, text=True)
        self.assertEqual(done.returncode, 2)


RUN = re.compile(r"(\d+)-(\d+):(?:guard|(\S+)/(\S+):(\w+):w(-?\d+)(u?))(!T)?$")


def wrong(state, limit):
    """What is wrong in strict with a state that nobody will change any more; None if nothing."""
    words = state.split()
    pages = 0
    left_over = []
    for word in words:
        run = RUN.match(word)
        if run is None:
            if not word.startswith("uw=") and word != "(empty)":
                left_over.append(word)
            continue
        start, end, wired = int(run.group(1)), int(run.group(2)), int(run.group(6) or 0)
        if run.group(8):
            return "in transition: " + word
        if wired < (1 if run.group(7) else 0):
            return "a wire count below its flags: " + word
        if run.group(7):
            pages += end - start
    if left_over:
        return "left over: " + " ".join(left_over)
    uw = int(re.search(r"uw=(-?\d+)", state).group(1))
    if uw != pages:
        return "uw=%d, but %d pages are user-wired" % (uw, pages)
    if uw > limit:
        return "uw=%d is above the limit" % uw
    return None


def system_wired(state):
    return any(int(r.group(6) or 0) > (1 if r.group(7) else 0) for r in map(RUN.match, state.split()) if r)


class Strict(unittest.TestCase):
    def test_judge(self):
        """The canary of the judge itself."""
        good = "20-22:rw-/rwx:copy:w2u 23-24:guard uw=2"
        self.assertIsNone(wrong(good, 2))
        for bad in (good.replace("uw=2", "uw=1"), good.replace("w2u", "w2u!T"), good.replace("guard", "guard!T"),
                good.replace("w2u", "w-1"), good.replace("w2u", "w0u"), good + " !busy"):
            self.assertIsNotNone(wrong(bad, 2), bad)
        self.assertIsNotNone(wrong(good, 1))
        self.assertTrue(system_wired(good))
        self.assertFalse(system_wired(good.replace("w2u", "w1u")))

    def check_outcome(self, path, text, line, limit):
        state = [part for part in line.split(" | ") if "uw=" in part][0]
        self.assertIsNone(wrong(state, limit), "%s: %s" % (path, line))
        if "DEADLOCK" not in line:
            return
        self.assertTrue(system_wired(state), "%s: blocked without a system wiring: %s" % (path, line))
        for thread, op in re.findall(r"T(\d+)\.(\d+) blocked", line):
            ops = re.findall(r"^T%s (\w+)" % thread, text, re.MULTILINE)
            self.assertIn(ops[int(op)], ("remove", "fixed"), "%s: %s" % (path, line))

    def test_recordings(self):
        nr_states = nr_outcomes = 0
        with tempfile.TemporaryDirectory() as room:
            for source in (f for folder in ("freebsd", "freebsd-main")
                    for f in sorted((ROOT / "corpus" / folder).rglob("*.vmt"))):
                text, count = re.subn(r"^profile freebsd(12|-main)$", "profile strict", source.read_text(),
                    flags=re.MULTILINE)
                self.assertEqual(count, 1, source)
                (Path(room) / "-".join(source.parts[-3:])).write_text(text)
            done = subprocess.run([TOOL, "check", "--bless", room], capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stdout[-2000:] + done.stderr)
            for path in sorted(Path(room).iterdir()):
                text = path.read_text()
                given = re.search(r"^limit (\w+)", text, re.MULTILINE)
                limit = int(given.group(1), 0) if given else 1 << 40
                for state in re.findall(r"^state (.*)$", text, re.MULTILINE):
                    self.assertIsNone(wrong(state, limit), path.name)
                    nr_states += 1
                for line in re.findall(r"^outcome (.*)$", text, re.MULTILINE):
                    self.check_outcome(path.name, text, line, limit)
                    nr_outcomes += 1
        self.assertGreater(nr_states, 8000)
        self.assertGreater(nr_outcomes, 1800)


if __name__ == "__main__":
    TOOL = str(Path(sys.argv.pop(1)).resolve())
    unittest.main()
