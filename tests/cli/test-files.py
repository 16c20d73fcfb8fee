#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""How wirestorm and its scripts write files: devices, pipes, links, a full disk, signals, two at once.

Usage: test-files.py [--mutants] WIRESTORM [unittest's arguments]; with --mutants the build has mutants.

A full disk is a limit on the size of files (RLIMIT_FSIZE, with SIGXFSZ ignored): that needs no root.
"""

import json
import os
import resource
import shutil
import signal
import stat
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "common"))
import cli  # noqa: E402
from cli import ROOT, wait_until, ws  # noqa: E402

sys.path.insert(0, str(ROOT / "scripts"))
sys.dont_write_bytecode = True
import files  # noqa: E402  scripts/files.py

MUTANTS = False
LITMUS = ROOT / "corpus" / "litmus" / "wire-gone-after-wait.vmt"
DEADLOCK = ROOT / "corpus" / "litmus" / "remove-system-wired-deadlock.vmt"
ROOM = 100  # bytes: no program fits
BAD = b"\x00" * 40  # a fuzz input


def no_room():
    """For a child: from here on no file grows above ROOM bytes."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM, resource.RLIM_INFINITY))


def make_room(process):
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def named_temporaries(folder):
    return [p.name for p in Path(folder).rglob("*") if p.name.endswith(".tmp")]


class Case(cli.Case):
    def run_in(self, *args, stdout=subprocess.PIPE, **how):
        """In a directory without corpus/bugs, which a hunt would read."""
        how.setdefault("cwd", self.room)
        done = subprocess.run([cli.TOOL, *map(str, args)], stdout=stdout, stderr=subprocess.PIPE, timeout=3000,
            check=False, **how)
        return done.returncode, (done.stdout or b"").decode(), done.stderr.decode()

    def start(self, *args, **how):
        return super().start(*args, **{"cwd": self.room, **how})

    def verdict_file(self, name="bad.vmt"):
        """A program with a verdict, and its schedule, that shrink has something to do with."""
        out, _ = self.expect(0, "explore", "--until", "DEADLOCK", DEADLOCK)
        lines = [line for line in out.split("\n") if not line.startswith(("#", "result"))]
        text = "\n".join(lines).rstrip("\n") + "\n"
        if "verdict" not in text:
            text += "verdict deadlock\n"
        return self.file(name, text)

    def writers(self, path):
        """Commands that write @path, and need nothing else."""
        return (("show", "--svg", path, LITMUS), ("show", "--html", path, LITMUS), ("edges", "--html", path, LITMUS),
            ("shrink", "--out", path, self.verdict_file()))


class Places(Case):
    """What is no regular file is written, and stays what it is."""

    def test_device_stays(self):
        path = self.room / "null"
        try:
            os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, 3))
            with open(path, "wb"):
                pass
        except PermissionError:
            self.skipTest("mknod, or a device in this directory, is refused")
        before = os.lstat(path)
        for args in (*self.writers(path), ("fmt", path)):
            code, _, err = ws(*args)
            self.assertIn(code, (0, 1), err)  # edges: 1 is a finding
            self.assertTrue(stat.S_ISCHR(os.lstat(path).st_mode), args)
        files.write(path, "text")
        self.assertEqual(os.lstat(path).st_ino, before.st_ino)

    def test_fifo_gets_all(self):
        path = self.room / "fifo"
        os.mkfifo(path)
        for args in self.writers(path):
            process = self.start(*args)
            with open(path, encoding="utf-8") as f:
                got = f.read()
            _, err = process.communicate(timeout=1200)
            self.assertEqual(process.returncode, 0, err)
            self.assertTrue(stat.S_ISFIFO(os.lstat(path).st_mode), args)
            plain = self.room / "plain"
            self.expect(0, *(plain if a == path else a for a in args))
            self.assertEqual(got, plain.read_text(encoding="utf-8"), args)

    def test_standard_output_by_each_name(self):
        for args in self.writers(self.room / "plain"):
            self.expect(0, *args)
            expected = (self.room / "plain").read_text(encoding="utf-8")
            for name in ("-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"):
                code, out, err = self.run_in(*(name if a == self.room / "plain" else a for a in args))
                self.assertEqual((code, out), (0, expected), (args, name, err))

    def test_standard_output_is_continued(self):
        """A file behind /dev/stdout is neither cut off nor replaced."""
        path = self.room / "log"
        with open(path, "wb") as f:
            f.write(b"before\n")
            f.flush()
            code, _, err = self.run_in("show", "--svg", "/dev/stdout", LITMUS, stdout=f)
            self.assertEqual(code, 0, err)
            os.lseek(f.fileno(), 0, os.SEEK_END)
            os.write(f.fileno(), b"after\n")
        text = path.read_text(encoding="utf-8")
        self.assertTrue(text.startswith("before\n<svg ") and text.endswith("</svg>\nafter\n"), text[:50])

    def test_link_stays_and_its_target_is_written(self):
        link, target = self.room / "link", self.room / "below" / "target"
        target.parent.mkdir()
        link.symlink_to("below/target")
        for expected in ("not there", "there"):
            self.assertEqual(target.exists(), expected == "there")
            self.expect(0, "show", "--svg", link, LITMUS)
            self.assertTrue(link.is_symlink())
            self.assertTrue(target.read_text(encoding="utf-8").startswith("<svg"))
        files.write(link, "text")
        self.assertTrue(link.is_symlink())
        self.assertEqual(target.read_text(), "text")
        link.unlink()
        link.symlink_to("link")
        _, err = self.expect(2, "show", "--svg", link, LITMUS)
        self.assertIn("Too many levels of symbolic links", err)

    def test_mode_stays_and_umask_counts(self):
        path = self.room / "a.svg"
        self.run_in("show", "--svg", path, LITMUS, umask=0o027)
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o640)
        path.chmod(0o604)
        self.run_in("show", "--svg", path, LITMUS, umask=0o027)
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o604)

    def test_dash_is_standard_output(self):
        out, _ = self.expect(0, "gen", "--seed", "7", "--out", "-")
        self.assertEqual(out, self.expect(0, "gen", "--seed", "7")[0])
        seeds = ("hunt", "--profile", "freebsd12", "--programs", "500")
        out, _ = self.expect(1, *seeds, "--out", "-", cwd=self.room)
        self.assertIn("\nverdict ", out)
        self.assertEqual(list(self.room.iterdir()), [])

    def test_bless_from_standard_input_to_standard_output(self):
        text = "map 16 80\ninit lookup 20\n"
        out, err = self.expect(0, "check", "--bless", "-", text=text)
        self.assertEqual(out, "map 16 80\ninit lookup 20 => FALSE\nstate (empty) uw=0\n")
        self.assertIn("1 file blessed", err)
        again, _ = self.expect(0, "check", "--bless", "-", text=out)
        self.assertEqual(again, out)
        self.expect(2, "check", "--bless", "-", LITMUS)
        self.expect(2, "check", "--json", "--bless", "-", text=text)

    def test_pipe_is_formatted_to_standard_output(self):
        """A pipe cannot be replaced: the text goes on, and nobody waits for a reader of the pipe."""
        path = self.room / "fifo"
        os.mkfifo(path)
        for args, code, expected in ((("fmt", path), 0, "map 16 80\ninit lookup 20\n"),
                (("check", "--bless", path), 2,
                 "not a regular file; the blessed program is:\nmap 16 80\ninit lookup 20 =>")):
            process = self.start(*args)
            path.write_text("map 16  80\ninit lookup 20\n")
            out, err = process.communicate(timeout=120)
            self.assertEqual(process.returncode, code, err)
            self.assertIn(expected, out)
            self.assertTrue(stat.S_ISFIFO(os.lstat(path).st_mode))

    def test_dash_for_directories(self):
        """encode, decode and triage print what they make."""
        encoded = self.run_bytes("encode", "--out", "-", LITMUS)
        self.assertEqual(encoded, self.run_bytes("encode", LITMUS))
        (self.room / "a.bin").write_bytes(encoded)
        self.assertEqual(self.run_bytes("decode", "--out", "-", "a.bin"), self.run_bytes("decode", "a.bin"))
        self.assertEqual(os.listdir(self.room), ["a.bin"])

    def run_bytes(self, *args):
        return subprocess.run([cli.TOOL, *map(str, args)], cwd=self.room, capture_output=True, check=True).stdout

    def test_scripts_write_standard_output(self):
        code = "import files; print('a'); files.write('-', 'b\\n'); files.write('/dev/stdout', b'c\\n'); print('d')"
        done = subprocess.run([sys.executable, "-B", "-c", code], cwd=ROOT / "scripts", capture_output=True, text=True,
            check=False)
        self.assertEqual((done.stdout, done.stderr), ("a\nb\nc\nd\n", ""))

    def expect(self, code, *args, text=None, env=None, cwd=None):
        got, out, err = ws(*args, text=text, env=env, cwd=cwd)
        self.assertEqual(got, code, "wirestorm %s\n%s%s" % (" ".join(map(str, args)), out[-2000:], err))
        return out, err


class Full(Case):
    """Nothing is lost when a file cannot be written: the work goes to standard output, and the status is 2."""

    def test_scripts_leave_the_file(self):
        path = self.file("a", "old")
        code = "import files, sys; files.write(sys.argv[1], 'x' * 1000)"
        done = subprocess.run([sys.executable, "-B", "-c", code, str(path)], cwd=ROOT / "scripts", preexec_fn=no_room,
            capture_output=True, text=True, check=False)
        self.assertIn("File too large", done.stderr)
        self.assertEqual(path.read_text(), "old")
        self.assertEqual(os.listdir(self.room), ["a"])

    def test_shrink(self):
        path = self.verdict_file()
        before = path.read_text()
        small, _ = self.expect(0, "shrink", path)
        code, out, err = self.run_in("shrink", "--out", path, path, preexec_fn=no_room)
        self.assertEqual((code, out), (2, small))
        self.assertIn("%s: cannot be written, the program goes to standard output: File too large" % path, err)
        self.assertIn("after", err)
        code, out, err = self.run_in("shrink", "--json", "--out", path, path, preexec_fn=no_room)
        self.assertEqual(code, 2)
        self.assertIn("after", json.loads(out))
        self.assertIn(small, err)
        self.assertEqual(path.read_text(), before)
        self.assertEqual(os.listdir(self.room), [path.name])

    def test_triage(self):
        self.expect(1, "hunt", "--profile", "freebsd12", "--programs", "1000", "--out", self.room / "h")
        paths = sorted((self.room / "h").glob("*.vmt"))[:2]
        self.assertEqual(len(paths), 2)
        shown, _ = self.expect(1, "triage", *paths)
        code, out, err = self.run_in("triage", "--out", self.room / "bugs", *paths, preexec_fn=no_room)
        self.assertEqual(code, 2, err)
        self.assertEqual(out.count("\nverdict "), shown.count("\nverdict "))
        self.assertEqual([line for line in out.split("\n") if not line.startswith("# could")][:-2],
            shown.split("\n")[:-2])
        self.assertEqual(out.count("# could not be written to"), 2)
        self.assertEqual(err.count("File too large"), 2)
        self.assertEqual(list((self.room / "bugs").iterdir()), [])
        code, out, _ = self.run_in("triage", "--json", "--out", self.room / "bugs", *paths, preexec_fn=no_room)
        self.assertEqual(code, 2)
        self.assertEqual([(t["path"], "\nverdict " in t["program"]) for t in json.loads(out)["crashes"]],
            [(None, True)] * 2)

    def test_bless(self):
        text = "map 16 80\n" + "init lookup 20\n" * 10
        path, other = self.file("a.vmt", text), self.file("b.vmt", "init lookup 20 => TRUE\n")
        blessed, _ = self.expect(0, "check", "--bless", "-", text=text)
        code, out, err = self.run_in("check", "--bless", path, other, preexec_fn=no_room)
        self.assertEqual(code, 2, err)
        self.assertIn("%s: cannot be rewritten: File too large; the blessed program is:\n%s" % (path, blessed), out)
        self.assertIn("1 passed, 1 failed", out)
        self.assertEqual((path.read_text(), "FALSE" in other.read_text()), (text, True))
        self.assertEqual(sorted(os.listdir(self.room)), ["a.vmt", "b.vmt"])

    def test_reproduce(self):
        if not MUTANTS:
            self.skipTest("a build without mutants")
        path = self.room / "w.vmt"
        shutil.copy(ROOT / "corpus" / "bugs" / "wire_counts_first_entry.vmt", path)
        words = ("reproduce", "--seconds", "5", "--no-shrink", path)
        self.expect(0, *words, "--out", self.room / "small.vmt")
        small = (self.room / "small.vmt").read_text()
        code, out, err = self.run_in(*words, preexec_fn=no_room)
        self.assertEqual(code, 2)
        self.assertIn(small, out)
        self.assertIn("w-reproduced.vmt: cannot be written, the program goes to standard output: File too large", err)
        code, out, err = self.run_in(*words, "--json", preexec_fn=no_room)
        self.assertEqual((code, json.loads(out)["reproduced"]), (2, True))
        self.assertIn(small, err)
        code, out, err = self.run_in(*words, "--out", "-")
        self.assertEqual((code, out), (0, small))
        self.assertIn("reproduced", err)
        self.assertEqual(sorted(os.listdir(self.room)), ["small.vmt", "w.vmt"])

    def test_bugs(self):
        if not MUTANTS:
            self.skipTest("a build without mutants")
        code, out, err = self.run_in("bugs", "hunt", "--json", "--seconds", "0.2", "--seeds", "1", "--state",
            self.room / "state", "none", preexec_fn=no_room)
        self.assertEqual(code, 2, err)
        self.assertEqual(json.loads(out.split("\n")[0])["mutant"], "none")
        self.assertIn("state: the result cannot be written: File too large", err)

    def test_encode_and_decode(self):
        text = "map 16 80\n" + "init insert 20 24 rw rwx\n" * 40 + "T0 wire 20 24 user noholes\n"
        program = self.file("big.vmt", text)
        encoded = self.room / "big.bin"
        with open(encoded, "wb") as f:
            self.run_in("encode", program, stdout=f)
        for command, path in (("encode", program), ("decode", encoded)):
            code, _, err = self.run_in(command, "--out", "made", path, preexec_fn=no_room)
            self.assertEqual(code, 2, err)
            self.assertRegex(err, r"made/[^:]*: cannot be written: File too large")

    def test_edges(self):
        code, out, err = self.run_in("edges", "--html", self.room / "e.html", LITMUS, preexec_fn=no_room)
        self.assertEqual(code, 2)
        self.assertIn("File too large", err)
        self.assertEqual(out, ws("edges", LITMUS)[1])

    def test_hunt_shows_what_it_cannot_write(self):
        words = ("hunt", "--profile", "freebsd12", "--programs", "20000", "--out", self.room / "h")
        code, out, err = self.run_in(*words, preexec_fn=no_room)
        self.assertEqual(code, 2, err)
        self.assertRegex(err, r"/h/001-\S+\.vmt: the finding cannot be written: File too large\n")
        shown = out.count("\nresult ")
        self.assertGreater(shown, 0)
        self.assertIn("\n%d finding%s could not be written to" % (shown, "" if shown == 1 else "s"), out)
        programs = int(out.split(" programs in ")[0].split("\n")[-1])
        self.assertLess(programs, 20000)  # it ended
        self.assertEqual(list((self.room / "h").glob("*")), [self.room / "h" / ".lock"])
        code, out, _ = self.run_in(*words[:-1], self.room / "j", "--json", preexec_fn=no_room)
        told = json.loads(out)
        self.assertEqual((code, told["findings"][0]["unwritten"]), (2, True))
        self.assertIn("verdict", told["findings"][0]["program"])

    def test_hunt_keeps_going_and_writes_when_there_is_room(self):
        folder = self.room / "h"
        process = self.start("hunt", "--profile", "freebsd12", "--keep-going", "--out", folder, preexec_fn=no_room)
        first = process.stderr.readline()
        self.assertRegex(first, r"/h/001-\S+\.vmt: the finding cannot be written: File too large\n")
        make_room(process)
        name = folder / first.split("/h/")[1].split(":")[0]
        wait_until(name.exists, "the finding is written")
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=1200)
        self.assertEqual(process.returncode, 1, err)
        self.assertIn("%s: the finding is written now\n" % name, err)
        self.assertIn("interrupted: ", out)
        self.assertNotIn("could not be written", out)
        self.expect(0, "fmt", "--check", folder)

    def test_hunt_keeps_going_to_the_end(self):
        """As many findings as with room, each of them shown; and the status says that they are in no file."""
        words = ("hunt", "--profile", "freebsd12", "--programs", "2000", "--keep-going", "--out")
        whole, _ = self.expect(1, *words, self.room / "a")
        code, out, err = self.run_in(*words, self.room / "b", preexec_fn=no_room)
        nr = len(list((self.room / "a").glob("*.vmt")))
        self.assertGreater(nr, 1)
        self.assertEqual(code, 2, err)
        self.assertEqual(out.count("\nresult "), nr)
        self.assertEqual([line for line in out.split("\n") if line.startswith("new ")],
            [line for line in whole.split("\n") if line.startswith("new ")])

    def test_regress_and_gen(self):
        """Without room the program is printed, as it is without --out."""
        path = self.file("two.vmt", "map 16 24\nT0 lookup 20\nT1 lookup 20\n")
        for words in (("regress", path), ("gen", "--seed", "1")):
            whole, _ = self.expect(0, *words)
            more = ("--count", "1") if words[0] == "gen" else ()
            out_name = self.room / ("made" if words[0] == "gen" else "made.vmt")
            code, out, err = self.run_in(*words, *more, "--out", out_name, preexec_fn=no_room)
            self.assertEqual((code, out), (2, whole), err)
            self.assertIn(": cannot be written, the program goes to standard output: File too large\n", err)

    def test_stress_window(self):
        if not MUTANTS:
            self.skipTest("a build without mutants")
        window = self.room / "w.vmt"
        code, out, err = self.run_in("stress", "--seconds", "60", "--seed", "1", "--quiet", "--mutant",
            "wire_counts_first_entry", "--window", window, preexec_fn=no_room)
        self.assertIn(code, (1, 3), out + err)
        self.assertIn("%s: cannot be written; the window goes to standard error: File too large" % window, err)
        self.assertIn("\nverdict ", err)
        self.assertNotIn("window: ", out)
        self.assertEqual(os.listdir(self.room), [])


class Windows(Case):
    """The window of a stress run never replaces another one."""

    def setUp(self):
        super().setUp()
        if not MUTANTS:
            self.skipTest("a build without mutants")

    WORDS = ("stress", "--seconds", "60", "--quiet", "--mutant", "wire_counts_first_entry", "--seed")

    def test_numbers(self):
        for seed, name in enumerate(("stress-window.vmt", "stress-window-2.vmt", "stress-window-3.vmt"), 1):
            kept = {p: p.read_bytes() for p in self.room.iterdir()}
            code, out, err = self.run_in(*self.WORDS, seed, cwd=self.room)
            self.assertIn(code, (1, 3), out + err)
            self.assertIn("\nwindow: %s\n" % name, out)
            self.assertEqual({p: p.read_bytes() for p in kept}, kept)
            self.expect(0, "fmt", "--check", self.room / name)

    def test_two_at_once(self):
        both = [self.start(*self.WORDS, seed, cwd=self.room) for seed in (1, 2)]
        names = set()
        for process in both:
            out, err = process.communicate(timeout=2000)
            self.assertIn(process.returncode, (1, 3), out + err)
            names.add(out.split("\nwindow: ")[1].split("\n")[0])
        self.assertEqual(names, set(os.listdir(self.room)))
        self.assertEqual(len(names), 2)

    def test_standard_output(self):
        code, out, err = self.run_in(*self.WORDS, "1", "--window", "-", cwd=self.room)
        self.assertIn(code, (1, 3), out + err)
        self.assertTrue(out.startswith("# stress: "), out[:100])
        self.expect(0, "fmt", "-", text=out)
        self.assertIn("BROKEN" if code == 1 else "HUNG", err)
        self.assertIn("window: standard output\n", err)
        self.assertEqual(os.listdir(self.room), [])
        self.expect(2, "stress", "--json", "--window", "-")


class Signals(Case):
    """What is interrupted leaves no temporary file, and says how far it came."""

    def bless_many(self, number):
        """check --bless, interrupted while it writes; gives how many files it had blessed, and its output."""
        folder = self.room / signal.Signals(number).name
        folder.mkdir()
        old = "map 16 80\ninit lookup 20\n"
        for i in range(400):
            (folder / ("%03d.vmt" % i)).write_text(old)
        process = self.start("check", "--bless", "-j2", folder)
        wait_until(lambda: sum(p.read_text() != old for p in folder.glob("00*.vmt")) > 2, "some files are blessed")
        process.send_signal(number)
        out, err = process.communicate(timeout=1200)
        self.assertEqual(sorted(p.name for p in folder.iterdir()), ["%03d.vmt" % i for i in range(400)])
        blessed = [p for p in folder.iterdir() if p.read_text() != old]
        self.assertEqual({p.read_text() for p in blessed}, {"map 16 80\ninit lookup 20 => FALSE\nstate (empty) uw=0\n"})
        return process.returncode, len(blessed), out, err

    def test_bless_is_interrupted(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            code, nr, out, err = self.bless_many(number)
            self.assertIn(code, (0, 1), err)
            self.assertIn("%d files blessed\n" % nr, out.splitlines(keepends=True))

    def test_stale_temporaries_are_removed(self):
        """A temporary file that a killed process left goes with the next write; one that is in use stays."""
        stale, used = self.file(".wirestorm-1-0.tmp", "half"), self.file(".wirestorm-1-1.tmp", "half")
        other = self.file(".other.tmp", "")
        with open(used, "rb") as f:
            import fcntl
            fcntl.flock(f, fcntl.LOCK_EX)
            self.expect(0, "show", "--svg", self.room / "a.svg", LITMUS)
        self.assertEqual((stale.exists(), used.exists(), other.exists()), (False, True, True))
        self.expect(0, "show", "--svg", self.room / "a.svg", LITMUS)
        self.assertFalse(used.exists())

    def summary_after_hangup(self, *args):
        process = self.start(*args, cwd=self.room)
        wait_until(lambda: catches(process.pid, signal.SIGHUP), "the handler")
        process.send_signal(signal.SIGHUP)
        out, err = process.communicate(timeout=1200)
        return process.returncode, out, err

    def test_hangup_ends_with_a_summary(self):
        code, out, err = self.summary_after_hangup("hunt", "--out", "h")
        self.assertEqual(code, 0, err)
        self.assertIn("interrupted: ", out)
        code, out, err = self.summary_after_hangup("stress", "--seconds", "600", "--quiet")
        self.assertEqual(code, 0, err)
        self.assertIn("; interrupted\nok: nothing is broken\n", out)

    def test_hangup_keeps_the_summary_of_stress_ci(self):
        process = subprocess.Popen([ROOT / "scripts" / "stress-ci", "--tool", cli.TOOL, "--out", self.room / "out",
            "--seconds", "600", "--mix", "protect"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.kill)
        wait_until((self.room / "out" / "protect-strict.json").exists, "the first run")
        process.send_signal(signal.SIGHUP)
        _, err = process.communicate(timeout=120)
        self.assertEqual((process.returncode, err), (130, ""))
        self.assertEqual(named_temporaries(self.room), [])

    def test_ignored_hangup_stays_ignored(self):
        """As under nohup(1)."""
        for args, how in ((("hunt", "--programs", "5000"), {}), (("stress", "--ops", "200000", "--quiet"), {})):
            process = self.start(*args, cwd=self.room,
                preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN), **how)
            wait_until(lambda: catches(process.pid, signal.SIGTERM), "the handler")
            process.send_signal(signal.SIGHUP)
            out, err = process.communicate(timeout=3000)
            self.assertEqual(process.returncode, 0, err)
            self.assertNotIn("interrupted", out)


class Pool(Case):
    """hunt --pool: what a hunt has learnt is there for the next one."""

    def hunt(self, pool, programs, *args, code=1, **how):
        got, out, err = self.run_in("hunt", "--profile", "freebsd12", "--json", "--programs", programs, "--known",
            self.room / "none", *(("--pool", pool) if pool else ()), *args, **how)
        self.assertEqual(got, code, err)
        return json.loads(out), err

    def setUp(self):
        super().setUp()
        (self.room / "none").mkdir()

    def learn(self):
        pool = self.room / "pool"
        told, _ = self.hunt(pool, 1500)
        self.assertGreater(told["pool"]["added"], 100)
        self.assertEqual(told["pool"]["added"], len(list(pool.iterdir())))
        self.expect(0, "fmt", "--check", pool)
        return pool

    def content(self, pool):
        return {p.name: p.read_bytes() for p in pool.iterdir()}

    def test_a_hunt_begins_with_what_was_learnt(self):
        pool = self.learn()
        before = self.content(pool)
        alone, _ = self.hunt(None, 64, code=1)
        told, _ = self.hunt(pool, 64)
        self.assertEqual(told["pool"]["loaded"], len(before))
        self.assertEqual(told["programs"], len(before) + 64)
        self.assertGreater(told["features"], 2 * alone["features"])

    def test_same_pool_and_seed_find_the_same(self):
        pool = self.learn()
        again = self.room / "again"
        shutil.copytree(pool, again)
        results = []
        for folder, jobs in ((pool, "1"), (again, "3")):
            told, _ = self.hunt(folder, 600, "--seed", "7", "-j", jobs)
            del told["seconds"]
            results.append((told, self.content(folder)))
        self.assertEqual(results[0], results[1])
        self.assertGreater(len(results[0][0]["findings"]), 0)

    def test_damaged_file_is_named_and_left_out(self):
        pool = self.learn()
        names = sorted(p.name for p in pool.iterdir())
        whole = self.room / "whole"
        shutil.copytree(pool, whole)
        for name in names[:3]:
            (whole / name).unlink()
        (pool / names[0]).write_text("")
        (pool / names[1]).write_text((pool / names[1]).read_text() + "T0 lookup 20\n")
        (pool / names[2]).write_bytes(b"\0\xff nonsense")
        results = []
        for folder in (pool, whole):
            told, err = self.hunt(folder, 64)
            damaged = [line.split(": ")[1] for line in err.split("\n") if line.endswith("so the pool does not use it")]
            self.assertEqual(damaged, [str(pool / name) for name in names[:3]] if folder == pool else [])
            self.assertEqual(told["pool"].pop("damaged"), len(damaged))
            del told["seconds"]
            results.append(told)
        self.assertEqual(results[0], results[1])

    def test_files_of_others_stay(self):
        """Programs that no hunt wrote are tried, too; programs for another profile wait for a hunt in that profile."""
        pool = self.room / "pool"
        pool.mkdir()
        shutil.copy(LITMUS, pool / "mine.vmt")
        (pool / "toy-0123456789abcdef.vmt").write_text("not for this target\n")
        told, _ = self.hunt(pool, 64)
        self.assertEqual(told["pool"]["loaded"], 1)
        before = self.content(pool)
        code, _, err = self.run_in("hunt", "--programs", "64", "--pool", pool, "--json")
        self.assertEqual((code, err), (0, ""))
        after = self.content(pool)
        self.assertEqual({name: after.get(name) for name in before}, before)
        self.assertGreater(len(after), len(before))

    def test_full_disk(self):
        """The hunt ends with its summary, and says that the pool is not saved."""
        told, err = self.hunt(self.room / "pool", 300, code=2, preexec_fn=no_room)
        self.assertTrue(told["pool"]["unsaved"])
        self.assertIn("the pool cannot be saved: File too large", err)
        self.assertGreater(len(told["findings"]), 0)
        self.assertEqual(named_temporaries(self.room), [])

    def test_wrong_use(self):
        self.expect(2, "hunt", "--seeds", "1..5", "--pool", self.room / "pool")
        path = self.file("file", "")
        _, err = self.expect(2, "hunt", "--programs", "1", "--pool", path)
        self.assertIn("%s: Not a directory" % path, err)


def catches(pid, number):
    try:
        status = Path("/proc/%d/status" % pid).read_text()
    except OSError:
        return False
    mask = int(status.split("SigCgt:")[1].split()[0], 16)
    return mask >> (number - 1) & 1 == 1


if __name__ == "__main__":
    if sys.argv[1:2] == ["--mutants"]:
        MUTANTS = True
        del sys.argv[1]
    cli.use(sys.argv.pop(1))
    unittest.main(verbosity=0)
