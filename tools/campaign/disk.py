# SPDX-License-Identifier: BSD-2-Clause
"""disk - keeps a campaign within its disk budget. Findings and their evidence are never removed."""

import sys
from pathlib import Path

import script  # scripts/script.py

from . import durable, triage

LOGS_PER_JOB = 20
LOG_BYTES_MAX = 64 << 10
NOT_COUNTED = ("build", "source")


def used(folder):
    return durable.bytes_below(folder, NOT_COUNTED)


def keep_log(folder, job, number, log, failed):
    """The end of a slice's log, for somebody who asks why. The last ones of each job stay."""
    try:
        data = Path(log).read_bytes()
    except OSError:
        return
    if not data and not failed:
        return
    kept = Path(folder, "logs", job.replace("/", "-"))
    kept.mkdir(parents=True, exist_ok=True)
    (kept / f"{number:06}.log").write_bytes(data[-LOG_BYTES_MAX:])
    for old in sorted(kept.glob("*.log"))[:-LOGS_PER_JOB]:
        old.unlink(missing_ok=True)


def shrink(folder, builds, source):
    """Makes room: logs first, then libFuzzer's corpora are minimised. Gives what was done."""
    done = []
    for log in Path(folder, "logs").glob("*/*.log"):
        log.unlink(missing_ok=True)
        done.append("logs")
    if source and builds.get("fuzz", {}).get("folder"):
        for target in ("sched", "seq", "vmt"):
            corpus = Path(folder, "corpora", target)
            if not corpus.is_dir() or not any(corpus.iterdir()):
                continue
            words = script.sanitizer_prefix() + [sys.executable, str(Path(source, "scripts", "corpus")), "minimize",
                "--build", builds["fuzz"]["folder"], "--bugs", str(Path(folder, "tmp")), f"fuzz_{target}", str(corpus)]
            if triage.call(words)[0] in (0, 1):
                done.append(f"corpus of {target}")
    return sorted(set(done))
