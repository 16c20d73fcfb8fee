#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""test-show.py [--write] WIRESTORM TOY [unittest's arguments]: what `wirestorm show` makes of a run.
test-show.py --mutants WIRESTORM: of what all planted faults and put back bugs do, in a build that has them.

The golden files are golden/NAME.txt and .svg, for two of them docs/img/NAME.svg, which documents show. Look at what
has changed before writing them anew with --write.
"""

import json
import os
import pty
import re
import shlex
import struct
import subprocess
import sys
import tempfile
import termios
import fcntl
import unittest
import xml.etree.ElementTree
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "common"))
from cli import read_terminal  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
LITMUS = ROOT / "corpus" / "litmus"
GOLDEN = ROOT / "tests" / "show" / "golden"
IMAGES = ROOT / "docs" / "img"
TOOL = TOY = None
UTF8 = dict(os.environ, LC_ALL="C.UTF-8", TERM="xterm")
UTF8.pop("COLUMNS", None)
UTF8.pop("NO_COLOR", None)

# Name of the golden file: what is shown.
SHOWN = {
    "wire-gone-after-wait": ["corpus/litmus/wire-gone-after-wait.vmt"],
    "wire-hole-made-while-faulting": ["corpus/litmus/wire-hole-made-while-faulting.vmt"],
    "needs-wakeup": ["corpus/litmus/needs-wakeup.vmt"],
    "deadlock": ["--schedule", "T0*4 T1", "corpus/litmus/remove-system-wired-deadlock.vmt"],
    "three-threads": ["corpus/litmus/wire-waits-for-one-entry.vmt"],
    "finding": ["corpus/litmus/quirk-q1-clip-then-fail.vmt"],
    "sequential": ["corpus/litmus/wire-holesok.vmt"],
}
# Picture in docs/img: the document that shows it.
IN_DOCUMENTS = {"wire-gone-after-wait": "README.md", "wire-hole-made-while-faulting": "docs/tutorial.md"}
# More threads than there are lanes, more pages than there are columns, more faults than one wants to read.
MANY = """map 16 4000
init insert 20 24 rw rwx
init insert 24 100 r rwx
init insert 3000 3002 rw rwx
""" + "".join("T%d %s\n" % (t, op) for t, op in enumerate(["wire 20 30 user noholes", "wire 24 100 user noholes",
    "remove 22 26", "protect 20 24 r", "wire 3000 3002 system noholes write", "remove 20 3002"] +
    ["lookup 3000", "fault 21 r"] * 5))


def show(*args, tool=None, env=None, text=None):
    done = subprocess.run([tool or TOOL, "show", *map(str, args)], cwd=ROOT, env=env or UTF8, input=text, text=True,
        capture_output=True, timeout=1200, encoding="utf-8")
    return done.returncode, done.stdout, done.stderr


def golden_files():
    """(arguments, file) of each."""
    for name, args in SHOWN.items():
        yield ["--width", "80", *args], GOLDEN / (name + ".txt")
        yield ["--svg", "-", *args], (IMAGES if name in IN_DOCUMENTS else GOLDEN) / (name + ".svg")
    yield ["--width", "60", "--ascii", *SHOWN["three-threads"]], GOLDEN / "tracks-ascii.txt"


def too_long(text, width):
    """Lines that are longer than that, or end in a blank."""
    return [line for line in text.split("\n") if len(line) > width or line != line.rstrip()]


def outside(svg):
    """Texts of a picture that leave it to the right or below: a character is 7.25 wide, 6.1 of a small one."""
    root = xml.etree.ElementTree.fromstring(svg)
    width, height = int(root.get("width")), int(root.get("height"))
    found = []
    for text in root.iter("{http://www.w3.org/2000/svg}text"):
        classes = text.get("class").split()
        each = 6.1 if "s" in classes else 9.5 if "h" in classes else 7.25
        if int(text.get("x")) + each * len(text.text or "") > width or int(text.get("y")) > height:
            found.append(text.text)
    return found


class Golden(unittest.TestCase):
    def test_says_who_made_the_map_busy(self):
        _, out, _ = show("--json", LITMUS / "protect-waits-for-busy.vmt")
        self.assertIn("sleep until the map is not busy; T0 made it so in step 1", out)

    def test_golden(self):
        for args, path in golden_files():
            code, out, err = show(*args)
            self.assertEqual((code, err), (0, ""), args)
            self.assertEqual(out, path.read_text(encoding="utf-8"), "%s: tests/show/test-show.py --write" % path)

    def test_all_are_shown(self):
        made = {path for _, path in golden_files()}
        self.assertEqual(made, set(GOLDEN.iterdir()) | set(IMAGES.glob("*.svg")))
        for name, document in IN_DOCUMENTS.items():
            self.assertIn("img/%s.svg" % name, (ROOT / document).read_text())

    def test_what_they_say(self):
        """The facts that a picture of these runs has to tell, by the rules of docs/engine.md."""
        for name, facts in {
                "wire-gone-after-wait": ["sleep until page 20", "T1 marked it in step 1", "wake T0", "preemption 1",
                    "=> KERN_INVALID_ADDRESS", "hole 20-22, since step 6", "remove 20 22"],
                "wire-hole-made-while-faulting": ["roll back 20-22", "hole 22-24, since step 3", "wire_hole"],
                "deadlock": ["T1.0 remove 20 24 sleeps for ever", "T0 wired it", "DEADLOCK"],
                "finding": ["I19", "quirk Q1", "user-wire count 4 -> -1", "KERN_OUT_OF_BOUNDS"]}.items():
            text = " ".join(re.sub(r"[┃│┊┏┗╺]", " ", show("--width", "200", *SHOWN[name])[1]).split())
            for fact in facts:
                self.assertIn(fact, text, name)


class Axis(unittest.TestCase):
    """Maps in 40 columns: stretches become as narrow as they have to, and labels as short."""

    def maps(self, text):
        code, out, err = show("--width", "40", "--seed", "3", "-", text=text)
        self.assertEqual((code, err), (0, ""))
        return re.findall(r"(?m)^ map +(.*)\n +(.*)$", out)

    def test_labels_get_shorter_and_disappear(self):
        self.assertEqual(self.maps("""map 16 80
init insert 20 24 rw rwx
init insert 40 41 rwx rwx
init insert 41 60 rx rwx
init wire 20 22 user noholes
init wire 40 41 user noholes
T0 wire 20 24 user noholes
T1 wire 40 60 user noholes
"""), [("16  20 22        40 41      60", "····│1u│ │···≈···│1u│r-x    │·≈·"),
            ("16  20 22        40 41      60", "····│  │ │···≈···│1u│r-x    │·≈·"),
            ("16  20 22        40 41      60", "····│  │ │···≈···│  │w1!    │·≈·"),
            ("16  20   24      40 41      60", "····│w1u │···≈···│  │w1!    │·≈·"),
            ("16  20   24      40 41      60", "····│w1u │···≈···│1u│r-x w1u│·≈·")])

    def test_stretches_get_narrow_from_the_left_until_the_map_fits(self):
        self.assertEqual(self.maps("""map 16 80
init insert 20 24 rw rwx
init insert 26 30 r rwx
init insert 32 40 rx rwx
init insert 42 50 rw rwx
init insert 52 60 r rwx
T0 clip 36
"""), [("16 24 32  42      50        60", "≈│ ││││ │·│rw-    │·│r--    │·≈·"),
            ("16 24 32  42      50        60", "≈│ ││││││·│rw-    │·│r--    │·≈·")])
        self.assertEqual(self.maps("""map 16 80
init insert 20 24 rw rwx
init insert 26 30 r rwx
init insert 32 40 rx rwx
init insert 42 50 rw rwx
init insert 54 62 r rwx
T0 clip 36
"""), [("16 26  40       50  54      62", "≈│││││ ││rw-    │···│r--    │·≈·"),
            ("16 26 36        50  54      62", "≈││││││││rw-    │···│r--    │·≈·")])


class Why(unittest.TestCase):
    """Of several things that could explain a failure, the one that does."""

    def why(self, text, *args):
        code, out, err = show("--json", *args, "-", text=text)
        self.assertEqual(code, 0, err)
        return [e["text"] for r in json.loads(out)["rows"] for e in r["events"] if e["kind"] == "why"]

    def test_access_before_hole(self):
        text = "map 16 80\ninit insert 20 22 none rwx\nT0 wire 20 26 user noholes\n"
        self.assertEqual(self.why(text),
            ["no access: 20-22 has neither r nor x, since init insert 20 22 none rwx"])
        text = "map 16 80\ninit insert 20 22 r rwx\nT0 wire 20 22 user noholes write\nT1 protect 20 22 rw\n"
        self.assertEqual(self.why(text, "--schedule", "T0 T1"),
            ["no access: 20-22 cannot be written, since init insert 20 22 r rwx"])

    def test_fault_and_hole(self):
        """The fault's code is KERN_INVALID_ADDRESS, and the hole behind it has nothing to do with that."""
        text = "map 16 80\npoison 20 KERN_INVALID_ADDRESS\ninit insert 20 22 rw rwx\nT0 wire 20 26 user noholes\n"
        self.assertEqual(self.why(text), [])

    def test_sync(self):
        """A sync goes on at page 22: that 20 is gone, too, is not why it fails."""
        text = ("map 16 80\ninit insert 20 22 rw rwx\ninit insert 22 24 r rwx\nT0 sync 20 24\n"
            "T1 remove 20 21\nT2 remove 22 24\n")
        self.assertEqual(self.why(text, "--schedule", "T0 T1 T2 T0"), ["hole 22-24, since step 3: T2 remove 22 24"])

    def test_never_mapped(self):
        self.assertEqual(self.why("map 16 80\nT0 unwire 20 26 user noholes\n"), ["hole 20-26, never mapped"])


class All(unittest.TestCase):
    """Every litmus in every form."""

    @classmethod
    def setUpClass(cls):
        cls.files = sorted(LITMUS.glob("*.vmt"))
        assert len(cls.files) > 50

    def test_text(self):
        for path in self.files:
            for width in (40, 63, 80, 131):
                code, out, err = show("--width", width, path)
                self.assertEqual((code, err), (0, ""), path)
                self.assertEqual(too_long(out, width), [], "%s at %d" % (path, width))
                if "\nschedule " in path.read_text():
                    self.assertIn("the schedule in the file", " ".join(out.split()))

    def test_widths(self):
        """At every width; the program with 16 threads has to fold."""
        for args, text in ((["--seed", "3", "-"], MANY), (SHOWN["wire-gone-after-wait"], None)):
            for width in range(40, 201):
                for more in (["--ascii"], []) if width % 10 == 0 else ([],):
                    code, out, _ = show("--width", width, *more, *args, text=text)
                    self.assertEqual((code, too_long(out, width)), (0, []), width)
                    if more:
                        self.assertTrue(out.isascii())

    def test_pictures(self):
        with tempfile.TemporaryDirectory() as room:
            svg, html = Path(room, "x.svg"), Path(room, "x.html")
            for path in self.files:
                code, out, err = show("--svg", svg, "--html", html, path)
                self.assertEqual((code, out, err), (0, "", ""), path)
                self.look_at(path, svg.read_text(encoding="utf-8"), html.read_text(encoding="utf-8"))
            code, out, err = show("--svg", svg, "--html", html, "--seed", "3", "-", text=MANY)
            self.assertEqual(code, 0, err)
            self.look_at("16 threads", svg.read_text(encoding="utf-8"), html.read_text(encoding="utf-8"))

    def look_at(self, path, svg, html):
        self.assertEqual(outside(svg), [], path)
        self.assertIn("<title", svg)
        self.assertIn("<desc", svg)
        page = xml.etree.ElementTree.fromstring(html)
        space = "{http://www.w3.org/1999/xhtml}"
        self.assertEqual(page.tag, space + "html")
        self.look_at_sections(path, page, space, html)
        for text in (svg, html):
            self.assertNotIn("<script", text)
            self.assertEqual(set(re.findall(r"https?://[^\"<\s]*", text)) -
                {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xhtml"}, set())
            self.assertIn("prefers-color-scheme", text)

    def look_at_sections(self, path, page, space, html):
        """The pieces of the picture join; each row has a card with all its text; links lead somewhere."""
        end = 0
        for section in page.iter(space + "section"):
            piece = section.find(space + "svg")
            top, height = map(int, piece.get("viewBox").split()[1::2])
            self.assertEqual((piece.get("class"), top), ("piece", end), path)
            end = top + height
            self.assertEqual(len(section), 1 if section.find(space + "div") is None else 2, path)
            if section.get("id"):
                self.assertEqual(section.find(space + "div").get("class"), "card", path)
        ids = [e.get("id") for e in page.iter() if e.get("id") and not e.get("id").startswith("title")]
        self.assertEqual(len(ids), len(set(ids)), path)
        for link in page.iter(space + "a"):
            self.assertIn(link.get("href")[1:], ids, path)
        # One of the two forms is displayed: cards at least below 700 pixels.
        least = re.search(r"@media \(max-width:(\d+)px\)\{\.piece\{display:none\}\.card\{display:block\}\}", html)
        self.assertGreaterEqual(int(least.group(1)), 700)
        self.assertIn(".card{display:none}", html)

    def test_cards(self):
        """A card says what the model says, the map below it if the step has changed it; the command shows it again."""
        space = "{http://www.w3.org/1999/xhtml}"
        links = 0
        for path in self.files:
            page = xml.etree.ElementTree.fromstring(show("--html", "-", path)[1])
            model = json.loads(show("--json", path)[1])
            cards = {s.get("id"): s.find(space + "div").findall(space + "div")[-1]
                for s in page.iter(space + "section") if s.get("id")}
            for row in model["rows"]:
                if row["part"] != "threads" or "step-%d" % row["step"] not in cards:
                    continue  # one of many alike is left out
                box = cards["step-%d" % row["step"]]
                self.assertIn("c%d" % (row["thread"] % 6), box.get("class").split())
                self.assertEqual(box.find(space + "b").text, "T%d" % row["thread"])
                texts = ["".join(d.itertext()) for d in box.findall(space + "div")]
                self.assertEqual([t for t in texts if not t.startswith("... and")], [e["text"] for e in row["events"]])
                self.assertEqual(box.find(space + "svg") is not None, row["changed"], path)
            links += len(list(page.iter(space + "a")))
            command = shlex.split(next(p for p in page.iter(space + "pre") if p.get("class") == "copy").text)
            self.assertEqual(command[:2], ["wirestorm", "show"])
            again = json.loads(show("--json", *command[2:])[1])
            self.assertEqual((again["outcome"], again["rows"]), (model["outcome"], model["rows"]), path)
        self.assertGreater(links, 50)

    def test_one_word(self):
        """Who marked or wired a page in a step has that word in the step, in all renderings of it."""
        seen = set()
        for path in self.files:
            model = json.loads(show("--json", path)[1])
            steps = {r["step"]: r for r in model["rows"] if r["part"] == "threads"}
            texts = [e["text"] for r in model["rows"] for e in r["events"]] + model["notes"]
            for thread, word, step in re.findall(r"T(\d+) (mark|wir)ed it in step (\d+)", " ".join(texts)):
                row = steps[int(step)]
                self.assertEqual(row["thread"], int(thread))
                verb = {"mark": "mark ", "wir": "wire "}[word]
                changes = [e["text"] for e in row["events"] if e["kind"] == "change"]
                self.assertTrue([text for text in changes if text.startswith(verb)], path)
                seen.add(word)
        self.assertEqual(seen, {"mark", "wir"})

    def test_json(self):
        for path in self.files:
            code, out, _ = show("--json", path)
            shown = json.loads(out)
            self.assertEqual(code, 0)
            rows = [r for r in shown["rows"] if r["part"] == "threads"]
            self.assertEqual([r["step"] for r in rows], list(range(1, len(rows) + 1)))
            ran = json.loads(subprocess.run([TOOL, "run", "--json", "--schedule", shown["schedule"], path],
                capture_output=True, text=True, check=False).stdout) if rows else None
            if ran:
                self.assertEqual(shown["outcome"], ran["outcome"], path)
                self.assertEqual([r["thread"] for r in rows], [s["thread"] for s in ran["steps"]], path)
                self.assertEqual([r["state"] for r in rows], [s["state"] for s in ran["steps"]], path)
                preempted = [r["switch"] for r in rows if r["switch"] and r["switch"]["why"] == "preempted"]
                self.assertEqual(shown["preemptions"], len(preempted))

    def test_checks_can_fail(self):
        self.assertEqual(too_long("x" * 41, 40), ["x" * 41])
        self.assertEqual(too_long("x \n", 40), ["x "])
        small = ('<svg xmlns="http://www.w3.org/2000/svg" width="100" height="20">'
            '<text class="m" x="%d" y="%d">abc</text></svg>')
        self.assertEqual(outside(small % (70, 20)), [])
        self.assertEqual(outside(small % (90, 20)), ["abc"])
        self.assertEqual(outside(small % (70, 21)), ["abc"])


class Gutter(unittest.TestCase):
    def test_numbers_beside_lanes(self):
        """The steps' numbers end where the lanes begin, however long they are."""
        for threads, ops in ((16, 64), (5, 30), (4, 64)):
            text = "".join("T%d lookup 20\n" % t * ops for t in range(threads))
            svg = xml.etree.ElementTree.fromstring(show("--seed", "1", "--svg", "-", "-", text=text)[1])
            boxes = [int(r.get("x") or 0) for r in svg.iter("{http://www.w3.org/2000/svg}rect")]
            lanes = min(x for x in boxes if x > 40)  # the others are the ground and the legend's
            numbers = [t for t in svg.iter("{http://www.w3.org/2000/svg}text")
                if re.match(r"\d+( T\d+)?$", t.text or "") and int(t.get("x")) < lanes]
            self.assertGreater(len(numbers), 50)
            for number in numbers:
                self.assertLessEqual(int(number.get("x")) + 7.25 * len(number.text), lanes, number.text)


class Run(unittest.TestCase):
    """Which run is shown."""

    def test_which(self):
        path = LITMUS / "wire-hole.vmt"
        text = " ".join(show("--seed", "1", LITMUS / "wire-gone-after-wait.vmt")[1].split())
        self.assertIn("target engine; strategy random, seed 1", text)
        self.assertIn("there are no threads", " ".join(show(path)[1].split()))
        text = " ".join(show("--strategy", "pct", LITMUS / "wire-gone-after-wait.vmt")[1].split())
        self.assertIn("target engine; strategy pct, seed 1", text)
        drift = re.sub(r"(?m)^(schedule|result|verdict) .*\n", "", (LITMUS / "quirk-q2-drift.vmt").read_text())
        text = " ".join(show("-", text=drift)[1].split())
        self.assertIn("the fewest preemptions to finding I19", text)
        # Without its quirk there is nothing to find.
        text = " ".join(show("--profile", "strict", "-", text=drift)[1].split())
        self.assertIn("no finding; strategy random, seed 1", text)

    def test_wrong_result(self):
        text = (LITMUS / "wire-gone-after-wait.vmt").read_text().replace(
            "\nresult T0: KERN_INVALID_ADDRESS", "\nresult T0: KERN_SUCCESS")
        code, out, err = show("-", text=text)
        self.assertEqual(code, 1)
        self.assertIn("expected result T0: KERN_SUCCESS", err)
        self.assertIn("=> KERN_INVALID_ADDRESS", out)

    def test_verdict(self):
        text = (LITMUS / "quirk-q6-sync-past-hole.vmt").read_text()
        self.assertIn("\nverdict content", text)
        self.assertEqual(show("-", text=text)[0], 0)
        code, _, err = show("-", text=text.replace("\nverdict content", "\nverdict model"))
        self.assertEqual(code, 1)
        self.assertIn("standard input:22: expected verdict model sync, but the run does not show it", err)

    def test_left_out(self):
        """Of many faults in a row two are shown; JSON has them all."""
        text = "map 16 80\ninit insert 20 60 rw rwx\nT0 wire 20 60 user noholes\nT1 lookup 20\n"
        out = show("--schedule", "T0*42 T1", "-", text=text)[1]
        self.assertIn("... and 38 steps like it", out)
        self.assertEqual(out.count("fault page"), 2)
        rows = json.loads(show("--json", "--schedule", "T0*42 T1", "-", text=text)[1])["rows"]
        self.assertEqual(len(rows), 44)
        self.assertFalse(any(e["kind"] == "more" for r in rows for e in r["events"]))

    def test_toy(self):
        """A map that is not the engine, with its own words for where a thread is."""
        program = ROOT / "examples" / "programs" / "wire-remove.vmt"
        code, out, err = show("--schedule", "T0 T1 T0*3 T1", program, tool=TOY)
        self.assertEqual((code, err), (0, ""))
        for fact in ("sleep until page 21 leaves its transition; T0 marked it in step 1", "wake T1", "fault page 20"):
            self.assertIn(fact, " ".join(re.sub(r"[┃│┊┏┗]", " ", out).split()))
        code, out, _ = show("--target", "toy-lost-wakeup", ROOT / "examples" / "bugs" / "lost-wakeup.vmt", tool=TOY)
        self.assertEqual(code, 0)
        self.assertIn("sleeps for ever", " ".join(out.split()))
        for form in ("--svg", "--html"):
            xml.etree.ElementTree.fromstring(show(form, "-", "--seed", "1", program, tool=TOY)[1])


class Options(unittest.TestCase):
    def test_errors(self):
        path = LITMUS / "wire-gone-after-wait.vmt"
        for args, words in ((["--width", "39"], ["--width", "40"]), (["--width", "x"], ["--width"]),
                (["--color", "maybe"], ["--color", "always"]), (["--json", "--svg", "-"], ["standard output"]),
                (["--svg", "-", "--html", "-"], ["standard output"]),
                (["--schedule", "T0*0"], ["--schedule", "column"]),
                (["--schedule", "T0", "--seed", "1"], ["excludes"]),
                (["--strategy", "none"], ["--strategy none", "help strategies"]),
                (["--schedule", "T0*9"], ["step 5", "T0 cannot run"]),
                (["--svg", "/nonexistent/x.svg"], ["/nonexistent/x.svg"]), (["--target", "none"], ["none"])):
            code, out, err = show(*args, path)
            self.assertEqual((code, out), (2, ""), args)
            for word in words:
                self.assertIn(word, err, args)
        self.assertEqual(show()[0], 2)
        self.assertEqual(show(path, path)[0], 2)

    def test_too_long(self):
        code, out, err = show("--schedule", "T0*20001", LITMUS / "wire-gone-after-wait.vmt")
        self.assertEqual((code, out), (2, ""))
        self.assertIn("too many to show", err)

    def test_color_and_locale(self):
        path = LITMUS / "wire-gone-after-wait.vmt"
        self.assertNotIn("\033", show(path)[1])
        self.assertNotIn("\033", show("--color", "never", path)[1])
        colored = show("--color", "always", path)[1]
        self.assertIn("\033[", colored)
        self.assertEqual(re.sub(r"\033\[[0-9;]*m", "", colored), show(path)[1])
        self.assertTrue(show(path, env=dict(UTF8, LC_ALL="C"))[1].isascii())
        self.assertFalse(show(path)[1].isascii())

    def test_columns(self):
        path = LITMUS / "wire-gone-after-wait.vmt"
        for columns, width in (("50", 50), ("10", 40), ("nonsense", 80)):
            out = show(path, env=dict(UTF8, COLUMNS=columns))[1]
            self.assertEqual(out, show("--width", width, path)[1])

    def on_terminal(self, columns, **env):
        """What it prints on a terminal so wide."""
        leader, follower = pty.openpty()
        fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
        with subprocess.Popen([TOOL, "show", LITMUS / "wire-gone-after-wait.vmt"], stdout=follower, cwd=ROOT,
                env=dict(UTF8, **env)) as tool:
            os.close(follower)
            out = read_terminal(leader)
            self.assertEqual(tool.wait(), 0)
        return out.decode().replace("\r\n", "\n")

    def test_terminal(self):
        out = self.on_terminal(66)
        self.assertIn("\033[", out)
        plain = re.sub(r"\033\[[0-9;]*m", "", out)
        self.assertEqual(too_long(plain, 66), [])
        self.assertGreater(max(map(len, plain.split("\n"))), 60)
        self.assertNotIn("\033", self.on_terminal(66, NO_COLOR="1"))

    def test_long_title(self):
        """A first sentence of several lines, as hunt writes them, is the title; the rest is not."""
        text = "# a finding that is\n#   long\n# What should hold: this.\n#   And that.\nmap 16 80\nT0 lookup 20\n"
        model = json.loads(show("--json", "-", text=text)[1])
        self.assertEqual(model["title"], "a finding that is long")
        self.assertIn("What should hold: this.\n  And that.\n", show("--html", "-", "-", text=text)[1])

    def test_odd_text(self):
        """A title with characters of all kinds."""
        title = "# <b>&amp; \"quoted\" 日本語 \U0001f600 é\n"
        text = title + "map 16 80\nT0 lookup 20\n"
        for form in ("--svg", "--html"):
            root = xml.etree.ElementTree.fromstring(show(form, "-", "-", text=text)[1])
            self.assertIn("<b>&amp; \"quoted\" 日本語 \U0001f600 é", "".join(root.itertext()))
        code, out, _ = show("--ascii", "-", text=text)
        self.assertTrue(out.isascii())
        self.assertIn("<b>&amp; \"quoted\" ??? ? ?", out)


def mutants():
    """All of them in all forms; each with a finding. Returns what is wrong."""
    wrong = []
    files = sorted(ROOT.glob("tests/check/canaries/*.vmt")) + sorted(ROOT.glob("corpus/bugs/*.vmt"))
    for path in files:
        results = [show(*args, path) for args in (["--json"], ["--width", "80"], ["--svg", "-"], ["--html", "-"])]
        # A failed init step is a note on standard error, and no more.
        if any(code != 0 or not re.fullmatch(r"(.*: init .* failed: .*\n)*", err) for code, _, err in results):
            wrong.append((path, results[0][0], results[0][2]))
            continue
        if not json.loads(results[0][1])["notes"]:
            wrong.append((path, "nothing found"))
        wrong += [(path, line) for line in too_long(results[1][1], 80)]
        wrong += [(path, text) for text in outside(results[2][1])]
        xml.etree.ElementTree.fromstring(results[3][1])
    print("%d programs, %d things wrong" % (len(files), len(wrong)))
    return wrong or (["too few programs"] if len(files) < 60 else [])


def main():
    global TOOL, TOY
    if sys.argv[1] == "--mutants":
        TOOL = str(Path(sys.argv[2]).resolve())
        sys.exit("\n".join(map(str, mutants())) or 0)
    write = sys.argv[1] == "--write"
    TOOL, TOY = (str(Path(p).resolve()) for p in sys.argv[1 + write:3 + write])
    if not write:
        unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
    for args, path in golden_files():
        path.write_text(show(*args)[1], encoding="utf-8")
        print(path.relative_to(ROOT))


if __name__ == "__main__":
    main()
