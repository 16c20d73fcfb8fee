#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""test-scripts.py BUILD: a script that cannot do its work says so in one line and ends with status 2.

Status 1 is for a finding: a sanitizer that cannot start is none. And no name of a file is taken for an option.
"""
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ROOT / "scripts"
BUILD = Path(sys.argv[1]).resolve()
sys.dont_write_bytecode = True
sys.path.insert(0, str(SCRIPTS))
import script

SECONDS_MAX = 300  # only a script that waits for ever takes so long
TEXT = "map 16 24\ninit insert 20 22 rw rwx\n"
# Stands for wirestorm in a build with ThreadSanitizer. The variable says how it behaves once it is started.
FAKE_TOOL = """#!/bin/sh
if [ "$2" = --help ]; then
	[ -z "$FAKE_HELP" ] || exec sh -c "$FAKE_HELP"
	printf 'Mixes, the first is the default:\\n  protect  some\\n'
	exit 0
fi
exec sh -c "$FAKE_RUN"
"""
REPORT = """echo '{"operations": 1, "broken": "I12: a page"}'"""


class Scripts(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.scratch = Path(scratch.name)

    def run_script(self, status, name, *words, **env):
        done = subprocess.run([SCRIPTS / name, *words], cwd=self.scratch, env=dict(os.environ, **env),
            capture_output=True, text=True, errors="replace", timeout=SECONDS_MAX, check=False)
        output = done.stdout + done.stderr
        self.assertEqual(done.returncode, status, f"{name} {words}:\n{output}")
        self.assertNotIn("Traceback", output)
        return output

    # --- scripts/stress-ci ---

    def stress_ci(self, status, run, help_="", words=()):
        tool = self.scratch / "wirestorm"
        tool.write_text(FAKE_TOOL)
        tool.chmod(0o755)
        said = self.run_script(status, "stress-ci", "--tool", "./wirestorm", "--out", "out", "--seconds", "1",
            "--reproduce-s", "1", *words, FAKE_RUN=run, FAKE_HELP=help_)
        summary = self.scratch / "out" / "summary.json"
        if summary.exists():
            self.assertEqual(json.loads(summary.read_text())["status"], status)
        return said

    def test_stress_ci_sanitizer_cannot_start(self):
        for fatal in ("FATAL: ThreadSanitizer: unexpected memory mapping 0x5653d7d1a000-0x5653d7d3b000",
                "FATAL: ThreadSanitizer: failed to re-exec"):
            said = self.stress_ci(2, f"echo '{fatal}' >&2; exit 66")
            self.assertIn(f"could not run: status 66: {fatal}", said)
            self.assertIn(fatal, self.stress_ci(2, "", help_=f"echo '{fatal}' >&2; exit 66"))

    def test_stress_ci_personality_refused(self):
        """As setarch says it: status 1 and no report, which is not a finding."""
        refused = "setarch: failed to set personality to x86_64: Operation not permitted"
        self.assertIn(f"could not run: status 1: {refused}", self.stress_ci(2, f"echo '{refused}' >&2; exit 1"))

    def test_quickstart_names_the_option_for_another_build_directory(self):
        said = self.run_script(2, "quickstart", "--build", "/dev/null/below")
        self.assertIn("making /dev/null/below (--build DIR builds in another directory) failed", said)

    def test_quickstart_compiles_one_target(self):
        """A library of the same name makes the name of a program ambiguous, and the script fails."""
        done = subprocess.run(["meson", "introspect", "--targets", str(BUILD)], capture_output=True, text=True,
            check=True)
        targets = json.loads(done.stdout)
        words = re.findall(r"meson compile -C \S+ ([\w:-]+)", (SCRIPTS / "quickstart").read_text(encoding="utf-8"))
        self.assertTrue(words)
        for word in words:
            name, _, kind = word.partition(":")
            found = [t["name"] for t in targets if t["name"] == name and (not kind or t["type"] == kind)]
            self.assertEqual(found, [name], word)

    def test_stress_ci_finds(self):
        self.assertIn("I12: a page", self.stress_ci(1, f"{REPORT}; exit 1"))
        self.stress_ci(1, "echo 'panic: p->wire_count == 0' >&2; exit 1")
        self.stress_ci(1, "echo 'WARNING: ThreadSanitizer: data race (pid=1)' >&2; exit 66")
        self.stress_ci(1, "echo 'ERROR: ThreadSanitizer: SEGV on unknown address' >&2; exit 66")
        self.stress_ci(1, "kill -SEGV $$")
        self.stress_ci(3, f"{REPORT}; exit 3")

    def test_stress_ci_cannot_run(self):
        self.stress_ci(2, "exit 0")  # and no report
        self.stress_ci(2, "exit 2")
        self.stress_ci(2, "exit 127")
        self.assertIn("stress-ci: nonesuch: expected a program, found none",
            self.run_script(2, "stress-ci", "--tool", "nonesuch"))
        self.assertEqual("stress-ci: /dev/null/x/stress-ci: Not a directory; --build DIR builds in another directory\n",
            self.run_script(2, "stress-ci", "--build", "/dev/null/x"))

    def test_prefix_of_a_sanitizer(self):
        """setarch must be there, and must be allowed to switch off the randomisation."""
        (self.scratch / "setarch").write_text("#!/bin/sh\nexit 1\n")
        (self.scratch / "setarch").chmod(0o755)
        path, bits = os.environ["PATH"], script.aslr_bits
        self.addCleanup(os.environ.__setitem__, "PATH", path)
        self.addCleanup(setattr, script, "aslr_bits", bits)
        script.aslr_bits = lambda: 32
        for refused in (f"{self.scratch}:{path}", "/nonesuch"):
            os.environ["PATH"] = refused
            with self.assertRaisesRegex(script.Failure, "vm.mmap_rnd_bits is 32"):
                script.sanitizer_prefix()
        script.aslr_bits = lambda: 28
        self.assertEqual(script.sanitizer_prefix(), [])

    # --- the others ---

    def corpus(self, status, command, *words):
        return self.run_script(status, "corpus", command, "--build", BUILD, *words)

    def test_corpus_takes_any_name(self):
        for name in ("-a.vmt", "b c.vmt"):
            (self.scratch / name).write_text(TEXT)
        self.assertIn("2 programs imported",
            self.corpus(0, "import", "fuzz_sched", "--", "-corpus", "-a.vmt", "b c.vmt"))
        self.assertIn("1 programs", self.corpus(0, "export", "fuzz_sched", "--", "-corpus", "-out"))
        self.assertIn("init insert 20 22 rw rwx", next((self.scratch / "-out").iterdir()).read_text())

    def test_corpus_takes_a_list(self):
        (self.scratch / "a.vmt").write_text(TEXT)
        (self.scratch / "list").write_text("a.vmt\n")
        self.assertIn("1 programs imported", self.corpus(0, "import", "--files-from", "list", "fuzz_sched", "corpus"))
        self.corpus(2, "export", "--files-from", "list", "fuzz_sched", "corpus", "out")

    def test_corpus_cannot(self):
        self.assertIn("corpus: /dev/zero: the file is too large: at most 16 MiB are read\n",
            self.corpus(2, "import", "fuzz_sched", "corpus", "/dev/zero"))
        self.assertIn("corpus: nonesuch.vmt: No such file or directory\n",
            self.corpus(2, "import", "fuzz_sched", "corpus", "nonesuch.vmt"))
        self.assertIn("corpus: /dev/null/x: Not a directory\n",
            self.corpus(2, "import", "fuzz_sched", "/dev/null/x", "nonesuch.vmt"))

    def test_one_line_each(self):
        nonesuch = str(self.scratch / "nonesuch")
        for words in (["strict-differences", "--check", "--document", nonesuch],
                ["strict-differences", "--check", "--wirestorm", nonesuch],
                ["strict-differences", "--check", "--wirestorm", "/bin/true"],
                ["count-touched", "nonesuch"], ["count-touched", "--keep", "/dev/null/x", "edge"],
                ["bench-fuzz", "--plain", nonesuch, "cost"], ["bugs-plot.py", "-o", "x.svg", nonesuch],
                ["check.py", "--build", "/dev/null/x", "lint"], ["quickstart", "nonesuch"]):
            self.run_script(2, *words)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
