#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Builds each configuration in build/NAME, runs its tests, and counts them. Started by scripts/check.

The last line of the output is "N passed, N failed". A job that cannot be built counts as one failed test, and so does a
job that ran no test at all: a check that checks nothing must not pass. A skipped test is neither passed nor failed, and
so is a job that the machine cannot run because of a limit: the report says which limit.
"""

import argparse
import fcntl
import json
import os
import re
import resource
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True  # the source tree may be read-only
import script
from script import Failure

ROOT = script.ROOT
BUILD = ROOT / "build"  # or --build DIR
OUTPUT_LINES = 30
# For a build or a suite that never ends. A machine with other work may need many times what an idle one does.
BUILD_SECONDS_MAX = 7200
TEST_SECONDS_MAX = 14400
PATIENCE = 5  # multiplies the limit of each test, for the same reason

PLAIN = ["-Dbuildtype=debugoptimized"]
SANITIZER = PLAIN + ["-Db_lundef=false"]


class Job:
    """One line of the report: a configuration in build/<folder>, and the suites to run there."""

    def __init__(self, name, text, suites, folder=None, cc="clang", options=(), timeouts=1, sanitized=False,
            targets=()):
        self.name = name
        self.text = text
        self.suites = suites  # arguments of "meson test"
        self.targets = list(targets)  # what is built; none: everything
        self.place = folder or name
        self.cc = cc
        self.options = list(options)
        self.timeouts = timeouts  # multiplies each test's own limit
        self.sanitized = sanitized  # needs address space, and without randomisation where that is too strong

    @property
    def folder(self):
        return BUILD / self.place


class CompileJob:
    """One line of the report: configurations that are compiled, each in build/compile/<name>, and not run."""

    place = "compile"

    def __init__(self, name, text, rows):
        self.name = name
        self.text = text
        self.rows = rows  # (compiler, options)

    def jobs(self):
        for cc, options in self.rows:
            words = [option.split("=", 1)[1] if "buildtype" in option else option[2:] for option in options]
            name = "-".join([cc] + words).replace("=", "-").replace(",", "-")
            targets = () if "-Dbuildtype=debug" in options else PROGRAMS
            yield Job(name, name, [], folder=f"{self.place}/{name}", cc=cc, options=options, targets=targets)


class ScriptJob:
    """One line of the report: a script that builds, runs and judges by itself; its last line says how much passed."""

    def __init__(self, name, text, words):
        self.name = name
        self.text = text
        self.place = name
        self.words = words  # the script and its arguments; --build is added

    @property
    def folder(self):
        return BUILD / self.place


# The job "compile" builds the tests in one build type only: in the others they take minutes, and show nothing more.
PROGRAMS = ("harness/wirestorm", "tools/wirestorm-bugs", "tools/wirestorm-bench")

# without the suites that have a job of their own
OTHERS = ["--no-suite", "lint", "--no-suite", "tsan", "--no-suite", "touched", "--no-suite", "static"]

JOBS = [
    Job("lint", "tidy rules, formatting, documents", ["--suite", "lint"], folder="plain", options=PLAIN),
    Job("touched", "how many files an addition touches: suite touched", ["--suite", "touched"], folder="plain",
        options=PLAIN),
    Job("static", "shellcheck, cppcheck, clang-tidy: suite static", ["--suite", "static"], folder="plain",
        options=PLAIN),
    Job("plain", "clang, optimized: all suites", OTHERS, options=PLAIN),
    Job("asan", "clang, address and undefined behaviour sanitizers: all suites",
        OTHERS,
        options=SANITIZER + ["-Db_sanitize=address,undefined"], timeouts=4, sanitized=True),
    Job("tsan", "clang, thread sanitizer, with the mutants: suite tsan", ["--suite", "tsan"],
        options=SANITIZER + ["-Db_sanitize=thread", "-Dmutants=true"], timeouts=8, sanitized=True),
    Job("fuzz", "clang, libFuzzer with address and undefined behaviour sanitizers: suite fuzz", ["--suite", "fuzz"],
        options=SANITIZER + ["-Db_sanitize=address,undefined", "-Dfuzz=true"], timeouts=4, sanitized=True),
    Job("gcc", "gcc, with the mutants: compiles without a warning, suites unit and mutants",
        ["--suite", "unit", "--suite", "mutants"], cc="gcc",
        options=PLAIN + ["-Dmutants=true"]),
    ScriptJob("coverage", "clang, with the mutants: the lines that the tests reach, and the floor of each room",
        ["scripts/coverage"]),
    # Every build type and every value of an option that meson_options.txt has, once with each compiler. The sanitizers
    # and libFuzzer are in the jobs above: only clang is documented for them.
    CompileJob("compile", "gcc and clang, every build type and option: compiles without a warning",
        [(cc, ["-Dbuildtype=" + buildtype] + options) for cc in ("gcc", "clang") for buildtype, options in (
            ("debug", ["-Dfibers=ucontext"]),
            ("debugoptimized", ["-Dsleep=pthread", "-Dfibers=asm"]),
            ("release", ["-Db_lto=true"]),
            ("minsize", ["-Dmutants=true", "-Dsleep=futex"]),
            ("plain", ["-Dstress_seconds=1"]))]),
]
FAST = ["lint", "plain"]
FAST_SUITES = ["--no-suite", "stress"]


class CannotRun(Failure):
    """The machine cannot run the job; this is not a fault of the tree."""


class Skipped(Failure):
    """The machine limits what the job needs; the text says which limit."""


def prefix_of(job):
    """The words before each command of a job."""
    try:
        return script.sanitizer_prefix() if job.sanitized else []
    except Failure as e:
        raise CannotRun(str(e)) from e


class AddressSpace:
    """With this, a sanitizer has the address space that it needs; without sanitizer, nothing is changed."""

    def __init__(self, job):
        self.job = job
        self.before = None

    def __enter__(self):
        if self.job.sanitized:
            try:
                self.before = script.widen_address_space()
            except Failure as e:
                raise Skipped(str(e)) from e

    def __exit__(self, *_):
        if self.before is not None:
            resource.setrlimit(resource.RLIMIT_AS, self.before)


def shown(path):
    """A path as the reader would type it, from the top of the tree."""
    try:
        return str(Path(path).relative_to(ROOT))
    except ValueError:
        return str(path)


def run(words, what, seconds, env=None):
    """Runs a command of the build; its output is only of interest when it fails."""
    try:
        done = subprocess.run(words, cwd=ROOT, env=env, timeout=seconds, check=False,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    except subprocess.TimeoutExpired as e:
        raise Failure(f"{what} did not end within {seconds} s: {shlex.join(words)}") from e
    except OSError as e:
        raise CannotRun(f"{what}: {script.why(e)}") from e
    if done.returncode != 0:
        raise Failure(f"{what} failed: {shlex.join(words)}\n{tail(done.stdout)}")


def tail(text):
    return "\n".join(text.rstrip().splitlines()[-OUTPUT_LINES:])


def build(job, prefix):
    folder = shown(job.folder)
    if shutil.which(job.cc) is None:
        raise CannotRun(f"{job.cc}: no such compiler; scripts/bootstrap installs it")
    env = dict(os.environ, CC=job.cc)
    setup = ["meson", "setup", folder] + job.options
    if (job.folder / "meson-private" / "coredata.dat").exists():
        setup.append("--reconfigure")
    run(prefix + setup, "configuring", BUILD_SECONDS_MAX, env)
    run(prefix + ["meson", "compile", "-C", folder] + job.targets, "compiling", BUILD_SECONDS_MAX, env)


def test(job, prefix, more_suites):
    """Runs the tests of a job; gives the records of meson's own log, one per test."""
    logs = job.folder / "meson-logs"
    record, junit = logs / f"{job.name}.json", logs / f"{job.name}.junit.xml"
    for stale in (record, junit):  # "meson test" writes none if it finds no test, and exits 0
        stale.unlink(missing_ok=True)
    words = prefix + ["meson", "test", "-C", shown(job.folder), "--no-rebuild", "--quiet", "--logbase", job.name,
        "--timeout-multiplier", str(PATIENCE * job.timeouts)] + job.suites + more_suites
    try:
        done = subprocess.run(words, cwd=ROOT, timeout=TEST_SECONDS_MAX, check=False,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    except subprocess.TimeoutExpired as e:
        raise Failure(f"the tests did not end within {TEST_SECONDS_MAX} s: {shlex.join(words)}") from e
    if junit.exists():
        (BUILD / "junit").mkdir(exist_ok=True)
        shutil.copyfile(junit, BUILD / "junit" / f"{job.name}.xml")
    if not record.exists():
        raise Failure(f"it ran no test: {shlex.join(words)}\n{tail(done.stdout)}")
    lines = record.read_text(errors="replace").splitlines()
    return [json.loads(line) for line in lines if line.strip()]


def verdict(record):
    """passed, failed or skipped."""
    if record["result"] in ("OK", "EXPECTEDFAIL"):
        return "passed"
    return "skipped" if record["result"] in ("SKIP", "IGNORED") else "failed"


def repeat_command(job, prefix, record):
    """One line for the shell, from the top of the tree, that runs the test again as it was run."""
    ours = [f"{name}={shlex.quote(value)}" for name, value in sorted(record.get("env", {}).items())
        if os.environ.get(name) != value and name not in ("_", "PWD", "OLDPWD", "SHLVL")]
    words = ours + [shlex.join(prefix + record["command"])]
    return f"(cd {shlex.quote(shown(job.folder))} && {' '.join(words)})"


def show_failed(job, prefix, record):
    print(f"\n--- {job.name}: {record['name']}: {record['result']}, exit status {record['returncode']}")
    text = record.get("stdout", "") + record.get("stderr", "")
    print(tail(text) or "(no output)")
    print(f"--- repeat it: {repeat_command(job, prefix, record)}\n")


def report(job, word, count, began):
    progress("")
    print(f"{job.name:8} {word:7} {count['passed']:5} passed {count['failed']:3} failed {count['skipped']:3} skipped "
        f"{time.monotonic() - began:7.1f} s   {job.text}", flush=True)


def run_job(job, more_suites):
    """Gives {passed, failed, cannot: how many}; reports the job in one line, and then its failures."""
    began = time.monotonic()
    records, prefix, broken, word = [], [], None, "FAILED"
    count = {"passed": 0, "failed": 0, "skipped": 0, "cannot": 0}
    progress(f"{job.name}: {job.text} ...")
    try:
        with AddressSpace(job):
            prefix = prefix_of(job)
            build(job, prefix)
            records = test(job, prefix, more_suites)
    except Skipped as e:
        report(job, "skipped", count, began)
        print(f"\n--- {job.name}: skipped: {e}\n", flush=True)
        return count
    except CannotRun as e:
        broken, word = str(e), "CANNOT"
        count["cannot"] = 1
    except Failure as e:
        broken = str(e)
    for record in records:
        count[verdict(record)] += 1
    if broken is None and count["passed"] + count["failed"] == 0:
        broken = "it ran no test: all were skipped"
    count["failed"] += broken is not None
    report(job, word if count["failed"] else "ok", count, began)
    if broken is not None:
        print(f"\n--- {job.name}: {broken}\n")
    for record in records:
        if verdict(record) == "failed":
            show_failed(job, prefix, record)
    sys.stdout.flush()
    return count


def compile_all(compile_job):
    """As run_job, of configurations that are only compiled: each counts as a test."""
    began = time.monotonic()
    count = {"passed": 0, "failed": 0, "skipped": 0, "cannot": 0}
    broken = []
    for job in compile_job.jobs():
        progress(f"{compile_job.name}: {job.name} ...")
        try:
            build(job, [])
            count["passed"] += 1
        except Failure as e:
            count["failed"] += 1
            count["cannot"] += isinstance(e, CannotRun)
            broken.append(f"{job.name}: {e}")
    report(compile_job, "FAILED" if broken else "ok", count, began)
    for text in broken:
        print(f"\n--- {compile_job.name}: {text}\n", flush=True)
    return count


def run_script(job):
    """As run_job, of a script whose last line is "N passed, N failed"."""
    began = time.monotonic()
    count = {"passed": 0, "failed": 0, "skipped": 0, "cannot": 0}
    progress(f"{job.name}: {job.text} ...")
    words = [sys.executable, *job.words, "--build", str(job.folder)]
    try:
        done = subprocess.run(words, cwd=ROOT, timeout=TEST_SECONDS_MAX, check=False, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, errors="replace")
        out, status = done.stdout, done.returncode
    except subprocess.TimeoutExpired:
        out, status = f"it did not end within {TEST_SECONDS_MAX} s", script.STATUS_CANNOT
    last = re.search(r"^(\d+) passed, (\d+) failed\n\Z", out, re.MULTILINE)
    if last is not None:
        count["passed"], count["failed"] = map(int, last.groups())
    if count["failed"] == 0 and (status != 0 or count["passed"] == 0):
        count["failed"] = 1  # it did not get as far as its last line, or checked nothing
    count["cannot"] = int(status == script.STATUS_CANNOT)
    report(job, "ok" if not count["failed"] else "CANNOT" if count["cannot"] else "FAILED", count, began)
    if count["failed"]:
        print(f"\n--- {job.name}: {shlex.join(words)}\n{out}\n", flush=True)
    return count


def progress(text):
    """A line that the next one replaces; only for a person who watches."""
    if sys.stderr.isatty() and os.environ.get("TERM") != "dumb":
        sys.stderr.write(f"\r\033[K{text}")
        sys.stderr.flush()


def parse_arguments():
    p = argparse.ArgumentParser(prog="scripts/check", formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Installs what is needed, builds every configuration and runs all tests.",
        epilog="jobs:\n" + "\n".join(f"  {job.name:8} build/{job.place:8} {job.text}" for job in JOBS)
        + "\n\nThe last line is \"N passed, N failed\".\n"
        "Exit status: 0 all passed, 1 something failed or ran no test, 2 a job could not be run: no compiler, no\n"
        "place for the build, or a sanitizer that cannot start here.\n"
        "The sanitizers reserve terabytes of addresses: where ulimit -v limits them, the soft limit is raised for\n"
        "these jobs; if the hard limit is too low, they are skipped.\n"
        "JUnit files are kept in build/junit/.")
    p.add_argument("--build", type=Path, metavar="DIR", help="build there instead of in build/; the source tree may"
        " then be read-only")
    p.add_argument("jobs", nargs="*", metavar="JOB", help="run these jobs only")
    p.add_argument("--fast", action="store_true", help="for a pre-commit hook: lint and plain, without stress")
    how = p.add_mutually_exclusive_group()
    how.add_argument("--keep-going", action="store_true", help="run all jobs, whatever fails (the default)")
    how.add_argument("--fail-fast", action="store_true", help="stop behind the first job that fails")
    arguments = p.parse_args()
    unknown = set(arguments.jobs) - {job.name for job in JOBS}
    if unknown:
        p.error(f"no such job: {', '.join(sorted(unknown))}")
    return arguments


def main():
    global BUILD
    arguments = parse_arguments()
    wanted = arguments.jobs or (FAST if arguments.fast else [job.name for job in JOBS])
    if arguments.build is not None:
        BUILD = arguments.build.resolve()
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"  # of the tests, too
    script.make_build_directory(BUILD)
    total = {"passed": 0, "failed": 0, "cannot": 0}
    with open(BUILD / ".check.lock", "w", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            progress("another check runs in this tree: waiting ...")
            fcntl.flock(lock, fcntl.LOCK_EX)
        for job in JOBS:
            if job.name not in wanted:
                continue
            if isinstance(job, CompileJob):
                count = compile_all(job)
            elif isinstance(job, ScriptJob):
                count = run_script(job)
            else:
                count = run_job(job, FAST_SUITES if arguments.fast else [])
            total = {key: total[key] + count[key] for key in total}
            if count["failed"] and arguments.fail_fast:
                break
    print(f"{total['passed']} passed, {total['failed']} failed")
    if total["failed"] > total["cannot"]:
        return 1
    return 0 if total["passed"] and not total["cannot"] else script.STATUS_CANNOT


if __name__ == "__main__":
    script.run("check", main)
