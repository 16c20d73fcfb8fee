# SPDX-License-Identifier: BSD-2-Clause
"""cli - the subcommands of `wirestorm campaign`."""

import json
import os
import secrets
import shutil
import signal
import sys
import time
from pathlib import Path

import escape  # scripts/escape.py
import script

from . import builds, coordinator, durable, merge, options, report, status, verify, worker
from .engines import CANARIES, ENGINES, JOBS
from .ledger import Ledger, LedgerError
from .options import UsageError

FOLDER = "campaign"
HOURS = 8
DISK = "2G"
CANARY_MINUTES = 30
SLICE_SECONDS = (10, 180)
SLICES_PER_CAMPAIGN = 20
SURVEY_SECONDS = 1800
WATCH_SECONDS = 2
EXIT_OK, EXIT_NEW, EXIT_CANNOT, EXIT_ILL = 0, 1, 2, 3


def source_tree():
    """The tree that this file is in; None: it is installed."""
    return str(script.ROOT) if (script.ROOT / "meson.build").is_file() and (script.ROOT / "engine").is_dir() else None


def own_tool():
    """The wirestorm that started this program (harness/cli/external.c), or the installed one."""
    installed = Path(sys.argv[0]).resolve().parent.parent.parent / "bin" / "wirestorm"
    for found in (os.environ.get("WIRESTORM_TOOL"), installed, shutil.which("wirestorm")):
        if found and Path(found).is_file():
            return str(Path(found).resolve())
    return None


# --- start ---


def seconds_of(given):
    if "hours" in given and "seconds" in given:
        raise UsageError("expected --hours or --seconds, found both")
    return given.get("seconds", given.get("hours", HOURS) * 3600)


def shard_of(text):
    parts = text.split("/")
    if len(parts) != 2 or not all(p.isdigit() for p in parts) or not int(parts[0]) < int(parts[1]):
        raise UsageError(f"--shard: expected K/N with K from 0 to N - 1, found \"{text}\"")
    return [int(parts[0]), int(parts[1])]


def chosen_jobs(given, engines):
    """{job: weight}"""
    everything = {name: ENGINES[name].weight for name in JOBS} | {name: float(own.get("weight", 1))
        for name, own in engines.items()}
    if "jobs" not in given:
        return everything
    chosen = options.weights(given["jobs"])
    for name in chosen:
        if name not in everything:
            raise UsageError(f"--jobs: no job \"{name}\"; there are {', '.join(everything)}")
    chosen = {name: weight for name, weight in chosen.items() if weight > 0}
    if not chosen:
        raise UsageError("--jobs: expected a job with a weight above 0")
    return chosen


def known_folders(given, source):
    """The directories whose findings are known."""
    found = given_known(given, source)
    return found + ([str(Path(given["from"], "findings").resolve())] if "from" in given else [])


def given_known(given, source):
    if given.get("known") == "none" or (given.get("mutant") and "known" not in given):
        return []
    if "known" in given:
        if not Path(given["known"]).is_dir():
            raise UsageError(f"--known: {given['known']} is no directory")
        return [str(Path(given["known"]).resolve())]
    bugs = Path(source, "corpus", "bugs") if source else None
    return [str(bugs)] if bugs and bugs.is_dir() else []


def given_builds(given):
    found = {}
    for text in given.get("build", []):
        name, _, folder = text.partition("=")
        if name not in builds.BUILDS or not folder:
            raise UsageError(f"--build: expected NAME=DIR with a NAME of {', '.join(builds.BUILDS)}, found \"{text}\"")
        found[name] = builds.describe(folder)
    return found


def new_config(given, engines):
    """The configuration of a campaign, as campaign.json has it; without the builds."""
    seconds = seconds_of(given)
    if seconds < 1:
        raise UsageError("expected at least one second")
    processors = len(os.sched_getaffinity(0))
    source = None if "tool" in given and "source" not in given else given.get("source", source_tree())
    if source and not Path(source, "meson.build").is_file():
        raise UsageError(f"--source: {source} is no source tree")
    length = given.get("slice", min(max(seconds / SLICES_PER_CAMPAIGN, SLICE_SECONDS[0]), SLICE_SECONDS[1]))
    seed = int(given["seed"]) if "seed" in given else secrets.randbelow(1 << 40)
    return {"version": 1, "id": secrets.token_hex(8), "seconds": seconds,
        "cores": max(1, int(given.get("cores", processors - 1))), "slice": min(length, seconds),
        "canary": given.get("canary", CANARY_MINUTES) * 60, "canaries": list(CANARIES),
        "survey": min(SURVEY_SECONDS, seconds / 4), "disk": options.size(given.get("disk", DISK)), "seed": seed,
        "shard": shard_of(given.get("shard", "0/1")), "known": known_folders(given, source),
        "source": str(Path(source).resolve()) if source else None, "mutants": given.get("mutant", []),
        "notify": given.get("notify"), "engines": engines, "jobs": chosen_jobs(given, engines),
        "code": str(Path(sys.argv[0]).resolve()), "report": True, "missing": []}


def build_all(folder, config, given, say):
    """Makes what is missing of the builds that the jobs need. A job whose build is impossible is named."""
    found = config.setdefault("builds", {})
    found.update(given)
    rows = {name: ENGINES[name] if name in ENGINES and name not in config["engines"] else ENGINES["own"]
        for name in config["jobs"]}
    needed = ["plain", "mutants", *(row.build for row in rows.values())]
    why = {}
    for name in dict.fromkeys(needed):
        if name in found:
            continue
        if not config["source"]:
            why[name] = "its build is missing: --source DIR builds it"
            continue
        say(f"building {name} ...")
        if Path(config["source"]) != (folder / "source").resolve():
            is_own = config["source"] == source_tree()
            config["source"] = builds.snapshot(config["source"], (folder / "source").resolve())
            if is_own:
                config["code"] = str(Path(config["source"], "scripts", "campaign"))
        try:
            found[name] = builds.make(name, config["source"], folder / "build" / name, len(os.sched_getaffinity(0)),
                bool(config["mutants"]))
        except builds.BuildError as e:
            why[name] = str(e)
    if "plain" not in found:
        raise builds.BuildError(f"cannot build: {why['plain']}")
    version = builds.version_of(found["plain"]["tool"])
    if "mutants" not in found and "mutants" in version["built_with"]:
        found["mutants"] = found["plain"]
    if config["mutants"] and "mutants" not in found:
        raise builds.BuildError(f"--mutant needs a build with -Dmutants=true: {why.get('mutants')}")
    config.update(commit=version["commit"], compiler=version["compiler"], built_with=version["built_with"])
    config["missing"] = [{"job": name, "why": why[row.build]} for name, row in rows.items() if row.build not in found]
    if "mutants" not in found:
        config["missing"].append({"job": "canary", "why": why.get("mutants", "no build with mutants")})


def plan(config, profiles):
    missing = {m["job"] for m in config["missing"]}
    jobs = {name: weight for name, weight in config["jobs"].items() if name not in missing}
    if not jobs:
        raise builds.BuildError("no job can run: " + "; ".join(f"{m['job']}: {m['why']}" for m in config["missing"]))
    return coordinator.core_plan(config, jobs, profiles)


def command_start(given, operands):
    if operands:
        raise UsageError(f"start takes no operand, found \"{operands[0]}\"; --out names the directory")
    from_file, engines = options.read_config(given["config"]) if "config" in given else ({}, {})
    given = from_file | given
    config = new_config(given, engines)
    folder = Path(given.get("out", FOLDER))
    ready = given_builds(given)
    if "tool" in given:
        tool = str(script.tool_path(given["tool"]))
        ready.setdefault("plain", {"tool": tool, "folder": None})
    elif not config["source"] and own_tool():
        ready.setdefault("plain", {"tool": own_tool(), "folder": None})
    lock = take(folder, new=True)
    config_path = folder / coordinator.CONFIG
    if "from" in given and not Path(given["from"], coordinator.CONFIG).is_file():
        raise UsageError(f"--from: expected a campaign's directory, found {given['from']}")
    if config_path.exists():
        raise UsageError(f"{folder}: there is a campaign already; resume continues it, --out names another directory")
    durable.write_json(config_path, dict(config, given={k: v for k, v in given.items() if k == "profile"}, ready=ready))
    if "from" in given:
        merge.merge_corpora(folder, given["from"])
    return go(folder, config, given, ready, lock)


def go(folder, config, given, ready, lock):
    """The rest of start, and of a resume that comes before the builds are done."""
    quiet = bool(given.get("quiet"))
    if given.get("detach"):
        lock = detach(folder, lock)
    build_all(folder, config, ready, lambda text: None if quiet else print(text, flush=True))
    known = builds.profiles_of(config["builds"]["plain"]["tool"])
    config["profiles"] = given.get("profile") or known
    for name in config["profiles"]:
        if name.split()[0] not in known:
            raise UsageError(f"--profile: no profile \"{name}\"; there are {', '.join(known)}")
    config["plan"] = plan(config, config["profiles"])
    durable.write_json(folder / coordinator.CONFIG, config)
    if not quiet:
        print(f"{folder}: {config['seconds'] / 3600:.2f} hours on {config['cores']} cores, slices of"
            f" {config['slice']:.0f} s, seed {config['seed']}\njobs: {', '.join(j['name'] for j in config['plan'])}")
        for missing in config["missing"]:
            print(f"{missing['job']} does not run: {missing['why']}")
        print(f"look at it: wirestorm campaign status --watch {folder}", flush=True)
    return run(folder, config, quiet, lock)


def take(folder, new=False):
    """The lock of the directory."""
    if new:
        folder.mkdir(parents=True, exist_ok=True)
    lock = durable.Lock(folder)
    if not lock.take():
        raise script.Failure(f"{folder}: another campaign runs in this directory: process {lock.holder()}")
    return lock


def detach(folder, lock):
    """Continues in a process without a terminal; this one ends. The lock stays held: both have its descriptor."""
    sys.stdout.flush()
    if os.fork() != 0:
        print(f"{folder}: runs without a terminal; wirestorm campaign status --watch {folder}")
        sys.stdout.flush()
        os._exit(EXIT_OK)
    os.setsid()
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    log = os.open(folder / "campaign.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.pwrite(lock.handle, f"{os.getpid()}\n".encode(), 0)
    return lock


def run(folder, config, quiet, lock):
    campaign = coordinator.Campaign(folder, config, quiet)
    new = campaign.run()
    told = status.collect(folder)
    lock.release()
    told["state"] = "stopped" if campaign.stops else "complete"
    if not quiet:
        print(status.line(told))
        print(f"report: {folder / 'report'}")
    ill = told["canaries_found"] < told["canaries"]
    return EXIT_ILL if ill else EXIT_NEW if new else EXIT_OK


# --- the others ---


def folder_of(operands):
    if len(operands) > 1:
        raise UsageError(f"expected one DIR, found {len(operands)}")
    folder = Path(operands[0] if operands else FOLDER)
    if not (folder / coordinator.CONFIG).is_file():
        raise UsageError(f"{folder}: expected a campaign's directory, found no {coordinator.CONFIG}")
    return folder


def command_resume(given, operands):
    folder = folder_of(operands)
    told = durable.read_json(folder / coordinator.CONFIG) or {}
    code = told.get("code", sys.argv[0])
    if Path(code).is_file() and not Path(code).samefile(sys.argv[0]):  # a campaign goes on with the code it began with
        os.execv(sys.executable, [sys.executable, code, *sys.argv[1:]])
    lock = take(folder)
    config = durable.read_json(folder / coordinator.CONFIG)
    if config is None:
        raise UsageError(f"{folder}: {coordinator.CONFIG} cannot be read")
    if "merged" in config:
        raise UsageError(f"{folder}: merge has made it; only a campaign can be resumed")
    if "plan" not in config:
        earlier = config.pop("given", {})
        return go(folder, config, earlier | given, config.pop("ready", {}), lock)
    if "hours" in given or "seconds" in given:
        ledger = Ledger(folder, write=True)
        config["seconds"] = ledger.meta("at", 0.0) + seconds_of(given)
        ledger.close()
    config["cores"] = int(given.get("cores", config["cores"]))
    config["disk"] = options.size(given["disk"]) if "disk" in given else config["disk"]
    config["notify"] = given.get("notify", config["notify"])
    durable.write_json(folder / coordinator.CONFIG, config)
    if given.get("detach"):
        lock = detach(folder, lock)
    return run(folder, config, bool(given.get("quiet")), lock)


def command_stop(given, operands):
    folder = folder_of(operands)
    lock = durable.Lock(folder)
    holder = lock.holder()
    if holder is None or holder <= 0:
        raise script.Failure(f"{folder}: no campaign runs in this directory")
    os.kill(holder, signal.SIGTERM)
    if given.get("now"):
        time.sleep(0.5)
        try:
            os.kill(holder, signal.SIGTERM)
        except ProcessLookupError:
            pass
    while lock.holder() == holder:
        time.sleep(0.2)
    return EXIT_OK


def command_status(given, operands):
    folder = folder_of(operands)
    while True:
        told = status.collect(folder)
        if given.get("json"):
            print(json.dumps(told, indent=1))
        elif given.get("line"):
            print(status.line(told))
        else:
            terminal = sys.stdout.isatty()
            print(("\033[2J\033[H" if given.get("watch") and terminal else "")
                + status.screen(told, terminal and "NO_COLOR" not in os.environ), end="", flush=True)
        if not given.get("watch") or told["state"] != "running":
            return status.exit_status(told)
        time.sleep(WATCH_SECONDS)


def command_report(given, operands):
    folder = folder_of(operands)
    since = given.get("since")
    told = report.collect(folder, since if since in (None, "last") else int(since), given.get("baseline"))
    paths = report.write(folder, told)
    if given.get("json"):
        print(json.dumps(told, indent=1))
    elif not given.get("quiet"):
        print("\n".join(map(str, paths)))
    return EXIT_NEW if told["counts"]["new"] else EXIT_OK


def command_verify(given, operands):
    summary, complaints = verify.check(folder_of(operands), bool(given.get("replay")))
    if given.get("json"):
        print(json.dumps({"version": 1, "command": "campaign verify", "summary": summary, "complaints": complaints},
            indent=1))
    else:
        print("\n".join([*complaints, f"{summary}: {len(complaints)} complaints"]))
    return EXIT_NEW if complaints else EXIT_OK


def command_list(given, operands):
    since = given.get("since")
    folder = folder_of(operands)
    told = report.collect(folder, since if since in (None, "last") else int(since))
    if given.get("json"):
        print(json.dumps({"version": 1, "command": "campaign list", "findings": told["findings"]}, indent=1))
    else:
        by_name = {f["name"]: f for f in told["findings"]}
        for cause in told["causes"]:
            for name in cause["findings"] if given.get("all") else [cause["example"]]:
                f = by_name[name]
                count = f["count"] if given.get("all") else cause["count"]
                print(f"{f['section']:6} {cause['cause']:32} x{count:<6} {f['replays_shown']} of {f['replays']}  "
                    f"{f['file'] or '-'}  {f['what']}")
    return EXIT_NEW if told["counts"]["new"] else EXIT_OK


def command_merge(given, operands):
    if "out" not in given or not operands:
        raise UsageError("merge: expected --out DIR FROM...")
    folder = Path(given["out"])
    lock = take(folder, new=True)
    lines = merge.merge(folder, operands)
    report.write(folder, report.collect(folder))
    lock.release()
    if not given.get("quiet"):
        print("\n".join(lines))
    return EXIT_OK


COMMANDS = {"start": command_start, "resume": command_resume, "stop": command_stop, "status": command_status,
    "report": command_report, "verify": command_verify, "list": command_list, "merge": command_merge}


def main():
    words = sys.argv[1:]
    if words[:1] == ["--worker"]:
        return worker.main(words[1], "--harvest" in words)
    escape.streams()
    if words == [options.LIST_OPTION]:
        options.print_list()
        return EXIT_OK
    if "--help" in words[:2] or words == ["-h"]:
        options.print_help(JOBS)
        return EXIT_OK
    try:
        command, given, operands = options.parse(words)
        return COMMANDS[command](given, operands)
    except (UsageError, LedgerError, builds.BuildError) as e:
        return options.fail(e)
