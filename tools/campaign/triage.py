# SPDX-License-Identifier: BSD-2-Clause
"""triage - a raw finding (a program, an input of a fuzzer, a window of real threads) becomes an entry of the ledger.

An entry is a dict: key, verdict, check, edges, operations, race, quirks, mutant, what, program (text or None), evidence
(names of files in the slice's directory), replays, replays_shown, replay (the command), known_as, quirk, times.
"""

import json
import os
import re
import shlex
import subprocess
from pathlib import Path

from . import program as programs

REPLAYS = 3
SHRINK_SECONDS = 20
REPRODUCE_SECONDS = 20
COMMAND_SECONDS_MAX = 300
RACE_STATUS = 66


def call(words, seconds=COMMAND_SECONDS_MAX, **env):
    """(status, standard output, standard error). Status 124: it did not end."""
    try:
        done = subprocess.run(list(map(str, words)), capture_output=True, text=True, errors="replace", timeout=seconds,
            check=False, env=dict(os.environ, **env), stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        return 124, "", "did not end"
    return done.returncode, done.stdout, done.stderr


def call_json(words, seconds=COMMAND_SECONDS_MAX, **env):
    """(status, object or None)."""
    status, out, _ = call(words, seconds, **env)
    try:
        return status, json.loads(out)
    except ValueError:
        return status, None


def entry(key, what, **more):
    made = {"key": key.text(), "verdict": "", "check": key.check, "edges": key.edges, "operations": key.operations,
        "race": key.race, "quirks": key.quirks, "mutant": key.mutant, "what": what, "program": None, "evidence": [],
        "replays": 0, "replays_shown": 0, "replay": "", "known_as": None, "quirk": False, "times": 1}
    made.update(more)
    return made


class Known:
    """
    The findings of directories that need not be reported: by all of the key but the returns. And the keys that the
    campaign has seen, which need no replay.
    """

    def __init__(self, folders, keys=()):
        self.files, self.keys = {}, set(keys)
        for folder in folders:
            for path in sorted(Path(folder).glob("*.vmt")):
                try:
                    found = programs.read(path.read_text(encoding="utf-8", errors="replace"))
                except OSError:
                    continue
                self.files.setdefault(self.short(programs.key_of(found)), path.name)

    @staticmethod
    def short(key):
        return key.check, key.operations, key.quirks, key.mutant

    def name_of(self, key):
        return self.files.get(self.short(key))


def replay_program(tool, path):
    """(replays, how many showed the finding, command): against the file's schedule; without one, under any."""
    text = Path(path).read_text(encoding="utf-8", errors="replace")
    found = programs.read(text)
    as_written = bool(found.verdict and found.schedule)
    words = [tool, "check", path] if as_written else [tool, "check", "--fixed", path]
    shown = 0
    for _ in range(REPLAYS):
        shown += call(words)[0] == (0 if as_written else 1)
    return REPLAYS, shown, shlex.join(["wirestorm", *words[1:-1]])


def of_program(tool, path, what="", quirk=None, known=None):
    """The entry of a program that has been shrunk."""
    text = Path(path).read_text(encoding="utf-8", errors="replace")
    found = programs.read(text)
    what = what or found.what
    key = programs.key_of(found, what)
    if known is not None and key.text() in known.keys:
        replays, shown, command = 0, 0, ""
    else:
        replays, shown, command = replay_program(tool, path)
    return entry(key, what, verdict=found.verdict, program=text, replays=replays, replays_shown=shown, replay=command,
        known_as=known.name_of(key) if known is not None else None,
        quirk=bool(found.quirks) and not found.mutant if quirk is None else quirk)


def shrink(tool, path, scratch, profile=None, mutant=None, seconds=SHRINK_SECONDS):
    """`wirestorm triage` of an input or a program: (path of the small program, sentence); None: it shows nothing."""
    words = [tool, "triage", "--json", "--seconds", seconds]
    words += ["--profile", profile] if profile else []
    words += ["--mutant", mutant] if mutant else []
    _, told = call_json([*words, path])
    crash = told["crashes"][0] if told and told.get("crashes") else None
    if not crash or not crash.get("finding") or not crash.get("program"):
        return None
    # The verdict lines of triage carry their sentence, which check does not want.
    lines = [":".join(line.split(":")[:1]) if line.startswith("verdict ") else line
        for line in crash["program"].splitlines()]
    small = Path(scratch, f"triaged-{Path(path).name}.vmt")
    small.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return small, crash["finding"]


def of_input(tool, path, scratch, profile=None, mutant=None, known=None):
    """The entry of a fuzzer's input; None: no finding, so the input is only evidence."""
    small = shrink(tool, path, scratch, profile, mutant)
    return of_program(tool, small[0], small[1], known=known) if small else None


def of_window(tool, window, broken, scratch, known=None):
    """The entry of a failure of real threads: of the program that `wirestorm reproduce` makes of it, if it does."""
    out = Path(scratch, f"{Path(window).stem}-reproduced.vmt")
    words = [tool, "reproduce", "--json", "--seconds", REPRODUCE_SECONDS, "--out", out]
    _, told = call_json([*words, window], 4 * REPRODUCE_SECONDS + 60)
    if told and told.get("reproduced") and told.get("path") and Path(told["path"]).exists():
        return of_program(tool, told["path"], told.get("finding") or broken, known=known)
    detail = programs.without_numbers(broken.split(" (round")[0])
    return entry(programs.Key("stress", detail=detail), broken, verdict="stress", evidence=[str(window)], replays=1,
        replay=f"wirestorm reproduce {Path(window).name}")


def of_race(tool, window, broken, log):
    """The entry of a data race: the window is replayed until ThreadSanitizer reports it again."""
    key = programs.Key("data race", race=programs.race_of(broken), detail="" if programs.race_of(broken)
        else programs.without_numbers(broken))
    shown, evidence = 0, [str(log)]
    if window and Path(window).exists():
        evidence.insert(0, str(window))
        words = [*tool, "reproduce", "--json", "--no-shrink", "--seconds", REPRODUCE_SECONDS, "--out", "-"]
        for _ in range(REPLAYS):
            status, _, _ = call([*words, window], 4 * REPRODUCE_SECONDS + 60,
                TSAN_OPTIONS=f"halt_on_error=1 report_bugs=1 exitcode={RACE_STATUS}")
            shown += status == RACE_STATUS
    return entry(key, broken, verdict="data race", evidence=evidence, replays=REPLAYS, replays_shown=shown,
        replay="TSAN_OPTIONS=halt_on_error=1 wirestorm reproduce")


FAILURE = re.compile(r"^SUMMARY: |panic: |runtime error: |deadly signal|vmt-error|^verdict ")


def failure_line(said):
    """The line of a program's output that says how it failed, without the path of the build; empty: none does."""
    lines = [line.strip() for line in said.splitlines() if FAILURE.search(line.strip())]
    return re.sub(r"(?:\.{1,2}/|/)[\w./-]*/(\w+/[\w.-]+:\d+)", r"\1", lines[0]) if lines else ""


def alike(words, paths):
    """{how it fails: the inputs}: each input is run once."""
    found = {}
    for path in paths:
        _, out, said = call([*words, path])
        found.setdefault(failure_line(f"{said}\n{out}"), []).append(path)
    return found


def of_crash(target, path, text, words, known=None):
    """The entry of an input that crashes a program in a way that triage does not know. @text: failure_line()."""
    text = text or f"{target} fails"
    key = programs.Key("crash", detail=f"{target}: {programs.without_numbers(text)}")
    replays = 0 if known is not None and key.text() in known.keys else REPLAYS
    shown = sum(call([*words, path])[0] != 0 for _ in range(replays))
    return entry(key, f"{target}: {text}", verdict="crash", evidence=[str(path)], replays=replays, replays_shown=shown,
        replay=shlex.join([target]))
