# SPDX-License-Identifier: BSD-2-Clause
"""program - reads a program (.vmt) as far as findings are compared: its verdict, quirks, mutant and operations."""

import re
from dataclasses import dataclass, field

NOT_OPERATIONS = ("profile", "mutant", "map", "limit", "frames", "poison", "verdict", "result", "schedule", "schedules",
    "outcome", "never", "final", "order")


@dataclass(frozen=True)
class Key:
    """Two findings are the same if their keys are equal."""
    check: str  # "I19", "rollback", "data race", ...
    edges: str = ""  # names of returns, with a blank between them
    operations: str = ""  # kinds of operation, sorted
    race: str = ""  # the two functions of a data race
    quirks: str = ""  # "+Q1 +Q3"
    mutant: str = ""
    detail: str = ""  # of a finding that is no program's: the message without numbers

    def text(self):
        parts = [self.check, self.edges, self.operations, self.race, self.quirks, self.mutant, self.detail]
        return " | ".join(parts).rstrip(" |")


@dataclass
class Program:
    text: str
    verdict: str = ""  # "invariant"
    check: str = ""  # "I19"
    quirks: list = field(default_factory=list)
    profile: str = "strict"
    mutant: str = ""
    operations: list = field(default_factory=list)
    schedule: str = ""
    what: str = ""  # the sentence in the head


def read(text):
    program = Program(text)
    kinds = set()
    for line in text.splitlines():
        words = line.split("#", 1)[0].split()
        if not words:
            continue
        if words[0] == "profile" and len(words) > 1:
            program.profile = words[1]
            program.quirks = [word for word in words[2:] if word.startswith("+")]
        elif words[0] == "mutant" and len(words) > 1:
            program.mutant = words[1]
        elif words[0] == "verdict" and not program.verdict and len(words) > 1:
            program.verdict = words[1]
            program.check = words[2].rstrip(":") if len(words) > 2 else words[1]
            program.what = line.split("verdict ", 1)[1] if ":" in line else ""
        elif words[0] == "schedule":
            program.schedule = " ".join(words[1:])
        elif (words[0] == "init" or re.fullmatch(r"T\d+", words[0])) and len(words) > 1:
            kinds.add(words[1])
    program.operations = sorted(kinds - set(NOT_OPERATIONS))
    head = []
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        head.append(line.lstrip("# ").rstrip())
    sentence = re.split(r" (?:What should hold:|Found with )", " ".join(head))[0]
    program.what = program.what or sentence
    return program


def edges_of(what):
    """The returns that the sentence about a finding names: "... => KERN_SUCCESS (wire_again, wire_hole), step 3"."""
    match = re.search(r"=> \w+ \(([a-z_0-9, ]+)\)", what)
    return " ".join(match.group(1).replace(",", " ").split()) if match else ""


def key_of(program, what=""):
    """The key of a program with a verdict. An invariant belongs to the map, so the return says nothing about it."""
    edges = "" if program.verdict == "invariant" else edges_of(what or program.what)
    return Key(program.check or "unknown", edges, " ".join(program.operations), "", " ".join(program.quirks),
        program.mutant)


def race_of(text):
    """"data race: write in vm_map_lock, read in vm_map_wakeup (round 30)": the two functions, sorted."""
    return " ".join(sorted(re.findall(r"\b(?:read|write)\w*(?: of \w+)? in (\w+)", text)))


def without_numbers(text):
    return re.sub(r"\s+", " ", re.sub(r"\b(?:0x[0-9a-f]+|\d+)\b", "N", text)).strip()
