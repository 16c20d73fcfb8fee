#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""test-campaign.py WIRESTORM: a campaign survives what happens in a night, and counts nothing twice.

Most campaigns here run jobs of their own: a script that finds what the test tells it to find.
"""
import json
import os
import random
import re
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "common"))
import cli  # noqa: E402
from cli import Case, ROOT, wait_until  # noqa: E402

sys.dont_write_bytecode = True
sys.path[:0] = [str(ROOT / "scripts"), str(ROOT / "tools")]
from campaign import builds, durable, program, schedule  # noqa: E402

FOUND = """# content sync: T0.0 sync 20 22 => KERN_SUCCESS, steps 1 to 3: it succeeded without writing back pages 21-22
# What should hold: sync writes back pages.
profile strict +Q6
map 16 80
init insert 20 22 rw rwx
init clip 21
%sT0 sync 20 22
T1 remove 21 22
verdict content sync
result T0: KERN_SUCCESS | T1: KERN_SUCCESS | 20-21:rw-/rwx:copy:w0 uw=0
schedule T0 T1 T0
"""
# The same bug with other kinds of operation is another finding.
VARIANTS = ["", "init check 20 21 r\n", "init inherit 20 22 copy\n", "init protect 20 22 rw\n"]
# Finds one variant at once and the others one after the other, until its time is up.
JOB = """import json, os, sys, time
seconds, out, variants = float(sys.argv[1]), sys.argv[2], json.loads(sys.argv[3])
began = time.monotonic()
for i, text in enumerate(variants):
    with open(f"{out}/.{i}", "w") as f:
        f.write(text)
    os.rename(f"{out}/.{i}", f"{out}/{i}.vmt")
    time.sleep(min(0.1, seconds / 10))
time.sleep(max(0, seconds - (time.monotonic() - began)))
print(json.dumps({"executions": 100, "features": 7, "coverage": 3}))
"""


class Campaigns(Case):
    def setUp(self):
        super().setUp()
        self.folder = self.room / "night"
        self.script = self.file("job.py", JOB)

    def job(self, variants=(0,), **more):
        """A job of one's own that finds these variants in each slice."""
        texts = json.dumps([FOUND % VARIANTS[i] for i in variants])
        return {"command": [sys.executable, str(self.script), "{seconds}", "{out}", texts], **more}

    def config(self, **engines):
        lines = []
        for name, table in engines.items():
            lines += [f"[engine.{name}]", *(f"{key} = {json.dumps(value)}" for key, value in table.items())]
        return self.file("config.toml", "\n".join(lines) + "\n")

    def words(self, engines, *more, seconds=6, slice_=1, cores=2):
        return ["campaign", "start", "--tool", cli.TOOL, "--out", self.folder, "--seconds", seconds, "--slice", slice_,
            "--cores", cores, "--seed", 7, "--canary", 0, "--config", self.config(**engines), "--jobs",
            ",".join(engines), *more]

    def rows(self, sql, folder=None):
        base = sqlite3.connect(f"file:{(folder or self.folder) / 'ledger.sqlite'}?mode=ro", uri=True, timeout=30)
        base.row_factory = sqlite3.Row
        try:
            return base.execute(sql).fetchall()
        finally:
            base.close()

    def rows_if_any(self, sql):
        try:
            return self.rows(sql)
        except sqlite3.OperationalError:
            return []

    def done(self):
        return self.rows_if_any("SELECT * FROM slice WHERE state = 'done'")

    def verify(self, folder=None):
        out, _ = self.expect(0, "campaign", "verify", folder or self.folder)
        self.assertIn(" 0 complaints", out)

    def report(self, *words):
        self.ws_any("campaign", "report", "--quiet", *words, self.folder)
        return json.loads((self.folder / "report" / "report.json").read_text())

    def ws_any(self, *words):
        code, out, err = cli.ws(*words)
        self.assertIn(code, (0, 1, 3), f"{words}\n{out}{err}")
        return out

    def end(self, process):
        out, err = process.communicate(timeout=300)
        self.assertIn(process.returncode, (0, 1), out + err)
        return out


class Night(Campaigns):
    def test_campaign_ends_with_report(self):
        note = self.file("note", f"#!/bin/sh\ncp \"$1\" {self.room}/noted-$(basename \"$1\")\n")
        note.chmod(0o755)
        out, _ = self.expect(0, *self.words({"own": self.job((0, 1))}, "--notify", note, seconds=4))
        self.assertRegex(out, r"quirk sync-\w+: content sync.* \(3 of 3 replays\)")
        self.verify()
        slices = self.done()
        self.assertEqual(len({row["seed_begin"] for row in slices}), len(slices))
        report = self.report()
        self.assertEqual(report["counts"], {"new": 0, "quirk": 2, "known": 0})
        own = [row for row in slices if row["engine"] == "own"]
        self.assertEqual([f["count"] for f in report["findings"]], [len(own)] * 2)
        self.assertEqual({f["cause"] for f in report["findings"]}, {"quirk Q6"})
        for finding in report["findings"]:
            self.expect(0, "check", self.folder / finding["file"])
        self.assertEqual(report["jobs"][-1]["executions"], 100 * len(own))
        self.assertEqual(json.loads(next(self.room.glob("noted-*-end.json")).read_text())["how"], "complete")
        self.assertIn("complete", self.expect(0, "campaign", "status", "--line", self.folder)[0])
        # Both need the quirk Q6, so it is one cause.
        for words, nr in (([], 1), (["--all"], 2)):
            self.assertEqual(len(self.expect(0, "campaign", "list", *words, self.folder)[0].splitlines()), nr)
        self.assertEqual([c["cause"] for c in report["causes"]], ["quirk Q6"])

    def test_new_finding_has_status_1_and_is_told(self):
        text = "map 16 80\ninit insert 20 22 rw rwx\nT0 check 20 22 r\nverdict model code\nschedule T0\n"
        note = self.file("note", f"#!/bin/sh\ncp \"$1\" {self.room}/noted-$(basename \"$1\")\n")
        note.chmod(0o755)
        job = self.job()
        job["command"][-1] = json.dumps([text])
        self.expect(1, *self.words({"own": job}, "--notify", note, seconds=3))
        told = json.loads(next(self.room.glob("noted-*-finding.json")).read_text())
        self.assertEqual((told["check"], told["replays"], told["replays_shown"]), ("code", 3, 0))
        status = json.loads(self.expect(1, "campaign", "status", "--json", self.folder)[0])
        self.assertEqual((status["state"], status["findings"]["new"]), ("complete", 1))
        # What is known is counted, not reported.
        known = self.room / "known"
        known.mkdir()
        (known / "seen.vmt").write_text(text)
        shutil.rmtree(self.folder)
        self.expect(0, *self.words({"own": job}, "--known", known, seconds=3))
        report = self.report()
        self.assertEqual(report["counts"], {"new": 0, "quirk": 0, "known": 1})
        self.assertEqual(report["findings"][0]["known_as"], "seen.vmt")

    def test_one_campaign_in_one_directory(self):
        first = self.start(*self.words({"own": self.job()}, seconds=30))
        wait_until(self.done, "a slice is done")
        for words in (self.words({"own": self.job()}), ["campaign", "resume", self.folder]):
            _, err = self.expect(2, *words)
            self.assertIn("another campaign runs in this directory", err)
        self.expect(0, "campaign", "stop", self.folder)
        self.end(first)
        self.assertEqual([row["how"] for row in self.rows("SELECT how FROM run")], ["stopped"])
        self.assertIn("there is a campaign already", self.expect(2, *self.words({"own": self.job()}))[1])
        self.verify()

    def real(self, *words):
        """A campaign with jobs of the table; its report."""
        self.expect(0, "campaign", "start", "--tool", cli.TOOL, "--out", self.folder, "--cores", 2, "--seed", 5,
            "--profile", "strict", *words)
        self.verify()
        return self.report()

    def test_stress(self):
        """A slice has a fraction of seconds, which stress does not take."""
        report = self.real("--jobs", "stress", "--seconds", 2.4, "--slice", 1.2, "--canary", 0)
        job, = report["jobs"]
        self.assertEqual((job["job"], job["failed"]), ("stress/strict", 0), job["last_note"])
        self.assertGreater(job["executions"], 0)
        self.assertTrue(any(e["times_of_threads"] for e in report["edges"]))

    def test_hunt_and_canary(self):
        """A canary only if the build has mutants."""
        report = self.real("--jobs", "hunt", "--seconds", 5, "--slice", 2.5)
        self.assertEqual(report["counts"]["new"], 0)
        jobs = {job["job"]: job for job in report["jobs"]}
        self.assertGreater(jobs["hunt/strict"]["executions"], 0)
        self.assertGreater(jobs["hunt/strict"]["features"], 0)
        missing = {m["job"] for m in report["missing"]}
        self.assertEqual(report["canary_ok"], None if "canary" in missing else True)

    def test_builds_are_of_a_copy_of_the_source(self):
        """With changes that are not committed, and without other campaigns and builds that lie about."""
        source = self.room / "tree"
        for name, text in (("meson.build", "1"), ("engine/a.c", "1"), ("engine/gone.c", "1")):
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_text(text)

        def git(*words):
            subprocess.run(["git", "-C", source, "-c", "user.name=x", "-c", "user.email=x@example.org", *words],
                check=True, capture_output=True)

        git("init", "-q")
        git("add", "-A")
        git("commit", "-q", "-m", "x")
        (source / "engine" / "a.c").write_text("2")
        (source / "engine" / "new.c").write_text("2")
        (source / "engine" / "gone.c").unlink()
        (source / "night").mkdir()
        (source / "night" / "campaign.json").write_text("{}")
        for kind in ("git", "plain"):
            copy = self.room / f"copy-{kind}"
            self.assertEqual(builds.snapshot(str(source), copy), str(copy))
            files = {p.relative_to(copy).as_posix(): p.read_text() for p in copy.rglob("*") if p.is_file()
                and ".git/" not in str(p)}
            self.assertEqual(files, {"meson.build": "1", "engine/a.c": "2", "engine/new.c": "2"}, kind)
            shutil.rmtree(source / ".git", ignore_errors=True)

    def test_wrong_usage(self):
        for words, text in ((["start", "--jobs", "nonsense"], 'no job "nonsense"'), (["start", "--shard", "2/2"],
                "expected K/N"), (["status", self.room], "expected a campaign's directory"),
                (["start", "--disk", "big"], "expected a size"), (["stats"], 'did you mean "status"'),
                (["merge", self.room], "expected --out DIR"),
                (["status", "--cores", "2"], "status takes no --cores"), (["start", "--profile", "strickt", "--out",
                self.folder, "--tool", cli.TOOL], 'no profile "strickt"')):
            self.assertIn(text, self.expect(2, "campaign", *words)[1], words)


class Survival(Campaigns):
    def acknowledged(self):
        return ({row["number"]: (row["how"], row["executions"]) for row in self.done()},
            {(row["finding"], row["slice"]): row["times"] for row in self.rows_if_any("SELECT * FROM sighting")})

    def processes(self):
        """(workers, engines) of the campaign that runs."""
        workers, jobs = [], []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                words = Path("/proc", pid, "cmdline").read_bytes().decode(errors="replace").split("\0")
            except OSError:
                continue
            if "--worker" in words and any(str(self.folder) in word for word in words):
                workers.append(int(pid))
            elif str(self.script) in words:
                jobs.append(int(pid))
        return workers, jobs

    def kill(self, pids):
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass

    def test_kills(self):
        """Ten times kill -9: of a child, a worker, all, the campaign itself. Then everything is there, once."""
        rng = random.Random(1)
        process = self.start(*self.words({"own": self.job((0, 1, 2)), "two": self.job((3,))}, seconds=12))
        seen = [{}, {}]
        for i in range(10):
            wait_until(lambda: len(self.done()) > i and self.processes()[1], "slices go on")
            workers, jobs = self.processes()
            what = rng.choice(("job", "worker", "campaign", "all")) if i < 9 else "all"
            for old, new in zip(seen, self.acknowledged()):
                old.update(new)
            self.kill({"job": jobs[:1], "worker": workers[:1], "campaign": [process.pid],
                "all": [process.pid, *workers, *jobs]}[what])
            if what in ("campaign", "all"):
                process.wait()
                wait_until(lambda: not any(self.processes()), "nobody outlives the campaign")
                process = self.start("campaign", "resume", self.folder)
        self.end(process)
        slices, sightings = self.acknowledged()
        self.assertEqual({k: v for k, v in slices.items() if k in seen[0]}, seen[0])
        self.assertEqual({k: v for k, v in sightings.items() if k in seen[1]}, seen[1])
        self.assertEqual(sorted(slices), list(range(1, len(slices) + 1)))
        self.assertTrue(all(times == 1 for times in sightings.values()), sightings)
        hows = [row["how"] for row in self.rows("SELECT how FROM run ORDER BY id")]
        self.assertEqual((hows[-1], set(hows[:-1])), ("complete", {"died"}))
        self.assertIn("killed", [how for how, _ in slices.values()])
        self.verify()
        self.assertEqual(self.report()["counts"]["quirk"], len(VARIANTS))

    def test_full_disk(self):
        """A limit on the size of files stands for the disk: the commit of the next slice does not fit."""
        process = self.start(*self.words({"own": self.job((0, 1))}, seconds=6))
        wait_until(self.done, "a slice is done")
        _, hard = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (1024, hard))
        line = ""
        while "cannot write to" not in line:
            line = process.stdout.readline()
            self.assertNotEqual(line, "", "the campaign ended")
        before = self.acknowledged()
        self.assertIn("No slice is started until there is space", line)
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (hard, hard))
        self.assertIn("there is space again", self.end(process))
        for old, new in zip(before, self.acknowledged()):
            self.assertEqual({k: v for k, v in new.items() if k in old}, old)
        self.verify()

    def test_hang_is_judged_by_processor_time(self):
        spin = {"command": [sys.executable, "-c", "import signal\nsignal.signal(2, 1)\nwhile True: pass"], "grace": 1}
        sleep = {"command": [sys.executable, "-c", "import signal, time\nsignal.signal(2, 1)\ntime.sleep(1000)"],
            "grace": 1}
        self.expect(0, *self.words({"spin": spin, "sleep": sleep}, seconds=3))
        self.verify()
        hows = {(row["job"], row["how"]) for row in self.done() if row["engine"] == "own"}
        self.assertEqual(hows, {("spin", "hung"), ("sleep", "hung")})

    def test_stopped_child_does_not_hang(self):
        process = self.start(*self.words({"own": self.job(grace=1)}, seconds=1.5, slice_=1.5, cores=1))
        wait_until(lambda: self.processes()[1], "the job runs")
        pid = self.processes()[1][0]
        os.kill(pid, signal.SIGSTOP)
        time.sleep(6)  # the slice's time, and what a sleeping child is given, are over
        os.kill(pid, signal.SIGCONT)
        self.end(process)
        self.assertEqual({row["how"] for row in self.done() if row["engine"] == "own"}, {"finding"})

    def test_crash_loop_rests(self):
        crash = {"command": ["sh", "-c", "echo out of cheese >&2; exit 7"]}
        out, _ = self.expect(0, *self.words({"crash": crash, "own": self.job()}, seconds=8))
        self.verify()
        self.assertRegex(out, r"crash: failed \d times in a row; rests for \d+ s: .*out of cheese")
        jobs = {job["job"]: job for job in self.report()["jobs"]}
        self.assertLessEqual(jobs["crash"]["slices"], 5)

    def test_two_interrupts_kill(self):
        stubborn = {"command": [sys.executable, "-c", "import signal, time\nsignal.signal(2, 1)\ntime.sleep(1000)"]}
        process = self.start(*self.words({"stubborn": stubborn}, seconds=60, slice_=60))
        wait_until(lambda: self.rows_if_any("SELECT * FROM slice WHERE engine = 'own'"), "a slice runs")
        process.send_signal(signal.SIGINT)
        wait_until(lambda: (durable.read_json(self.folder / "state.json") or {}).get("stopping"), "it stops")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
        self.assertEqual(process.returncode, 130)
        wait_until(lambda: not self.processes()[0], "the workers are gone")
        _, err = self.expect(3, "campaign", "status", self.folder)
        self.assertIn("not read yet", self.expect(1, "campaign", "verify", self.folder)[0])
        self.expect(0, "campaign", "resume", "--seconds", 1, self.folder)
        self.verify()

    def test_canary_that_is_not_found(self):
        fake = self.room / "fake" / "harness"
        fake.mkdir(parents=True)
        (fake / "wirestorm").write_text("#!/bin/sh\necho '{\"programs\": 9}'\n")
        (fake / "wirestorm").chmod(0o755)
        out, _ = self.expect(3, *self.words({"own": self.job()}, "--build", f"mutants={fake.parent}", "--canary", 9,
            seconds=2))
        self.assertIn("THE CANARY WAS NOT FOUND: mutant rollback_twice: no finding in 9 programs", out)
        self.assertIn("THE CANARY WAS NOT FOUND", self.expect(3, "campaign", "status", "--line", self.folder)[0])
        self.assertIs(self.report()["canary_ok"], False)


class Together(Campaigns):
    def test_merge(self):
        """Two shards make what both have seen, and a second merge changes nothing."""
        parts = []
        for shard, variants in ((0, (0, 1)), (1, (1, 2))):
            self.folder = self.room / f"shard-{shard}"
            self.expect(0, *self.words({"own": self.job(variants)}, "--shard", f"{shard}/2", seconds=3))
            parts.append(self.folder)
        seeds = [{row[0] for row in self.rows("SELECT seed_begin FROM slice", part)} for part in parts]
        self.assertFalse(seeds[0] & seeds[1])
        counts = {}
        for part in parts:
            for row in self.rows("SELECT key, count FROM found", part):
                counts[row["key"]] = counts.get(row["key"], 0) + row["count"]
        nr = sum(self.rows("SELECT count(*) FROM slice", part)[0][0] for part in parts)
        self.folder = self.room / "all"
        for _ in range(2):
            self.expect(0, "campaign", "merge", "--out", self.folder, *parts)
            self.verify()
            self.assertEqual({row["key"]: row["count"] for row in self.rows("SELECT key, count FROM found")}, counts)
            self.assertEqual(self.rows("SELECT count(*) FROM slice")[0][0], nr)
        self.assertEqual(len(counts), 3)
        report = self.report()
        self.assertEqual((report["counts"]["quirk"], len(report["merged"]), report["cores"]), (3, 2, 4))
        self.assertIn("only a campaign can be resumed", self.expect(2, "campaign", "resume", self.folder)[1])

    def test_shards_by_a_distributor(self):
        """GNU parallel, or xargs where it is missing, runs the shards; merge makes one campaign of them."""
        config = self.config(own=self.job((0, 1)))
        words = [cli.TOOL, "campaign", "start", "--quiet", "--tool", cli.TOOL, "--cores", "1", "--canary", "0",
            "--seed", "7", "--seconds", "2", "--slice", "1", "--config", str(config), "--jobs", "own",
            "--shard", "{}/3", "--out", f"{self.room}/shard-{{}}"]
        distributor = ["parallel", "-j3"] if shutil.which("parallel") else ["xargs", "-P3", "-I{}"]
        subprocess.run([*distributor, *words], input="0\n1\n2\n", text=True, check=True, capture_output=True)
        parts = sorted(self.room.glob("shard-*"))
        self.assertEqual(len(parts), 3)
        self.folder = self.room / "all"
        self.expect(0, "campaign", "merge", "--out", self.folder, *parts)
        self.verify()
        seeds = [row[0] for row in self.rows("SELECT seed_begin FROM slice")]
        self.assertEqual(len(set(seeds)), len(seeds))
        self.assertEqual([f["count"] for f in self.report()["findings"]], [len(seeds)] * 2)

    def test_next_night_begins_with_the_last(self):
        text = "map 16 80\ninit insert 20 22 rw rwx\nT0 check 20 22 r\nverdict model code\nschedule T0\n"
        job = self.job()
        job["command"] = ["sh", "-c", 'echo "$1" >"$2/f.vmt"; echo x >>"$3/seen"; sleep "$4"', "sh", text, "{out}",
            "{corpus}", "{seconds}"]
        self.expect(1, *self.words({"own": job}, seconds=2))
        last, self.folder = self.folder, self.room / "next"
        self.expect(0, *self.words({"own": job}, "--from", last, seconds=2))
        self.assertEqual(self.report()["counts"], {"new": 0, "quirk": 0, "known": 1})
        nr = [(part / "corpora" / "own" / "seen").read_text().count("x") for part in (last, self.folder)]
        self.assertGreater(nr[1], nr[0])

    def test_baseline(self):
        """A later campaign says what came, and what is gone: each by replay."""
        self.expect(0, *self.words({"own": self.job((0, 1))}, seconds=2))
        old, self.folder = self.folder, self.room / "later"
        text = "map 16 80\nT0 check 20 22 r\nverdict model code\nschedule T0\n"  # which does not happen
        gone = self.room / "gone"
        shutil.copytree(old / "findings", gone)
        (gone / "gone.vmt").write_text(text)
        self.expect(0, *self.words({"own": self.job((1, 2))}, seconds=2))
        told = self.report("--baseline", old)["baseline"]
        self.assertEqual((len(told["both"]), len(told["came"]), [g["replayed"] for g in told["gone"]]), (1, 1,
            ["still happens, but was not found"]))
        told = self.report("--baseline", gone)["baseline"]
        self.assertEqual(sorted(g["replayed"] for g in told["gone"]), ["gone", "still happens, but was not found"])
        self.expect(0, "campaign", "resume", "--seconds", 1, self.folder)
        self.assertEqual(self.report("--since", "last")["counts"]["quirk"], 0)

    def test_report_is_as_documented(self):
        """Each field of report.json is in docs/campaigns.md, with its type."""
        self.expect(0, *self.words({"own": self.job()}, seconds=2))
        text = (ROOT / "docs" / "campaigns.md").read_text()
        part = text.split("## report.json", 1)[1].split("\n## ", 1)[0]
        objects, name = {}, None
        for line in part.splitlines():
            if line.startswith("### "):
                name = line[4:].split()[0]
                objects[name] = {}
            match = re.match(r"\| `(\w+)` \| ([\w? ]+) \|", line)
            if match and name:
                objects[name][match.group(1)] = match.group(2)
        self.check_object(objects, "report", self.report())
        self.assertGreaterEqual(len(objects), 7)

    def check_object(self, objects, name, value):
        self.assertEqual(sorted(value), sorted(objects[name]), name)
        kinds = {"text": str, "number": (int, float), "integer": int, "boolean": bool, "object": dict, "list": list}
        for field, kind in objects[name].items():
            if kind.endswith("?"):
                if value[field] is None:
                    continue
                kind = kind[:-1]
            inner = re.fullmatch(r"list of (\w+)", kind)
            if inner:
                for one in value[field]:
                    if inner.group(1) in objects:
                        self.check_object(objects, inner.group(1), one)
                    else:
                        self.assertIsInstance(one, kinds[inner.group(1)], (name, field))
            elif kind in objects:
                self.check_object(objects, kind, value[field])
            else:
                self.assertIsInstance(value[field], kinds[kind], (name, field))


class Schedule(unittest.TestCase):
    def jobs(self, **weights):
        return [schedule.Job(name, "hunt", None, None, weight, 1) for name, weight in weights.items()]

    def test_shares_follow_what_pays_above_a_floor(self):
        a, b, c = jobs = self.jobs(a=1, b=1, c=2)
        self.assertEqual(schedule.shares(jobs), {"a": 0.25, "b": 0.25, "c": 0.5})
        for job in jobs:
            job.took(10, 100, 0)
        a.took(10, 200, 0)
        share = schedule.shares(jobs)
        self.assertAlmostEqual(sum(share.values()), 1)
        self.assertEqual((share["a"], share["b"], share["c"]), (0.625, 0.125, 0.25))
        b.took(10, 100, 3)
        self.assertGreater(schedule.shares(jobs)["b"], 0.125)

    def test_job_below_its_share_is_next(self):
        a, b = jobs = self.jobs(a=1, b=3)
        a.core_seconds, b.core_seconds = 10, 10
        self.assertIs(schedule.choose(jobs, 1, 0, 0), b)
        b.rest_until = 5
        self.assertIs(schedule.choose(jobs, 1, 0, 0), a)
        self.assertIs(schedule.choose(jobs, 1, 6, 0), b)

    def test_job_of_two_cores_waits_for_a_core_that_comes_free(self):
        a, b = jobs = self.jobs(a=1, b=3)
        a.core_seconds = b.core_seconds = 1
        b.cores = 2
        self.assertIs(schedule.choose(jobs, 1, 0, 0), a)
        self.assertIsNone(schedule.choose(jobs, 1, 0, 1))
        self.assertIs(schedule.choose(jobs, 2, 0, 0), b)

    def test_rest_grows_and_ends(self):
        job, = self.jobs(a=1)
        rests = []
        for _ in range(30):
            job.judge(100, True, 40, "why")
            rests.append(job.rest_until - 100)
        self.assertEqual(rests[:4], [-100, 20, 40, 80])
        self.assertEqual(rests[-1], schedule.REST_SECONDS_MAX)
        job.judge(100, False, 40, "")
        self.assertEqual((job.bad, job.why), (0, ""))

    def test_slices_end_together(self):
        self.assertEqual(schedule.slice_seconds(0, 10, 100), 10)
        self.assertEqual(schedule.slice_seconds(3, 10, 100), 7)
        self.assertEqual(schedule.slice_seconds(7, 10, 100), 13)
        self.assertEqual(schedule.slice_seconds(7, 10, 5), 5)


class Keys(unittest.TestCase):
    def test_key(self):
        found = program.read(FOUND % "")
        self.assertEqual(program.key_of(found), program.Key("sync", "", "clip insert remove sync", "", "+Q6"))
        self.assertEqual(program.edges_of("T0 wire 1 2 => KERN_FAILURE (wire_fault, fault_pager), steps 1 to 5"),
            "wire_fault fault_pager")
        self.assertEqual(program.race_of("data race: write in vm_map_lock, read in vm_map_find (round 30)"),
            "vm_map_find vm_map_lock")
        self.assertEqual(program.without_numbers("page 12 at 0xfe"), "page N at N")


if __name__ == "__main__":
    cli.use(sys.argv.pop(1))
    unittest.main()
