#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""test-stress-cli.py - wirestorm stress as a person or a CI meets it: what it says, signals, memory, stress-ci.

Usage: test-stress-cli.py WIRESTORM SOURCE [--sanitized] [--mutants]
"""

import json
import os
import pty
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "common"))
import cli  # noqa: E402

MEMORY_GROWTH_KB_MAX = 2048  # in some seconds; a leak of a byte per operation would be more


def fail(text):
    sys.exit(f"test-stress-cli: {text}")


def stress(tool, *words):
    return [tool, "stress", "--seed", "3", *words]


def test_memory_is_flat(tool, sanitized):
    for seconds in ("5", "50", "500"):  # a busy machine does little in 5 seconds
        done = subprocess.run(stress(tool, "--seconds", seconds, "--json"), check=False, capture_output=True, text=True)
        if done.returncode != 0:
            fail(f"status {done.returncode}: {done.stdout}{done.stderr}")
        told = json.loads(done.stdout)
        if (told["operations"] >= MEMORY_GROWTH_KB_MAX * 10 and told["rounds"] >= 10 and told["stops"] >= 5
                and len(done.stderr.splitlines()) >= 3):
            break
    else:
        fail(f"too little was done to say anything: {told}, {done.stderr!r}")
    grown = told["memory_kb"] - told["memory_first_kb"]
    if grown > MEMORY_GROWTH_KB_MAX and not sanitized:
        fail(f"memory grew by {grown} kB in {told['operations']} operations")
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    for line in lines:
        if not {"seconds", "operations", "codes", "invalid_address_by_edge", "waits", "wakeups"} <= set(line):
            fail(f"a line without its figures: {line}")
    if [line["operations"] for line in lines] != sorted(line["operations"] for line in lines):
        fail("the lines go backwards")
    print(f"{told['operations']} operations, memory grew by {grown} kB, {len(lines)} lines")


def test_seeds_of_64_bits(tool):
    for seed, told in ((7, "7"), (1 << 63, str(1 << 63))):
        done = subprocess.run([tool, "stress", "--ops", "100", "--quiet", "--json", "--seed", str(seed)], check=False,
            capture_output=True, text=True)
        report = json.loads(done.stdout)
        if done.returncode != 0 or report["seed"] != told or f"--seed {seed} " not in report["repeat"]:
            fail(f"--seed {seed}: status {done.returncode}: {done.stdout}{done.stderr}")


def wait_until_at_work(run):
    """Its signals are caught, and it has used processor time: more than its start takes."""
    ticks = os.sysconf("SC_CLK_TCK")
    for _ in range(100000):
        caught = re.search(r"^SigCgt:\s*(\w+)", Path(f"/proc/{run.pid}/status").read_text(), re.MULTILINE)
        used = Path(f"/proc/{run.pid}/stat").read_text().rsplit(")", 1)[1].split()
        if int(caught.group(1), 16) >> (signal.SIGTERM - 1) & 1 and int(used[11]) + int(used[12]) > ticks:
            return
        time.sleep(0.01)
    fail("it does not work")


def test_signal_ends_with_a_summary(tool, number, quiet):
    run = subprocess.Popen(stress(tool, "--seconds", "600", "--json", *(["--quiet"] if quiet else [])),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    wait_until_at_work(run)
    # The first line comes after a second, however much has been done by then.
    line = "" if quiet else run.stderr.readline()
    run.send_signal(number)
    out, err = run.communicate(timeout=600)
    err = line + err
    if quiet != (err == ""):
        fail(f"{'--quiet' if quiet else 'no --quiet'}: {err!r} on standard error")
    told = json.loads(out)
    if run.returncode != 0 or not told["interrupted"] or told["operations"] == 0:
        fail(f"signal {number}: status {run.returncode}, {told}")
    print(f"signal {number}: {told['operations']} operations, summary printed")


def test_terminal_has_one_line(tool):
    leader, follower = pty.openpty()
    run = subprocess.Popen(stress(tool, "--seconds", "3"), stdout=subprocess.DEVNULL, stderr=follower)
    os.close(follower)
    seen = cli.read_terminal(leader)
    if run.wait() != 0 or seen.count(b"\r\x1b[K") < 2 or seen.count(b"\n") != 1 or b"M/s" not in seen:
        fail(f"on a terminal: {seen!r}")
    print("a terminal has one line")


def test_stress_ci(tool, source, mutants):
    script = str(Path(source, "scripts", "stress-ci"))
    with tempfile.TemporaryDirectory() as folder:
        words = [script, "--tool", tool, "--out", folder, "--seed", "4", "--reproduce-s", "60"]
        done = subprocess.run(words + ["--seconds", "4", "--mix", "pageout", "--mix", "protect"], check=False,
            capture_output=True, text=True)
        summary = json.loads(Path(folder, "summary.json").read_text(encoding="utf-8"))
        runs = 2 * len(cli.profiles())  # two mixes
        if done.returncode != 0 or summary["status"] != 0 or len(summary["runs"]) != runs or summary["seed"] != 4:
            fail(f"stress-ci: status {done.returncode}: {done.stdout}{done.stderr}{summary}")
        if any(line["operations"] == 0 for line in summary["runs"]):
            fail(f"stress-ci: a run did nothing: {summary}")
        for bad in (["--out", str(Path(folder, "summary.json", "below"))], ["--tool", str(Path(folder, "none"))]):
            done = subprocess.run(words + bad, check=False, capture_output=True, text=True)
            if done.returncode != 2 or "Traceback" in done.stderr:
                fail(f"stress-ci {bad}: status {done.returncode}: {done.stderr}")
        if mutants:
            words += ["--seconds", "600", "--mix", "everything", "--mutant", "wire_counts_first_entry"]
            done = subprocess.run(words, check=False, capture_output=True, text=True)
            summary = json.loads(Path(folder, "summary.json").read_text(encoding="utf-8"))
            line = summary["runs"][0]
            if done.returncode != 1 or not Path(folder, line["window"]).exists() or not line["reproduced"]:
                fail(f"stress-ci: status {done.returncode}: {done.stdout}{done.stderr}{summary}")
    print("stress-ci is done")


def main():
    flags = set(sys.argv[3:])
    if len(sys.argv) < 3 or flags - {"--sanitized", "--mutants"}:
        fail("usage: test-stress-cli.py WIRESTORM SOURCE [--sanitized] [--mutants]")
    tool, source = sys.argv[1:3]
    test_memory_is_flat(tool, "--sanitized" in flags)
    test_seeds_of_64_bits(tool)
    test_signal_ends_with_a_summary(tool, signal.SIGTERM, False)
    test_signal_ends_with_a_summary(tool, signal.SIGINT, True)
    test_terminal_has_one_line(tool)
    test_stress_ci(tool, source, "--mutants" in flags)


if __name__ == "__main__":
    main()
