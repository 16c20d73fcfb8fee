# SPDX-License-Identifier: BSD-2-Clause
"""report - the report of a campaign: collect() makes report.json of the ledger, and each other product is made of that.

docs/campaigns.md describes report.json. A product is one row of PRODUCTS.
"""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from . import durable, exports, page, python, triage
from .engines import ENGINES
from .ledger import Ledger

VERSION = 1
SECTIONS = ("new", "quirk", "known")
POINTS_MAX = 400  # of a curve


def run_since(ledger, text):
    """The first slice's id of run @text: a number, or last."""
    rows = ledger.rows("SELECT id FROM run ORDER BY id")
    wanted = rows[-1]["id"] if text == "last" and rows else int(text) if text not in (None, "last") else 0
    row = ledger.one("SELECT min(id) FROM slice WHERE run >= ?", wanted)
    return row[0] if row and row[0] is not None else (1 << 62 if wanted else 0)


def cause(row):
    """What findings share that a reader takes for one: the mutant, the quirks, or the name of the only finding."""
    if row["mutant"]:
        return f"mutant {row['mutant']}"
    return f"quirk {row['quirks'].replace('+', '')}" if row["quirks"] else row["name"]


def causes_of(findings):
    """The findings by cause; the example of a cause is its smallest program that replays."""
    found = {}
    for f in findings:
        found.setdefault((f["section"], f["cause"]), []).append(f)

    def worth(f):
        return (f["replays_shown"] < f["replays"], f["program"] is None, len((f["program"] or "").splitlines()),
            f["name"])

    return [{"cause": cause, "section": section, "count": sum(f["count"] for f in group),
        "example": min(group, key=worth)["name"], "first_at": min(f["first_at"] for f in group),
        "findings": [f["name"] for f in sorted(group, key=worth)]} for (section, cause), group in found.items()]


def finding_of(folder, row):
    program = None
    if row["file"]:
        try:
            program = Path(folder, row["file"]).read_text(encoding="utf-8", errors="replace")
        except OSError:
            program = None
    replay = row["replay"] + (f" {row['file']}" if row["file"] else "")
    return {"name": row["name"], "section": row["section"], "cause": cause(row), "key": row["key"],
        "verdict": row["verdict"], "check": row["check_name"], "edges": row["edges"].split(),
        "operations": row["operations"].split(), "race": row["race"].split(), "quirks": row["quirks"].split(),
        "mutant": row["mutant"] or None, "what": row["what"], "profile": row["profile"], "engine": row["engine"],
        "commit": row["commit_id"], "first_seen": row["first_seen"], "first_at": row["first_at"],
        "last_seen": row["last_seen"], "count": row["count"], "file": row["file"], "program": program,
        "evidence": json.loads(row["evidence"]), "replays": row["replays"], "replays_shown": row["replays_shown"],
        "replay": replay.strip(), "known_as": row["known_as"]}


def jobs_of(ledger, state):
    sql = """SELECT job, engine, profile, mutant, count(*) AS slices, sum(seconds * cores) AS core_seconds,
        sum(seconds) AS seconds, sum(cpu_seconds) AS cpu_seconds, sum(executions) AS executions,
        max(coverage) AS coverage, max(features) AS features, max(interleavings) AS interleavings,
        sum(new_features) AS new_features, max(iif(new_features > 0, at + seconds, NULL)) AS last_new,
        sum(how NOT IN ('done', 'finding', 'stopped')) AS failed
        FROM slice WHERE state = 'done' GROUP BY job ORDER BY job"""
    found = []
    for row in ledger.rows(sql):
        now = state.get("jobs", {}).get(row["job"], {})
        last = ledger.one("SELECT corpus, note, how FROM slice WHERE job = ? AND state = 'done' ORDER BY id DESC",
            row["job"])
        engine = ENGINES.get(row["engine"])
        found.append({"job": row["job"], "engine": row["engine"], "profile": row["profile"], "mutant": row["mutant"]
            if row["engine"] != "canary" else None, "unit": engine.unit if engine else "executions",
            "title": engine.title if engine else "", "slices": row["slices"], "failed": row["failed"],
            "core_seconds": round(row["core_seconds"] or 0, 1), "cpu_seconds": round(row["cpu_seconds"] or 0, 1),
            "executions": row["executions"], "executions_per_second": round((row["executions"] or 0)
            / max(row["seconds"] or 0, 0.001), 1), "coverage": row["coverage"], "features": row["features"],
            "new_features": row["new_features"], "interleavings": row["interleavings"], "corpus": last["corpus"],
            "share": now.get("share"), "last_new": row["last_new"], "rests": now.get("rests", 0),
            "why": now.get("why", ""), "last_how": last["how"], "last_note": last["note"]})
    return found


def thin(points):
    step = max(1, -(-len(points) // POINTS_MAX))
    return points[::step] + (points[-1:] if points and (len(points) - 1) % step else [])


def curves_of(ledger):
    """[{name, job, points: [[seconds, value]]}]: of the metrics, and of each job what its slices have done."""
    found = {}
    for row in ledger.rows("SELECT name, job, at, value FROM metric ORDER BY at"):
        found.setdefault((row["name"], row["job"]), []).append([row["at"], row["value"]])
    sql = """SELECT job, at + coalesce(seconds, 0) AS at, executions, seconds, coverage, features, interleavings, corpus
        FROM slice WHERE state = 'done' AND engine NOT IN ('canary', 'survey') ORDER BY 2"""
    best = {}
    for row in ledger.rows(sql):
        if row["executions"] is not None and row["seconds"]:
            found.setdefault(("executions_per_second", row["job"]), []).append(
                [round(row["at"], 1), round(row["executions"] / row["seconds"], 1)])
        for name in ("coverage", "features", "interleavings", "corpus"):
            if row[name] is not None:
                best[name, row["job"]] = max(best.get((name, row["job"]), 0), row[name])
                found.setdefault((name, row["job"]), []).append([round(row["at"], 1), best[name, row["job"]]])
    return [{"name": name, "job": job, "points": thin(points)} for (name, job), points in sorted(found.items())]


def edges_of(ledger):
    """The returns that were reached, those with KERN_INVALID_ADDRESS first, each with a witness if there is one."""
    sql = """SELECT profile, edge, code, sum(iif(source = 'pool', times, 0)) AS times_of_pool,
        sum(iif(source = 'threads', times, 0)) AS times_of_threads, sum(invalid_address) AS invalid_address,
        max(programs) AS programs, max(man_page) AS man_page, max(program) AS program, max(schedule) AS schedule
        FROM edge GROUP BY profile, edge ORDER BY sum(invalid_address) = 0, profile, edge"""
    return [dict(row) for row in ledger.rows(sql)]


def canaries_of(ledger):
    sql = """SELECT slice.begun AS wall, slice.at, canary.mutant, canary.found, canary.seconds, canary.note
        FROM canary JOIN slice ON slice.id = canary.slice ORDER BY slice.id"""
    return [dict(row, found=bool(row["found"])) for row in ledger.rows(sql)]


def baseline_of(tool, folder, findings):
    """What another campaign, or a directory of programs, has that this one has not: each is replayed."""
    there = {}
    if Path(folder, "ledger.sqlite").exists():
        other = Ledger(folder)
        for row in other.rows("SELECT * FROM found WHERE section != 'known'"):
            there[row["key"]] = (row["name"], row["what"], Path(folder, row["file"]) if row["file"] else None)
        other.close()
    else:
        for path in sorted(Path(folder).glob("*.vmt")):
            found = triage.programs.read(path.read_text(encoding="utf-8", errors="replace"))
            there[triage.programs.key_of(found).text()] = (path.stem, found.what, path)
    here = {f["key"] for f in findings}
    gone = []
    for key in sorted(set(there) - here):
        name, what, path = there[key]
        status = triage.call([tool, "check", "--fixed", path])[0] if path and tool else 2
        gone.append({"name": name, "key": key, "what": what, "file": str(path) if path else None,
            "replayed": {0: "gone", 1: "still happens, but was not found"}.get(status, "cannot be replayed")})
    return {"folder": str(folder), "both": sorted(f["name"] for f in findings if f["key"] in there),
        "came": sorted(f["name"] for f in findings if f["key"] not in there and f["section"] != "known"), "gone": gone}


def collect(folder, since=None, baseline=None):
    """The report as one object: report.json."""
    ledger = Ledger(folder)
    config = durable.read_json(Path(folder, "campaign.json")) or {}
    state = durable.read_json(Path(folder, "state.json")) or {}
    first = run_since(ledger, since)
    findings = [finding_of(folder, row) for row in ledger.rows("SELECT * FROM found WHERE slice >= ?"
        " ORDER BY section = 'known', section = 'quirk', first_at, id", first)]
    runs = [dict(row) for row in ledger.rows("SELECT id, campaign, host, commit_id AS 'commit', begun, ended, how,"
        " seconds FROM run ORDER BY id")]
    canaries = canaries_of(ledger)
    report = {"version": VERSION, "command": "campaign report", "campaign": config.get("id"),
        "commit": config.get("commit"), "built_with": config.get("built_with", []), "compiler": config.get("compiler"),
        "profiles": config.get("profiles", []), "cores": config.get("cores"),
        "seconds": round(ledger.meta("at", 0.0), 1), "seconds_planned": config.get("seconds"),
        "merged": config.get("merged", []),
        "counts": {name: sum(f["section"] == name for f in findings) for name in SECTIONS},
        "causes": causes_of(findings), "canary_ok": all(c["found"] for c in canaries) if canaries else None,
        "runs": runs, "jobs": jobs_of(ledger, state), "missing": config.get("missing", []), "findings": findings,
        "edges": edges_of(ledger), "canaries": canaries, "curves": curves_of(ledger),
        "events": [dict(row) for row in ledger.rows("SELECT at, wall, kind, text FROM event ORDER BY id")],
        "baseline": None}
    ledger.close()
    if baseline:
        tool = config.get("builds", {}).get("plain", {}).get("tool")
        report["baseline"] = baseline_of(tool, baseline, findings)
    return report


@dataclass(frozen=True)
class Product:
    file: str
    make: Callable  # (report, folder of the campaign) -> text


PRODUCTS = (
    Product("report.json", lambda report, folder: json.dumps(report, indent=1) + "\n"),
    Product("report.md", exports.make_markdown),
    Product("report.xml", exports.make_junit),
    Product("report.sarif", exports.make_sarif),
    Product("index.html", page.make),
)


def write(folder, report):
    """Writes all products into DIR/report. Gives their paths. A product that cannot be made is named."""
    out = Path(folder, "report")
    out.mkdir(exist_ok=True)
    paths = []
    for product in PRODUCTS:
        try:
            text = product.make(report, Path(folder))
        except python.Missing as e:
            print(f"{product.file} is not written: {e}", file=sys.stderr)
            continue
        durable.write(out / product.file, text)
        paths.append(out / product.file)
    return paths
