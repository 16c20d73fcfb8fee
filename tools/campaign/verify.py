# SPDX-License-Identifier: BSD-2-Clause
"""verify - whether the ledger and the files of a campaign agree: complaints, in words."""

import json
import re
from pathlib import Path

from . import durable, triage
from .ledger import Ledger


def rows_complain(ledger):
    """What the ledger says of itself."""
    for (text,) in ledger.rows("PRAGMA integrity_check"):
        if text != "ok":
            yield f"ledger: {text}"
    for row in ledger.rows("PRAGMA foreign_key_check"):
        yield f"ledger: a row of {row[0]} names a row of {row[2]} that does not exist"
    for (name,) in ledger.rows("SELECT name FROM finding WHERE id NOT IN (SELECT finding FROM sighting)"):
        yield f"finding {name}: no slice has seen it"
    for row in ledger.rows("SELECT name, file FROM finding WHERE id IN (SELECT finding FROM sighting WHERE times < 1)"):
        yield f"finding {row['name']}: a sighting counts less than 1"
    for row in ledger.rows("SELECT number FROM slice WHERE state = 'done' AND (ended IS NULL OR how IS NULL)"):
        yield f"slice {row['number']}: done, but without an end"
    for row in ledger.rows("SELECT campaign, count(*) AS n, max(number) AS last FROM slice GROUP BY campaign"):
        if row["n"] != row["last"]:
            yield f"slices of {row['campaign']}: {row['n']} rows, but the last number is {row['last']}"
    for row in ledger.rows("SELECT slice.number FROM sighting JOIN slice ON slice.id = sighting.slice"
            " WHERE slice.state != 'done'"):
        yield f"slice {row['number']}: it has sightings, but is not done"


def files_complain(ledger, folder):
    """What the ledger says of files, and what files say of the ledger."""
    named = set()
    for row in ledger.rows("SELECT name, file, sha256, evidence FROM finding"):
        files = json.loads(row["evidence"]) + ([row["file"]] if row["file"] else [])
        if not files:
            yield f"finding {row['name']}: neither a program nor evidence"
        for file in files:
            named.add(file)
            if not Path(folder, file).is_file():
                yield f"finding {row['name']}: {file} is missing"
        if row["file"] and Path(folder, row["file"]).is_file() and durable.digest(
                Path(folder, row["file"]).read_bytes()) != row["sha256"]:
            yield f"finding {row['name']}: {row['file']} has other contents than it had when it was committed"
    for where in ("findings", "evidence"):
        for path in sorted(Path(folder, where).glob("*")):
            if re.search(r"\.tmp$", path.name):
                yield f"{where}/{path.name}: half-written"
            elif f"{where}/{path.name}" not in named:
                yield f"{where}/{path.name}: no finding of the ledger names it"


def running_complain(ledger, folder):
    """Of a campaign that nobody runs."""
    for row in ledger.rows("SELECT number, job FROM slice WHERE state = 'running'"):
        yield f"slice {row['number']} ({row['job']}): not read yet; wirestorm campaign resume reads it"
    for path in sorted(Path(folder).rglob(".*.tmp")):
        yield f"{path.relative_to(folder)}: half-written"


def replays_complain(ledger, folder, tool):
    for row in ledger.rows("SELECT name, file, replays_shown FROM finding WHERE file IS NOT NULL"
            " AND replays_shown > 0"):
        _, shown, _ = triage.replay_program(tool, Path(folder, row["file"]))
        if shown == 0:
            yield f"finding {row['name']}: none of {triage.REPLAYS} replays shows it; {row['replays_shown']} did"


def check(folder, replay=False):
    """(summary, complaints)."""
    ledger = Ledger(folder)
    config = durable.read_json(Path(folder, "campaign.json")) or {}
    is_running = durable.Lock(folder).holder() is not None
    complaints = list(rows_complain(ledger))
    if not is_running:
        complaints += [*files_complain(ledger, folder), *running_complain(ledger, folder)]
    if replay:
        complaints += replays_complain(ledger, folder, config["builds"]["plain"]["tool"])
    counts = [ledger.one(f"SELECT count(*) FROM {table}")[0] for table in ("slice", "finding", "sighting")]
    ledger.close()
    text = f"{counts[0]} slices, {counts[1]} findings, {counts[2]} sightings"
    return text + (" (running: its files are not compared)" if is_running else ""), complaints
