#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""test-report.py WIRESTORM [TEST...]: the report of a campaign: what the page shows, also of hostile texts.

The campaigns here are ledgers that a test has filled, with programs that wirestorm can draw and replay. Browser opens
the page in a headless Chromium.
"""
import contextlib
import io
import json
import re
import shlex
import sqlite3
import subprocess
import sys
import unittest
import unittest.mock
import xml.etree.ElementTree as ElementTree
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "common"))
import chrome  # noqa: E402
import cli  # noqa: E402
from cli import Case, ROOT  # noqa: E402

sys.dont_write_bytecode = True
sys.path[:0] = [str(ROOT / "scripts"), str(ROOT / "tools")]
from campaign import durable, exports, lanes, ledger, page, plots, python, report, words  # noqa: E402

SKIPPED = 77
CARDS_MAX = 1000
COMMIT = "0123456789ab"
FOUND = """# content sync: T0.0 sync 20 22 => KERN_SUCCESS, steps 1 to 3: it succeeded without writing back pages 21-22
#   (as the recorded kernel does: quirk Q6)
# What should hold: sync writes back pages.
profile strict +Q6
map 16 80
init insert 20 22 rw rwx
init clip 21
T0 sync 20 22
T1 remove 21 22
verdict content sync
result T0: KERN_SUCCESS | T1: KERN_SUCCESS | 20-21:rw-/rwx:copy:w0 uw=0
schedule T0 T1 T0
"""
WITNESS = "map 16 80\nT0 wire 20 21 user noholes\n"
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'`|]]>&amp;\x1b[31m{{ 7 * 7 }} @all [a](b)"
LONG = "x" * 3000


def finding(name, section, **more):
    row = {"key": f"key of {name}", "name": name, "section": section, "verdict": "content", "check_name": "sync",
        "edges": "", "operations": "remove sync", "race": "", "quirks": "", "mutant": "", "what": f"what {name} does",
        "profile": "strict", "engine": "hunt", "commit_id": COMMIT, "slice": 1,
        "first_seen": "2026-01-01T20:00:00Z", "first_at": 10.0, "file": f"findings/{name}.vmt", "sha256": "",
        "evidence": "[]", "replays": 3, "replays_shown": 3,
        "replay": "wirestorm check", "known_as": None}
    return dict(row, **more)


FINDINGS = (
    finding("sync-new", "new"),
    finding("sync-flaky", "new", replays_shown=2),
    finding("race-new", "new", file=None, race="vm_map_find vm_map_lock", evidence='["evidence/race-new.log"]',
        replay="wirestorm reproduce", check_name="data race", verdict="data race"),
    finding("crash-new", "new", file=None, evidence='["evidence/crash-new.log"]', check_name="crash", verdict="crash"),
    finding("sync-quirk", "quirk", quirks="+Q6", key="sync |  | clip insert remove sync |  | +Q6"),
    finding("sync-quirk-2", "quirk", quirks="+Q6"),
    finding("sync-known", "known", known_as="007-sync.vmt"),
)


class Reports(Case):
    def night(self, findings=FINDINGS, canary_found=True, name="night", jobs=("hunt/strict", "stress/strict")):
        """A campaign's directory."""
        folder = self.room / name
        for sub in ("findings", "evidence", "report"):
            (folder / sub).mkdir(parents=True)
        durable.write_json(folder / "campaign.json", {"id": name, "commit": COMMIT, "seconds": 7200, "cores": 2,
            "compiler": "clang", "built_with": ["mutants"], "profiles": ["strict"],
            "builds": {"plain": {"tool": cli.TOOL}}, "missing": [{"job": "afl", "why": "no afl-fuzz"}]})
        base = ledger.Ledger(folder, write=True)
        with base:
            base.set_meta("at", 7200.0)
            base.insert("run", campaign=name, host="here", pid=1, commit_id=COMMIT, begun="2026-01-01T19:00:00Z",
                ended="2026-01-01T21:00:00Z", how="complete", seconds=7200)
            for number in range(1, 9):
                job = jobs[number % len(jobs)]
                base.insert("slice", campaign=name, number=number, run=1, job=job, engine=job.split("/", maxsplit=1)[0],
                    profile="strict", mutant=None, seed_begin=number, seed_end=number + 1, commit_id=COMMIT, cores=1,
                    begun="", at=number * 800.0, ended="2026-01-01T20:00:00Z", state="done", how="done", status=0,
                    seconds=700.0, cpu_seconds=600.0, executions=100000 * number, coverage=30 + number,
                    features=1000 * number, new_features=10, interleavings=500 * number, corpus=100, note="")
                base.insert("metric", campaign=name, at=number * 800.0, wall="", name="findings_new", job="",
                    value=number)
                base.insert("metric", campaign=name, at=number * 800.0, wall="", name="cores_in_use", job="", value=2)
            base.insert("canary", slice=1, mutant="rollback_twice", found=int(canary_found), seconds=2.5,
                note="no finding in 8000 programs")
            for edge, source, program in (("wire_hole", "pool", WITNESS), ("unwire_hole", "threads", None)):
                base.insert("edge", campaign=name, profile="strict", edge=edge, source=source,
                    code="KERN_INVALID_ADDRESS", times=70, invalid_address=70, programs=3, man_page="silent",
                    program=program, schedule="T0" if program else None)
            base.insert("event", campaign=name, at=1.0, wall="", kind="finding", text="a finding")
            for row in findings:
                number = base.insert("finding", **row)
                base.insert("sighting", finding=number, slice=1, times=4)
        base.close()
        for row in findings:
            if row["file"]:
                (folder / row["file"]).write_text(FOUND)
            for evidence in json.loads(row["evidence"]):
                (folder / evidence).write_text("evidence\n")
        return folder

    def made(self, folder, **how):
        """(names of the written files, what was said, report)."""
        told, said = report.collect(folder, **how), io.StringIO()
        with contextlib.redirect_stderr(said):
            paths = report.write(folder, told)
        return [p.name for p in paths], said.getvalue(), told


class Products(Reports):
    def test_all_products(self):
        folder = self.night()
        names, said, told = self.made(folder)
        self.assertEqual((names, said), ([p.file for p in report.PRODUCTS], ""))
        text = (folder / "report" / "index.html").read_text()
        for row in FINDINGS:
            self.assertIn(row["what"] if row["name"] != "sync-quirk-2" else "sync-quirk-2", text)
        self.assertLess(text.index("what sync-flaky does"), text.index("what sync-quirk does"))
        self.assertIn("What should hold: sync writes back pages.", text)
        self.assertIn("2 of 3 replays", text)
        self.assertIn("no afl-fuzz", text)
        self.assertEqual(text.count('class="finding new paper"'), 4)
        self.assertEqual(text.count('class="finding quirk"'), 1)  # one cause
        self.assertNotIn("http://", text.replace("http://www.w3.org/", "").replace("http://schemas", ""))
        markdown = (folder / "report" / "report.md").read_text()
        self.assertTrue(markdown.startswith("# 4 new findings\n"), markdown)
        self.assertIn("what sync\\-new does", markdown)
        self.assertEqual(told["counts"], {"new": 4, "quirk": 2, "known": 1})

    def test_pictures_are_drawn_once(self):
        folder = self.night()
        self.made(folder)
        self.assertEqual(sorted(p.name for p in (folder / "report" / "lanes").iterdir()),
            ["sync-flaky.svg", "sync-new.svg", "sync-quirk.svg"])
        with unittest.mock.patch.object(lanes, "draw", side_effect=AssertionError("drawn again")):
            self.made(folder)

    def test_pictures_that_do_more_than_show_are_refused(self):
        good = '<svg xmlns="http://www.w3.org/2000/svg"><text x="1">T0</text></svg>'
        self.assertTrue(lanes.is_harmless(good))
        for bad in ("<script>alert(1)</script>", '<rect onload="alert(1)"/>', '<a href="x"/>', "<!-- x -->", "<text>",
                '<rect style="fill:url(x)"/>', "<foreignObject/>"):
            self.assertFalse(lanes.is_harmless(good.replace("<text", bad + "<text")), bad)

    def test_missed_canary_is_loud(self):
        folder = self.night(canary_found=False)
        self.made(folder)
        text = (folder / "report" / "index.html").read_text()
        self.assertIn("<h1>4 new findings; a canary was not found</h1>", text)
        self.assertIn('role="alert"><p>THE CANARY WAS NOT FOUND 1 of 1 times.', text)
        self.assertIn("**THE CANARY WAS NOT FOUND 1 of 1 times.", (folder / "report" / "report.md").read_text())
        cases = ElementTree.parse(folder / "report" / "report.xml").iter("testcase")
        self.assertEqual([c.find("failure") is not None for c in cases if c.get("classname") == "canary"], [True])

    def test_junit_counts_its_cases(self):
        folder = self.night()
        self.made(folder)
        root = ElementTree.parse(folder / "report" / "report.xml").getroot()
        cases = list(root.iter("testcase"))
        for suite in (root, root[0]):
            self.assertEqual({k: int(suite.get(k)) for k in ("tests", "failures", "errors", "skipped")},
                {"tests": len(cases), "failures": 4, "errors": 0, "skipped": 2})
        ends = {c.get("name"): [e.tag for e in c] for c in cases}
        self.assertEqual((ends["sync-new"], ends["sync-quirk"], ends["sync-known"], ends["afl"]),
            (["failure"], [], ["skipped"], ["skipped"]))

    def test_sarif_is_as_that_of_the_tool_and_as_github_wants_it(self):
        folder = self.night()
        self.made(folder)
        made = json.loads((folder / "report" / "report.sarif").read_text())
        tools = json.loads(cli.ws("show", "--sarif", "-", "--svg", self.room / "x.svg", folder / "findings"
            / "sync-new.vmt")[1])
        self.assertEqual({k: made[k] for k in ("$schema", "version")}, {k: tools[k] for k in ("$schema", "version")})
        run, tool_run = made["runs"][0], tools["runs"][0]
        self.assertEqual(run["tool"]["driver"]["name"], tool_run["tool"]["driver"]["name"])
        rules = {rule["id"]: rule for rule in run["tool"]["driver"]["rules"]}
        rule, = tool_run["tool"]["driver"]["rules"]
        self.assertLessEqual(set(rule), set(rules[rule["id"]]))
        self.assertEqual(len(run["results"]), len(FINDINGS))
        for result in run["results"]:
            self.assertLessEqual(set(tool_run["results"][0]), set(result))
            self.assertIn(result["ruleId"], rules)
            place = result["locations"][0]["physicalLocation"]
            self.assertTrue((folder / place["artifactLocation"]["uri"]).is_file())
            self.assertGreaterEqual(place["region"]["startLine"], 1)
            self.assertTrue(result["message"]["text"])
        for rule in rules.values():
            for part in ("shortDescription", "fullDescription", "help"):
                self.assertTrue(rule[part]["text"])
        self.assertEqual(sorted(r["level"] for r in run["results"]), ["error"] * 4 + ["note"] * 3)
        prints = {r["partialFingerprints"]["primaryLocationLineHash"] for r in run["results"]}
        self.assertEqual(len(prints), len(FINDINGS))

    def test_baseline(self):
        earlier = self.night(findings=(FINDINGS[0], finding("old", "new")), name="earlier")
        folder = self.night()
        _, _, told = self.made(folder, baseline=earlier)
        self.assertEqual(told["baseline"]["both"], ["sync-new"])
        self.assertEqual([g["name"] for g in told["baseline"]["gone"]], ["old"])
        text = (folder / "report" / "index.html").read_text()
        self.assertIn("5 came, 1 are not here any more, 1 are in both", text)
        self.assertIn("<td>old</td>", text)
        self.assertIn("`old`", (folder / "report" / "report.md").read_text())

    def test_what_is_missing_is_named(self):
        folder = self.night()
        with unittest.mock.patch.object(python, "having", return_value=None):
            names, said, _ = self.made(folder)
        self.assertEqual(names, ["report.json", "report.md", "report.xml", "report.sarif"])
        self.assertEqual(said, "index.html is not written: needs jinja2 (Debian: python3-jinja2)\n")
        having = python.having
        with unittest.mock.patch.object(python, "having", lambda m: None if m == "matplotlib" else having(m)):
            self.made(folder)
        self.assertIn("There are no plots: needs matplotlib (Debian: python3-matplotlib).",
            (folder / "report" / "index.html").read_text())

    def test_empty_campaign(self):
        folder = self.night(findings=())
        base = sqlite3.connect(folder / "ledger.sqlite")
        for table in ("canary", "slice", "run", "metric", "edge", "event"):
            base.execute(f"DELETE FROM {table}")
        base.commit()
        base.close()
        names, said, _ = self.made(folder)
        self.assertEqual((len(names), said), (len(report.PRODUCTS), ""))
        self.assertIn("No slice has ended.", (folder / "report" / "index.html").read_text())

    def test_c_export_of_a_wirestorm_that_has_one(self):
        tool = self.file("tool", "#!/bin/sh\necho '#include <x.h>'\n")
        tool.chmod(0o755)
        folder = self.night()
        self.assertEqual(page.c_exports(folder, {"builds": {"plain": {"tool": str(tool)}}}, [dict(
            FINDINGS[0], mutant=None)]), {"sync-new": "#include <x.h>\n"})
        tool.write_text("#!/bin/sh\nexit 2\n")
        self.assertEqual(page.c_exports(folder, {"builds": {"plain": {"tool": str(tool)}}}, [FINDINGS[0]]), {})

    def test_words(self):
        self.assertEqual(words.comments("# a\n#   b\n# c\nmap 1 2\n# d\n"), ["a b", "c"])
        self.assertEqual(words.should_hold(FOUND), "sync writes back pages.")
        self.assertEqual((words.hours(3725.9), words.short(1234567), words.count(1, "job")),
            ("1:02:05", "1.2M", "1 job"))
        self.assertEqual(exports.markdown("a|b <c> @d *e*"), "a\\|b &lt;c&gt; &#64;d \\*e\\*")
        self.assertEqual(exports.code("a`b|c"), "`` a`b\\|c ``")

    def test_plots_have_the_colours_of_the_page(self):
        folder = self.night()
        self.made(folder)
        text = (folder / "report" / "index.html").read_text()
        self.assertGreaterEqual(text.count("<figure>"), 7)
        self.assertNotIn("#fe00", text)
        self.assertEqual(plots.COLORS, len(set(re.findall(r"--c(\d):", text))))


OPEN_ALL = "document.querySelectorAll('details').forEach(d => d.open = true)"
CARDS = """[...document.querySelectorAll('.finding')].map(card => {
    const svg = card.querySelector('.lanes svg');
    const box = svg === null ? {width: 0, height: 0} : svg.getBoundingClientRect();
    return [card.querySelector('.note') !== null && svg === null,
        box.width > 100 && box.height > 50 && svg.querySelector('text') !== null];
})"""
LINKS = "[...document.querySelectorAll('a')].map(a => a.getAttribute('href'))"
# Each text with too little contrast to what it is on. Pictures have their own style and are not looked at.
PALE = """(() => {
    const parts = c => (c.match(/[\\d.]+/g) || []).map(Number);
    const linear = v => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
    const light = c => { const [r, g, b] = parts(c).map(linear); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
    const below = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor, p = parts(c);
        if (p.length < 4 || p[3] > 0) return c; } return 'rgb(255, 255, 255)'; };
    const found = [];
    for (const e of document.body.querySelectorAll('*')) {
        if (e.closest('svg') || ![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim())) continue;
        const a = light(getComputedStyle(e).color), b = light(below(e));
        const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        if (contrast < 4.5) found.push(e.className + ' ' + contrast.toFixed(1) + ' ' + e.textContent.slice(0, 30));
    }
    return found;
})()"""
TWICE = "[...document.querySelectorAll('[id]')].map(e => e.id).filter((id, i, all) => all.indexOf(id) !== i)"
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
LOOKS = ((400, "light", "screen"), (400, "dark", "screen"), (1280, "light", "screen"), (1280, "dark", "screen"),
    (718, "light", "print"))


class Browser(Reports):
    """The page in a real browser."""

    @classmethod
    def setUpClass(cls):
        cls.browser = chrome.Chrome()
        cls.addClassCleanup(cls.browser.close)

    def made(self, folder, **how):
        names, said, told = super().made(folder, **how)
        self.assertEqual(said, "")
        return names, said, told

    def open(self, folder, *look):
        self.browser.look(*look[:1], scheme=look[1], media=look[2])
        self.browser.complaints.clear()
        self.browser.open(folder / "report" / "index.html")

    def check_look(self, folder, *look):
        self.open(folder, *look)
        for state in ("as opened", "all open"):
            self.assertLessEqual(self.browser.run(OVERFLOW), 0, f"{look}: scrolls sideways, {state}")
            self.assertEqual(self.browser.run(PALE), [], look)
            self.browser.run(OPEN_ALL)
        self.assertEqual(self.browser.complaints, [], look)

    def test_page(self):
        folder = self.night(canary_found=False)
        self.made(folder, baseline=self.night(findings=(finding("old", "new"),), name="earlier"))
        backs = {}
        for look in LOOKS:
            self.check_look(folder, *look)
            backs.setdefault(look[1], set()).add(self.browser.run("getComputedStyle(document.body).backgroundColor"))
        self.assertEqual({k: len(v) for k, v in backs.items()}, {"light": 1, "dark": 1})
        self.assertNotEqual(backs["light"], backs["dark"])
        # All but crash-new, which has no program, and says so.
        cards = self.browser.run(CARDS)
        self.assertEqual([drawn for _, drawn in cards], [True, True, True, False, True])
        self.assertEqual([told for told, _ in cards], [False, False, False, True, False])
        self.assertEqual(self.browser.run("document.querySelectorAll('.plots svg').length"),
            self.browser.run("document.querySelectorAll('.plots figure').length"))
        self.assertEqual(self.browser.run(TWICE), [])
        self.check_links(folder)
        self.check_replays(folder)

    def check_links(self, folder):
        links = self.browser.run(LINKS)
        self.assertGreater(len(links), 10)
        for href in links:
            if href.startswith("#"):
                self.assertTrue(self.browser.run(f"document.getElementById({json.dumps(href[1:])}) !== null"), href)
            else:
                self.assertTrue((folder / "report" / href).is_file(), href)

    def check_replays(self, folder):
        commands = self.browser.run("[...document.querySelectorAll('.command')].map(e => e.textContent)")
        checks = [shlex.split(c) for c in commands if c.startswith(("wirestorm check ", "wirestorm show "))]
        self.assertEqual([c[1] for c in checks], ["check"] * 3 + ["show"])
        for words_ in checks:
            done = subprocess.run([cli.TOOL, *words_[1:]], cwd=folder, capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_hostile_texts_do_no_harm(self):
        rows = [dict(finding("sync-new", "new"), **{name: HOSTILE for name in ("name", "what", "key", "replay",
            "check_name", "verdict", "commit_id", "profile", "engine", "edges")}, file="findings/sync-new.vmt"),
            finding("sync-long", "new", what=LONG), finding("k", "known", known_as=HOSTILE, what=HOSTILE)]
        folder = self.night(findings=rows, name="a <b> & 'night'", jobs=("hunt/<i>", f"stress/{LONG[:200]}"))
        self.made(folder)
        for look in LOOKS:
            self.check_look(folder, *look)
        self.assertEqual(self.browser.run("document.querySelectorAll('script, img, iframe').length"), 0)
        self.assertIn("{{ 7 * 7 }}", self.browser.run("document.body.textContent"))
        self.check_links(folder)
        ElementTree.parse(folder / "report" / "report.xml")
        json.loads((folder / "report" / "report.sarif").read_text())
        markdown = (folder / "report" / "report.md").read_text().replace("\\`", "")
        outside = re.sub(r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)", "", markdown)  # of code spans, where all is only text
        self.assertNotRegex(outside, r"<script|@all|(?<!\\)\[a")

    def test_many_findings(self):
        """Each of its own cause. All cards are closed, and each has its picture."""
        rows = [finding(f"sync-{i}", "new") for i in range(CARDS_MAX)]
        folder = self.night(findings=rows)
        drawn = self.room / "x.svg"
        cli.ws("show", "--svg", drawn, folder / "findings" / "sync-0.vmt")
        (folder / "report" / "lanes").mkdir()
        for row in rows:
            (folder / "report" / "lanes" / f"{row['name']}.svg").write_text(drawn.read_text())
        self.made(folder)
        self.open(folder, 400, "light", "screen")
        self.assertEqual(self.browser.run("document.querySelectorAll('.finding').length"), CARDS_MAX)
        self.assertEqual(self.browser.run("document.querySelectorAll('.finding[open], .finding.paper').length"), 0)
        self.assertEqual(self.browser.run("document.querySelectorAll('.finding .lanes svg').length"), CARDS_MAX)
        self.assertLessEqual(self.browser.run(OVERFLOW), 0)
        self.assertEqual(self.browser.complaints, [])


if __name__ == "__main__":
    cli.use(sys.argv.pop(1))
    if "Browser" in sys.argv[1:] and chrome.program() is None:
        print("skipped: no Chromium; scripts/bootstrap --browser installs Debian's chromium-headless-shell")
        sys.exit(SKIPPED)
    unittest.main()
