# SPDX-License-Identifier: BSD-2-Clause
"""coordinator - the campaign itself: starts workers, commits their results, lives through what can happen in a night.

One thread, one loop. The time of a campaign is the sum of the moments in which it ran. So a clock that is set, a
stopped process and a suspended machine change nothing.
"""

import json
import os
import shlex
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

from . import disk, durable, engines, ledger as ledgers, schedule, worker
from .ledger import wall

CONFIG, STATE = "campaign.json", "state.json"
TICK_SECONDS = 0.2
TICK_COUNTS_MAX = 5.0  # of a longer one the rest does not count: the campaign was stopped
SAVE_SECONDS = 10
SPACE_RETRY_SECONDS = 2
DISK_SECONDS = 20
REPORT_SECONDS_MIN = 5
REPORT_SHARE = 20  # so many times as long as a report took passes until the next one
HARVEST_TRIES_MAX = 3
LEFT_SECONDS_MIN = 1.0  # a slice that would be shorter is not started
NOTIFY_SECONDS_MAX = 60
SURVEY_SHARE = 20  # so many times as long as a survey took passes until the next one
PERIODIC = ("canary", "survey")


class NoProcess:
    """Stands for a worker that could not be started, or that an earlier run has had."""

    pid = -1

    def poll(self):
        return 1

    def terminate(self):
        pass


class Running:
    """A slice with its worker."""

    def __init__(self, slice_id, job, told, ends_at, process, tries=0):
        self.slice_id, self.job, self.told, self.ends_at, self.process = slice_id, job, told, ends_at, process
        self.tries = tries

    @property
    def folder(self):
        return Path(self.told["campaign"], "slices", f"{self.told['number']:06}")


class Campaign:
    """A campaign whose lock is held."""

    def __init__(self, folder, config, quiet=False):
        self.folder, self.config, self.quiet = Path(folder).resolve(), config, quiet
        self.ledger = ledgers.Ledger(self.folder, write=True)
        self.at = self.ledger.meta("at", 0.0)
        self.numbers = self.ledger.one("SELECT coalesce(max(number), 0) FROM slice WHERE campaign = ?",
            config["id"])[0]
        self.code = [sys.executable, config["code"]]
        self.cores, self.length = config["cores"], config["slice"]
        self.jobs = [schedule.Job(**job) for job in config["plan"]]
        self.running = []
        self.due = {"canary": 0.0, "survey": min(config["survey"], config["seconds"] / 2)}
        self.stops = 0
        self.full = ""
        self.saved = self.looked = -1e9
        self.sampled = -1e9
        self.report, self.report_began, self.reported_slices = None, 0.0, 0
        self.report_after = time.monotonic() + REPORT_SECONDS_MIN
        self.notes = []
        self.surveys = 0
        self.canaries = self.ledger.one("SELECT count(*) FROM canary")[0]
        self.disk_used, self.over_budget = 0, False
        self.run_id = None

    # --- what it says ---

    def say(self, kind, text, loud=False):
        with self.ledger:
            self.ledger.insert("event", campaign=self.config["id"], at=round(self.at, 1), wall=wall(), kind=kind,
                text=text)
        self.print(text, loud)

    def print(self, text, loud=False):
        if self.quiet and not loud:
            return
        color = loud and sys.stdout.isatty() and "NO_COLOR" not in os.environ
        print(f"{clock(self.at)} {chr(27) + '[1;31m' if color else ''}{text}{chr(27) + '[0m' if color else ''}",
            flush=True)

    def notify(self, event, **more):
        if not self.config.get("notify"):
            return
        folder = self.folder / "notify"
        folder.mkdir(exist_ok=True)
        path = folder / f"{len(list(folder.glob('*.json'))) + 1:04}-{event}.json"
        durable.write_json(path, {"version": 1, "event": event, "campaign": str(self.folder), "id": self.config["id"],
            "commit": self.config["commit"], "at": round(self.at, 1), **more})
        words = [*shlex.split(self.config["notify"]), str(path)]
        try:
            self.notes.append((time.monotonic(), subprocess.Popen(words, stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)))
        except OSError as e:
            self.say("notify", f"--notify: {words[0]}: {e.strerror}", loud=True)

    def reap_notes(self, wait=False):
        for began, process in self.notes:
            if wait:
                try:
                    process.wait(NOTIFY_SECONDS_MAX)
                except subprocess.TimeoutExpired:
                    pass
            if process.poll() is None and time.monotonic() - began > NOTIFY_SECONDS_MAX:
                process.kill()
        self.notes = [(began, process) for began, process in self.notes if process.poll() is None]

    # --- slices ---

    def new_slice(self, job, seconds, canary=None):
        number = self.numbers + 1
        shard, shards = self.config["shard"]
        seed = self.config["seed"] + number * shards + shard
        told = {"number": number, "job": job.name, "engine": job.engine, "profile": job.profile, "mutant": job.mutant,
            "seed": seed, "seconds": round(seconds, 3), "cores": job.cores if job.cores < 2 else min(job.cores,
            self.cores), "campaign": str(self.folder), "builds": self.config["builds"], "known": self.config["known"],
            "source": self.config["source"], "command": job.command, "canary": canary,
            "grace": job.grace}
        folder = self.folder / "slices" / f"{number:06}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        durable.write_json(folder / worker.JOB, told)
        durable.sync_folder(folder.parent)
        with self.ledger:
            slice_id = self.ledger.insert("slice", campaign=self.config["id"], number=number, run=self.run_id,
                job=job.name, engine=job.engine, profile=job.profile, mutant=job.mutant or canary, seed_begin=seed,
                seed_end=seed + 1, commit_id=self.config["commit"], cores=told["cores"], begun=wall(),
                at=round(self.at, 3), state="running")
        self.numbers = number
        self.running.append(Running(slice_id, job, told, self.at + seconds, self.spawn(folder)))
        job.running += 1

    def spawn(self, folder, harvest=False):
        words = [*self.code, "--worker", str(folder), *(["--harvest"] if harvest else [])]
        try:
            with open(folder / "worker.log", "ab") as log:
                return subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                    start_new_session=True)
        except OSError as e:
            self.print(f"cannot start a worker: {e}", loud=True)
            return NoProcess()

    def free(self):
        return self.cores - sum(r.told["cores"] for r in self.running)

    def periodic_job(self):
        """The job of the next canary or survey whose time has come, and the mutant of a canary."""
        if self.canary_due():
            self.due["canary"] = self.at + self.config["canary"]
            mutants = self.config["canaries"]
            self.canaries += 1
            return schedule.Job("canary", "canary", None, None, 0, 1), mutants[(self.canaries - 1) % len(mutants)]
        hunts = [job for job in self.jobs if job.engine == "hunt" and not job.mutant and job.features]
        if self.at >= self.due["survey"] and hunts and not self.is_running("survey"):
            profile = hunts[self.surveys % len(hunts)].profile
            self.surveys += 1
            self.due["survey"] = float("inf")  # until this one has ended
            return schedule.Job(f"survey/{profile}", "survey", profile, None, 0, 1), None
        return None, None

    def canary_due(self):
        has_time_come = self.config["canary"] > 0 and self.at >= self.due["canary"]
        return has_time_come and "mutants" in self.config["builds"] and not self.is_running("canary")

    def is_running(self, engine):
        return any(r.job.engine == engine for r in self.running)

    def start_slices(self):
        left = self.config["seconds"] - self.at
        while self.free() > 0 and left >= LEFT_SECONDS_MIN and not self.stops and not self.full:
            job, canary = self.periodic_job()
            if job is not None:
                self.new_slice(job, min(self.length, 60.0), canary)
                continue
            soon = sum(r.told["cores"] for r in self.running if r.ends_at - self.at < self.length / 10)
            jobs = [job for job in self.jobs if not (self.over_budget and job.engine in ("sched", "seq", "vmt", "afl"))]
            job = schedule.choose(jobs, self.free(), self.at, soon)
            if job is None:
                return
            self.new_slice(job, schedule.slice_seconds(self.at, self.length, left))

    def look_at_workers(self):
        for r in list(self.running):
            if r.process.poll() is None:
                continue
            result = durable.read_json(r.folder / worker.RESULT)
            if result is None and r.tries < HARVEST_TRIES_MAX:
                r.tries += 1
                r.process = self.spawn(r.folder, harvest=True)
                continue
            self.commit(r, result or lost_result(r.folder))

    def commit(self, r, result):
        """Makes the result of a slice durable, once. If there is no space, the slice is still running, for later."""
        try:
            for entry in result["entries"]:
                self.keep_files(entry, r.folder)
            with self.ledger as ledger:
                best = ledger.one("SELECT max(features) FROM slice WHERE job = ? AND state = 'done'", r.job.name)[0]
                result["new_features"] = max(0, (result["features"] or 0) - (best or 0))
                if not ledgers.end_slice(ledger, r.slice_id, result):
                    raise ledgers.LedgerError(f"slice {r.told['number']} was committed before")
                new = self.commit_findings(ledger, r, result)
                self.commit_rest(ledger, r, result)
                ledger.set_meta("at", self.at)
        except (sqlite3.OperationalError, OSError) as e:
            self.out_of_space(e)
            return
        self.running.remove(r)
        r.job.running -= 1
        try:
            self.after_commit(r, result, new)
        except (sqlite3.OperationalError, OSError) as e:
            self.out_of_space(e)

    def keep_files(self, entry, folder):
        """Before the row: the files of a finding, whole and on the disk. Its name follows from its key."""
        entry["name"] = f"{slug(entry['check'])}-{durable.digest(entry['key'].encode())[:8]}"
        kept = []
        if entry["program"] is not None:
            path = self.folder / "findings" / f"{entry['name']}.vmt"
            if not path.exists():
                durable.write(path, entry["program"])
        for source in map(Path, entry["evidence"]):
            if not source.is_absolute():
                source = folder / source
            path = self.folder / "evidence" / f"{entry['name']}{evidence_suffix(source)}"
            if not path.exists() and source.exists():
                durable.write(path, source.read_bytes())
            if path.exists():
                kept.append(path.relative_to(self.folder).as_posix())
        entry["kept"] = kept

    def commit_findings(self, ledger, r, result):
        """Within the transaction. Gives the rows of findings that are new."""
        new = []
        for entry in result["entries"]:
            row = ledger.one("SELECT id, section FROM finding WHERE key = ?", entry["key"])
            if row is None:
                section = "known" if entry["known_as"] else "quirk" if entry["quirk"] else "new"
                file = f"findings/{entry['name']}.vmt" if entry["program"] is not None else None
                sha = durable.digest((self.folder / file).read_bytes()) if file else None
                finding_id = ledger.insert("finding", key=entry["key"], name=entry["name"], section=section,
                    verdict=entry["verdict"], check_name=entry["check"], edges=entry["edges"],
                    operations=entry["operations"], race=entry["race"], quirks=entry["quirks"],
                    mutant=entry["mutant"], what=entry["what"], profile=r.told["profile"],
                    engine=r.told["engine"], commit_id=self.config["commit"], slice=r.slice_id, first_seen=wall(),
                    first_at=round(self.at, 1),
                    file=file, sha256=sha, evidence=json.dumps(entry["kept"]), replays=entry["replays"],
                    replays_shown=entry["replays_shown"], replay=entry["replay"], known_as=entry["known_as"])
                if section != "known":
                    alike = ledger.one("SELECT count(*) FROM finding WHERE id != ? AND section = ? AND mutant = ?"
                        " AND quirks = ? AND mutant || quirks != ''", finding_id, section, entry["mutant"],
                        entry["quirks"])[0]
                    new.append((section, entry, alike > 0))
            else:
                finding_id = row["id"]
            ledgers.sight(ledger, finding_id, r.slice_id, entry["times"])
        for name in result["sightings"]:
            row = ledger.one("SELECT id FROM finding WHERE file = ?", f"findings/{name}")
            if row is not None:
                ledgers.sight(ledger, row["id"], r.slice_id, 1)
        return new

    def commit_rest(self, ledger, r, result):
        for edge in result["edges"]:
            row = dict(edge, campaign=self.config["id"])
            same = (row["campaign"], row["profile"], row["edge"], row["source"])
            where = "campaign = ? AND profile = ? AND edge = ? AND source = ?"
            old = ledger.one(f"SELECT * FROM edge WHERE {where}", *same)
            if old is not None and row["source"] == "threads":  # a survey counts the whole pool each time
                row["times"] += old["times"]
                row["invalid_address"] += old["invalid_address"]
            ledger.base.execute(f"DELETE FROM edge WHERE {where}", same)
            ledger.insert("edge", **row)
        if result["canary"] is not None:
            ledger.insert("canary", slice=r.slice_id, mutant=result["canary"]["mutant"],
                found=int(result["canary"]["found"]), seconds=result["canary"]["seconds"],
                note=result["canary"]["note"])

    def after_commit(self, r, result, new):
        disk.keep_log(self.folder, r.job.name, r.told["number"], r.folder / "log", result["how"] != "done")
        if result["how"] not in ("unread", "lost"):
            shutil.rmtree(r.folder, ignore_errors=True)
        r.job.took(result["seconds"], result["features"], len(new))
        if r.job.engine not in PERIODIC:
            bad = result["how"] in ("failed", "crashed", "early", "hung", "lost", "unread") or (
                result["how"] == "finding" and not new and result["seconds"] < r.told["seconds"] / 2)
            was = r.job.bad
            r.job.judge(self.at, bad and not self.stops, self.length, f"{result['how']}: {result['note']}")
            if r.job.bad > schedule.BAD_SLICES_MAX and r.job.bad > was:
                self.say("rest", f"{r.job.name}: {result['how']} {r.job.bad} times in a row; rests for"
                    f" {r.job.rest_until - self.at:.0f} s: {result['note']}")
        for section, entry, alike in new:
            if alike:
                continue  # of a mutant or a quirk that has been told
            rate = f"{entry['replays_shown']} of {entry['replays']} replays"
            self.say("finding", f"{'new finding' if section == 'new' else 'quirk'} {entry['name']}: {entry['what']}"
                f" ({rate})", loud=section == "new")
            if section == "new":
                self.notify("finding", name=entry["name"], what=entry["what"], file=f"findings/{entry['name']}.vmt",
                    check=entry["check"], engine=r.told["engine"], replays=entry["replays"],
                    replays_shown=entry["replays_shown"])
        if r.job.engine == "survey":  # at most a part of the time
            self.due["survey"] = self.at + max(self.config["survey"], SURVEY_SHARE * result["seconds"])
        if r.job.engine == "canary" and result["canary"] is None:
            self.due["canary"] = self.at  # it was killed, which says nothing
        if result["canary"] is not None and not result["canary"]["found"]:
            text = (f"THE CANARY WAS NOT FOUND: mutant {result['canary']['mutant']}: {result['canary']['note']}."
                " Do not trust what this campaign does not find.")
            self.say("canary", text, loud=True)
            self.notify("canary", mutant=result["canary"]["mutant"], what=result["canary"]["note"])

    # --- space ---

    def out_of_space(self, error):
        self.ledger.roll_back()
        if not self.full:
            self.full = str(error)
            self.print(f"cannot write to {self.folder}: {error}. No slice is started until there is space; nothing is"
                " lost.", loud=True)
        time.sleep(SPACE_RETRY_SECONDS)

    def try_space(self):
        try:
            durable.write(self.folder / ".space", b"x" * 65536)
            (self.folder / ".space").unlink()
            self.save_at()
        except (sqlite3.OperationalError, OSError):
            self.ledger.roll_back()
            time.sleep(SPACE_RETRY_SECONDS)
            return
        self.full = ""
        self.say("space", "there is space again: goes on")

    def watch_disk(self):
        if time.monotonic() - self.looked < DISK_SECONDS:
            return
        self.looked = time.monotonic()
        self.disk_used = disk.used(self.folder)
        if self.disk_used <= self.config["disk"]:
            self.over_budget = False
        elif not self.over_budget:
            done = disk.shrink(self.folder, self.config["builds"], self.config["source"])
            self.disk_used = disk.used(self.folder)
            self.over_budget = self.disk_used > self.config["disk"]
            self.say("disk", f"above the disk budget: removed {', '.join(done) or 'nothing'};"
                f" {self.disk_used >> 20} of {self.config['disk'] >> 20} MiB"
                + ("; jobs with a corpus rest" if self.over_budget else ""))

    # --- the loop ---

    def save_at(self):
        with self.ledger:
            self.ledger.set_meta("at", self.at)
            if self.run_id is not None:
                self.ledger.base.execute("UPDATE run SET seconds = ? WHERE id = ?", (self.at - self.began_at,
                    self.run_id))
        self.saved = time.monotonic()

    def sample(self):
        """A point of each plot."""
        every = min(60.0, max(2.0, self.config["seconds"] / 300))
        if self.at - self.sampled < every:
            return
        self.sampled = self.at
        counts = dict(self.ledger.rows("SELECT section, count(*) FROM finding GROUP BY section"))
        rows = [("cores_in_use", "", self.cores - self.free()), ("disk_bytes", "", self.disk_used),
            ("slices", "", self.numbers)]
        rows += [(f"findings_{name}", "", counts.get(name, 0)) for name in ("new", "quirk", "known")]
        rows += [("share", name, value) for name, value in schedule.shares(self.jobs).items()]
        now = wall()
        with self.ledger as ledger:
            for name, job, value in rows:
                ledger.insert("metric", campaign=self.config["id"], at=round(self.at, 1), wall=now, name=name, job=job,
                    value=value)

    def write_state(self):
        share = schedule.shares(self.jobs)
        state = {"version": 1, "at": round(self.at, 1), "seconds": self.config["seconds"], "pid": os.getpid(),
            "wall": wall(), "full": self.full, "disk": self.disk_used, "disk_budget": self.config["disk"],
            "over_budget": self.over_budget, "stopping": bool(self.stops),
            "running": [{"number": r.told["number"], "job": r.job.name, "cores": r.told["cores"],
                "seconds_left": round(r.ends_at - self.at, 1)} for r in self.running],
            "jobs": {job.name: {"share": round(share[job.name], 4), "core_seconds": round(job.core_seconds, 1),
                "features": job.features, "bad": job.bad,
                "rests": round(max(0.0, job.rest_until - self.at), 1), "why": job.why} for job in self.jobs}}
        try:
            durable.write_json(self.folder / STATE, state, sync=False)
        except OSError as e:
            self.out_of_space(e)

    def write_report(self):
        """After a slice, but so seldom that reports take a small part of one core."""
        now = time.monotonic()
        if self.report is not None:
            if self.report.poll() is None:
                return
            self.report = None
            self.report_after = now + max(REPORT_SECONDS_MIN, REPORT_SHARE * (now - self.report_began))
        if now < self.report_after or self.full or not self.config["report"] or not self.changed_since_report():
            return
        self.report_began = now
        self.report = subprocess.Popen([*self.code, "report", "--quiet", str(self.folder)], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
            preexec_fn=lambda: os.nice(10))

    def changed_since_report(self):
        done = self.ledger.one("SELECT count(*) FROM slice WHERE state = 'done'")[0]
        changed, self.reported_slices = done != self.reported_slices, done
        return changed

    def on_signal(self, _number, _frame):
        self.stops += 1
        for r in self.running:
            try:
                if self.stops == 1:
                    r.process.terminate()
                elif r.process.pid > 0:
                    os.killpg(r.process.pid, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                pass
        if self.stops > 1:
            print("killed; wirestorm campaign resume reads what the slices have left", file=sys.stderr)
            os._exit(130)

    def adopt(self):
        """After a kill: the slices that were running are read, each once."""
        by_name = {job.name: job for job in self.jobs}
        for row in self.ledger.rows("SELECT * FROM slice WHERE state = 'done' AND campaign = ? ORDER BY id",
                self.config["id"]):
            if row["job"] in by_name:
                by_name[row["job"]].took(row["seconds"] or 0.0, row["features"], 0)
        for row in self.ledger.rows("SELECT * FROM slice WHERE state = 'running' AND campaign = ?", self.config["id"]):
            job = by_name.get(row["job"]) or schedule.Job(row["job"], row["engine"], row["profile"], None, 0, 1)
            folder = self.folder / "slices" / f"{row['number']:06}"
            told = durable.read_json(folder / worker.JOB) or {"number": row["number"], "cores": row["cores"],
                "campaign": str(self.folder), "seconds": 0, "engine": row["engine"], "profile": row["profile"]}
            told["campaign"] = str(self.folder)
            r = Running(row["id"], job, told, self.at, None)
            if durable.read_json(folder / worker.RESULT) is not None:
                r.process = NoProcess()
            elif folder.is_dir():
                r.process = self.spawn(folder, harvest=True)
            else:
                r.process, r.tries = NoProcess(), HARVEST_TRIES_MAX
            job.running += 1
            self.running.append(r)
        with self.ledger:
            self.ledger.base.execute("UPDATE run SET how = 'died', ended = ? WHERE ended IS NULL", (wall(),))

    def begin(self):
        for name in ("findings", "evidence", "slices", "corpora", "logs", "tmp"):
            (self.folder / name).mkdir(exist_ok=True)
        for path in self.folder.rglob(".*.tmp"):
            path.unlink(missing_ok=True)
        self.adopt()
        self.began_at = self.at
        with self.ledger:
            self.run_id = self.ledger.insert("run", campaign=self.config["id"], host=socket.gethostname(),
                pid=os.getpid(), commit_id=self.config["commit"], begun=wall())
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, self.on_signal)

    def tick(self):
        try:
            if self.full:
                self.try_space()
            self.look_at_workers()
            self.start_slices()
            self.watch_disk()
            self.sample()
            if time.monotonic() - self.saved > SAVE_SECONDS:
                self.save_at()
            self.write_state()
            self.write_report()
            self.reap_notes()
        except sqlite3.OperationalError as e:
            self.out_of_space(e)
        except OSError as e:
            self.out_of_space(e)

    def run(self):
        """Until the time is up or a signal ends it. Gives the exit status."""
        last = time.monotonic()
        self.begin()
        while self.running or (not self.stops and (self.at + LEFT_SECONDS_MIN < self.config["seconds"] or self.full)):
            self.tick()
            time.sleep(TICK_SECONDS)
            now = time.monotonic()
            if not self.full:
                self.at += min(now - last, TICK_COUNTS_MAX)
            last = now
        return self.end()

    def end(self):
        how = "stopped" if self.stops else "complete"
        while True:
            try:
                with self.ledger:
                    self.ledger.set_meta("at", self.at)
                    self.ledger.base.execute("UPDATE run SET ended = ?, how = ?, seconds = ? WHERE id = ?", (wall(),
                        how, self.at - self.began_at, self.run_id))
                self.sampled = -1e9
                self.sample()
                break
            except (sqlite3.OperationalError, OSError) as e:
                self.out_of_space(e)
                if self.stops:
                    return 2
        self.write_state()
        if self.report is not None:
            self.report.wait()
        subprocess.run([*self.code, "report", "--quiet", str(self.folder)], stdin=subprocess.DEVNULL, check=False)
        new = self.ledger.one("SELECT count(*) FROM finding WHERE section = 'new'")[0]
        self.notify("end", how=how, new_findings=new)
        self.reap_notes(wait=True)
        return new


def clock(seconds):
    seconds = int(seconds)
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def slug(text):
    return "".join(c if c.isalnum() else "-" for c in text).strip("-")[:24] or "finding"


def evidence_suffix(path):
    """An input of a fuzzer has no suffix; what the slice said is its log."""
    if path.name == "log":
        return ".log"
    return ".window.vmt" if path.suffix == ".vmt" else ".input"


def lost_result(folder):
    """Of a slice that left nothing to read."""
    result = {"how": "lost", "status": None, "seconds": 0.0, "cpu_seconds": 0.0, "new_features": None,
        "note": f"nothing could be read in {folder.name}; see its worker.log"}
    result.update({name: None for name in ("executions", "coverage", "features", "interleavings", "corpus", "canary")})
    return dict(result, entries=[], sightings=[], edges=[])


def core_plan(config, jobs, profiles):
    """The jobs of a campaign: an engine, with each profile and mutant where it has some."""
    plan = []
    for name, weight in jobs.items():
        row = engines.ENGINES.get(name)
        own = config["engines"].get(name)
        engine = row.name if row is not None and own is None else "own"
        per_profile = row is not None and own is None and row.per_profile
        for mutant in config["mutants"] or [None]:
            for profile in profiles if per_profile else [None]:
                parts = [name, *([profile] if profile else []), *([mutant] if mutant else [])]
                plan.append({"name": "/".join(parts), "engine": engine, "profile": profile, "mutant": mutant,
                    "weight": weight / (len(profiles) if per_profile else 1) / len(config["mutants"] or [None]),
                    "cores": min(row.cores if row and own is None else int(own.get("cores", 1)), config["cores"]),
                    "command": own["command"] if own else None,
                    "grace": float(own.get("grace", worker.GRACE_SECONDS)) if own else worker.GRACE_SECONDS})
    return plan
