# SPDX-License-Identifier: BSD-2-Clause
"""engines - the ways to look for bugs: one row of ENGINES each, with two functions.

words(slice) gives the command of a slice and its environment; read(slice, ended) gives what it has done and found. Both
run in the worker, in the slice's directory. Of a slice that was killed, read() gets what there is.
"""

import hashlib
import json
import os
import random
import re
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import script  # scripts/script.py

from . import durable, triage
from .ledger import Ledger

RACE_STATUS = 66
FUZZ_INPUT_SECONDS = 25
SEEDS_APART = 1000003  # between the seeds of two starts in one slice
INPUTS_SHRUNK_MAX = 40  # of one slice; inputs that fail with the same words are one
CANARY_PROGRAMS = 4000
# Mutants that a hunt finds within seconds; the canaries take turns.
CANARIES = ("rollback_twice", "relook_never", "protect_one_too_far", "clip_loses_count", "wire_keeps_lock",
    "merge_in_transition", "wire_counts_first_entry", "flag_cleared_first")


@dataclass
class Slice:
    """What the worker knows of its slice; slices/NUMBER/job.json."""
    number: int
    job: str
    engine: str
    profile: str | None
    mutant: str | None
    seed: int
    seconds: float
    cores: int
    campaign: Path
    builds: dict  # {name: {"tool": FILE, "folder": DIR or None}}
    known: list
    source: str | None
    command: list | None  # of a job of the user's own
    canary: str | None
    attempt: int = 0  # how often the engine was started again in this slice

    def __post_init__(self):
        self.campaign = Path(self.campaign)
        self.folder = self.campaign / "slices" / f"{self.number:06}"
        self.work = self.folder / "work"
        self.out, self.log = self.folder / "out", self.folder / "log"

    def tool(self, name="plain"):
        build = self.builds.get(name) or self.builds["plain"]
        return build["tool"]

    def program(self, build, *path):
        return str(Path(self.builds[build]["folder"], *path))

    def corpus(self, name=None):
        folder = self.campaign / "corpora" / (name or self.job.replace("/", "-"))
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def known_findings(self):
        base = Ledger(self.campaign)
        keys = [row["key"] for row in base.rows("SELECT key FROM finding")]
        base.close()
        return triage.Known(self.known, keys)


@dataclass
class Figures:
    """What a slice has done."""
    executions: int | None = None
    coverage: int | None = None
    features: int | None = None
    interleavings: int | None = None
    corpus: int | None = None
    entries: list = field(default_factory=list)  # of triage
    sightings: list = field(default_factory=list)  # names of findings that the campaign has already
    edges: list = field(default_factory=list)
    canary: dict | None = None
    note: str = ""


def told_by(path):
    """The JSON object that a command has printed; None: it was killed, or printed something else."""
    try:
        return json.loads(path.read_text(encoding="utf-8", errors="replace"))
    except (OSError, ValueError):
        return None


def said_by(s, last=20000):
    try:
        return s.log.read_text(encoding="utf-8", errors="replace")[-last:]
    except OSError:
        return ""


def last_line(s, leave_out="\0"):
    """The last line that the slice has said, for people; without lines that begin with @leave_out."""
    lines = [line.strip() for line in said_by(s).splitlines() if line.strip() and not line.startswith(leave_out)]
    return lines[-1][:300] if lines else ""


def files_in(folder, pattern="*"):
    return sorted(p for p in Path(folder).glob(pattern) if p.is_file()) if Path(folder).is_dir() else []


# --- hunt ---


def hunt_words(s):
    words = [s.tool("mutants" if s.mutant else "plain"), "hunt", "--profile", s.profile, "--seconds", f"{s.seconds:g}",
        "--seed", str(s.seed), "-j", str(s.cores), "--out", str(s.work / "found"), "--pool", str(s.corpus()),
        "--keep-going", "--baseline", str(s.campaign / "findings"), "--json"]
    words += ["--mutant", s.mutant] if s.mutant else []
    words += ["--known", s.known[0]] if s.known else []
    return words, {}


def hunt_entry(s, tool, path, finding, known):
    """The entry of a file that a hunt has written. Its head says what the finding is, also after a kill."""
    text = path.read_text(encoding="utf-8", errors="replace")
    if path.stem.endswith("-unshrunk") or "\nschedule " not in f"\n{text}":
        profile = None if path.stem.endswith("-unshrunk") else s.profile
        small = triage.shrink(tool, path, s.folder, profile)
        if small is not None:
            return triage.of_program(tool, small[0], small[1], known=known)
    made = triage.of_program(tool, path, finding.get("what", ""), known=known)
    if made["check"] == "unknown":  # NNN-crash.vmt, NNN-hang.vmt
        kind = path.stem.split("-")[-1]
        made["key"] = f"{kind}{made['key'].removeprefix('unknown')}"
        made.update(check=kind, verdict=kind)
    return made


def hunt_read(s, _ended):
    tool, told, known = s.tool("mutants" if s.mutant else "plain"), told_by(s.out) or {}, s.known_findings()
    figures = Figures(told.get("programs"), len(told.get("edges", [])) or None, told.get("features"),
        told.get("features"), len(files_in(s.corpus())), note=last_line(s))
    by_name = {f["name"]: f for f in told.get("findings", []) if f.get("name")}
    for finding in told.get("findings", []):
        if finding.get("known_as"):
            figures.sightings.append(Path(finding["known_as"]).name)
    for path in files_in(s.work / "found", "*.vmt"):
        figures.entries.append(hunt_entry(s, tool, path, by_name.get(path.name, {}), known))
    return figures


# --- canary: a hunt for a planted bug ---


def canary_words(s):
    return [s.tool("mutants"), "hunt", "--mutant", s.canary, "--programs", str(CANARY_PROGRAMS), "--seed", "1", "-j",
        str(s.cores), "--out", str(s.work / "found"), "--json"], {}


def canary_read(s, ended):
    """The planted bug is found if it becomes an entry that replays each time. A canary that was killed says nothing."""
    if ended.stopped or ended.status == -9 and not ended.hung:
        return Figures(note="killed")
    tool, told = s.tool("mutants"), told_by(s.out) or {}
    paths = files_in(s.work / "found", "*.vmt")
    entries = [triage.of_program(tool, path) for path in paths[:1]]
    found = any(e["replays_shown"] == e["replays"] and e["mutant"] == s.canary for e in entries)
    if found:
        note = entries[0]["what"]
    elif paths:
        note = f"the finding does not replay: {entries[0]['replays_shown']} of {entries[0]['replays']}"
    else:
        note = f"no finding in {told.get('programs', 0)} programs; status {ended.status}; {last_line(s)}"
    return Figures(told.get("programs"), canary={"mutant": s.canary, "found": found, "seconds": ended.seconds,
        "note": note})


# --- survey: which returns the programs of a pool reach ---


def survey_words(s):
    return [s.tool(), "edges", "--json", "--profile", s.profile, str(s.corpus(f"hunt-{s.profile}"))], {}


def survey_read(s, _ended):
    told = told_by(s.out) or {}
    figures = Figures(told.get("programs"), sum(e["times"] > 0 for e in told.get("catalogue", [])) or None,
        note=last_line(s))
    for edge in told.get("catalogue", []):
        if edge["times"] == 0:
            continue
        source = Path(edge["source"] or "")
        program = source.read_text(encoding="utf-8", errors="replace") if source.is_file() else None
        figures.edges.append({"profile": s.profile, "edge": edge["edge"], "source": "pool", "code": edge["code"],
            "times": edge["times"], "invalid_address": edge["invalid_address"], "programs": edge["programs"],
            "man_page": edge["man_page"], "program": program, "schedule": edge["schedule"]})
    return figures


# --- stress and tsan: real threads ---


def mixes_of(words):
    _, out, _ = triage.call([*words, "stress", "--help"])
    behind = out.split("Mixes, the first is the default:", 1)
    return re.findall(r"^  ([a-z][a-z-]*)  ", behind[1], re.MULTILINE) if len(behind) == 2 else []


def stress_command(s, build):
    return (script.sanitizer_prefix() if build == "tsan" else []) + [s.tool(build)]


def stress_words_of(s, build):
    words = stress_command(s, build)
    mix = random.Random(s.seed).choice(mixes_of(words) or ["everything"])
    words = words + ["stress", "--seconds", str(max(1, round(s.seconds))), "--threads", "4", "--seed",
        str(s.seed), "--mix", mix, "--profile", s.profile, "--window", str(s.work / "window.vmt"), "--json", "--quiet"]
    words += ["--mutant", s.mutant] if s.mutant else []
    return words, {"TSAN_OPTIONS": f"{os.environ.get('TSAN_OPTIONS', '')} halt_on_error=0 exitcode={RACE_STATUS}"}


def stress_words(s):
    return stress_words_of(s, "mutants" if s.mutant else "plain")


def tsan_words(s):
    return stress_words_of(s, "tsan")


def stress_read_of(s, ended, build):
    told, words = told_by(s.out) or {}, stress_command(s, build)
    seen = {f"{op} {code}" for op, codes in told.get("counts", {}).items() for code in codes}
    seen |= set(told.get("invalid_address_by_edge", {})) | {w for w, n in told.get("waits", {}).items() if n}
    figures = Figures(told.get("operations"), len(told.get("invalid_address_by_edge", {})) or None, len(seen) or None,
        note=last_line(s))
    for edge, times in told.get("invalid_address_by_edge", {}).items():
        figures.edges.append({"profile": s.profile, "edge": edge, "source": "threads",
            "code": "KERN_INVALID_ADDRESS", "times": times, "invalid_address": times, "programs": 0,
            "man_page": "", "program": None, "schedule": None})
    window, broken = s.work / "window.vmt", told.get("broken", "")
    plain = s.tool("mutants" if s.mutant else "plain")
    if broken.startswith("data race") or ended.status == RACE_STATUS:
        figures.entries.append(triage.of_race(words, window, broken or "data race", s.log))
    elif broken and window.exists():
        figures.entries.append(triage.of_window(plain, window, broken, s.folder, s.known_findings()))
    elif broken or (ended.status < 0 and not ended.hung and not ended.stopped and ended.status != -9):
        what = broken or f"wirestorm stress: signal {-ended.status}"
        figures.entries.append(triage.entry(triage.programs.Key("stress", detail=triage.programs.without_numbers(what)),
            what, verdict="stress", evidence=[str(s.log)], replay=told.get("repeat", "")))
    return figures


def stress_read(s, ended):
    return stress_read_of(s, ended, "mutants" if s.mutant else "plain")


def tsan_read(s, ended):
    return stress_read_of(s, ended, "tsan")


# --- seq, sched, vmt: libFuzzer ---


def fuzz_seeds(s, target):
    if target == "vmt":
        return [Path(s.source, "corpus")] if s.source and Path(s.source, "corpus").is_dir() else []
    return [p for p in [Path(s.program("fuzz", "fuzz", f"seeds-{target}"))] if p.is_dir()]


def fuzz_seed(s):
    """libFuzzer takes 32 bits; 0 is the clock."""
    return (s.seed + s.attempt * SEEDS_APART) % 2**32 or 1


def fuzz_words(s):
    target = s.engine
    for name in ("new", "artifacts"):
        (s.work / name).mkdir(parents=True, exist_ok=True)
    words = script.sanitizer_prefix() + [s.program("fuzz", "fuzz", f"fuzz_{target}"), f"-seed={fuzz_seed(s)}",
        f"-max_len={4096 if target == 'vmt' else 512}", f"-timeout={FUZZ_INPUT_SECONDS}", "-print_final_stats=1",
        f"-max_total_time={max(1, round(s.seconds))}", f"-artifact_prefix={s.work / 'artifacts'}/"]
    dictionary = Path(s.program("fuzz", "fuzz", "fuzz_vmt.dict"))
    words += ["-use_counters=0"] if target != "vmt" else [f"-dict={dictionary}"] if dictionary.is_file() else []
    words += [str(s.work / "new"), str(s.corpus()), *map(str, fuzz_seeds(s, target))]
    return words, {"WS_FUZZ_MUTANT": s.mutant} if s.mutant else {}


def fuzz_numbers(said):
    """(executions, coverage, features, interleavings) from libFuzzer's output, of all of its starts."""
    def most(pattern):
        return max(map(int, re.findall(pattern, said)), default=None)

    units = sum(map(int, re.findall(r"stat::number_of_executed_units: (\d+)", said)))
    return (units or most(r"(?m)^#(\d+)\s"), most(r"\bcov: (\d+)"), most(r"\bft: (\d+)"), most(r"icov: (\d+) of"))


def adopt_inputs(folder, corpus):
    """Moves the inputs that are whole, by their names, into the corpus."""
    for path in files_in(folder):
        if hashlib.sha1(path.read_bytes()).hexdigest() == path.name:
            os.replace(path, corpus / path.name)


def fuzz_read(s, ended):
    said = said_by(s, 1 << 20)
    adopt_inputs(s.work / "new", s.corpus())
    figures = Figures(*fuzz_numbers(said), corpus=len(files_in(s.corpus())), note=last_line(s, "stat::"))
    tool, known = s.tool("mutants" if s.mutant else "plain"), s.known_findings()
    words = script.sanitizer_prefix() + [s.program("fuzz", "fuzz", f"fuzz_{s.engine}")]
    for text, paths in triage.alike(words, files_in(s.work / "artifacts")[:INPUTS_SHRUNK_MAX]).items():
        made = triage.of_input(tool, paths[0], s.folder, mutant=s.mutant, known=known) if s.engine != "vmt" else None
        made = made or triage.of_crash(f"fuzz_{s.engine}", paths[0], text, words, known)
        made.update(evidence=[str(paths[0])], times=len(paths))
        figures.entries.append(made)
    if not figures.entries and ended.status not in (0, 72) and not ended.stopped:
        figures.note = f"status {ended.status}: {figures.note}"
    return figures


# --- afl: AFL++ on the same target; its queue and libFuzzer's corpus are one ---


def afl_corpus(s):
    return s.corpus("sched" + (f"-{s.mutant}" if s.mutant else ""))


def afl_words(s):
    corpus = afl_corpus(s)
    if not files_in(corpus):
        corpus = Path(s.program("afl", "fuzz", "seeds-sched"))
    env = {"AFL_NO_UI": "1", "AFL_NO_AFFINITY": "1", "AFL_SKIP_CPUFREQ": "1", "AFL_NO_STARTUP_CALIBRATION": "1",
        "AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES": "1", "AFL_IGNORE_SEED_PROBLEMS": "1"}
    mutator = Path(s.program("plain", "fuzz", "libmutate-sched.so")) if s.builds["plain"]["folder"] else None
    if mutator and mutator.is_file():
        env["AFL_CUSTOM_MUTATOR_LIBRARY"] = str(mutator)
    if s.mutant:
        env["WS_FUZZ_MUTANT"] = s.mutant
    return ["afl-fuzz", "-i", str(corpus), "-o", str(s.work / "afl"), "-V", str(max(1, round(s.seconds))), "-s",
        str(s.seed % 2**31), "--", s.program("afl", "fuzz", "fuzz_sched")], env


def afl_read(s, _ended):
    found = s.work / "afl" / "default"
    try:
        stats = dict(re.findall(r"(?m)^(\w+)\s*: (.*)$", (found / "fuzzer_stats").read_text()))
    except OSError:
        stats = {}
    number = {name: int(value) for name, value in stats.items() if value.isdigit()}
    corpus, tool, known = afl_corpus(s), s.tool("mutants" if s.mutant else "plain"), s.known_findings()
    exchange(s, found / "queue", corpus)
    figures = Figures(number.get("execs_done"), number.get("edges_found"), number.get("edges_found"), None,
        len(files_in(corpus)), note=last_line(s))
    for path in [p for p in files_in(found / "crashes") if p.name != "README.txt"][:INPUTS_SHRUNK_MAX]:
        made = triage.of_input(tool, path, s.folder, mutant=s.mutant, known=known)
        made = made or triage.of_crash("fuzz_sched", path, "", [s.program("afl", "fuzz", "fuzz_sched")], known)
        made["evidence"] = [str(path)]
        figures.entries.append(made)
    return figures


def exchange(s, queue, corpus):
    """What is new in AFL++'s queue goes into libFuzzer's corpus, by scripts/corpus; without libFuzzer, all of it."""
    inputs = files_in(queue)
    if not inputs:
        return
    if "fuzz" in s.builds and s.builds["fuzz"]["folder"] and s.source:
        words = script.sanitizer_prefix() + [sys.executable, str(Path(s.source, "scripts", "corpus")), "merge",
            "--build", s.builds["fuzz"]["folder"], "--bugs", str(s.work / "merge-bugs"), "fuzz_sched", str(corpus),
            str(queue)]
        if triage.call(words)[0] in (0, 1):
            return
    for path in inputs:
        data = path.read_bytes()
        durable.write(corpus / hashlib.sha1(data).hexdigest(), data, sync=False)


# --- a job of the user's own ---


def own_words(s):
    (s.work / "found").mkdir(parents=True, exist_ok=True)
    values = {"{seconds}": f"{s.seconds:g}", "{seed}": str(s.seed), "{out}": str(s.work / "found"),
        "{tool}": s.tool(), "{corpus}": str(s.corpus())}
    words = []
    for word in s.command:
        for name, value in values.items():
            word = word.replace(name, value)
        words.append(word)
    return words, {}


def own_read(s, ended):
    told = {}
    try:
        told = json.loads(s.out.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1])
    except (OSError, ValueError, IndexError):
        pass
    numbers = {name: told.get(name) for name in ("executions", "coverage", "features", "interleavings")
        if isinstance(told, dict) and isinstance(told.get(name), int)}
    figures = Figures(**numbers, note=last_line(s))
    known = s.known_findings()
    for path in files_in(s.work / "found", "*.vmt"):
        figures.entries.append(triage.of_program(s.tool(), path, known=known))
    if ended.status not in (0, 1) and not figures.note:
        figures.note = f"status {ended.status}"
    return figures


@dataclass(frozen=True)
class Engine:
    name: str
    build: str  # of builds.BUILDS
    weight: float  # 0: no job of its own; the campaign starts it from time to time
    cores: int
    per_profile: bool
    unit: str  # what executions are
    words: Callable
    read: Callable
    title: str
    restarts: bool = False  # it ends at its first finding


ENGINES = {row.name: row for row in (
    Engine("hunt", "plain", 3, 1, True, "programs", hunt_words, hunt_read, "random programs, in every interleaving"),
    Engine("sched", "fuzz", 2, 1, False, "inputs", fuzz_words, fuzz_read, "libFuzzer: programs and schedules",
        True),
    Engine("seq", "fuzz", 1, 1, False, "inputs", fuzz_words, fuzz_read, "libFuzzer: engine against model",
        True),
    Engine("vmt", "fuzz", 0.5, 1, False, "inputs", fuzz_words, fuzz_read, "libFuzzer: the text form",
        True),
    Engine("afl", "afl", 1, 1, False, "inputs", afl_words, afl_read, "AFL++: programs and schedules"),
    Engine("stress", "plain", 1, 2, True, "operations", stress_words, stress_read, "real threads"),
    Engine("tsan", "tsan", 1, 2, True, "operations", tsan_words, tsan_read, "real threads under ThreadSanitizer"),
    Engine("canary", "mutants", 0, 1, False, "programs", canary_words, canary_read, "is a planted bug still found?"),
    Engine("survey", "plain", 0, 1, True, "programs", survey_words, survey_read, "which returns the pools reach"),
    Engine("own", "plain", 0, 1, False, "executions", own_words, own_read, "a job of your own"),
)}
JOBS = tuple(name for name, row in ENGINES.items() if row.weight > 0)


def clean(s):
    """Removes what the slice leaves. Its evidence has been kept by then."""
    shutil.rmtree(s.folder, ignore_errors=True)
