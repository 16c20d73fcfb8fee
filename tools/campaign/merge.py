# SPDX-License-Identifier: BSD-2-Clause
"""merge - puts several campaigns together. A slice keeps its campaign and number, so nothing is counted twice."""

import json
import shutil
from pathlib import Path

from . import durable, ledger as ledgers
from .ledger import Ledger, LedgerError

SLICE_COLUMNS = ("campaign", "number", "job", "engine", "profile", "mutant", "seed_begin", "seed_end", "commit_id",
    "cores", "begun", "at", "ended", "state", "how", "status", "seconds", "cpu_seconds", "executions", "coverage",
    "features", "new_features", "interleavings", "corpus", "note")


def columns(row, leave_out=()):
    return {name: row[name] for name in row.keys() if name not in leave_out}


def copy_file(source, target):
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        durable.write(target, source.read_bytes())


def merge_runs(into, other):
    """{run there: run here}"""
    found = {}
    for row in other.rows("SELECT * FROM run"):
        same = into.one("SELECT id FROM run WHERE campaign = ? AND begun = ? AND pid = ? AND host = ?", row["campaign"],
            row["begun"], row["pid"], row["host"])
        if same is None:
            found[row["id"]] = into.insert("run", **columns(row, ("id",)))
        else:
            found[row["id"]] = same["id"]
            into.base.execute("UPDATE run SET ended = ?, how = ?, seconds = ? WHERE id = ?", (row["ended"], row["how"],
                row["seconds"], same["id"]))
    return found


def merge_slices(into, other, runs):
    """({slice there: slice here}, the slices that are new here)"""
    found, new = {}, set()
    for row in other.rows("SELECT * FROM slice WHERE state = 'done' ORDER BY id"):
        same = into.one("SELECT id FROM slice WHERE campaign = ? AND number = ?", row["campaign"], row["number"])
        if same is not None:
            found[row["id"]] = same["id"]
            continue
        values = {name: row[name] for name in SLICE_COLUMNS}
        found[row["id"]] = into.insert("slice", run=runs[row["run"]], **values)
        new.add(row["id"])
    return found, new


def merge_findings(into, other, slices, new, folder, source):
    for row in other.rows("SELECT * FROM finding ORDER BY id"):
        for file in json.loads(row["evidence"]) + ([row["file"]] if row["file"] else []):
            copy_file(Path(source, file), Path(folder, file))
        same = into.one("SELECT id, first_seen, sha256 FROM finding WHERE key = ?", row["key"])
        if same is None:
            values = columns(row, ("id", "slice"))
            if row["file"]:  # the file of the same name may have come from another campaign
                values["sha256"] = durable.digest(Path(folder, row["file"]).read_bytes())
            finding = into.insert("finding", slice=slices[row["slice"]], **values)
        else:
            finding = same["id"]
            if row["first_seen"] < same["first_seen"]:
                into.base.execute("UPDATE finding SET first_seen = ?, first_at = ?, slice = ?, commit_id = ?"
                    " WHERE id = ?", (row["first_seen"], row["first_at"], slices[row["slice"]], row["commit_id"],
                    finding))
        for sighting in other.rows("SELECT * FROM sighting WHERE finding = ?", row["id"]):
            if sighting["slice"] in new:
                ledgers.sight(into, finding, slices[sighting["slice"]], sighting["times"])


def merge_rest(into, other, slices, new):
    for row in other.rows("SELECT * FROM canary"):
        if row["slice"] in new:
            into.insert("canary", **dict(columns(row), slice=slices[row["slice"]]))
    for table in ("metric", "event", "edge"):
        for (campaign,) in other.rows(f"SELECT DISTINCT campaign FROM {table}"):
            into.base.execute(f"DELETE FROM {table} WHERE campaign = ?", (campaign,))
        for row in other.rows(f"SELECT * FROM {table}"):
            into.insert(table, **columns(row, ("id",) if table == "event" else ()))


def merge_corpora(folder, source):
    """Inputs and programs are named by their contents."""
    nr = 0
    for path in sorted(Path(source, "corpora").rglob("*")):
        target = Path(folder, path.relative_to(source))
        if path.is_file() and not path.name.startswith(".") and not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
            nr += 1
    return nr


def merge(folder, sources):
    """Merges the campaigns into the folder, whose lock is held. Gives a line about each."""
    folder, lines = Path(folder), []
    for name in ("findings", "evidence", "corpora"):
        (folder / name).mkdir(exist_ok=True)
    into = Ledger(folder, write=True)
    config = durable.read_json(folder / "campaign.json") or {"version": 1, "merged": []}
    if "merged" not in config:
        raise LedgerError(f"{folder}: expected a new directory, or one that merge has made; found a campaign")
    for source in sources:
        told = durable.read_json(Path(source, "campaign.json"))
        if told is None:
            raise LedgerError(f"{source}: expected a campaign's directory, found no campaign.json")
        other = Ledger(source)
        with into:
            slices, new = merge_slices(into, other, merge_runs(into, other))
            merge_findings(into, other, slices, new, folder, source)
            merge_rest(into, other, slices, new)
            into.set_meta("at", into.one("SELECT coalesce(sum(seconds), 0) FROM run")[0])
        nr = merge_corpora(folder, source)
        unread = other.one("SELECT count(*) FROM slice WHERE state != 'done'")[0]
        other.close()
        lines.append(f"{source}: {len(new)} slices, {nr} inputs and programs"
            + (f"; {unread} slices are not read yet: resume it, then merge again" if unread else ""))
        merge_config(config, told)
    durable.write_json(folder / "campaign.json", config)
    into.close()
    return lines


def merge_config(config, told):
    for one in told.get("merged") or [{"id": told["id"], "seconds": told["seconds"], "cores": told["cores"],
            "seed": told["seed"], "shard": told["shard"], "commit": told["commit"]}]:
        if one not in config["merged"]:
            config["merged"].append(one)
    for name in ("commit", "compiler", "built_with", "builds", "disk", "source"):
        config.setdefault(name, told.get(name))
    for name in ("profiles", "missing"):
        config[name] = config.get(name, []) + [v for v in told.get(name, []) if v not in config.get(name, [])]
    config["cores"] = sum(one["cores"] for one in config["merged"])
    config["seconds"] = sum(one["seconds"] for one in config["merged"])
    config["id"] = "merged " + " ".join(sorted(one["id"] for one in config["merged"]))
