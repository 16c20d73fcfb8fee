#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The command line of wirestorm, as its users see it: help, exit codes, messages, what is printed where.

Usage: test-cli.py WIRESTORM [unittest's arguments]

Each check of a program against its expectations has a canary here: a recorded program with one thing made wrong.
"""

import fcntl
import json
import os
import pty
import re
import shlex
import shutil
import signal
import stat
import struct
import subprocess
import sys
import termios
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "common"))
import cli  # noqa: E402
from cli import ROOT, children, wait_until, ws  # noqa: E402

CORPUS = ROOT / "corpus" / "freebsd"
CONC = CORPUS / "conc" / "000.vmt"

# 65^4 states, which no machine is through with before it is interrupted.
ENDLESS = "".join("T%d lookup 20\n" % t * 64 for t in range(4))
# 21^3 states: enough for a line of progress.
MIDDLE = "".join("T%d lookup 20\n" % t * 20 for t in range(3))
SMALL = """# A comment at the top.
map 16 80
init insert 20 24 prot=rw max=rwx
T0 wire 20 24 user noholes
T1 remove 20 24
"""
ANY_STATES = ("--max-states", str(1 << 31))


def catches_sigint(pid):
    match = re.search(r"^SigCgt:\s*(\w+)", Path("/proc/%d/status" % pid).read_text(), re.MULTILINE)
    return int(match.group(1), 16) >> (signal.SIGINT - 1) & 1 == 1


class Case(cli.Case):
    def assertIn(self, part, whole, message=None):
        if part not in whole:
            self.fail("%s: %r is not in\n%s" % (message or "", part, str(whole)[-2000:]))

    def usage_error(self, *args, words=()):
        """Exit 2, a reason on standard error, nothing on standard output."""
        out, err = self.expect(2, *args)
        self.assertEqual(out, "")
        for word in words:
            self.assertIn(word, err)
        return err


class InitExpectation(Case):
    def test_init_step_that_fails_its_expectation(self):
        """Every command that opens the program says so; in a build with AddressSanitizer, none of them leaks."""
        path = self.file("init.vmt", SMALL.replace("prot=rw max=rwx", "prot=rw max=rwx => KERN_NO_SPACE"))
        for command in ("check", "explore", "run", "show", "edges"):
            out, err = self.expect(1 if command == "check" else 2, command, path)
            self.assertIn("expected result KERN_NO_SPACE, got KERN_SUCCESS", out + err, command)


class Help(Case):
    def commands(self):
        found = re.findall(r'^(?:COMMAND|EXTERNAL)\("(\w+)"', (ROOT / "harness" / "cli" / "commands.def").read_text(),
            re.MULTILINE) + ["stress"]
        self.assertGreaterEqual(len(found), 5)
        return found

    def test_list(self):
        out, _ = self.expect(0, "--help")
        self.assertEqual(self.expect(0, "-h")[0], out)
        self.assertEqual(self.expect(0, "help")[0], out)
        for command in self.commands():
            self.assertRegex(out, r"(?m)^  %s +\S" % command)
        self.assertRegex(out, r"\n  fmt .*\n  stress .*\n  bugs .*\n  reproduce .*\n  bench .*\n"
            r"  completion .*\n  help ")
        code, nothing, err = ws()
        self.assertEqual((code, nothing, err), (2, "", out))

    def test_each(self):
        for command in self.commands():
            out, err = self.expect(0, command, "--help")
            self.assertIn("usage: wirestorm", out)
            self.assertEqual(err, "")
            if command not in ("help", "edges"):  # "help edges" lists the edges
                self.assertEqual(self.expect(0, "help", command)[0], out)

    def folded_lines(self, out, label, indent, columns):
        """How many lines of a text at column @indent end because the next word would end after column @columns.

        The first line of a text has a label that matches @label before it.
        """
        lines, nr = out.split("\n"), 0
        for line, after in zip(lines, lines[1:]):
            if len(line) <= indent or not re.match(label + "| {%d}[^ ]" % indent, line) or \
                    not re.match(" {%d}[^ ]" % indent, after):
                continue
            self.assertLessEqual(len(line), columns, line)
            self.assertGreater(len(line) + 1 + len(after.split()[0]), columns, line)
            nr += 1
        return nr

    def test_texts_of_options_fold_at_column_100(self):
        nr = 0
        for command in self.commands():
            # A synopsis that is too long for its column has its text on the next line: it is no folded line.
            out = re.sub(r"(?m)^( {2}-.{19,}| {6}--.{13,})\n(?= {21})", "\n",
                self.expect(0, command, "--help")[0])
            nr += self.folded_lines(out, " {2}-| {6}--", 21, 100)
        self.assertGreater(nr, 5)

    def test_explanations_fold_at_column_78(self):
        nr = 0
        for word in ("wire_hole", "I19", "Q1", "wire", "KERN_INVALID_ADDRESS"):
            out = self.expect(0, "explain", word)[0].split("\n--- ")[0]
            nr += self.folded_lines(out, r"[a-z ]{9} [^ ]", 10, 78)
        self.assertGreater(nr, 5)

    def test_program_in_path_is_a_command(self):
        """`wirestorm NAME` runs wirestorm-NAME of PATH, with the arguments and with its exit status."""
        program = self.file("wirestorm-greet", '#!/bin/sh\necho "hello $*"\nexit 3\n')
        program.chmod(0o755)
        env = dict(os.environ, PATH="%s:%s" % (program.parent, os.environ["PATH"]))
        for words, answer in ((["greet", "a", "b c"], "hello a b c\n"), (["help", "greet"], "hello --help\n")):
            done = subprocess.run([cli.TOOL, *words], capture_output=True, text=True, env=env)
            self.assertEqual((done.returncode, done.stdout, done.stderr), (3, answer, ""))
        for words in (["greet"], ["../greet"], [""]):
            self.usage_error(*words, words=["no command"])

    def test_missing_program_of_a_command(self):
        """A copy of the tool that is alone says which program it lacks, and where it has looked."""
        alone = self.file("wirestorm", "")
        shutil.copy(cli.TOOL, alone)
        for command in ("bugs", "bench"):
            done = subprocess.run([alone, command, "list"], capture_output=True, text=True, env={"PATH": "/nonesuch"})
            self.assertEqual((done.returncode, done.stdout), (2, ""))
            self.assertRegex(done.stderr, r"\Awirestorm: expected the program wirestorm-%s beside this one, .*\n\Z"
                % command)
        alone.with_name("wirestorm-bugs").write_text("")
        alone.with_name("wirestorm-bugs").chmod(0o644)
        done = subprocess.run([alone, "bugs", "list"], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stderr), (2, "wirestorm: wirestorm-bugs: Permission denied\n"))

    def test_program_of_a_command_alone(self):
        """wirestorm-bugs started by itself is `wirestorm bugs`."""
        program = Path(cli.TOOL).parent.parent / "tools" / "wirestorm-bugs"
        for words in (["--help"], ["list"], ["lsit"], ["--nonsense"]):
            done = subprocess.run([program, *words], capture_output=True, text=True)
            self.assertEqual((done.returncode, done.stdout, done.stderr), ws("bugs", *words))

    def test_options(self):
        """The manual page's synopsis of a command has the options that its --help has."""
        synopsis = {}
        for path in (ROOT / "man").glob("wirestorm*.1"):
            page = path.read_text()
            synopsis.update(re.findall(r"(?ms)^\.Cm (\w+)\n(.*?)(?=^\.Nm wirestorm$|\Z)",
                page[:page.index(".Sh DESCRIPTION")]))
        self.assertEqual(sorted(synopsis), sorted(self.commands()))
        compared = 0
        for command, text in synopsis.items():
            if "Op Ar option ..." in text or command == "help":
                continue
            there = {long or letter for letter, long in re.findall(r"\bFl (?:-([\w-]+)|(\w)\b)", text)}
            helped = re.findall(r"(?m)^ {2,6}(?:-(\w), )?--([\w-]+)", self.expect(0, command, "--help")[0])
            self.assertEqual(there, {letter or name for letter, name in helped}, command)
            compared += len(helped)
        self.assertGreater(compared, 70)

    def test_explain(self):
        """Every name that a report can have is explained, each with what its table says of it."""
        tables = {"edges.def": (r"^VM_EDGE\((\w+),", 45), "mutants.def": (r"^VM_MUTANT\((\w+),", 1),
            "behaviours.def": (r"^VM_BEHAVIOUR\((\w+),", 14), "checks.def": (r"^CHECK\((\w+),", 48)}
        for table, (pattern, least) in tables.items():
            names = re.findall(pattern, (ROOT / "engine" / table).read_text(), re.MULTILINE)
            self.assertGreaterEqual(len(names), least, table)
            for name in names:
                out, _ = self.expect(0, "explain", name)
                self.assertRegex(out, r"(?m)^%s, an? (edge|check|quirk|rule|mutant|canary)\b" % name)
                self.assertEqual(re.findall(r"(?m) $", out.split("\n--- ")[0]), [], name)
        out, _ = self.expect(0, "explain", "KERN_INVALID_ADDRESS")
        self.assertIn("\nwire_hole\n", out)
        self.assertIn("\nwire_fault, if it is the fault's code\n", out)
        self.assertNotIn("\nwire_limit\n", out)
        self.assertRegex(out, r"(?m)^KERN_INVALID_ADDRESS, a return code")
        out, _ = self.expect(0, "explain", "Q1", "wire_hole")
        self.assertIn("subtracted", out)
        self.assertIn("docs/returns.md, row w5", out)
        self.usage_error("explain", words=["expected a name"])
        code, out, err = ws("explain", "I19", "nonsense")
        self.assertEqual(code, 2)
        self.assertIn("I19, a check", out)
        self.assertIn('found "nonsense"', err)

    def test_explain_design(self):
        """What the recorded kernels do on purpose has a verdict, and a recording that shows it."""
        for name in ("D2", "D5", "D6", "D7"):
            text = self.expect(0, "explain", name)[0]
            self.assertIn("by design, and surprising", text)
            path = re.search(r"corpus/freebsd/stack/defects/\S+\.vmt", text)[0]
            self.assertTrue((ROOT / path).is_file(), path)
        for name in ("D1", "D3", "D4", "D8"):
            self.assertIn("a quirk", self.expect(0, "explain", name)[0])

    def test_explain_operations(self):
        """Each operation has its page; its section is one of docs/engine.md; what others call it leads to it."""
        sections = re.findall(r"(?m)^## (\d+)\. ", (ROOT / "docs" / "engine.md").read_text())
        names = re.findall(r"(?m)^VM_OP\((\w+),", (ROOT / "engine" / "ops.def").read_text())
        self.assertGreaterEqual(len(names), 17)
        for name in names:
            out, _ = self.expect(0, "explain", name)
            self.assertRegex(out, r"(?m)^%s, an operation\b" % name)
            self.assertIn(re.search(r"docs/engine.md, section (\d+)", out).group(1), sections, name)
        out, _ = self.expect(0, "explain", "wire")
        self.assertRegex(out, r"(?ms)^edges .* wire_hole,.*^others ")
        aliases = re.findall(r"(?m)^VM_OP_ALIAS\((\w+), (\w+)\)", (ROOT / "engine" / "op-aliases.def").read_text())
        self.assertGreaterEqual(len(aliases), 30)
        for alias, name in aliases:
            self.assertNotIn(alias, names)
            self.assertRegex(self.expect(0, "explain", alias)[0], r"(?m)^%s, an operation\b" % name)
        self.assertRegex(self.expect(0, "help", "ops")[0], r"(?m)^  remove +munmap")

    def test_help_lists(self):
        """help has a list of each kind of name, with every row of its table."""
        for what, table, pattern in (("quirks", "engine/behaviours.def", r"^VM_BEHAVIOUR\((\w+),"),
                ("mutants", "engine/mutants.def", r"^VM_MUTANT\((\w+),"),
                ("verdicts", "harness/program/verdicts.def", r'^VERDICT\(\w+, "([\w-]+)"'),
                ("checks", "engine/checks.def", r"^CHECK\((\w+),")):
            out, _ = self.expect(0, "help", what)
            names = re.findall(pattern, (ROOT / table).read_text(), re.MULTILINE)
            self.assertGreaterEqual(len(names), 5, what)
            for name in names:
                self.assertRegex(out, r"(?m)^ *%s\b" % name)
        out, _ = self.expect(0, "help", "profiles")
        for name, _ in cli.profiles():
            self.assertRegex(out, r"(?m)^%s\b" % name)

    def test_profiles_document_has_each_behaviour(self):
        table = (ROOT / "engine" / "behaviours.def").read_text().split("*/")[-1]
        rows = re.findall(r"(?m)^\| ([A-Z]+\d+)(?: \(\w+\))? \|", (ROOT / "docs" / "profiles.md").read_text())
        names = re.findall(r"(?m)^VM_BEHAVIOUR\((\w+),", table)
        self.assertGreaterEqual(len(names), 15)
        self.assertEqual(set(rows), set(names))

    def test_recordings_name_their_profile(self):
        """The folder of a profile is there, and its programs are about it."""
        found = 0
        for name, folder in cli.profiles():
            for path in (ROOT / folder).rglob("*.vmt") if folder else ():
                self.assertRegex(path.read_text(), r"(?m)^profile %s$" % name)
                found += 1
        self.assertGreaterEqual(found, 994)

    def test_did_you_mean(self):
        """An unknown word of any table is answered with the nearest word of that table."""
        for args, word in ((("chekc",), "check"), (("help", "quirk"), "quirks"), (("help", "explian"), "explain"),
                (("check", "--verfy", CONC), "--verify"), (("run", "--strategy", "ptc", CONC), "pct"),
                (("check", "--profile", "freebsd", CONC), "freebsd12"), (("check", "--target", "modle", CONC), "model"),
                (("explain", "wire_hol"), "wire_hole"), (("explain", "rolback"), "rollback"),
                (("explain", "KERN_INVALID_ADRESS"), "KERN_INVALID_ADDRESS"),
                (("bugs", "describe", "wire_owner_ignore"), "wire_owner_ignored"), (("bugs", "lsit"), "list"),
                (("bugs", "hunt", "--engine", "litmsu", "wire_owner_ignored"), "litmus"),
                (("triage", "--mutant", "wire_owner_ignore", CONC), "wire_owner_ignored"),
                (("hunt", "--mutant", "wire_owner_ignore"), "wire_owner_ignored"),
                (("stress", "--mix", "pagout"), "pageout"), (("stress", "--mix", "wier=3"), "wire"),
                (("stress", "--profile", "strickt"), "strict"), (("bench", "mpa"), "map"),
                (("bench", "sched", "--strategy", "explor"), "explore")):
            self.usage_error(*args, words=['did you mean "%s"?' % word])
        for args in (("frobnicate",), ("explain", "zzz"), ("check", "--zzz"), ("run", "--strategy", "zzz", CONC)):
            self.assertNotIn("did you mean", self.usage_error(*args))

    def test_wrong_options(self):
        for command in self.commands():
            if command == "help":
                continue
            err = self.usage_error(command, "--nonsense", words=["nonsense", "wirestorm %s --help" % command])
            self.assertNotIn("usage:", err)
        for command in ("check", "explore", "run", "fmt"):
            self.usage_error(command, words=["expected", "--help"])
        self.usage_error("explore", CONC, CONC, words=["one file"])
        self.usage_error("run", CONC, CONC, words=["one file"])
        self.usage_error("nonsense", words=["nonsense", "--help"])
        self.usage_error("help", "nonsense", words=["nonsense"])

    def test_wrong_values(self):
        for args in (("check", "-j", "0"), ("check", "-j", "65"), ("check", "-j", "x"), ("check", "-j", ""),
                ("check", "--max-states", "0"), ("check", "--max-states", "-1"), ("check", "--profile", "strickt"),
                ("check", "--profile", "strict +Q5"), ("check", "--profile", "strict Q1"), ("check", "--profile", ""),
                ("check", "--target", "none"), ("explore", "--seconds", "0"), ("explore", "--seconds", "nan"),
                ("explore", "--seconds", "1x"), ("explore", "--max-schedules", "1e3"), ("run", "--seed", "-1"),
                ("run", "--schedule", "T0*0"), ("run", "--schedule", "T16"), ("run", "--schedule", "0")):
            self.usage_error(*args, CONC, words=[args[1]])
        self.usage_error("check", "--bless", "--profile", "strict", CONC, words=["--bless"])
        self.usage_error("check", "--bless", "-", CONC, words=["--bless"])
        for args in (("--seeds", "1..5", "--seed", "7"), ("--seed", "7", "--seeds", "1..5")):
            self.usage_error("hunt", "--programs", "1", *args, words=["--seeds excludes --seed"])

    def test_version(self):
        """The text and the JSON say which build it is; both say the same."""
        out, _ = self.expect(0, "--version")
        self.assertRegex(out, r"^wirestorm \d+\.\d+\.\d+\ncommit     (unknown|[0-9a-f]{7,40}(-dirty)?)\n"
            r"features   (mutants )?(fuzz )?sleep=(futex|pthread) fibers=(asm|ucontext)\n"
            r"sanitizers \S+\ncompiler   \w+ \d+\.\S+\n$")
        build = json.loads(self.expect(0, "--version", "--json")[0])
        self.assertEqual(out, "wirestorm %s\ncommit     %s\nfeatures   %s\nsanitizers %s\ncompiler   %s\n" % (
            build["release"], build["commit"], " ".join(build["built_with"]), build["sanitizers"], build["compiler"]))
        self.usage_error("--version", "--jsno", words=["expected --json or nothing", "--jsno"])


class Versions(Case):
    def test_bytes(self):
        """Files that are handed on have a version, and an unknown one is refused; raw inputs mean something always."""
        made = subprocess.run([cli.TOOL, "encode", str(CONC)], capture_output=True, check=True).stdout
        raw = subprocess.run([cli.TOOL, "encode", "--raw", str(CONC)], capture_output=True, check=True).stdout
        self.assertEqual(made, b"\x89wsprog\x01" + raw)
        path = self.room / "x.bin"
        path.write_bytes(made)
        text, _ = self.expect(0, "decode", path)
        for same in (raw, b"\x37" + raw[1:]):
            path.write_bytes(same)
            self.assertEqual(self.expect(0, "decode", path)[0], text)
        path.write_bytes(made[:7] + b"\x02" + raw)
        for command in ("decode", "triage"):
            self.usage_error(command, path, words=["expected version 1 of the byte form", "found 2"])

    def test_text(self):
        path = self.file("v.vmt", "# head\nvmt 1\n" + SMALL)
        self.expect(0, "explore", path)
        self.expect(0, "fmt", path)
        self.assertTrue(path.read_text().startswith("# head\nvmt 1\n"))
        path = self.file("w.vmt", "vmt 2\n" + SMALL)
        self.usage_error("explore", path, words=[":1:5: expected version 1 of the text"])

    def test_byte_order_mark(self):
        path = self.room / "bom.vmt"
        path.write_bytes(b"\xef\xbb\xbf" + SMALL.encode())
        self.expect(0, "explore", path)
        path.write_bytes(SMALL.encode("utf-16"))
        self.usage_error("explore", path, words=["UTF-16", "save the file as UTF-8"])


class Never(Case):
    """What a program says must never be: checked over all schedules, reported with one, kept by shrink."""
    PROGRAM = """map 16 80
init insert 20 24 rw rwx
T0 lookup 16
T0 wire 20 24 user noholes
T1 remove 22 24
T1 lookup 17
"""
    REACHED = ("T0: *,KERN_INVALID_ADDRESS | T1: KERN_SUCCESS,*", "T0: *,KERN_SUCCESS | 22-24:- uw=2", "20-22:rw*:w1u",
        "T1: *,FALSE", "T0: FALSE,KERN_SUCCESS | T1: KERN_SUCCESS,FALSE | 20-22:* 22-80:- uw=*")
    UNREACHED = ("T0: *,KERN_NO_SPACE", "T0: -,-", "uw=3 20-22:*", "22-24:*", "20-22:-", "20-23:*", "!busy", "(empty)",
        "T0: *,KERN_INVALID_ADDRESS | uw=2")

    def test_reached_and_not_reached(self):
        for pattern in self.REACHED:
            path = self.file("never.vmt", self.PROGRAM + "never T0: TRUE,*\nnever %s\n" % pattern)
            out, _ = self.expect(1, "check", path)
            self.assertIn("never line 2 of 2 forbids this outcome: " + pattern, out)
            schedule = re.search(r"repeat: wirestorm run --schedule '([^']*)'", out).group(1)
            self.assertIn("forbidden never", self.expect(1, "run", "--schedule", schedule, path)[0])
            self.assertIn("# FINDING forbidden never", self.expect(1, "explore", path)[0])
            self.assertIn("expects nothing", self.expect(1, "check", "--no-checks", path)[0])
        for pattern in self.UNREACHED:
            path = self.file("never.vmt", self.PROGRAM + "never %s\n" % pattern)
            self.assertIn("1 passed", self.expect(0, "check", "--verify", path)[0], pattern)
            self.expect(0, "explore", path)
            self.expect(0, "fmt", "--check", path)

    def test_a_finding_of_its_own(self):
        path = self.file("never.vmt", self.PROGRAM + "never %s\n" % self.REACHED[0] +
            "verdict forbidden never\nschedule T1*2 T0*5\n")
        self.assertIn("1 passed", self.expect(0, "check", path)[0])
        self.assertIn("found: forbidden never", self.expect(0, "show", path)[0])
        small = self.room / "small.vmt"
        self.expect(0, "shrink", "--out", small, path)
        text = small.read_text()
        self.assertIn("\nnever T0: KERN_INVALID_ADDRESS | T1: KERN_SUCCESS\n", text)
        self.assertRegex(text, r"(?m)^T0 wire .*\nT1 remove ")
        self.assertIn("1 passed", self.expect(0, "check", small)[0])
        self.assertIn("expected verdict forbidden never", self.expect(1, "check", self.file("gone.vmt",
            text.replace("never T0: KERN_INVALID_ADDRESS", "never T0: KERN_NO_SPACE")))[0])


class ResultsAsArguments(Case):
    TEXT = """map 16 80
init insert 16 20 rw rwx
init find 1 rw rwx
init write $init.1 9
init read $init.1
T0 find 2 rw rwx
T0 read $T0.0+1
T1 write $T0.0+1 $init.3
T1 wire $T0.0 $T0.0+2 user noholes
T1 lookup $T0.0
final lookup $T0.0
final remove $T0.0 $T0.0+2
"""

    def outcomes(self):
        path = self.file("refs.vmt", self.TEXT)
        out, _ = self.expect(0, "explore", path)
        return path, out, re.findall(r"(?m)^outcome (.*)", out)

    def test_all_outcomes(self):
        """Too early: the operation is not executed. In time: it is about the page that was found."""
        _, out, outcomes = self.outcomes()
        self.assertGreaterEqual(len(outcomes), 4)
        self.assertIn("complete", out)
        for outcome in outcomes:
            self.assertIn("KERN_SUCCESS@21,", outcome)
            wired = re.search(r"T1: \w+,KERN_SUCCESS,TRUE", outcome) is not None
            self.assertEqual(wired, "21-23:rw-/rwx:copy:w1u uw=2" in outcome, outcome)
        self.assertEqual(sum(",9 | T1: KERN_SUCCESS,KERN_SUCCESS,TRUE" in o for o in outcomes), 1)
        self.assertIn("T0: KERN_SUCCESS@21,0 | T1: KERN_INVALID_ARGUMENT,KERN_INVALID_ARGUMENT,FALSE | "
            "16-23:rw-/rwx:copy:w0 uw=0", outcomes)

    def test_the_key_is_complete(self):
        path, _, _ = self.outcomes()
        self.expect(0, "check", "--bless", path)
        self.assertIn("1 passed", self.expect(0, "check", "--counts", "--verify", path)[0])
        self.expect(0, "fmt", "--check", path)

    def test_what_is_shown(self):
        path, _, _ = self.outcomes()
        out, _ = self.expect(0, "run", "-v", "--schedule", "T0 T1*2", "--lenient", path)
        self.assertIn("T1.0 write 22 9: ", out)
        self.assertIn("T0.1 read $T0.0+1: next look the results up", out)
        out, _ = self.expect(0, "show", "--seed", "3", path)
        self.assertIn("write $T0.0+1 $init.3", out)
        self.assertIn("look the results up: write 22 9", out)

    def test_what_cannot_be(self):
        path, _, _ = self.outcomes()
        self.usage_error("encode", path, words=["%s: the byte form has no results as arguments" % path])

    def test_of_steps_one_by_one(self):
        """Every command that runs init and final steps by itself looks results up as the explorer does."""
        path = self.file("steps.vmt", "map 16 80\ninit find 2 rw rwx\ninit write $init.0+1 5\ninit read $init.0+1\n"
            "init check $init.0 $init.0+2 r\ninit lookup $init.0+2\nfinal find 1 r r\nfinal lookup $final.0\n")
        self.expect(0, "check", "--bless", path)
        text = path.read_text()
        for line in ("init write $init.0+1 5 => KERN_SUCCESS", "init read $init.0+1 => 5",
                "init check $init.0 $init.0+2 r => TRUE",
                "init lookup $init.0+2 => FALSE", "final lookup $final.0 => TRUE"):
            self.assertIn("\n%s\n" % line, text)
        self.assertIn("1 passed", self.expect(0, "check", path)[0])
        self.assertIn("1 passed", self.expect(0, "check", "--target", "model", path)[0])
        for command in ("run", "show"):
            out, _ = self.expect(0, command, path)
            self.assertRegex(out, r"read \$init\.0\+1\s+=> 5")
            self.assertRegex(out, r"final +lookup \$final\.0\s+=> TRUE")

    def test_shrink_keeps_them(self):
        path = self.file("refs.vmt", self.TEXT.split("final")[0] + "never T1: KERN_INVALID_ARGUMENT,KERN_SUCCESS,*\n")
        out, _ = self.expect(1, "check", path)
        schedule = re.search(r"--schedule '([^']*)'", out).group(1)
        path.write_text(path.read_text() + "verdict forbidden never\nschedule %s\n" % schedule)
        small = self.room / "small.vmt"
        self.expect(0, "shrink", "--out", small, path)
        self.assertRegex(small.read_text(), r"(?m)^T0 find .*\nT1 write \$T0\.0")
        self.assertIn("1 passed", self.expect(0, "check", small)[0])


class Files(Case):
    def test_missing(self):
        for command in ("check", "explore", "run", "fmt"):
            self.usage_error(command, self.room / "none.vmt", words=["none.vmt", "No such file"])
        # One of two: the other one is checked.
        out, err = self.expect(2, "check", CONC, self.room / "none.vmt")
        self.assertTrue(out.endswith("1 passed, 0 failed\n") and err.count("\n") == 1, out + err)

    def test_nothing_to_do(self):
        (self.room / "readme.txt").write_text("not a program\n")
        for command in ("check", "fmt"):
            self.usage_error(command, self.room, words=["no .vmt file"])
        self.usage_error("explore", self.room, words=[str(self.room)])
        self.usage_error("run", self.room, words=[str(self.room)])

    def test_malformed(self):
        path = self.file("bad.vmt", "map 16 80\nT0 wire 20 24 someone noholes\n")
        where = "%s:2:15: expected " % path
        for command in ("explore", "run", "fmt"):
            self.usage_error(command, path, words=[where, "someone"])
        out, _ = self.expect(2, "check", path)
        self.assertIn(where, out)
        # The others are checked all the same.
        out, _ = self.expect(2, "check", path, CONC)
        self.assertIn("1 passed, 1 failed", out)

    def test_empty(self):
        """A program that compares nothing does not pass."""
        for text in ("", "# nothing\n", "init insert 20 24 rw rwx\n", SMALL):
            self.assertIn("expects nothing", self.expect(1, "check", self.file("empty.vmt", text))[0])

    def test_links(self):
        (self.room / "dangling.vmt").symlink_to(self.room / "none")
        self.usage_error("check", self.room, words=["dangling.vmt"])
        self.usage_error("check", self.room / "dangling.vmt", words=["dangling.vmt"])
        (self.room / "dangling.vmt").unlink()
        (self.room / "link.vmt").symlink_to(CONC)
        self.assertIn("1 passed", self.expect(0, "check", self.room)[0])

    def test_standard_input(self):
        self.assertIn("1 passed", self.expect(0, "check", "--counts", "-", text=CONC.read_text())[0])
        out, _ = self.expect(2, "check", "-", text="nonsense\n")
        self.assertIn("standard input:1:1:", out)
        out, _ = self.expect(1, "check", "-", text=SMALL)
        self.assertTrue(out.startswith("standard input: expects nothing"), out)
        self.assertEqual(self.expect(0, "explore", "-", text=CONC.read_text())[0], self.expect(0, "explore", CONC)[0])

    def test_unreadable(self):
        path = self.file("secret.vmt", CONC.read_text())
        path.chmod(0)
        tool = self.room / "wirestorm"
        shutil.copy(cli.TOOL, tool)
        self.room.chmod(0o755)
        tool.chmod(0o755)
        # The superuser can read everything: be somebody else then.
        who = {"user": 65534, "group": 65534} if os.geteuid() == 0 else {}
        for command in ("check", "explore", "run", "fmt"):
            done = subprocess.run([str(tool), command, str(path)], capture_output=True, text=True, **who)
            self.assertEqual(done.returncode, 2, done.stdout + done.stderr)
            self.assertIn("Permission denied", done.stdout + done.stderr)

    def test_order(self):
        """A directory's files in bytewise order, whatever the order on the disk."""
        for name in ("b", "a", "C", "a-b", "10", "9"):
            self.file(name + ".vmt", "nonsense\n")
        out, _ = self.expect(2, "check", self.room)
        names = re.findall(r"/([\w-]+)\.vmt:1:1:", out)
        self.assertEqual(names, sorted(names, key=lambda n: (n + ".vmt").encode()))
        self.assertEqual(len(names), 6)


class Everywhere(Case):
    """What every command does in the same way."""
    LITMUS = ROOT / "corpus" / "litmus" / "wire-gone-after-wait.vmt"
    FILE = ("check", "explore", "run", "show", "shrink", "encode", "decode", "triage", "fmt", "reproduce", "edges")
    PRINTS = (("check", LITMUS), ("check", "--json", LITMUS), ("explore", LITMUS), ("explore", "--json", LITMUS),
        ("run", LITMUS), ("run", "--json", LITMUS), ("show", LITMUS), ("show", "--svg", "-", LITMUS), ("edges", LITMUS),
        ("edges", "--html", "-", LITMUS), ("hunt", "--programs", "50"), ("hunt", "--programs", "50", "--json"),
        ("gen",), ("encode", LITMUS), ("decode", LITMUS), ("explain", "I19"), ("bugs", "list"), ("help",),
        ("run", "--help"))

    def test_missing(self):
        for command in self.FILE:
            for name in (self.room / "none.vmt", ""):
                out, err = self.expect(2, command, name)
                self.assertEqual((out, err), ("", "%s: No such file or directory\n" % name), command)

    def test_prefix(self):
        """Of what is about the command: its name, whichever function prints it."""
        for args in (("run", "--nonsense"), ("run",), ("run", "--seed"), ("run", "--seed", "x", "y"), ("gen", "x"),
                ("check", "--target", "x", "y"), ("check", "-j", "x", "y"), ("bench", "x"), ("bugs", "x"),
                ("explain", "x"), ("help", "x"), ("hunt", "--seeds", "3..3"),
                ("show", "--svg", "/none/x", self.LITMUS)):
            _, err = self.expect(2, *args)
            self.assertTrue(err.startswith("wirestorm %s: " % args[0]), err)

    def test_full(self):
        """What cannot be written is said, in one line, with the reason."""
        for args in self.PRINTS:
            with open("/dev/full", "w") as full:
                done = subprocess.run([cli.TOOL, *map(str, args)], stdout=full, stderr=subprocess.PIPE, text=True)
            self.assertEqual((done.returncode, done.stderr),
                (2, "wirestorm %s: standard output: No space left on device\n" % args[0]), args)

    def test_closed(self):
        """Nobody else's file gets the number of standard output, and what is printed."""
        for args in (("gen", "--count", "2", "--out", self.room / "g"), ("hunt", "--programs", "1000", "--profile",
                "freebsd12", "--out", self.room / "h")):
            closed = subprocess.run(["sh", "-c", 'exec "$0" "$@" >&-', cli.TOOL, *map(str, args)], capture_output=True)
            self.assertEqual(closed.returncode, 0 if args[0] == "gen" else 2, closed.stderr)
        files = list(self.room.rglob("*.vmt"))
        self.assertGreater(len(files), 2)
        for path in files:
            self.expect(0, "fmt", "--check", path)

    def test_gen_keeps(self):
        args = ("gen", "--count", "3", "--out", self.room / "g")
        self.expect(0, *args)
        self.expect(0, *args)  # again: they are the same
        (self.room / "g" / "000002.vmt").write_text("T0 lookup 20\n")
        err = self.usage_error(*args, words=["000002.vmt: the file exists with different contents"])
        self.assertTrue(err.startswith("wirestorm gen: "))
        self.assertEqual((self.room / "g" / "000002.vmt").read_text(), "T0 lookup 20\n")

    def test_odd_bytes(self):
        """What is not UTF-8 is shown somehow, and JSON stays JSON, whatever the locale is."""
        path = os.fsencode(self.room / "x") + b"\xff.vmt"
        text = SMALL.encode().replace(b"A comment", b"caf\xe9") + b"T1 lookup 20 # \xff\n"
        with open(path, "wb") as f:
            f.write(text)
        for command in ("check", "explore", "run", "show", "edges", "triage"):
            for locale in ("C", "C.UTF-8"):
                done = subprocess.run([os.fsencode(cli.TOOL), command, b"--json", path], capture_output=True,
                    env=dict(os.environ, LC_ALL=locale))
                json.loads(done.stdout)


class Canary(Case):
    """A recorded program passes; with one thing wrong it does not, and the message says what."""

    def changed(self, text, code=1, args=("--counts",)):
        out, _ = self.expect(code, "check", *args, self.file("changed.vmt", text))
        self.assertIn("0 passed, 1 failed" if code else "1 passed, 0 failed", out)
        return out

    def setUp(self):
        super().setUp()
        self.text = CONC.read_text()
        self.changed(self.text, code=0)

    def test_extra_outcome(self):
        for line in re.findall(r"(?m)^outcome .*\n", self.text):
            out = self.changed(self.text.replace(line, ""))
            outcome = line[len("outcome "):-1]
            self.assertIn("+ outcome " + outcome, out)
            command = shlex.split(re.search(r"repeat: (wirestorm .*)", out).group(1))
            code, ran, _ = ws(*command[1:])
            self.assertEqual(code, 1)  # the program does not expect it
            self.assertIn("result %s\n" % outcome, ran)

    def test_repeat_with_profile(self):
        listed = (ROOT / "docs" / "strict-differences.md").read_text()
        differs = re.search(r"\| (conc/\S+) \| outcomes", listed).group(1)
        out, _ = self.expect(1, "check", "--profile", "strict", CORPUS / differs)
        found = re.findall(r"\+ outcome (.*) \(happens, not expected\); repeat: (.*)", out)
        missing = re.findall(r"- outcome (.*) \(expected, does not happen\)", out)
        self.assertTrue(found or missing)
        for outcome, command in found:
            self.assertIn("result %s\n" % outcome, ws(*shlex.split(command)[1:])[1])

    def test_missing_outcome(self):
        lines = self.text.split("\n")
        at = [i for i, line in enumerate(lines) if line.startswith("outcome ")][-1]
        invented = re.sub(r"uw=\d+", "uw=999", lines[at])
        lines.insert(at + 1, invented)
        lines[at:at + 2] = sorted(lines[at:at + 2])
        out = self.changed("\n".join(lines))
        self.assertRegex(out, r":%d: - %s" % (lines.index(invented) + 1, re.escape(invented)))
        self.assertNotIn("+ outcome", out)

    def test_schedules(self):
        n = int(re.search(r"(?m)^schedules (\d+)$", self.text).group(1))
        for wrong in (n + 1, n - 1, n + (1 << 64), 0):
            text = self.text.replace("schedules %d" % n, "schedules %d" % wrong)
            self.assertIn("expected schedules %d, got %d" % (wrong, n), self.changed(text))
            self.changed(text, code=0, args=())  # only --counts looks

    def sequential(self):
        path = CORPUS / "seq" / "000.vmt"
        self.changed(path.read_text(), code=0)
        return path.read_text()

    def test_init_result(self):
        text = self.sequential()
        line = re.search(r"(?m)^init .* => KERN_SUCCESS$", text).group()
        out = self.changed(text.replace(line, line.replace("KERN_SUCCESS", "KERN_NO_SPACE"), 1))
        self.assertIn("expected result KERN_NO_SPACE, got KERN_SUCCESS", out)
        self.assertIn(":%d: " % (text.split("\n").index(line) + 1), out)

    def test_state(self):
        text = self.sequential()
        states = re.findall(r"(?m)^state .*$", text)
        for line in (states[0], states[-1]):
            wrong = line.replace("uw=", "uw=7")
            head, tail = text.rsplit(line, 1)
            out = self.changed(head + wrong + tail)
            self.assertIn("expected " + wrong, out)

    def test_result_of_schedule(self):
        outcome = "T0: KERN_SUCCESS | T1: KERN_SUCCESS | (empty) uw=0"
        good = SMALL + "result %s\nschedule T0*6 T1\n" % outcome
        self.changed(good, code=0)
        out = self.changed(good.replace("uw=0", "uw=4"))
        self.assertIn("expected result", out)
        self.assertIn("got " + outcome, out)
        # A schedule that is none of this program.
        self.assertIn("step 7 of the schedule: T0 cannot run, it is finished", self.changed(SMALL +
            "schedule T0*7 T1\n"))
        self.assertIn("T1 can go on", self.changed(SMALL + "schedule T0*6\n"))
        self.changed(SMALL + "result %s\nschedule T0*7 T1\n" % outcome, code=0, args=("--lenient",))

    def test_verdict(self):
        self.assertIn("expected verdict deadlock", self.changed(SMALL + "verdict deadlock x\nschedule T0*6 T1\n"))

    def test_final(self):
        good = SMALL + "final lookup 20 => FALSE\n"
        path = self.file("final.vmt", good)
        self.expect(0, "explore", path)
        self.expect(0, "check", "--bless", path)
        text = path.read_text()
        self.changed(text, code=0)
        self.assertIn("expected result TRUE, got FALSE", self.changed(text.replace("=> FALSE", "=> TRUE")))

    def test_verify_recordings(self):
        out, _ = self.expect(0, "check", "--verify", CORPUS / "directed")
        self.assertGreater(int(re.search(r"(\d+) programs explored by schedules as well", out).group(1)), 50)

    def test_verify_explores_a_reproducer(self):
        """A program with a schedule and no outcome lines is explored for its state key."""
        path = self.file("found.vmt", self.expect(0, "explore", "--until", "DEADLOCK",
            ROOT / "corpus" / "litmus" / "remove-system-wired-deadlock.vmt")[0])
        self.assertIn("1 program explored by schedules as well", self.expect(0, "check", "--verify", path)[0])

    def test_verify_of_nothing_does_not_pass(self):
        path = self.file("seq.vmt", "init insert 20 24 rw rwx => KERN_SUCCESS\n")
        self.expect(0, "check", path)
        _, err = self.expect(2, "check", "--verify", path)
        self.assertIn("no program was explored by schedules as well", err)


class Output(Case):
    def test_jobs(self):
        """What is printed does not depend on who is faster."""
        one = self.expect(1, "check", "-j1", "--counts", "--profile", "strict", CORPUS)
        four = self.expect(1, "check", "-j4", "--counts", "--profile", "strict", CORPUS)
        self.assertEqual(one, four)
        self.assertGreater(len(one[0].split("\n")), 200)
        one = self.expect(1, "check", "-j1", "--json", "--profile", "strict", CORPUS)
        four = self.expect(1, "check", "-j4", "--json", "--profile", "strict", CORPUS)
        self.assertEqual(one, four)

    def test_check_json(self):
        args = ("--counts", "--verify", "--profile", "strict", CORPUS / "directed")
        text, _ = self.expect(1, "check", *args)
        report = json.loads(self.expect(1, "check", "--json", *args)[0])
        files = report["files"]
        self.assertEqual(len(files), len(list((CORPUS / "directed").glob("*.vmt"))))
        for word in ("schedules", "states", "transitions"):
            self.assertEqual(int(report[word]), sum(int(f[word]) for f in files))
        self.assertIn("%(schedules)s schedules in %(states)d states and %(transitions)d transitions\n" % report, text)
        self.assertIn("%(nr_verified)d programs explored by schedules as well\n" % report, text)
        self.assertIn("%(passed)d passed, %(failed)d failed\n" % report, text)
        self.assertEqual(report["failed"], sum(f["status"] == "failed" for f in files))
        self.assertEqual("".join(f["text"] for f in files), text[:text.index("%(schedules)s schedules in" % report)])
        self.assertFalse(report["interrupted"])

    def test_check_quirks(self):
        """What quirks explain is counted, whether a verdict line expects it or not; and verdict lines are."""
        quirk = ROOT / "corpus" / "litmus" / "quirk-q6-sync-past-hole.vmt"
        out, _ = self.expect(0, "check", quirk)
        self.assertIn("explained by quirks: sync in 1 program\nas verdict lines expect: 1 program\n1 passed", out)
        text = re.sub(r"(?m)^verdict .*\n", "", quirk.read_text())
        out, _ = self.expect(0, "check", self.file("without.vmt", text))
        self.assertIn("explained by quirks: sync in 1 program\n1 passed", out)
        report = json.loads(self.expect(0, "check", "--json", quirk, self.room / "without.vmt")[0])
        self.assertEqual((report["quirk_verdicts"], report["verdicts_shown"]), ({"sync": 2}, 1))

    def test_explore_json(self):
        text, _ = self.expect(0, "explore", CONC)
        report = json.loads(self.expect(0, "explore", "--json", CONC)[0])
        self.assertTrue(report["complete"])
        self.assertEqual(re.findall(r"(?m)^outcome (.*)$", text), [o["outcome"] for o in report["outcomes"]])
        self.assertIn("\nschedules %s\n" % report["schedules"], text)
        self.assertIn("%(states)d states, %(transitions)d transitions" % report, text)
        self.assertAlmostEqual(sum(o["probability"] for o in report["outcomes"]), 1.0)
        self.assertEqual(sum(int(o["schedules"]) for o in report["outcomes"]), int(report["schedules"]))
        for o in report["outcomes"]:
            self.assertIn("witness, %d preemption" % o["witness"]["preemptions"], text)
            self.assertIn(o["witness"]["schedule"] + "\n", text)

    def test_run_json(self):
        text, _ = self.expect(0, "run", "--seed", "5", CONC)
        report = json.loads(self.expect(0, "run", "--seed", "5", "--json", CONC)[0])
        self.assertEqual(text, "result %(outcome)s\nschedule %(schedule)s\n" % report)
        nr = sum(int(c.split("*")[1]) if "*" in c else 1 for c in report["schedule"].split())
        self.assertEqual([s["step"] for s in report["steps"]], list(range(1, nr + 1)))
        self.assertIn(report["steps"][-1]["state"], report["outcome"])

    def test_run_final(self):
        """The final steps are shown, with what they return: as comments, as a trace, as JSON. Not after a deadlock."""
        path = self.file("final.vmt", SMALL + "final insert 40 41 r r\nfinal lookup 40 => TRUE\n")
        out, _ = self.expect(0, "run", path)
        self.assertTrue(out.endswith("\n# final insert 40 41 r r => KERN_SUCCESS\n# final lookup 40 => TRUE\n"), out)
        self.expect(0, "fmt", "--check", "-", text=self.expect(0, "fmt", "-", text=SMALL + out)[0])
        trace, _ = self.expect(0, "run", "-v", path)
        self.assertIn("\n   1  final insert 40 41 r r => KERN_SUCCESS\n          40-41:r--/r--:copy:w0 uw=0\n", trace)
        final = json.loads(self.expect(0, "run", "--json", path)[0])["final"]
        self.assertEqual([(f["part"], f["step"], f["operation"], f["result"]) for f in final],
            [("final", 1, "insert 40 41 r r", "KERN_SUCCESS"), ("final", 2, "lookup 40", "TRUE")])
        path.write_text(path.read_text().replace("TRUE", "FALSE"))
        out, _ = self.expect(1, "run", path)
        self.assertIn("\n# final lookup 40 => TRUE\n# WRONG afterwards: expected result FALSE, got TRUE", out)
        block = self.file("block.vmt", SMALL.replace("user", "system") + "final lookup 20\nschedule T0*6 T1\n")
        report = json.loads(self.expect(0, "run", "--json", block)[0])
        self.assertEqual((report["deadlock"], report["final"]), (True, []))

    def test_explore_is_vmt(self):
        """What explore prints, behind the program, is what check expects."""
        for source in sorted((CORPUS / "conc").glob("*.vmt"))[:60]:
            program = re.sub(r"(?m)^(outcome|schedules) .*\n", "", source.read_text())
            out, _ = self.expect(0, "explore", source)
            path = self.file("both.vmt", program + out)
            self.expect(0, "check", "--counts", path)
            self.assertEqual(re.findall(r"(?m)^(?:outcome|schedules) .*$", out),
                re.findall(r"(?m)^(?:outcome|schedules) .*$", source.read_text()))

    def test_cut_is_said(self):
        path = self.file("endless.vmt", ENDLESS)
        for args in (("--max-states", "100"), ("--by-schedules", "--max-schedules", "10"), ("--seconds", "0.01",
                *ANY_STATES)):
            out, _ = self.expect(0, "explore", *args, path)
            self.assertIn("; cut: ", out)
            self.assertNotRegex(out, r"(?m)^schedules ")
        # A cut check is a failed check.
        path.write_text(ENDLESS + "outcome " + ",".join(["T0: TRUE"] + ["TRUE"] * 63) + " | " + " | ".join(
            "T%d: " % t + ",".join(["TRUE"] * 64) for t in (1, 2, 3)) + " | (empty) uw=0\n")
        out, _ = self.expect(1, "check", "--max-states", "100", path)
        self.assertIn("not explored completely", out)


class Reports(Case):
    """The same findings in each format."""

    QUIRK = ROOT / "corpus" / "litmus" / "quirk-q1-clip-then-fail.vmt"

    def sarif(self, code, *args):
        path = self.room / "report.sarif"
        self.expect(code, *args, "--sarif", path)
        report = json.loads(path.read_text())
        self.assertEqual(report["version"], "2.1.0")
        (run,) = report["runs"]
        rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
        self.assertEqual(sorted(set(rules)), sorted(rules))
        self.assertEqual(set(rules), {r["ruleId"] for r in run["results"]})
        return run["results"]

    def test_run_show_and_explore(self):
        for command in ("run", "show", "explore"):
            findings = json.loads(self.expect(0, command, "--json", self.QUIRK)[0])["findings"]
            results = self.sarif(0, command, self.QUIRK)
            self.assertEqual([f["text"] for f in findings], [r["message"]["text"] for r in results])
            self.assertEqual([f["check"] for f in findings], [r["ruleId"] for r in results])
            self.assertEqual({r["level"] for r in results}, {"note"}, "a quirk explains them")
            for result in results:
                place = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
                self.assertEqual(place, str(self.QUIRK))
            if command == "explore":
                self.assertEqual([f["schedule"] for f in findings], [r["properties"]["schedule"] for r in results])

    def test_check_has_each_difference_at_its_line(self):
        path = self.file("a b.vmt", "init insert 20 24 rw rwx => KERN_NO_SPACE\n")
        (result,) = self.sarif(1, "check", path)
        self.assertEqual((result["ruleId"], result["level"]), ("result", "error"))
        place = result["locations"][0]["physicalLocation"]
        self.assertEqual(place["region"]["startLine"], 1)
        self.assertTrue(place["artifactLocation"]["uri"].endswith("/a%20b.vmt"))
        self.assertEqual(self.sarif(0, "check", self.QUIRK), [])

    def test_hunt_triage_and_reproduce(self):
        found = self.room / "found"
        results = self.sarif(1, "hunt", "--profile", "freebsd12", "--programs", "300", "--seed", "1", "--out", found)
        files = sorted(str(p) for p in found.glob("*.vmt"))
        places = [r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for r in results]
        self.assertEqual(files, sorted(places))
        (result,) = self.sarif(1, "triage", "--no-shrink", files[0])
        self.assertIn(result["ruleId"], files[0])
        window = self.sarif(1, "reproduce", "--seconds", "0.2", "--out", self.room / "again.vmt", self.QUIRK)
        self.assertEqual(window, [], "a quirk explains it, so it is no failure to reproduce")

    def test_standard_output_takes_the_report_alone(self):
        out, err = self.expect(0, "run", "--sarif", "-", self.QUIRK)
        self.assertEqual(json.loads(out)["version"], "2.1.0")
        self.assertIn("# FINDING", err)
        self.usage_error("run", "--json", "--sarif", "-", self.QUIRK, words=["standard output"])


class Until(Case):
    def test_explore_until_is_the_shortest(self):
        """Of the schedules with the fewest preemptions the one with the fewest steps, as far as the end."""
        for name, goal, preemptions, steps in (("wire-lock-dropped", "T1.0=KERN_SUCCESS", 0, 5),
                ("wire-holesok-new-mapping", "T1.0=KERN_SUCCESS", 0, 6),
                ("wire-gone-after-wait", "T0.0=KERN_SUCCESS", 0, 6)):
            path = ROOT / "corpus" / "litmus" / (name + ".vmt")
            for how in ([], ["--by-schedules"]):
                out, _ = self.expect(0, "explore", *how, "--until", goal, path)
                self.assertIn("# %s: reached with %d preemptions, %d steps\n" % (goal, preemptions, steps), out)
                words = re.search(r"^schedule (.*)$", out, re.MULTILINE).group(1).split()
                self.assertEqual(sum(int(w.partition("*")[2] or 1) for w in words), steps)
            # No witness that has the goal is better.
            report = json.loads(self.expect(0, "explore", "--json", path)[0])
            thread, code = re.match(r"T(\d)\.0=(\w+)", goal).groups()
            for o in report["outcomes"]:
                if re.search(r"T%s: %s\b" % (thread, code), o["outcome"]):
                    length = sum(int(w.partition("*")[2] or 1) for w in o["witness"]["schedule"].split())
                    self.assertLessEqual((preemptions, steps), (o["witness"]["preemptions"], length))

    def test_explore_until_keeps_the_head(self):
        out, _ = self.expect(0, "explore", "--until", "T0.0=KERN_INVALID_ADDRESS", self.file("small.vmt", SMALL))
        self.assertTrue(out.startswith("# A comment at the top.\n# T0.0=KERN_INVALID_ADDRESS: reached with 0 "), out)

    def test_failing_init_steps_are_said(self):
        """One line on standard error for each init step that fails unexpectedly; the status stays as it is."""
        text = ("map 16 80\ninit insert 20 24 rw rwx\ninit insert 22 26 rw rwx\ninit clip 40 => KERN_INVALID_ADDRESS\n"
            "init remove 90 99\ninit clip 50\ninit remove 70 90\ninit remove 20 20\n"
            "init lookup 50\nT0 clip 21\nT1 clip 22\n")
        path = self.file("init.vmt", text)
        notes = ["%s:3: init insert 22 26 rw rwx failed: KERN_NO_SPACE (insert_occupied)" % path,
            "%s:5: init remove 90 99 did nothing: the map has none of its pages (clamped)" % path,
            "%s:6: init clip 50 failed: KERN_INVALID_ADDRESS (clip_unmapped)" % path]
        for command in ("explore", "run", "show"):
            code, out, err = ws(command, path)
            self.assertEqual((code, err.splitlines()), (0, notes), command)
            self.assertNotIn("failed: ", out)
        code, out, err = ws("check", "--bless", path)
        self.assertEqual((code, err.splitlines()), (0, notes))
        code, out, err = ws("check", path)
        self.assertEqual((code, err.splitlines()), (0, notes))
        self.assertIn("1 passed, 0 failed", out)
        # The expected failure and those of a blessed sequential program are no news.
        path = self.file("alone.vmt", "map 16 80\ninit clip 50\n")
        self.assertEqual(ws("check", "--bless", path)[2], "")
        self.assertEqual(ws("check", path)[2], "")

    def test_edges_says_failing_init_steps(self):
        path = self.file("init.vmt", "init wire 20 22 user noholes\nT0 insert 20 22 rw rwx\nT1 remove 20 22\n")
        _, err = self.expect(0, "edges", path)
        self.assertIn("init.vmt:1: init wire 20 22 user noholes failed: KERN_INVALID_ADDRESS", err)

    def test_notes_of_many_files_are_cut(self):
        """The recordings have dozens of init steps that fail: the first three files are named, and how many follow."""
        for i in range(5):
            self.file("many%d.vmt" % i, "map 16 80\ninit clip 50\nT0 lookup 20\n"
                "outcome T0: FALSE | (empty) uw=0\n")
        code, out, err = ws("check", *sorted(self.room.glob("many*.vmt")))
        self.assertEqual(code, 0, out + err)
        self.assertEqual(len(re.findall("init clip 50 failed", err)), 3, err)
        self.assertIn("2 more files with init steps that fail or do nothing", err)

    def test_explore_says_why(self):
        """One code, two reasons: each with the number of its schedules, the same by states and by schedules."""
        path = self.file("why.vmt", "map 16 80\ninit insert 20 22 rw rwx\ninit insert 22 24 none rwx\n"
            "T0 wire 20 24 user noholes\nT1 remove 22 24\n")
        for how in ([], ["--by-schedules"]):
            out, _ = self.expect(0, "explore", *how, path)
            why = re.findall(r"^#   T0\.0: wire_no_access in (\d+) schedules?, wire_hole in (\d+)$", out, re.MULTILINE)
            self.assertEqual(len(why), 1, out)
            count = re.search(r"(\d+) schedules?\n#   witness.*\n#   T0\.0: wire_no_access", out).group(1)
            self.assertEqual(sum(map(int, why[0])), int(count))
        reasons = json.loads(self.expect(0, "explore", "--json", path)[0])["outcomes"][0]["reasons"]
        self.assertEqual([(r["thread"], r["op"], r["edges"], r["schedules"]) for r in reasons],
            [(0, 0, ["wire_no_access"], why[0][0]), (0, 0, ["wire_hole"], why[0][1])])
        # What succeeds has no reason.
        self.assertNotIn("#   T1.0:", out)

    def test_reached(self):
        out, err = self.expect(0, "explore", "--until", "T0.0=KERN_INVALID_ADDRESS", self.file("small.vmt", SMALL))
        self.assertEqual(err, "")
        path = self.file("goal.vmt", out)
        self.assertIn("result T0: KERN_INVALID_ADDRESS | T1: KERN_SUCCESS | (empty) uw=0\n", out)
        self.assertIn("0 preemptions", out)
        self.expect(0, "check", path)
        self.expect(0, "fmt", "--check", path)
        self.assertEqual(self.expect(0, "check", "-", text=out)[0], "1 passed, 0 failed\n")

    def test_several(self):
        path = self.file("small.vmt", SMALL)
        out, _ = self.expect(0, "explore", "--until", "T0.0=KERN_SUCCESS,T1.0=KERN_SUCCESS", path)
        self.expect(0, "check", "-", text=out)
        self.expect(1, "explore", "--until", "T0.0=KERN_SUCCESS,T0.0=KERN_INVALID_ADDRESS", path)

    def test_deadlock(self):
        path = self.file("block.vmt", SMALL.replace("user", "system"))
        out, _ = self.expect(0, "explore", "--until", "DEADLOCK", path)
        self.assertIn("| DEADLOCK(T1.0 blocked)\n", out)
        self.expect(0, "check", "-", text=out)
        self.expect(1, "explore", "--until", "DEADLOCK", self.file("small.vmt", SMALL))

    def test_not_reached(self):
        path = self.file("small.vmt", SMALL)
        out, err = self.expect(1, "explore", "--until", "T0.0=KERN_NO_SPACE", path)
        self.assertEqual(out, "")
        self.assertIn("does not happen (complete)", err)
        out, err = self.expect(1, "explore", "--max-states", "2", "--until", "T1.0=KERN_SUCCESS", path)
        self.assertIn("was not found (cut", err)
        report = json.loads(self.expect(1, "explore", "--json", "--until", "T0.0=KERN_NO_SPACE", path)[0])
        self.assertIsNone(report["until"])

    def test_cut_before_the_end_is_run_to_its_end(self):
        """Final steps run only after the end: the program that is printed passes check."""
        path = self.file("cut.vmt", "init insert 20 24 rw rwx\nT0 wire 20 22 user noholes\n"
            "T0 unwire 20 22 user noholes\nT1 remove 20 22\nfinal insert 20 22 rw rwx\n")
        for states in range(2, 20):
            code, out, err = ws("explore", "--max-states", str(states), "--until", "T0.0=KERN_SUCCESS", path)
            self.assertIn(code, (0, 1), err)
            if code == 0:
                self.assertIn("result ", out)
                self.expect(0, "check", "-", text=out)

    def test_malformed(self):
        path = self.file("small.vmt", SMALL)
        for what in ("", "T0", "T0.0", "T0.0=", "T0.0=NONSENSE", "T0.0=TRUE", "T2.0=KERN_SUCCESS", "T0.1=KERN_SUCCESS",
                "T0.0=KERN_SUCCESS,", "deadlock", "T0.0 =KERN_SUCCESS", "T-1.0=KERN_SUCCESS", "T0.0=-",
                "T99999999999.0=KERN_SUCCESS", "T0.4294967296=KERN_SUCCESS", "T 0.0=KERN_SUCCESS"):
            self.usage_error("explore", "--until", what, path, words=["--until"])

    def test_cut_but_met(self):
        """Met before a cut: what is printed is a whole schedule all the same."""
        met = 0
        for source in sorted((CORPUS / "conc").glob("00*.vmt")):
            for states in (5, 12, 25, 40):
                code, out, err = ws("explore", "--max-states", states, "--until", "T1.0=KERN_SUCCESS", source)
                self.assertIn(code, (0, 1))
                if code == 0:
                    self.expect(0, "check", "-", text=out)
                    met += 1
        self.assertGreater(met, 5)


class Format(Case):
    def test_corpus(self):
        self.copy(CORPUS, "c")
        out, _ = self.expect(1, "fmt", "--check", self.room / "c")
        changed = out.split()
        self.assertGreater(len(changed), 100)
        self.assertEqual(self.expect(0, "fmt", self.room / "c")[0].split(), changed)
        before = {p: p.read_bytes() for p in (self.room / "c").rglob("*.vmt")}
        self.assertEqual(self.expect(0, "fmt", "--check", self.room / "c"), ("", ""))
        self.assertEqual(self.expect(0, "fmt", self.room / "c"), ("", ""))
        self.assertEqual(before, {p: p.read_bytes() for p in (self.room / "c").rglob("*.vmt")})
        self.assertIn("%d passed, 0 failed" % len(before), self.expect(0, "check", "--counts", self.room / "c")[0])

    def test_untouched(self):
        """Canonical already: not even written again."""
        path = self.file("a.vmt", self.expect(0, "fmt", "-", text=SMALL)[0])
        before = path.stat()
        self.expect(0, "fmt", path)
        after = path.stat()
        self.assertEqual((before.st_ino, before.st_mtime_ns), (after.st_ino, after.st_mtime_ns))

    def test_standard_input(self):
        out, _ = self.expect(0, "fmt", "-", text="T0   clip 0x10 # why\n")
        self.assertEqual(out, "map 16 80\nT0 clip 16 # why\n")
        self.assertEqual(self.expect(0, "fmt", "-", text=out)[0], out)
        self.expect(1, "fmt", "--check", "-", text="T0   clip 0x10\n")
        self.expect(0, "fmt", "--check", "-", text=out)
        self.assertEqual(self.expect(2, "fmt", "-", text="T0 clip\n")[0], "")

    def test_mode_is_kept(self):
        path = self.file("a.vmt", "T0   clip 16\n")
        path.chmod(0o640)
        self.expect(0, "fmt", path)
        self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o640)
        self.assertEqual(sorted(p.name for p in self.room.iterdir()), ["a.vmt"])


class Bless(Case):
    def test_new(self):
        path = self.file("small.vmt", SMALL)
        out, _ = self.expect(0, "check", "--bless", path)
        self.assertIn("%s: blessed" % path, out)
        self.assertIn("1 file blessed", out)
        text = path.read_text()
        self.assertTrue(text.startswith("# A comment at the top.\n"))
        self.assertEqual(len(re.findall(r"(?m)^outcome ", text)), 2)
        self.assertRegex(text, r"(?m)^schedules \d+$")
        self.expect(0, "check", "--counts", path)
        before = path.stat()
        self.assertIn("0 files blessed", self.expect(0, "check", "--bless", path)[0])
        after = path.stat()
        self.assertEqual((before.st_ino, before.st_mtime_ns), (after.st_ino, after.st_mtime_ns))

    def test_sequential(self):
        path = self.file("seq.vmt", "init insert 20 24 prot=rw max=rwx\ninit lookup 21 => FALSE\nstate (empty) uw=0\n")
        self.expect(1, "check", path)
        self.assertIn("1 file blessed", self.expect(0, "check", "--bless", path)[0])
        self.assertEqual(path.read_text(),
            "map 16 80\ninit insert 20 24 rw rwx => KERN_SUCCESS\nstate 20-24:rw-/rwx:copy:w0 uw=0\n"
            "init lookup 21 => TRUE\nstate 20-24:rw-/rwx:copy:w0 uw=0\n")
        self.expect(0, "check", path)

    def test_schedule(self):
        path = self.file("schedule.vmt", SMALL + "result T0: KERN_SUCCESS | T1: KERN_SUCCESS | (empty) uw=3\n"
            "schedule T0*6 T1\n")
        self.expect(1, "check", path)
        self.expect(0, "check", "--bless", path)
        self.assertIn("(empty) uw=0\nschedule T0*6 T1\n", path.read_text())
        self.assertNotIn("outcome", path.read_text())
        self.expect(0, "check", path)

    def test_corpus(self):
        """Nothing to change in the recordings, and so nothing changed."""
        self.copy(CORPUS, "c")
        before = {p: (p.read_bytes(), p.stat().st_ino) for p in (self.room / "c").rglob("*.vmt")}
        out, _ = self.expect(0, "check", "--bless", self.room / "c")
        self.assertIn("0 files blessed", out)
        self.assertEqual(before, {p: (p.read_bytes(), p.stat().st_ino) for p in (self.room / "c").rglob("*.vmt")})

    def test_repairs(self):
        """What was deleted or changed comes back as it was."""
        for source in sorted((CORPUS / "conc").glob("01*.vmt")):
            good = self.expect(0, "fmt", "-", text=source.read_text())[0]
            path = self.file("c.vmt", re.sub(r"(?m)^schedules .*\n", "schedules 1\n", good.replace("uw=", "uw=5", 1)))
            self.expect(0, "check", "--bless", path)
            self.assertEqual(path.read_text(), good)

    def test_impossible(self):
        for name, text in (("bad.vmt", "nonsense\n"), ("cut.vmt", ENDLESS)):
            path = self.file(name, text)
            code, _, _ = ws("check", "--bless", "--max-states", "50", path)
            self.assertIn(code, (1, 2))
            self.assertEqual(path.read_text(), text)


class Interrupted(Case):
    def end(self, process):
        out, err = process.communicate(timeout=1200)
        return process.returncode, out, err

    def test_explore(self):
        process = self.start("explore", *ANY_STATES, self.file("endless.vmt", ENDLESS))
        wait_until(lambda: catches_sigint(process.pid), "the handler")
        process.send_signal(signal.SIGINT)
        code, out, err = self.end(process)
        self.assertEqual(code, 0, err)
        self.assertIn("; cut: interrupted", out)

    def test_explore_keeps(self):
        """The first schedule is through long before so many lines of progress are."""
        process = self.start("explore", "--json", "--by-schedules", "--max-schedules", str(1 << 60),
            self.file("endless.vmt", ENDLESS))
        wait_until(lambda: catches_sigint(process.pid), "the handler")
        # Some time on the processor, whatever that takes: a schedule is 256 steps.
        wait_until(lambda: sum(map(int, Path("/proc/%d/stat" % process.pid).read_text().split()[13:15])) > 30,
            "some work")
        process.send_signal(signal.SIGINT)
        code, out, _ = self.end(process)
        self.assertEqual(code, 0)
        report = json.loads(out)
        self.assertEqual((report["complete"], len(report["outcomes"])), (False, 1))
        self.assertGreater(int(report["schedules"]), 0)

    def test_check(self):
        """To the group, as a terminal does it, and to the parent alone."""
        for group in (False, True):
            first = self.file("a.vmt", ENDLESS + "outcome " + " | ".join("T%d: " % t + ",".join(["TRUE"] * 64)
                for t in range(4)) + " | (empty) uw=0\n")
            process = self.start("check", "-j1", *ANY_STATES, first, CONC, start_new_session=True)
            wait_until(lambda: catches_sigint(process.pid) and children(process.pid), "the worker")
            worker = children(process.pid)[0]
            if group:
                os.killpg(process.pid, signal.SIGINT)
            else:
                process.send_signal(signal.SIGINT)
            code, out, err = self.end(process)
            self.assertEqual(code, 1, err)
            self.assertIn("interrupted: not checked: 2", out)
            self.assertFalse(Path("/proc/%d" % worker).exists())

    def test_gen(self):
        """What there is is whole, and nothing else is there."""
        process = self.start("gen", "--count", 1 << 30, "--out", self.room / "g")
        wait_until(lambda: len(list(self.room.glob("g/*.vmt"))) > 3, "some programs")
        process.send_signal(signal.SIGINT)
        code, out, err = self.end(process)
        self.assertEqual((code, out), (1, ""))
        self.assertRegex(err, r"^wirestorm gen: interrupted before seed \d+\n$")
        self.assertEqual([p.name for p in (self.room / "g").iterdir() if not re.fullmatch(r"\d{6}\.vmt", p.name)], [])
        self.expect(0, "fmt", "--check", self.room / "g")

    def test_worker_killed(self):
        first = self.file("a.vmt", ENDLESS + "outcome " + " | ".join("T%d: " % t + ",".join(["TRUE"] * 64)
            for t in range(4)) + " | (empty) uw=0\n")
        for args in ((), ("--json",)):
            process = self.start("check", "-j1", *args, *ANY_STATES, first, CONC, CORPUS / "directed")
            wait_until(lambda: children(process.pid), "the worker")
            os.kill(children(process.pid)[0], signal.SIGKILL)
            code, out, err = self.end(process)
            self.assertEqual(code, 1, out + err)
            nr = 1 + len(list((CORPUS / "directed").glob("*.vmt")))
            if args:
                report = json.loads(out)
                self.assertEqual([f["status"] for f in report["files"]], ["crashed"] + ["passed"] * nr)
            else:
                self.assertIn("%s: the process checking it died of signal 9" % first, out)
                self.assertIn("%d passed, 1 failed" % nr, out)


class Terminal(Case):
    def on_terminal(self, *args):
        """(exit code, everything that a terminal got)"""
        parent, child = pty.openpty()
        fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        process = subprocess.Popen([cli.TOOL, *map(str, args)], stdin=child, stdout=child, stderr=child,
            env=dict(os.environ, TERM="xterm", WIRESTORM_PROGRESS="0"))
        os.close(child)
        got = cli.read_terminal(parent)
        return process.wait(), got.decode()

    def test_progress(self):
        path = self.file("middle.vmt", MIDDLE)
        code, got = self.on_terminal("explore", path)
        self.assertEqual(code, 0)
        self.assertRegex(got, "\\d+ states\r\033\\[K")
        # What is left on the screen is what is printed without a terminal.
        plain, err = self.expect(0, "explore", path)
        self.assertEqual(err, "")
        self.assertEqual(got.split("\033[K")[-1].replace("\r\n", "\n"), plain)

    def test_no_escapes(self):
        path = self.file("middle.vmt", MIDDLE)
        for args in (("explore", path), ("explore", "--json", path), ("run", "-v", CONC),
                ("check", CORPUS / "directed"), ("check", "--profile", "strict", CORPUS / "directed"), ("--help",)):
            _, out, err = ws(*args)
            self.assertNotIn("\033", out + err)
            self.assertNotIn("\r", out + err)


if __name__ == "__main__":
    cli.use(sys.argv.pop(1))
    unittest.main()
