#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""test-edges-seen.py [--write] WIRESTORM [unittest's arguments]: the catalogue of edges, and docs/edges-seen.md.

--write brings the document up to date: due whenever the corpus has changed, or the table of edges.
"""

import json
import re
import sys
import tempfile
import unittest
import xml.etree.ElementTree
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "common"))
import cli  # noqa: E402
from cli import ROOT  # noqa: E402

DOC = ROOT / "docs" / "edges-seen.md"
SOURCES = ("corpus/freebsd", "corpus/litmus")  # fuzz seeds and programs about mutants come and go


def ws(*args, text=None):
    return cli.ws(*args, text=text, cwd=ROOT)


def rows(*args, text=None):
    """{edge: its row}, of the edges reached."""
    code, out, err = ws("edges", "--json", *args, text=text)
    assert code in (0, 1), err
    return {row["edge"]: row for row in json.loads(out)["catalogue"] if row["times"]}


class Document(unittest.TestCase):
    def test_current(self):
        code, out, err = ws("edges", "--missing", "--markdown", *SOURCES)
        self.assertEqual(code, 0, err)
        self.assertEqual(out, DOC.read_text(), "tests/show/test-edges-seen.py --write brings it up to date")

    def test_every_edge(self):
        """The table names a program for each edge that a program can reach: so the corpus reaches it."""
        table = (ROOT / "engine" / "edges.def").read_text().split("\nVM_EDGE(")[1:]
        self.assertGreater(len(table), 40)
        seen = DOC.read_text().split("## Not reached")[0]
        for row in table:
            name = row.split(",")[0]
            if not row.rstrip().endswith(', "")'):
                self.assertIn("| `%s` |" % name, seen)
            self.assertIn("| `%s` |" % name, DOC.read_text())

    def test_whole_corpus(self):
        """There is nothing wrong in all of it, programs about mutants aside."""
        self.assertEqual(ws("edges", "corpus")[0], 0)


class Counts(unittest.TestCase):
    """By reasoning: an operation that ends counts once for each state in which it can."""

    def test_one_step(self):
        """T0 fails at once; T1 has looked by then or has not: two states."""
        text = "map 16 80\nT0 wire 20 22 user noholes\nT1 lookup 20\n"
        got = rows("-", text=text)
        self.assertEqual({e: r["times"] for e, r in got.items()}, {"wire_start_unmapped": 2})
        text = "map 16 80\nT0 wire 20 22 user noholes\nT0 wire 20 22 user noholes\n"
        self.assertEqual(rows("-", text=text)["wire_start_unmapped"]["times"], 2)
        text = "map 16 80\nT0 wire 20 22 user noholes\nT1 lookup 20\nT2 lookup 20\n"
        self.assertEqual(rows("-", text=text)["wire_start_unmapped"]["times"], 4)

    def test_alone(self):
        got = rows("-", text="map 16 80\ninit wire 20 22 user noholes\ninit unwire 20 22 user noholes\n"
            "T0 lookup 20\nfinal clip 30\n")
        self.assertEqual({e: r["times"] for e, r in got.items()},
            {"wire_start_unmapped": 1, "unwire_start_unmapped": 1, "clip_unmapped": 1})
        self.assertIsNone(got["clip_unmapped"]["schedule"])

    def test_merged_states(self):
        """Two ways to one state, by different edges: each is seen. The head of the file says that there are both."""
        got = rows("corpus/litmus/wire-gone-after-wait.vmt")
        self.assertIn("wire_start_unmapped", got)
        self.assertIn("wire_gone_after_wait", got)
        self.assertEqual(got["wire_start_unmapped"]["preemptions"], 0)
        self.assertEqual(got["wire_gone_after_wait"]["preemptions"], 1)

    def test_code_of_a_fault(self):
        got = rows("corpus/litmus/wire-fault-invalid-address.vmt")
        self.assertGreater(got["wire_fault"]["invalid_address"], 0)
        self.assertEqual(rows("corpus/litmus/wire-fault-fails.vmt")["wire_fault"]["invalid_address"], 0)


class Witnesses(unittest.TestCase):
    def replay(self, edge, row, text):
        """The schedule passes the edge; where there is none, an init or final step does."""
        more = ["--schedule", row["schedule"]] if row["schedule"] is not None else []
        code, out, err = ws("show", "--json", *more, "-", text=text)
        self.assertEqual(code, 0, err)
        shown = json.loads(out)
        if more:
            self.assertEqual(shown["preemptions"], row["preemptions"], edge)
        texts = [e["text"] for r in shown["rows"] if (r["part"] == "threads") == bool(more) for e in r["events"]]
        self.assertTrue(any(re.search(r"=> .*\(.*\b%s\b" % edge, t) for t in texts), (edge, row, texts))

    def test_corpus(self):
        got = rows("corpus/litmus")
        self.assertGreater(len(got), 40)
        for edge, row in got.items():
            self.replay(edge, row, (ROOT / row["source"]).read_text())

    def test_random(self):
        args = ("--programs", "300", "--seed", "7", "--profile", "freebsd12")
        got = rows(*args)
        self.assertEqual(got, rows(*args))
        self.assertGreater(len(got), 20)
        for edge, row in got.items():
            words = re.fullmatch(r"gen --profile 'freebsd12' --seed (\d+)", row["source"])
            self.assertTrue(7 <= int(words[1]) < 307)
            self.replay(edge, row, ws("gen", "--profile", "freebsd12", "--seed", words[1])[1])

    def test_verdict(self):
        """A quirk's finding is no finding; the same program without the quirk has none at all."""
        path = "corpus/litmus/quirk-q6-sync-past-hole.vmt"
        code, out, _ = ws("edges", path)
        self.assertEqual(code, 0)
        self.assertIn("sync_past_hole", out)
        self.assertNotIn("sync_past_hole", ws("edges", "--profile", "strict", path)[1])
        self.assertIn("a quirk in 1 program", ws("edges", "corpus/litmus/quirk-q1-clip-then-fail.vmt")[1])


class Missing(unittest.TestCase):
    def test_only_on_request(self):
        """What was not reached is listed with --missing only: as text, as markdown, as a page."""
        path = "corpus/litmus/wire-gone-after-wait.vmt"
        for how in ([], ["--markdown"], ["--html", "-"]):
            self.assertNotIn("Not reached", ws("edges", *how, path)[1])
            out = ws("edges", *how, "--missing", path)[1]
            self.assertIn("Not reached", out)
            self.assertIn("wire_hole", out.split("Not reached")[1])


class Forms(unittest.TestCase):
    def test_html(self):
        with tempfile.TemporaryDirectory() as room:
            path = Path(room, "edges.html")
            self.assertEqual(ws("edges", "--html", path, "corpus/litmus"), (0, "", ""))
            root = xml.etree.ElementTree.fromstring(path.read_text())
        space = "{http://www.w3.org/1999/xhtml}"
        for table in root.iter(space + "table"):
            sizes = {len(list(row)) for row in table.iter(space + "tr")}
            self.assertEqual(len(sizes), 1)

    def test_hunt(self):
        code, out, _ = ws("edges", "--hunt", "0.3")
        self.assertIn(code, (0, 1))
        self.assertRegex(out, r"\d+ of \d+ edges reached by \d+ programs")

    def test_errors(self):
        for args, words in (([], ["expected", "--hunt"]), (["--hunt", "0", "corpus"], ["--hunt"]),
                (["--programs", "0"], ["--programs"]), (["--json", "--markdown", "corpus"], ["only one"]),
                (["--nonsense"], ["nonsense", "wirestorm edges --help"]), (["none.vmt"], ["none.vmt"]),
                (["tests/show/golden"], ["no .vmt file"])):
            code, out, err = ws("edges", *args)
            self.assertEqual((code, out), (2, ""), args)
            for word in words:
                self.assertIn(word, err, args)
        code, _, err = ws("edges", "-", text="nonsense\n")
        self.assertEqual(code, 2)
        self.assertIn("standard input:1:1", err)


def main():
    write = sys.argv[1] == "--write"
    cli.use(sys.argv[1 + write])
    if write:
        DOC.write_text(ws("edges", "--missing", "--markdown", *SOURCES)[1])
    else:
        unittest.main(argv=[sys.argv[0], *sys.argv[2:]])


if __name__ == "__main__":
    main()
