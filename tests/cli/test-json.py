#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""test-json.py WIRESTORM [unittest's arguments]: what --json prints is what docs/json.md says, field by field."""

import json
import re
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "common"))
import cli  # noqa: E402
from cli import Case, ROOT  # noqa: E402

LITMUS = ROOT / "corpus" / "litmus"
HOLE = LITMUS / "wire-hole-made-while-faulting.vmt"
DOC = (ROOT / "docs" / "json.md").read_text()
OBJECTS = {name: fields.split() for name, fields in
    re.findall(r"(?m)^\| ([a-z_]+) \| (.*) \|$", DOC.split("## Objects")[1].split("## Fields")[0]) if name != "object"}
FIELDS = {name: kind for name, kind in re.findall(r"(?m)^\| ([a-z_]+) \| ([a-z_ ]+\??) \|",
    DOC.split("## Fields")[1].split("## JUnit")[0]) if name != "field"}
MUTANTS = None  # has the build the bugs that can be put back?
WORDS = {"string": str, "boolean": bool, "integer": int, "number": (int, float)}


class Reader:
    """Compares values with the document and remembers what it has seen."""

    def __init__(self):
        self.seen, self.wrong = set(), []

    def value(self, where, kind, value):
        if kind.endswith("?"):
            if value is None:
                return
            kind = kind[:-1]
        container, _, inner = kind.partition(" of ")
        if container == "array" and isinstance(value, list):
            for item in value:
                self.value(where, inner, item)
        elif container == "map" and isinstance(value, dict):
            for item in value.values():
                self.value(where, inner, item)
        elif kind in OBJECTS:
            self.object(where, kind, value)
        elif kind == "count":
            if not isinstance(value, str) or not re.fullmatch(r"[0-9]+", value):
                self.wrong.append("%s: expected a count, found %r" % (where, value))
        elif kind not in WORDS or not isinstance(value, WORDS[kind]) or (isinstance(value, bool) and kind != "boolean"):
            self.wrong.append("%s: expected %s, found %r" % (where, kind, value))

    def object(self, where, name, value):
        if not isinstance(value, dict):
            self.wrong.append("%s: expected the object %s, found %r" % (where, name, value))
            return
        may = {field.rstrip("*") for field in OBJECTS[name]}
        must = {field for field in OBJECTS[name] if field[-1] != "*"}
        for field in (must - set(value)) | (set(value) - may):
            self.wrong.append("%s: %s %s" % (where, field, "is missing" if field in must else "is not documented"))
        for field in may & set(value):
            self.seen.add((name, field))
            self.value("%s.%s" % (where, field), FIELDS.get(field, "nothing"), value[field])

    def top(self, text):
        value = json.loads(text)
        if value.get("version") != 1 or value.get("command") not in OBJECTS:
            self.wrong.append("version and command: %s" % text[:80])
            return
        self.object(value["command"], value["command"], value)


class Json(Case):
    reader = Reader()

    def print_json(self, *args, text=None, lines=False):
        done = subprocess.run([cli.TOOL, args[0], "--json", *map(str, args[1:])] if args[0] != "bugs" else
            [cli.TOOL, "bugs", args[1], "--json", *map(str, args[2:])], input=text, capture_output=True, text=True,
            timeout=3000, cwd=self.room)
        self.assertIn(done.returncode, (0, 1, 2, 3), done.stderr)
        self.assertNotEqual(done.stdout, "", done.stderr)
        for part in done.stdout.splitlines() if lines else [done.stdout]:
            self.reader.top(part)
        wrong, self.reader.wrong = self.reader.wrong, []
        self.assertEqual(wrong, [], args)
        return done

    def test_document(self):
        """Each field of an object has a type, and each type is one."""
        used = {field.rstrip("*") for fields in OBJECTS.values() for field in fields}
        self.assertEqual(used ^ set(FIELDS), set())
        for name, kind in FIELDS.items():
            inner = kind.rstrip("?").split(" of ")[-1]
            self.assertTrue(inner in WORDS or inner in OBJECTS or inner == "count", name)
        commands = re.findall(r"(?m)^  ([a-z]+) ", cli.ws("--help")[1].split("The targets for --target")[0])
        for command in commands:
            if "--json" in cli.ws(command, "--help")[1] and command != "campaign":  # docs/campaigns.md has its own
                self.assertIn(command, OBJECTS)

    def test_programs(self):
        quirk, deadlock = LITMUS / "quirk-q1-clip-then-fail.vmt", LITMUS / "remove-system-wired-deadlock.vmt"
        for command in ("explore", "run", "show", "edges"):
            for path in (HOLE, quirk, deadlock) + ((LITMUS / "wire-holesok.vmt",) if command != "explore" else ()):
                self.print_json(command, path)
        text = "T0 wire 20 22 user noholes\nT1 lookup 20\nfinal lookup 20\n"
        self.print_json("run", "-", text="map 16 80\ninit insert 20 22 rw rwx\n" + text)
        self.print_json("explore", "--until", "T0.0=KERN_INVALID_ADDRESS", HOLE)
        freebsd = ROOT / "corpus" / "freebsd"
        for name in ("conc/080.vmt", "conc/001.vmt", "directed/find-anon-first.vmt"):
            self.print_json("diff", "--profile", "freebsd12", "--profile", "freebsd-main", freebsd / name)
        if MUTANTS:
            self.print_json("diff", "--mutant", "wire_counts_first_entry", HOLE)
        self.print_json("shrink", "--out", self.room / "small.vmt", quirk)

    def test_check(self):
        bad = self.file("bad.vmt", "nonsense\n")
        step = self.file("step.vmt", "init insert 20 22 rw rwx => KERN_NO_SPACE\n")
        final = self.file("final.vmt", "final insert 20 22 rw rwx => KERN_NO_SPACE\n")
        more = self.file("more.vmt", "init insert 20 22 rw rwx\nT0 lookup 20\nT1 lookup 20\nschedules 3\n"
            "outcome T0: TRUE | T1: FALSE | 20-22:rw-/rwx:copy:w0 uw=0\n")
        result = self.file("result.vmt", HOLE.read_text().replace("\nresult T0: KERN_INV", "\nresult T0: KERN_SUCC"))
        result.write_text(re.sub(r"(?m)^result .*", "result T0: KERN_SUCCESS | T1: KERN_SUCCESS | (empty) uw=0",
            HOLE.read_text()))
        verdict = self.file("verdict.vmt", HOLE.read_text() + "verdict deadlock\n")
        found = self.file("found.vmt", re.sub(r"(?m)^verdict .*\n", "", (ROOT / "corpus" / "litmus" /
            "quirk-q6-sync-past-hole.vmt").read_text()))
        done = self.print_json("check", "--counts", HOLE, bad, step, final, more, result, verdict, found)
        files = {f["file"].split("/")[-1]: f for f in json.loads(done.stdout)["files"]}
        wanted = {"bad.vmt": ("file", 1, None, None), "step.vmt": ("result", 1, "KERN_NO_SPACE", "KERN_SUCCESS"),
            "final.vmt": ("result", 1, "KERN_NO_SPACE", "KERN_SUCCESS"), "more.vmt": ("schedules", 4, "3", "2")}
        for name, want in wanted.items():
            self.assertIn(want, [tuple(d[k] for k in ("what", "line", "expected", "found"))
                for d in files[name]["differences"]], name)
        kinds = {name: sorted({d["what"] for d in f["differences"]}) for name, f in files.items()}
        self.assertEqual(kinds["more.vmt"], ["outcome", "schedules"])
        self.assertEqual((kinds["result.vmt"], kinds["verdict.vmt"]), (["result"], ["verdict"]))
        for outcome in (d for d in files["more.vmt"]["differences"] if d["what"] == "outcome"):
            extra = outcome["found"] is not None
            self.assertEqual((outcome["expected"] is None, outcome["line"] is None), (extra, extra))
            self.assertEqual(outcome["schedule"] is None, outcome["found"] is None)
        # The text of a file is that of its differences.
        for f in files.values():
            self.assertEqual([d["text"] for d in f["differences"]], f["text"].splitlines())

    def test_search(self):
        self.print_json("hunt", "--programs", "300", "--profile", "freebsd12", "--out", "found")
        self.print_json("hunt", "--programs", "300", "--profile", "freebsd12", "--out", "found", "--pool", "pool")
        self.print_json("triage", *sorted((self.room / "found").glob("*.vmt"))[:1], HOLE)
        self.print_json("triage", "--out", "kept", *sorted((self.room / "found").glob("*.vmt"))[:1])
        self.print_json("record", "--count", "1", "recorded")
        self.print_json("--version")
        self.print_json("bench", "sched", "--seconds", "0.01")
        self.print_json("reproduce", "--seconds", "0.1", "--out", "again.vmt", LITMUS / "quirk-q2-drift.vmt")
        if MUTANTS:
            self.print_json("bugs", "hunt", "--seconds", "0.2", "--engine", "hunt", "none", lines=True)

    def test_stress(self):
        done = self.print_json("stress", "--seconds", "2", "--seed", str(2 ** 64 - 1))
        self.assertEqual(json.loads(done.stdout)["seed"], str(2 ** 64 - 1))
        for line in done.stderr.splitlines():  # one a second, if the machine has the time
            if line.startswith("{"):
                self.reader.top(line)
        self.assertEqual(self.reader.wrong, [])

    def test_reader_can_complain(self):
        reader = Reader()
        reader.top('{"version":1,"command":"bench","bench":"x","figures":{"a":1.5}}')
        self.assertEqual(reader.wrong, [])
        for text in ('{"version":2,"command":"bench","bench":"x","figures":{}}',
                '{"version":1,"command":"bench","figures":{}}',
                '{"version":1,"command":"bench","bench":1,"figures":{}}',
                '{"version":1,"command":"bench","bench":"x","figures":{"a":"b"}}',
                '{"version":1,"command":"bench","bench":"x","figures":{},"more":1}'):
            reader = Reader()
            reader.top(text)
            self.assertEqual(len(reader.wrong), 1, text)

    @classmethod
    def tearDownClass(cls):
        """Every documented field was seen, but those of a failure that no healthy engine shows."""
        if len(sys.argv) > 2:
            return
        rare = {("stress", "broken"), ("stress", "live"), ("stress", "codes"), ("stress", "window"),
            ("reproduce", "finding"), ("reproduce", "path"), ("finding", "complaint")}
        if not MUTANTS:
            rare |= {("bugs", field) for field in OBJECTS["bugs"]} | {("side", "mutant")}
        unseen = {(o, f.rstrip("*")) for o, fields in OBJECTS.items() for f in fields} - cls.reader.seen - rare
        assert not unseen, "documented, but never printed: %s" % sorted(unseen)


if __name__ == "__main__":
    cli.use(sys.argv[1])
    MUTANTS = "this one has no mutants" not in cli.ws("explain", "canary")[1]
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]])
