#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Builds each configuration in build/NAME, runs its tests, and counts them. Started by scripts/check.

The last line of the output is "N passed, N failed". A job that cannot be built counts as one failed test, and so does a
job that ran no test at all: a check that checks nothing must not pass. A skipped test is neither passed nor failed.
"""

import argparse
import fcntl
import json
import os
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build"
OUTPUT_LINES = 30
BUILD_SECONDS_MAX = 600
TEST_SECONDS_MAX = 900
ASLR_BITS_MAX = 28  # above this, the sanitizers of clang 14 cannot place their shadow memory

PLAIN = ["-Dbuildtype=debugoptimized"]
SANITIZER = PLAIN + ["-Db_lundef=false"]


class Job:
    """One line of the report: a configuration in build/<folder>, and the suites to run there."""

    def __init__(self, name, text, suites, folder=None, cc="clang", options=(), timeouts=1, fixed_addresses=False):
        self.name = name
        self.text = text
        self.suites = suites  # arguments of "meson test"
        self.folder = BUILD / (folder or name)
        self.cc = cc
        self.options = list(options)
        self.timeouts = timeouts  # multiplies each test's own limit
        self.fixed_addresses = fixed_addresses  # without address space randomisation where it is too strong


JOBS = [
    Job("lint", "tidy rules, formatting, documents", ["--suite", "lint"], folder="plain", options=PLAIN),
    Job("plain", "clang, optimized: all suites", ["--no-suite", "lint", "--no-suite", "tsan"], options=PLAIN),
    Job("asan", "clang, address and undefined behaviour sanitizers: all suites",
        ["--no-suite", "lint", "--no-suite", "tsan"],
        options=SANITIZER + ["-Db_sanitize=address,undefined"], timeouts=4, fixed_addresses=True),
    Job("tsan", "clang, thread sanitizer, with the mutants: suite tsan", ["--suite", "tsan"],
        options=SANITIZER + ["-Db_sanitize=thread", "-Dmutants=true"], timeouts=8, fixed_addresses=True),
    Job("fuzz", "clang, libFuzzer with address and undefined behaviour sanitizers: suite fuzz", ["--suite", "fuzz"],
        options=SANITIZER + ["-Db_sanitize=address,undefined", "-Dfuzz=true"], timeouts=4, fixed_addresses=True),
    Job("gcc", "gcc, with the mutants: compiles without a warning, suites unit and mutants",
        ["--suite", "unit", "--suite", "mutants"], cc="gcc",
        options=PLAIN + ["-Dmutants=true"]),
]
FAST = ["lint", "plain"]
FAST_SUITES = ["--no-suite", "stress"]


class Failure(Exception):
    """A job could not be built or run; the text says why."""


def aslr_bits():
    try:
        return int(Path("/proc/sys/vm/mmap_rnd_bits").read_text())
    except (OSError, ValueError):
        return 0


def prefix_of(job):
    """The words in front of each command of a job: "setarch -R" where the sanitizers need it."""
    bits = aslr_bits()
    if not job.fixed_addresses or bits <= ASLR_BITS_MAX:
        return []
    words = ["setarch", os.uname().machine, "-R"]
    if shutil.which("setarch") and subprocess.run(words + ["true"], capture_output=True, check=False).returncode == 0:
        return words
    raise Failure(
        f"vm.mmap_rnd_bits is {bits}, too much for the sanitizers of clang 14, and setarch -R is refused here.\n"
        f"Run once, as root: sysctl -w vm.mmap_rnd_bits={ASLR_BITS_MAX}\n"
        "In a container: on its host, or start it with --security-opt seccomp=unconfined.")


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
    if done.returncode != 0:
        raise Failure(f"{what} failed: {shlex.join(words)}\n{tail(done.stdout)}")


def tail(text):
    return "\n".join(text.rstrip().splitlines()[-OUTPUT_LINES:])


def build(job, prefix):
    folder = shown(job.folder)
    env = dict(os.environ, CC=job.cc)
    setup = ["meson", "setup", folder] + job.options
    if (job.folder / "meson-private" / "coredata.dat").exists():
        setup.append("--reconfigure")
    run(prefix + setup, "configuring", BUILD_SECONDS_MAX, env)
    run(prefix + ["meson", "compile", "-C", folder], "compiling", BUILD_SECONDS_MAX, env)


def test(job, prefix, more_suites):
    """Runs the tests of a job; gives the records of meson's own log, one per test."""
    logs = job.folder / "meson-logs"
    record, junit = logs / f"{job.name}.json", logs / f"{job.name}.junit.xml"
    for stale in (record, junit):  # "meson test" writes none if it finds no test, and exits 0
        stale.unlink(missing_ok=True)
    words = prefix + ["meson", "test", "-C", shown(job.folder), "--no-rebuild", "--quiet", "--logbase", job.name,
        "--timeout-multiplier", str(job.timeouts)] + job.suites + more_suites
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


def run_job(job, more_suites):
    """Gives (passed, failed) and reports the job in one line, its failures behind it."""
    began = time.monotonic()
    records, prefix, broken = [], [], None
    progress(f"{job.name}: {job.text} ...")
    try:
        prefix = prefix_of(job)
        build(job, prefix)
        records = test(job, prefix, more_suites)
    except Failure as e:
        broken = str(e)
    count = {"passed": 0, "failed": 0, "skipped": 0}
    for record in records:
        count[verdict(record)] += 1
    if broken is None and count["passed"] + count["failed"] == 0:
        broken = "it ran no test: all were skipped"
    failed = count["failed"] + (broken is not None)
    progress("")
    print(f"{job.name:6} {'FAILED' if failed else 'ok':6} {count['passed']:5} passed {failed:3} failed "
        f"{count['skipped']:3} skipped {time.monotonic() - began:7.1f} s   {job.text}", flush=True)
    if broken is not None:
        print(f"\n--- {job.name}: {broken}\n")
    for record in records:
        if verdict(record) == "failed":
            show_failed(job, prefix, record)
    sys.stdout.flush()
    return count["passed"], failed


def progress(text):
    """A line that the next one replaces; only for a person who watches."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\033[K{text}")
        sys.stderr.flush()


def parse_arguments():
    p = argparse.ArgumentParser(prog="scripts/check", formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Installs what is needed, builds every configuration and runs all tests.",
        epilog="jobs:\n" + "\n".join(f"  {job.name:6} build/{job.folder.name:6} {job.text}" for job in JOBS)
        + "\n\nThe last line is \"N passed, N failed\".\n"
        "Exit status: 0 all passed, 1 something failed or ran no test.\n"
        "JUnit files are kept in build/junit/.")
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
    arguments = parse_arguments()
    wanted = arguments.jobs or (FAST if arguments.fast else [job.name for job in JOBS])
    BUILD.mkdir(exist_ok=True)
    with open(BUILD / ".check.lock", "w", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            progress("another check runs in this tree: waiting ...")
            fcntl.flock(lock, fcntl.LOCK_EX)
        passed = failed = 0
        for job in JOBS:
            if job.name not in wanted:
                continue
            p, f = run_job(job, FAST_SUITES if arguments.fast else [])
            passed, failed = passed + p, failed + f
            if failed and arguments.fail_fast:
                break
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
