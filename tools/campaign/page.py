# SPDX-License-Identifier: BSD-2-Clause
"""page - report/index.html: puts together what render.py fills into page.html."""

import json
import re
import shlex
import urllib.parse
from pathlib import Path

from . import durable, exports, lanes, plots, python, triage, words

OPEN_MAX = 3  # with more new causes, all cards are closed
PAPER_MAX = 20  # with more, they are closed on paper, too
EXPORT_SECONDS_MAX = 20
WITNESSES = "witnesses"
CODES = ("KERN_INVALID_ADDRESS",)


def link(path):
    """From report/ to a file of the campaign."""
    return "../" + urllib.parse.quote(path)


def existing(folder, paths):
    return [{"name": path, "link": link(path)} for path in paths if Path(folder, path).is_file()]


def c_exports(folder, config, findings):
    """{name: C program} by `wirestorm export-c`, of a wirestorm that has it."""
    tool = lanes.tool_of(config, None)
    if not tool or triage.call([tool, "export-c", "--help"])[0] != 0:
        return {}
    found = {}
    for f in findings:
        if f["file"]:
            status, out, _ = triage.call([tool, "export-c", Path(folder, f["file"])], EXPORT_SECONDS_MAX)
            if status == 0 and out:
                found[f["name"]] = out
    return found


def card_of(number, cause, by_name, folder, drawn, exported, styles):
    """What a card shows: a cause by its example."""
    f = by_name[cause["example"]]
    head = [text for text in words.comments(f["program"]) if re.match(r"(What should hold|Quirk \w+): ", text)]
    svg = drawn.get(f["name"])
    return {"id": f"finding-{number}", "cause": cause["cause"], "section": cause["section"], "what": f["what"]
        or f["name"], "head": head, "count": cause["count"], "first_at": cause["first_at"], "finding": f,
        "flaky": f["replays_shown"] < f["replays"],
        "lanes": lanes.inline(f"lanes-{number}", svg, styles) if svg else None,
        "c": exported.get(f["name"]), "file": link(f["file"]) if f["file"] else None,
        "evidence": existing(folder, f["evidence"]), "others": [dict(by_name[name], link=link(by_name[name]["file"])
            if by_name[name]["file"] else None) for name in cause["findings"] if name != cause["example"]]}


def cards_of(report, folder, config):
    """(cards by section, style of their pictures)"""
    by_name = {f["name"]: f for f in report["findings"]}
    causes = [c for c in report["causes"] if c["section"] != "known"]
    examples = [by_name[c["example"]] for c in causes]
    drawn = lanes.of_findings(folder, config, examples)
    exported, styles = c_exports(folder, config, examples), []
    cards = [card_of(n, c, by_name, folder, drawn, exported, styles) for n, c in enumerate(causes, 1)]
    found = {section: [c for c in cards if c["section"] == section] for section in ("new", "quirk")}
    for card in cards:
        card["open"] = card["section"] == "new" and len(found["new"]) <= OPEN_MAX
        card["paper"] = card["section"] == "new" and len(found["new"]) <= PAPER_MAX
    return found, "".join(styles)


def witness_of(folder, edge):
    """Writes the program that reaches the return: its link, and the command that shows it."""
    if not edge["program"]:
        return {"link": None, "show": None}
    name = re.sub(r"[^\w-]+", "-", f"{edge['profile']}-{edge['edge']}")
    path = Path(folder, "report", WITNESSES, f"{name}.vmt")
    path.parent.mkdir(parents=True, exist_ok=True)
    durable.write(path, edge["program"], sync=False)
    words_ = ["wirestorm", "show", *(["--schedule", edge["schedule"]] if edge["schedule"] else [])]
    return {"link": f"{WITNESSES}/{path.name}", "show": shlex.join([*words_, f"report/{WITNESSES}/{path.name}"])}


def edges_of(report, folder):
    """(returns with KERN_INVALID_ADDRESS, how many other returns were reached)"""
    wanted = [dict(e, **witness_of(folder, e)) for e in report["edges"] if e["invalid_address"] or e["code"] in CODES]
    return wanted, len(report["edges"]) - len(wanted)


def drawn_plots(report, colored):
    """(plots, why there are none)"""
    value = {name: report[name] for name in ("curves", "jobs", "seconds")}
    try:
        return json.loads(python.call("plots", "matplotlib", dict(value, colored=colored))), ""
    except python.Missing as e:
        return [], str(e)


def values_of(report, folder):
    config = durable.read_json(Path(folder, "campaign.json")) or {}
    cards, style = cards_of(report, folder, config)
    edges, other_edges = edges_of(report, folder)
    colored = sorted({c["job"] for c in report["curves"] if c["job"]})
    drawn, why = drawn_plots(report, colored)
    run = report["runs"][-1] if report["runs"] else None
    return {"report": report, "headline": exports.headline(report), "canary_words": exports.canary_words(report),
        "cards": cards, "picture_style": style, "known": [f for f in report["findings"] if f["section"] == "known"],
        "edges": edges, "other_edges": other_edges, "plots": drawn, "no_plots": why,
        "legend": [{"job": job, "color": i % plots.COLORS, "dash": i % plots.DASHES} for i, job in enumerate(colored)],
        "state": "" if run is None else run["how"] or "running", "begun": run["begun"] if run else "",
        "core_seconds": sum(job["core_seconds"] for job in report["jobs"]), "folder": str(Path(folder).resolve()),
        "tool": lanes.tool_of(config, None), "baseline_gone": (report["baseline"] or {}).get("gone", [])}


def make(report, folder):
    return python.call("render", "jinja2", values_of(report, folder))
