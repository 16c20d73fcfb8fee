# SPDX-License-Identifier: BSD-2-Clause
"""worker - one slice, in a process of its own: runs the engine, reads what it has found, writes slices/N/result.json.

The result is on the disk, whole, before the worker ends. A worker that is killed leaves a directory from which another
one, with @harvest, reads what there is: so no finding is lost, whichever process dies.
"""

import dataclasses
import os
import signal
import sys
import traceback
from pathlib import Path

from . import durable, watchdog
from .engines import ENGINES, Figures, Slice

JOB, RESULT = "job.json", "result.json"
GRACE_SECONDS = 30
RESTARTS_MAX = 20  # in one slice
RESTART_SECONDS_MIN = 2
KILLED = watchdog.Ended(-signal.SIGKILL, False, False, 0.0, 0.0)


def how_ended(ended, figures, s):
    if ended.stopped:
        return "stopped"
    if ended.hung:
        return "hung"
    if ended.status == -signal.SIGKILL:
        return "killed"
    if figures.entries:
        return "finding"
    if ended.status < 0:
        return "crashed"
    is_short = ended.seconds < s.seconds / 2 and s.engine not in ("canary", "survey")  # those end when they are done
    if ended.status not in (0, 1) or is_short:
        return "failed" if ended.status != 0 else "early"
    return "done"


def harvest(s, ended, how=None):
    try:
        figures = ENGINES[s.engine].read(s, ended)
    except Exception:  # the slice is lost, the campaign is not; the directory of the slice stays
        figures = Figures(note="the result cannot be read: " + traceback.format_exc(limit=3)[-600:])
        how = "unread"
    result = {"version": 1, "how": how or how_ended(ended, figures, s), "status": ended.status,
        "seconds": round(ended.seconds, 3), "cpu_seconds": round(ended.cpu_seconds, 3), "new_features": None,
        **dataclasses.asdict(figures)}
    durable.write_json(s.folder / RESULT, result)


def run(s, watch, parent):
    """Runs the engine. One that ends at its first finding is started again for the time that is left."""
    whole, seconds, cpu_seconds = s.seconds, 0.0, 0.0
    while True:
        words, env = ENGINES[s.engine].words(s)
        if os.getppid() != parent:
            sys.exit(2)  # the campaign died meanwhile
        try:
            ended = watch.run(words, s.work, s.out, s.log, dict(os.environ, **env))
        except OSError as e:
            s.log.write_text(f"{words[0]}: {e.strerror}\n")
            ended = watchdog.Ended(2, False, False, 0.0, 0.0)
        seconds, cpu_seconds = seconds + ended.seconds, cpu_seconds + ended.cpu_seconds
        left = whole - seconds
        if not ENGINES[s.engine].restarts or ended.stopped or ended.hung or ended.status in (0, -signal.SIGKILL):
            break
        if left < RESTART_SECONDS_MIN or s.attempt == RESTARTS_MAX:
            break
        s.seconds = watch.seconds = left
        s.attempt += 1
    s.seconds = whole
    return dataclasses.replace(ended, seconds=seconds, cpu_seconds=cpu_seconds)


def main(folder, harvest_only):
    watchdog.die_with_parent()
    parent = os.getppid()
    told = durable.read_json(Path(folder, JOB))
    grace = told.pop("grace", GRACE_SECONDS)
    s = Slice(**told)
    if harvest_only:
        harvest(s, KILLED, "killed")
        return 0
    s.work.mkdir(parents=True, exist_ok=True)
    watch = watchdog.Watch(s.seconds, grace)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: watch.stop())
    ended = run(s, watch, parent)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # what it has found is read in any case
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    harvest(s, ended)
    return 0
