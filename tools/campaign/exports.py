# SPDX-License-Identifier: BSD-2-Clause
"""exports - the report for other programs: report.md for a chat or an issue, JUnit and SARIF for CI."""

import hashlib
import json
import re
import urllib.parse
from xml.sax.saxutils import escape as escape_xml, quoteattr

import escape  # scripts/escape.py

from . import words

FINDINGS_MAX = 20  # of a section in report.md
WHAT_CHARS_MAX = 300
SUITE = "wirestorm campaign"
LEVELS = {"new": "error", "quirk": "note", "known": "note"}


def headline(report):
    """The result in a sentence."""
    new, causes = report["counts"]["new"], sum(c["section"] == "new" for c in report["causes"])
    text = words.count(new, "new finding") if new else "Nothing new"
    text += f", of {words.count(causes, 'cause')}" if causes != new else ""
    return text + ("; a canary was not found" if report["canary_ok"] is False else "")


def canary_words(report):
    """What the canaries say of the campaign, in a sentence."""
    total, found = len(report["canaries"]), sum(c["found"] for c in report["canaries"])
    if total == 0:
        return "No canary ran: nobody has tried whether this campaign would find a bug."
    if found == total:
        return f"Each planted bug was found: {found} of {total}."
    return (f"THE CANARY WAS NOT FOUND {total - found} of {total} times."
        " Do not trust what this campaign does not find.")


# --- report.md ---


def markdown(text):
    """The text as Markdown shows it; it forms no markup, no link and no mention."""
    text = " ".join(escape.shown(str(text)).split())
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*_{}\[\]()#+!|~-])", r"\\\1", text).replace("@", "&#64;")


def code(text):
    """The text as a code span; a cell of a table may have it, too."""
    text = " ".join(escape.shown(str(text)).split()).replace("|", "\\|")
    fence = "`" * (max(map(len, re.findall("`+", text)), default=0) + 1)
    pad = " " if "`" in text else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def cause_lines(report, section):
    by_name = {f["name"]: f for f in report["findings"]}
    causes = [c for c in report["causes"] if c["section"] == section]
    for cause in causes[:FINDINGS_MAX]:
        f = by_name[cause["example"]]
        more = f", {len(cause['findings'])} findings" if len(cause["findings"]) > 1 else ""
        yield (f"- **{markdown(cause['cause'])}**: {markdown(f['what'][:WHAT_CHARS_MAX])} (seen {cause['count']} times,"
            f" {f['replays_shown']} of {f['replays']} replays{more})")
        if f["replay"]:
            yield f"  {code(f['replay'])}"
    if len(causes) > FINDINGS_MAX:
        yield f"- and {len(causes) - FINDINGS_MAX} more: see report.json"


def job_lines(report):
    yield "| job | slices | core time | executions | per second | corpus |"
    yield "|---|---:|---:|---:|---:|---:|"
    for job in report["jobs"]:
        yield (f"| {markdown(job['job'])} | {job['slices']} | {words.hours(job['core_seconds'])} |"
            f" {words.short(job['executions'])} | {words.short(job['executions_per_second'])} |"
            f" {words.short(job['corpus'])} |")


def make_markdown(report, _folder):
    counts, missing = report["counts"], report["missing"]
    lines = [f"# {headline(report)}", "", f"Campaign {code(report['campaign'])}: {words.hours(report['seconds'])}"
        f" of {words.hours(report['seconds_planned'])} on {words.count(report['cores'] or 0, 'core')}, commit"
        f" {code(report['commit'])}. {counts['new']} new, {counts['quirk']} quirk and {counts['known']} known"
        " findings."]
    alarm = canary_words(report)
    lines += ["", f"**{alarm}**" if report["canary_ok"] is not True else alarm]
    for section, title in (("new", "New"), ("quirk", "Explained by quirks")):
        found = list(cause_lines(report, section))
        lines += ["", f"## {title}", "", *found] if found else []
    baseline = report["baseline"]
    if baseline:
        lines += ["", f"## Since {code(baseline['folder'])}", "", f"{len(baseline['came'])} came,"
            f" {len(baseline['gone'])} are not here any more, {len(baseline['both'])} are in both.", ""]
        lines += [f"- came: {code(name)}" for name in baseline["came"][:FINDINGS_MAX]]
        lines += [f"- {markdown(g['replayed'])}: {code(g['name'])}: {markdown(g['what'][:WHAT_CHARS_MAX])}"
            for g in baseline["gone"][:FINDINGS_MAX]]
    lines += ["", "## What ran", "", *job_lines(report)]
    lines += ["", "## What did not run", "", *(f"- {markdown(m['job'])}: {markdown(m['why'])}" for m in missing)] \
        if missing else []
    return "\n".join(lines) + "\n"


# --- report.xml: JUnit ---


def junit_case(name, group, seconds=0.0, file=None, end=None, text=""):
    """(end, XML). An end: failure, error or skipped; None: passed."""
    attributes = f"name={quoteattr(escape.shown(name))} classname={quoteattr(escape.shown(group))}"
    attributes += f" file={quoteattr(escape.shown(file))}" if file else ""
    attributes += f' time="{seconds:.3f}"'
    if end is None:
        return None, f"<testcase {attributes}/>"
    text = escape.shown(text)
    message = quoteattr(text.split("\n", maxsplit=1)[0])
    return end, f"<testcase {attributes}><{end} message={message}>{escape_xml(text)}</{end}></testcase>"


def junit_cases(report):
    for f in report["findings"]:
        end = {"new": "failure", "known": "skipped"}.get(f["section"])
        why = f"known as {f['known_as']}: {f['what']}" if f["section"] == "known" else f["what"]
        text = f"{why}\n{f['replay']}\n{f['program'] or ''}"
        yield junit_case(f["name"], "finding", file=f["file"], end=end, text=text)
    for c in report["canaries"]:
        yield junit_case(f"{c['mutant']} at {words.hours(c['at'])}", "canary", c["seconds"],
            end=None if c["found"] else "failure", text=f"the canary was not found: {c['note']}")
    for job in report["jobs"]:
        bad = job["failed"] > 0
        yield junit_case(job["job"], "job", job["core_seconds"], end="error" if bad else None,
            text=f"{job['failed']} of {job['slices']} slices failed: {job['last_how']}: {job['last_note']}")
    for m in report["missing"]:
        yield junit_case(m["job"], "job", end="skipped", text=m["why"])


def make_junit(report, _folder):
    cases = list(junit_cases(report))
    ends = [end for end, _ in cases]
    numbers = (f'name="{SUITE}" tests="{len(cases)}" failures="{ends.count("failure")}" errors="{ends.count("error")}"'
        f' skipped="{ends.count("skipped")}" time="{report["seconds"]:.3f}"')
    return "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', f"<testsuites {numbers}>", f"<testsuite {numbers}>",
        *(xml for _, xml in cases), "</testsuite>", "</testsuites>"]) + "\n"


# --- report.sarif: what a rule and a result have is as in harness/show/report-sarif.c, and what GitHub asks for ---


def sarif_rules(findings):
    found = {}
    for f in findings:
        holds = words.should_hold(f["program"]) or f["check"]
        if found.get(f["check"], f["check"]) == f["check"]:
            found[f["check"]] = holds
    return [{"id": rule, "shortDescription": {"text": holds}, "fullDescription": {"text": holds},
        "help": {"text": f"What should hold: {holds}"}} for rule, holds in found.items()]


def sarif_result(f):
    file = f["file"] or (f["evidence"] or ["campaign.json"])[0]
    properties = {name: f[name] for name in ("name", "section", "cause", "count", "replays", "replays_shown", "replay",
        "profile", "engine", "mutant", "quirks", "known_as")}
    schedule = re.search(r"(?m)^schedule (.*)$", f["program"] or "")
    if schedule:
        properties["schedule"] = schedule.group(1)
    return {"ruleId": f["check"], "level": LEVELS[f["section"]], "message": {"text": f["what"] or f["name"]},
        "properties": properties, "partialFingerprints": {"primaryLocationLineHash":
            f"{hashlib.sha256(f['key'].encode('utf-8', 'replace')).hexdigest()[:16]}:1"},
        "locations": [{"physicalLocation": {"artifactLocation": {"uri": urllib.parse.quote(file)},
            "region": {"startLine": 1}}}]}


def make_sarif(report, _folder):
    driver = {"name": "wirestorm", "rules": sarif_rules(report["findings"])}
    run = {"tool": {"driver": driver}, "automationDetails": {"id": "wirestorm-campaign/"},
        "results": [sarif_result(f) for f in report["findings"]]}
    return json.dumps({"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]},
        indent=1) + "\n"
