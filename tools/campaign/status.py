# SPDX-License-Identifier: BSD-2-Clause
"""status - one screen about a campaign: of the ledger and of state.json, which the campaign writes while it runs."""

import shutil
from pathlib import Path

from . import disk, durable, report
from .ledger import Ledger, LedgerError
from .words import hours, short

FREE_BYTES_MIN = 64 << 10
RED, BOLD, OFF = "\033[1;31m", "\033[1m", "\033[0m"


def health_of(lock, ended, canaries, state, free):
    """(word, sentence): running, complete, stopped or died; and what is wrong."""
    holder = lock.holder()
    word = "running" if holder is not None else ended or "died"
    wrong = []
    if word == "died":
        wrong.append("the campaign died: wirestorm campaign resume continues it")
    if word == "running" and (state.get("full") or free < FREE_BYTES_MIN):  # a full disk takes no state.json
        wrong.append("the disk is full: the campaign waits for space")
    if canaries and not canaries[-1]["found"]:
        wrong.append(f"the canary was not found: mutant {canaries[-1]['mutant']}: {canaries[-1]['note']}")
    return word, wrong


def collect(folder):
    folder = Path(folder)
    config = durable.read_json(folder / "campaign.json")
    if config is None:
        raise LedgerError(f"{folder}: expected a campaign's directory, found no campaign.json")
    if "plan" not in config and "merged" not in config:
        is_building = durable.Lock(folder).holder() is not None
        raise LedgerError(f"{folder}: " + ("its builds are being made, see build/*.log" if is_building else
            "its builds are not complete: wirestorm campaign resume continues"))
    ledger, state = Ledger(folder), durable.read_json(folder / "state.json") or {}
    last = ledger.one("SELECT * FROM run ORDER BY id DESC LIMIT 1")
    canaries = report.canaries_of(ledger)
    word, wrong = health_of(durable.Lock(folder), last["how"] if last else "not started", canaries, state,
        shutil.disk_usage(folder).free)
    counts = dict(ledger.rows("SELECT section, count(*) FROM finding GROUP BY section"))
    at = state.get("at", ledger.meta("at", 0.0)) if word == "running" else ledger.meta("at", 0.0)
    findings = [dict(row) for row in ledger.rows("SELECT name, section, what, sum(count) AS count, replays,"
        " replays_shown, min(first_at) AS first_at FROM found GROUP BY section, mutant, quirks,"
        " iif(mutant || quirks = '', name, '') ORDER BY section != 'new', id DESC LIMIT 8")]
    told = {"version": 1, "command": "campaign status", "campaign": str(folder.resolve()), "state": word,
        "wrong": wrong, "run": last["id"] if last else None, "commit": config.get("commit"), "at": at,
        "seconds": config.get("seconds"),
        "eta": max(0.0, (config.get("seconds") or 0) - at) if word == "running" else None,
        "cores": config.get("cores"), "cores_in_use": sum(r["cores"] for r in state.get("running", []))
        if word == "running" else 0, "running": state.get("running", []) if word == "running" else [],
        "findings": {name: counts.get(name, 0) for name in report.SECTIONS}, "latest": findings,
        "jobs": report.jobs_of(ledger, state), "missing": config.get("missing", []), "canaries": len(canaries),
        "canaries_found": sum(c["found"] for c in canaries), "canary_at": canaries[-1]["at"] if canaries else None,
        "disk": disk.used(folder), "disk_budget": config.get("disk"),
        "free": shutil.disk_usage(folder).free}
    ledger.close()
    return told


def exit_status(told):
    if told["wrong"]:
        return 3
    return 1 if told["findings"]["new"] else 0


def line(told):
    """For cron: one line."""
    f = told["findings"]
    text = (f"{told['campaign']}: {told['state']}, {hours(told['at'])} of {hours(told['seconds'])};"
        f" {f['new']} new, {f['quirk']} quirk, {f['known']} known findings;"
        f" canary {told['canaries_found']} of {told['canaries']}")
    return text + "".join(f"; {wrong.upper()}" for wrong in told["wrong"])


def screen(told, color=False):
    red, bold, off = (RED, BOLD, OFF) if color else ("", "", "")
    f, lines = told["findings"], []
    lines.append(f"{bold}{told['campaign']}{off}: {told['state']}, run {told['run']}, commit {told['commit']}")
    lines += [f"{red}{wrong.upper()}{off}" for wrong in told["wrong"]]
    lines.append(f"time {hours(told['at'])} of {hours(told['seconds'])}"
        + (f", {hours(told['eta'])} left" if told["eta"] is not None else "")
        + f"; cores {told['cores_in_use']} of {told['cores']}; disk {told['disk'] / 2**20:.0f} of"
        f" {(told['disk_budget'] or 0) / 2**20:.0f} MiB, {told['free'] / 2**30:.1f} GiB free")
    lines.append(f"findings {red if f['new'] else ''}{f['new']} new{off}, {f['quirk']} by quirks, {f['known']} known;"
        f" canary {told['canaries_found']} of {told['canaries']}"
        + (f", last at {hours(told['canary_at'])}" if told["canary_at"] is not None else ": none yet"))
    lines.append("")
    width = max(len(job["job"]) for job in told["jobs"] + told["missing"] + [{"job": "hunt/strict"}]) + 2
    lines.append(f"{bold}{'job':{width}}{'share':>6}{'core s':>8}{'runs/s':>8}{'cover':>7}{'features':>9}{'corpus':>8}"
        f"{'last new':>10}  state{off}")
    running = [r["job"] for r in told["running"]]
    for job in told["jobs"]:
        state = "running" if job["job"] in running else ""
        if job["rests"]:
            state = f"rests {job['rests']:.0f} s: {job['why']}"[:60]
        share = f"{100 * job['share']:.0f}%" if job["share"] is not None else ""
        rate = short(job["executions_per_second"])
        lines.append(f"{job['job']:{width}}{share:>6}{job['core_seconds']:>8.0f}{rate:>8}"
            f"{short(job['coverage']):>7}{short(job['features']):>9}{short(job['corpus']):>8}"
            f"{hours(job['last_new']) if job['last_new'] is not None else '-':>10}  {state}".rstrip())
    lines += [f"{m['job']:{width}}does not run: {m['why']}" for m in told["missing"]]
    if told["latest"]:
        lines += ["", f"{bold}findings{off} (the last {len(told['latest'])})"]
    for one in told["latest"]:
        lines.append(f"{one['section']:6} {one['name']:28} x{one['count']:<5} {one['replays_shown']} of"
            f" {one['replays']} replays  {one['what']}"[:140])
    return "\n".join(lines) + "\n"
