#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""scripts/check.py counts what it should, and does not pass when nothing ran: tried on a small project of its own."""

import contextlib
import importlib.util
import io
import os
import re
import resource
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "check.py"
sys.path.insert(0, str(SCRIPT.parent))
SPEC = importlib.util.spec_from_file_location("check", SCRIPT)
check = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(check)
script = sys.modules["script"]

PROJECT = """
project('small')
sh = find_program('sh')
test('one', sh, args: ['-c', 'exit 0'], suite: 'good')
test('two', sh, args: ['-c', 'exit 0'], suite: 'good')
test('left out', sh, args: ['-c', 'exit 77'], suite: ['mixed', 'skips'])
test('wrong', sh, args: ['-c', 'for i in $(seq 40); do echo line $i; done; test "$WORD" = "a b"; exit 3'],
  env: {'WORD': 'a b'}, suite: 'mixed')
test('right', sh, args: ['-c', 'exit 0'], suite: 'mixed')
"""


class Check(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        check.ROOT = Path(folder.name)
        check.BUILD = check.ROOT / "build"
        check.BUILD.mkdir()
        (check.ROOT / "meson.build").write_text(PROJECT, encoding="utf-8")

    def run_job(self, suites, options=(), **more):
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            count = check.run_job(check.Job("job", "a job", suites, options=options, **more), [])
        return count["passed"], count["failed"], out.getvalue()

    def test_all_pass(self):
        passed, failed, out = self.run_job(["--suite", "good"])
        self.assertEqual((passed, failed), (2, 0))
        self.assertEqual(len(out.splitlines()), 1)
        self.assertIn("ok", out)
        self.assertTrue((check.BUILD / "junit" / "job.xml").exists())

    def test_a_failure_shows_its_end_and_how_to_repeat_it(self):
        passed, failed, out = self.run_job(["--suite", "mixed"])
        self.assertEqual((passed, failed), (1, 1))
        self.assertIn("1 skipped", out)
        self.assertIn("small:mixed / wrong: FAIL, exit status 3", out)
        self.assertIn("line 40\n", out)
        self.assertNotIn("line 10\n", out)
        command = out.split("--- repeat it: ", 1)[1].splitlines()[0]
        done = subprocess.run(command, shell=True, cwd=check.ROOT, capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 3)
        self.assertIn("WORD='a b'", command)

    def test_no_test_is_a_failure(self):
        self.assertEqual(self.run_job(["--suite", "good"])[:2], (2, 0))
        passed, failed, out = self.run_job(["--suite", "none"])  # the log of the run before must not count
        self.assertEqual((passed, failed), (0, 1))
        self.assertIn("it ran no test", out)

    def test_only_skipped_is_a_failure(self):
        passed, failed, out = self.run_job(["--suite", "skips"])
        self.assertEqual((passed, failed), (0, 1))
        self.assertIn("all were skipped", out)

    def test_what_cannot_be_built_is_a_failure(self):
        passed, failed, out = self.run_job(["--suite", "good"], options=["-Dno_such_option=1"])
        self.assertEqual((passed, failed), (0, 1))
        self.assertIn("configuring failed: meson setup build/job", out)

    def test_strong_randomisation_is_switched_off_or_named(self):
        job = check.Job("job", "a job", [], sanitized=True)
        self.addCleanup(setattr, script, "aslr_bits", script.aslr_bits)
        script.aslr_bits = lambda: 28
        self.assertEqual(check.prefix_of(job), [])
        script.aslr_bits = lambda: 32
        path = os.environ["PATH"]
        self.addCleanup(os.environ.__setitem__, "PATH", path)
        os.environ["PATH"] = ""  # as if there were no setarch
        with self.assertRaisesRegex(check.Failure, "sysctl -w vm.mmap_rnd_bits=28"):
            check.prefix_of(job)


    def test_a_sanitizer_without_addresses_is_skipped(self):
        """In a process of its own, because nobody can take a hard limit back."""
        code = f"""
import resource, sys
sys.path.insert(0, {str(SCRIPT.parent)!r})
import check
check.ROOT = check.Path({str(check.ROOT)!r})
check.BUILD = check.ROOT / "build"
resource.setrlimit(resource.RLIMIT_AS, (4 << 30, int(sys.argv[1])))
job = check.Job("job", "a job", ["--suite", "good"], sanitized=True)
count = check.run_job(job, [])
print(count["passed"], count["failed"], resource.getrlimit(resource.RLIMIT_AS)[0] >> 30)
"""
        unlimited = resource.getrlimit(resource.RLIMIT_AS)[1] == resource.RLIM_INFINITY
        for hard, last in ((4 << 30, "0 0 4"), (-1, "2 0 4"))[:2 if unlimited else 1]:
            done = subprocess.run([sys.executable, "-B", "-c", code, str(hard)], capture_output=True, text=True,
                check=False)
            self.assertEqual(done.stdout.splitlines()[-1:], [last], done.stdout + done.stderr)
            self.assertEqual("skipped: the address space is limited to 4194304 kB" in done.stdout, hard > 0)

    def test_every_configuration_is_compiled(self):
        job = next(job for job in check.JOBS if isinstance(job, check.CompileJob))
        rows = {(row.cc, option) for row in job.jobs() for option in row.options}
        text = (SCRIPT.parent.parent / "meson_options.txt").read_text(encoding="utf-8")
        wanted = ["-Dbuildtype=" + name for name in ("debug", "debugoptimized", "release", "minsize", "plain")]
        wanted += ["-Db_lto=true", "-Dmutants=true"]
        for name, choices in re.findall(r"option\('(\w+)', type: 'combo', choices: \[(.*?)\]", text):
            wanted += [f"-D{name}={choice}" for choice in re.findall(r"'(\w+)'", choices) if choice != "auto"]
        self.assertIn("-Dfibers=ucontext", wanted)
        for cc in ("gcc", "clang"):
            self.assertEqual([option for option in wanted if (cc, option) not in rows], [], cc)

    def test_what_does_not_compile_fails(self):
        (check.ROOT / "meson.build").write_text("project('small', 'c', default_options: 'werror=true')\n"
            "executable('x', 'x.c')\n", encoding="utf-8")
        (check.ROOT / "x.c").write_text("int main(void)\n{\n#ifdef __OPTIMIZE__\n#error optimized\n#endif\n}\n",
            encoding="utf-8")
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            count = check.compile_all(check.CompileJob("compile", "", [("gcc", ["-Dbuildtype=debug"]),
                ("clang", ["-Dbuildtype=release"]), ("no-such-compiler", ["-Dbuildtype=debug"])]))
        self.assertEqual(count, {"passed": 1, "failed": 2, "skipped": 0, "cannot": 1})
        self.assertIn("clang-release: compiling failed", out.getvalue())
        self.assertIn("no-such-compiler: no such compiler", out.getvalue())

    def test_a_script_counts_by_its_last_line(self):
        for text, status, counts, word in (
                ("room\n3 passed, 0 failed", 0, (3, 0, 0), "ok"),
                ("low\n3 passed, 2 failed", 1, (3, 2, 0), "FAILED"),
                ("0 passed, 0 failed", 0, (0, 1, 0), "FAILED"),
                ("3 passed, 0 failed", 1, (3, 1, 0), "FAILED"),
                ("3 passed, 0 failed\nmore", 0, (0, 1, 0), "FAILED"),
                ("no compiler", 2, (0, 1, 1), "CANNOT")):
            (check.ROOT / "judge").write_text("import sys\n"
                f"assert sys.argv[1:] == ['--build', {str(check.BUILD)!r} + '/job']\n"
                f"print({text!r})\nsys.exit({status})\n", encoding="utf-8")
            out = io.StringIO()
            with contextlib.redirect_stdout(out):
                count = check.run_script(check.ScriptJob("job", "a job", ["judge"]))
            self.assertEqual((count["passed"], count["failed"], count["cannot"]), counts, text)
            self.assertIn(word, out.getvalue().splitlines()[0])
            self.assertEqual(text in out.getvalue(), word != "ok")

    def whole(self, *words):
        """Runs a copy of check.py as a program in the small tree."""
        for name in ("check.py", "script.py"):
            (check.ROOT / "scripts").mkdir(exist_ok=True)
            (check.ROOT / "scripts" / name).write_bytes((SCRIPT.parent / name).read_bytes())
        return subprocess.run([sys.executable, check.ROOT / "scripts" / "check.py", *words], capture_output=True,
            text=True, check=False)

    def test_a_read_only_tree_with_a_space_in_its_path(self):
        with tempfile.TemporaryDirectory() as elsewhere:
            check.ROOT = check.ROOT / "a tree"
            check.ROOT.mkdir()
            (check.ROOT / "meson.build").write_text(PROJECT.replace("'good'", "'lint'"), encoding="utf-8")
            self.whole("--help")
            with read_only(check.ROOT):
                done = self.whole("lint", "--build", elsewhere + "/a build")
                left = sorted(p.name for p in check.ROOT.rglob("*"))
                refused = self.whole("lint")
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            self.assertTrue(done.stdout.endswith("2 passed, 0 failed\n"), done.stdout)
            self.assertEqual(left, ["check.py", "meson.build", "script.py", "scripts"])
            if os.geteuid() != 0:  # root writes anywhere
                self.assertEqual(refused.returncode, 2)
                self.assertRegex(refused.stderr,
                    r"^check: .*: Permission denied; --build DIR builds in another directory\n$")

    def test_no_place_for_the_build(self):
        done = self.whole("lint", "--build", "/dev/null/below")
        self.assertEqual((done.returncode, done.stderr),
            (2, "check: /dev/null/below: Not a directory; --build DIR builds in another directory\n"))


@contextlib.contextmanager
def read_only(tree):
    folders = [tree, *(p for p in tree.rglob("*") if p.is_dir())]
    for folder in folders:
        folder.chmod(0o555)
    try:
        yield
    finally:
        for folder in folders:
            folder.chmod(0o755)


if __name__ == "__main__":
    unittest.main()
