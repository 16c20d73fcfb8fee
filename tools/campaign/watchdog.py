# SPDX-License-Identifier: BSD-2-Clause
"""watchdog - runs one child in its own process group until its time is up, and judges whether it hangs.

Processor time decides, not wall time: a child that is stopped, or that a busy machine starves, does not hang. After its
deadline a child hangs if it uses @grace more seconds of the processor, or if all of its threads sleep at so many looks
that a minute would have passed. A look counts only if the watchdog itself was on time.
"""

import ctypes
import os
import resource
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

LOOK_SECONDS = 0.25
LATE_FACTOR = 4  # a look that came so much too late says nothing: the watchdog itself was stopped
FILE_BYTES_MAX = 256 << 20  # of each file that a child writes: a log that never ends fills no disk
PR_SET_PDEATHSIG = 1
TICKS = os.sysconf("SC_CLK_TCK")


def die_with_parent():
    """This process is killed when its parent dies."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def _prepare():
    die_with_parent()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    soft = FILE_BYTES_MAX if hard == resource.RLIM_INFINITY else min(FILE_BYTES_MAX, hard)
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@dataclass
class Ended:
    """How a child has ended."""
    status: int  # exit status, or minus a signal
    hung: bool
    stopped: bool  # the campaign asked it to end
    seconds: float
    cpu_seconds: float


def tree(pid):
    """The process and its descendants."""
    found, rest = [], [pid]
    while rest:
        pid = rest.pop()
        found.append(pid)
        for task in Path(f"/proc/{pid}/task").glob("*/children"):
            try:
                rest += [int(word) for word in task.read_text().split()]
            except OSError:
                pass
    return found


def usage(pid):
    """(processor seconds, does every process sleep?) of the process and its descendants."""
    ticks, asleep = 0, True
    for each in tree(pid):
        try:
            fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
            states = [Path(task, "stat").read_text().rpartition(")")[2].split()[0]
                for task in Path(f"/proc/{each}/task").iterdir()]
        except (OSError, IndexError):
            continue
        ticks += sum(map(int, fields[11:15]))
        asleep = asleep and all(state in "SD" for state in states)
    return ticks / TICKS, asleep


def kill_group(process):
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


class Watch:
    """A child under watch. stop() may be called from a signal handler."""

    def __init__(self, seconds, grace):
        self.seconds = seconds
        self.grace = grace
        self.process = None
        self.stopped = False
        self.asleep = 0

    def stop(self):
        """Asks the child to end with its summary."""
        self.stopped = True
        if self.process is not None and self.process.poll() is None:
            try:
                os.killpg(self.process.pid, signal.SIGINT)
            except ProcessLookupError:
                pass

    def hangs(self, used, at_deadline, asleep, late):
        """At a look after the deadline. @used and @at_deadline are processor seconds."""
        if used - at_deadline > self.grace:
            return True
        self.asleep = self.asleep + 1 if asleep and not late else 0
        return self.asleep * LOOK_SECONDS > 2 * self.grace

    def run(self, words, folder, out, log, env):
        """Runs the child in the folder; gives Ended."""
        began, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
        with open(out, "ab") as to_out, open(log, "ab") as to_log:
            self.process = subprocess.Popen(words, cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=to_out,
                stderr=to_log, start_new_session=True, preexec_fn=_prepare)
        if self.stopped:
            self.stop()
        deadline, at_deadline, hung, last = began + self.seconds, None, False, time.monotonic()
        while True:
            try:
                status = self.process.wait(LOOK_SECONDS)
                break
            except subprocess.TimeoutExpired:
                pass
            now = time.monotonic()
            late, last = now - last > LATE_FACTOR * LOOK_SECONDS, now
            if now < deadline and not self.stopped:
                continue
            used, asleep = usage(self.process.pid)
            at_deadline = used if at_deadline is None else at_deadline
            if self.hangs(used, at_deadline, asleep, late):
                hung = True
                kill_group(self.process)
        kill_group(self.process)  # what it has left behind
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return Ended(status, hung, self.stopped, time.monotonic() - began, cpu)
