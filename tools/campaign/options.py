# SPDX-License-Identifier: BSD-2-Clause
"""options - the options of `wirestorm campaign`: one table gives the parsing, --help and completion."""

import difflib
import re
import sys
import textwrap
import tomllib
from dataclasses import dataclass

HELP_COLUMN = 21
HELP_WIDTH = 100
LIST_OPTION = "--list-options"  # for completion: harness/cli/options.h

USAGE = """\
usage: wirestorm campaign start [OPTION...]
       wirestorm campaign resume|stop|status|report|verify|list [OPTION...] [DIR]
       wirestorm campaign merge --out DIR FROM...

Looks for bugs in every way for hours: hunts, fuzzers, real threads, with and without ThreadSanitizer.
Start it in the evening, read one report in the morning.

  start      begin a campaign in a new directory
  resume     continue one that was stopped, killed or interrupted by a reboot
  stop       end it: slices end with their results
  status     one screen: jobs, rates, findings, canary, disk, time left
  report     write DIR/report
  verify     check that ledger and files agree
  list       list the findings, one line for each cause
  merge      put several campaigns together into one directory

DIR is the directory of the campaign (default campaign). It holds everything: configuration, builds,
ledger, corpora, findings, logs, report.
"""

AFTER = """
Jobs: {jobs}.
The first Ctrl-C ends a campaign with the results of its slices. The second one kills the slices;
resume then reads what they have left. kill -9, a crash and a power cut lose no finding either.

Exit status: 0 nothing new; 1 a new finding; verify: ledger and files differ; 2 wrong usage, or it
cannot run; 3 the campaign is not well: it died, or the canary was not found.

Examples:
  wirestorm campaign start
  wirestorm campaign start --hours 10 --cores 6 --profile strict --jobs hunt=3,stress=1
  wirestorm campaign start --detach --out nightly --notify ./mail-me
  wirestorm campaign status --watch nightly
  wirestorm campaign report --baseline last-night nightly
"""


class UsageError(Exception):
    """Wrong usage; the text says what was expected."""


@dataclass(frozen=True)
class Option:
    name: str
    value: str  # a name for the value; empty: a flag
    commands: str
    text: str
    kind: str = "text"  # text, file, directory; number: of what is above 0; list: may be given again

    @property
    def field(self):
        return self.name.replace("-", "_")


ALL = "start resume stop status report verify list merge"
OPTIONS = (
    Option("out", "DIR", "start merge", "directory of the campaign (default campaign); start wants a new one",
        "directory"),
    Option("hours", "H", "start resume", "run so long (default 8); resume: so much longer", "number"),
    Option("seconds", "S", "start resume", "the same in seconds", "number"),
    Option("cores", "N", "start resume", "slices at a time (default: all processors but one)", "number"),
    Option("profile", "P", "start", "a profile to look at; repeat it for several (default: all, wirestorm help"
        " profiles)", "list"),
    Option("mutant", "NAME", "start", "put this bug back; repeat it for a job with each. Known findings are then new",
        "list"),
    Option("jobs", "LIST", "start", "only these jobs, with these weights: hunt=3,stress=1 (default: all jobs)"),
    Option("slice", "S", "start", "seconds of a slice (default: a twentieth of the time, 10 to 180)", "number"),
    Option("canary", "MINUTES", "start", "minutes between two canaries (default 30); 0: none", "number"),
    Option("disk", "SIZE", "start resume", "disk budget without the builds, as 500M or 2G (default 2G)"),
    Option("seed", "N", "start", "seed of the first slice (default: from the clock); each slice has its own", "number"),
    Option("shard", "SHARD", "start", "K/N: of N campaigns with the same --seed this is number K, from 0; no two use"
        " the same seed"),
    Option("known", "DIR", "start", "directory of known findings, which are only counted (default corpus/bugs);"
        " none: nothing is known", "directory"),
    Option("from", "DIR", "start", "begin with the corpora of an earlier campaign; its findings are known",
        "directory"),
    Option("source", "DIR", "start", "source tree to build from (default: that of this wirestorm)", "directory"),
    Option("tool", "FILE", "start", "use this wirestorm, and build nothing", "file"),
    Option("build", "BUILD", "start", "NAME=DIR: use this build directory for NAME, which is plain, mutants, tsan, fuzz"
        " or afl; may be repeated", "list"),
    Option("config", "FILE", "start", "read options from FILE.toml: names as here, jobs as a table; tables"
        " [engine.NAME] are jobs of your own", "file"),
    Option("notify", "COMMAND", "start resume", "run COMMAND FILE.json for each new finding, for a canary that is not"
        " found, and at the end"),
    Option("detach", "", "start resume", "leave the terminal; the log is DIR/campaign.log"),
    Option("now", "", "stop", "kill the slices; resume reads what they have left"),
    Option("watch", "", "status", "show it again every two seconds until the campaign ends"),
    Option("line", "", "status", "one line, for cron"),
    Option("since", "RUN", "report list", "only findings first seen in this run or later; a number from status, or"
        " last", "number"),
    Option("baseline", "DIR", "report", "compare with another campaign: what is new, what is gone (replayed)",
        "directory"),
    Option("all", "", "list", "each finding, also those that share a mutant or quirks"),
    Option("replay", "", "verify", "also replay each finding"),
    Option("json", "", "status list verify report", "one JSON object on standard output"),
    Option("quiet", "", "start resume report merge", "print only errors"),
)


def print_help(jobs):
    print(USAGE)
    for row in OPTIONS:
        head = f"      --{row.name}{' ' + row.value if row.value else ''}"
        lines = textwrap.wrap(row.text, HELP_WIDTH - HELP_COLUMN, break_on_hyphens=False, break_long_words=False)
        if len(head) < HELP_COLUMN:
            print(head.ljust(HELP_COLUMN) + lines.pop(0))
        else:
            print(head)
        for line in lines:
            print(" " * HELP_COLUMN + line)
    print(AFTER.format(jobs=", ".join(jobs)), end="")


def print_list():
    for row in OPTIONS:
        kind = {"file": "file", "directory": "directory"}.get(row.kind, "text") if row.value else ""
        print(f"-\t--{row.name}\t{kind}\t{row.text}")
    print(f"-\t\t={ALL}\t")


def hint(word, words):
    """The word that was probably meant."""
    close = difflib.get_close_matches(word, words, 1)
    return f"; did you mean \"{close[0]}\"?" if close else ""


def number(name, text):
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < 1e15:
        raise UsageError(f"--{name}: expected a number, found \"{text}\"")
    return value


def size(text):
    """"500M", "2G": bytes."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([KMGT]?)i?B?", text)
    if not match:
        raise UsageError(f"--disk: expected a size such as 500M or 2G, found \"{text}\"")
    return int(float(match.group(1)) * 1024 ** " KMGT".index(match.group(2) or " "))


def weights(text):
    """"seq=1,hunt=3": the weights of jobs."""
    found = {}
    for part in filter(None, text.split(",")):
        name, _, weight = part.partition("=")
        found[name] = number("jobs", weight or "1")
    return found


def take(given, row, text):
    if row.kind == "list":
        given.setdefault(row.field, []).append(text)
    elif row.kind == "number" and not (row.name == "since" and text == "last"):
        given[row.field] = number(row.name, text)
    else:
        given[row.field] = text if row.value else True


def parse(words):
    """(command, {field: value}, operands) of the arguments."""
    rows = {row.name: row for row in OPTIONS}
    given, operands, words = {}, [], list(words)
    while words:
        word = words.pop(0)
        if word == "--":
            operands += words
            break
        if not word.startswith("--"):
            if word.startswith("-") and word != "-":
                raise UsageError(f"no option \"{word}\"; wirestorm campaign --help lists them")
            operands.append(word)
            continue
        name, equals, value = word[2:].partition("=")
        row = rows.get(name)
        if row is None:
            raise UsageError(f"no option \"--{name}\"; wirestorm campaign --help lists them{hint(name, rows)}")
        if row.value and not equals:
            if not words:
                raise UsageError(f"--{name}: expected {row.value}")
            value = words.pop(0)
        elif equals and not row.value:
            raise UsageError(f"--{name} takes no value")
        take(given, row, value)
    command = operands.pop(0) if operands else ""
    if command not in ALL.split():
        found = f", found \"{command}\"{hint(command, ALL.split())}" if command else ""
        raise UsageError(f"expected {', '.join(ALL.split())}{found}; wirestorm campaign --help explains them")
    for field in given:
        row = next(row for row in OPTIONS if row.field == field)
        if command not in row.commands.split():
            raise UsageError(f"{command} takes no --{row.name}")
    return command, given, operands


def read_config(path):
    """The options in a TOML file, in the form of parse(); and the tables [engine.NAME]."""
    try:
        with open(path, "rb") as f:
            told = tomllib.load(f)
    except tomllib.TOMLDecodeError as e:
        raise UsageError(f"{path}: {e}") from e
    engines = told.pop("engine", {})
    rows = {row.name: row for row in OPTIONS if "start" in row.commands.split() and row.name != "config"}
    given = {}
    for name, value in told.items():
        row = rows.get(name)
        if row is None:
            raise UsageError(f"{path}: no option \"{name}\"; there are {', '.join(rows)}")
        if name == "jobs" and isinstance(value, dict):
            value = ",".join(f"{job}={weight}" for job, weight in value.items())
        if not row.value:
            given[row.field] = bool(value)
            continue
        for each in value if isinstance(value, list) else [value]:
            take(given, row, str(each))
    for name, table in engines.items():
        if not re.fullmatch(r"[a-z][a-z0-9-]*", name):
            raise UsageError(f"{path}: [engine.{name}]: expected a name of small letters, digits and hyphens")
        command = table.get("command")
        if not isinstance(command, list) or not command or not all(isinstance(word, str) for word in command):
            raise UsageError(f"{path}: [engine.{name}]: expected command = [\"PROGRAM\", \"ARGUMENT\", ...]")
    return given, engines


def fail(text):
    print(f"wirestorm campaign: {text}", file=sys.stderr)
    return 2
