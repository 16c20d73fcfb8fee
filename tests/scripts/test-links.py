#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""test-links.py [unittest's arguments]: every document is in docs/index.md, and every relative link leads somewhere.

Source files that documents name exist, and so do documents that sources name. A link may name a file, a folder, and an
anchor: a heading of a document as GitHub writes it, or <a id="...">. The glossary has each term once. Prose of
documents that are not in WIDE has at most 100 columns; tables, links and code may be longer.
"""

import re
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COLUMNS = 100
DOCUMENTS_MIN, LINKS_MIN = 30, 300
# Documents whose prose is still wider.
WIDE = {"docs/" + name for name in ("ARCHITECTURE.md", "HACKING.md", "bring-your-own-engine.md", "bug-bank.md",
    "bug-hunt.md", "bytes.md", "checks.md", "edges-seen.md", "engine.md",
    "invariants.md", "locking.md", "manpage.md", "performance.md", "vmt.md")}
# Documents that link a term of the glossary where they first use it.
MAIN = ("tutorial.md", "overview.md", "returns.md", "litmus.md", "hunting.md", "stress.md", "show.md", "fuzzing.md",
    "scaling.md")

CODE = re.compile(r"^```.*?^```$|^(?: {4}|\t).*?$", re.DOTALL | re.MULTILINE)
ROOMS = ("engine", "harness", "stress", "fuzz", "tools", "tests", "scripts", "examples", "man")
# What sources are named: a path with a "*" may stand for several, one with NAME in it for a file that the reader makes.
SOURCE = re.compile(rf"(?<![\w/.$~-])((?:{'|'.join(ROOMS)})/[\w./*-]*\.(?:c|h|def|py|build|1))(?!\w)")
DOCUMENT = re.compile(r"(?<![\w/-])(docs/[\w-]+\.md)\b")
LINK = re.compile(r"\]\(([^)\s]+)\)")


def documents(root):
    """All .md files but those of builds, and of hidden directories other than .github."""
    return [path for path in sorted(root.rglob("*.md"))
            if not re.match(r"build|\.(?!github/)", str(path.relative_to(root)))]


def prose(text):
    """The text with its code, blocks and spans, made blank; lines stay where they are."""
    text = CODE.sub(lambda match: re.sub(r"[^\n]", "", match.group(0)), text)
    return re.sub(r"`[^`\n]*`", "", text)


def anchors(path):
    """The anchors of a document: as GitHub makes them of headings, and those that it sets itself."""
    text = path.read_text(encoding="utf-8")
    found = set(re.findall(r'<a (?:id|name)="([^"]+)"', text))
    for heading in re.findall(r"^#+ (.*)$", re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE),
            re.MULTILINE):
        heading = re.sub(r"\]\([^)]*\)", "", heading)
        slug = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        twin = 1
        while slug in found:
            slug = re.sub(r"-\d+$", "", slug) + f"-{twin}"
            twin += 1
        found.add(slug)
    return found


def links(path):
    return [link for link in LINK.findall(prose(path.read_text(encoding="utf-8"))) if "://" not in link
            and not link.startswith("mailto:")]


def complaints(root):
    """What is wrong with the links of a tree."""
    found = []
    for path in documents(root):
        for link in links(path):
            name, _, anchor = link.partition("#")
            target = (path.parent / name) if name else path
            if not target.exists():
                found.append(f"{path.relative_to(root)}: {link}: no such file")
            elif anchor and target.suffix == ".md" and anchor not in anchors(target):
                found.append(f"{path.relative_to(root)}: {link}: no such heading")
    index = root / "docs" / "index.md"
    listed = {(index.parent / link.partition("#")[0]).resolve() for link in links(index)}
    for path in sorted((root / "docs").glob("*.md")):
        if path != index and path.resolve() not in listed:
            found.append(f"docs/index.md: no link to {path.name}")
    return found


def sources_named(root):
    """Pairs of a document and a source file that it names."""
    return [(path, name) for path in documents(root) for name in SOURCE.findall(path.read_text(encoding="utf-8"))
            if "NAME" not in name]


def documents_named(root):
    """Pairs of a source file and a document that it names; the tests of the rules make up some."""
    files = [path for room in ROOMS for path in sorted((root / room).rglob("*"))
             if path.is_file() and path.name not in ("test-tidy.py", "test-links.py")]
    return [(path, name) for path in files
            for name in DOCUMENT.findall(path.read_text(encoding="utf-8", errors="replace"))]


def not_there(root, named):
    return [f"{path.relative_to(root)}: {name}: no such file" for path, name in named if not list(root.glob(name))]


def wide(root):
    """Lines of prose with too many columns."""
    found = []
    for path in documents(root):
        name = str(path.relative_to(root))
        if name in WIDE:
            continue
        text = CODE.sub(lambda match: re.sub(r"[^\n]", "", match.group(0)), path.read_text(encoding="utf-8"))
        for number, line in enumerate(text.split("\n"), 1):
            if len(line) > COLUMNS and not line.lstrip().startswith(("|", "![")):
                found.append(f"{name}:{number}: {len(line)} columns, at most {COLUMNS} are allowed")
    return found


class Tree(unittest.TestCase):
    def test_enough_is_seen(self):
        self.assertGreaterEqual(len(documents(ROOT)), DOCUMENTS_MIN)
        self.assertGreaterEqual(sum(len(links(path)) for path in documents(ROOT)), LINKS_MIN)

    def test_links_lead_somewhere(self):
        self.assertEqual(complaints(ROOT), [])

    def test_sources_that_documents_name_exist(self):
        named = sources_named(ROOT)
        self.assertGreater(len(named), 100)
        self.assertEqual(not_there(ROOT, named), [])

    def test_documents_that_sources_name_exist(self):
        named = documents_named(ROOT)
        self.assertGreater(len(named), 50)
        self.assertEqual(not_there(ROOT, named), [])

    def test_prose_has_at_most_100_columns(self):
        self.assertEqual(wide(ROOT), [])
        self.assertEqual([name for name in WIDE if not (ROOT / name).exists()], [])

    def test_main_documents_link_to_the_glossary(self):
        for name in MAIN:
            path = ROOT / "docs" / name
            self.assertTrue([link for link in links(path) if link.startswith("glossary.md#")], name)

    def test_glossary_has_each_term_once(self):
        text = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
        ids = re.findall(r'<a id="([^"]+)"></a>', text)
        self.assertGreater(len(ids), 80)
        self.assertEqual(sorted(ids), sorted(set(ids)))


class Versions(unittest.TestCase):
    def test_changelog_ends_its_unreleased_part_with_the_version_of_the_build(self):
        text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
        version = re.search(r"^  version: '([^']+)'", (ROOT / "meson.build").read_text(encoding="utf-8"), re.MULTILINE)
        headings = re.findall(r"^## \[([^]]+)\]", text, re.MULTILINE)
        self.assertEqual(headings[:2], ["Unreleased", version.group(1)])


class Complains(unittest.TestCase):
    """The rules above find what they are about."""

    def tree(self, **files):
        room = tempfile.TemporaryDirectory()
        self.addCleanup(room.cleanup)
        root = Path(room.name)
        (root / "docs").mkdir()
        for name, text in {"index": "# Index\n\n[a](a.md)\n", "a": "# A b: c\n\n<a id=\"x\"></a>\n", **files}.items():
            (root / "docs" / f"{name}.md").write_text(text, encoding="utf-8")
        return root

    def test_good_tree(self):
        root = self.tree(index="[a](a.md) [b](a.md#a-b-c) [c](a.md#x) [d](.) [e](https://no.where/)\n\n"
            "    [f](none.md)\n")
        self.assertEqual(complaints(root) + wide(root), [])

    def test_missing_file(self):
        self.assertIn("no such file", complaints(self.tree(a="[a](none.md)\n"))[0])

    def test_missing_heading(self):
        self.assertIn("no such heading", complaints(self.tree(index="[a](a.md#a-b)\n"))[0])

    def test_heading_of_the_same_file(self):
        self.assertIn("no such heading", complaints(self.tree(a="# A\n\n[a](#b)\n"))[0])

    def test_document_outside_of_the_index(self):
        self.assertIn("no link to b.md", complaints(self.tree(b="# B\n"))[0])

    def test_missing_source(self):
        root = self.tree(a="# A\n\nengine/none.c, engine/NAME.c, a/engine/none.c, engine/e*.c\n")
        (root / "engine").mkdir()
        (root / "engine" / "e.c").write_text("/* docs/b.md, docs/a.md */\n", encoding="utf-8")
        self.assertEqual(not_there(root, sources_named(root)), ["docs/a.md: engine/none.c: no such file"])
        self.assertEqual(not_there(root, documents_named(root)), ["engine/e.c: docs/b.md: no such file"])

    def test_wide_prose(self):
        self.assertEqual(wide(self.tree(a="# A\n\n" + "a " * 60 + "\n\n| " + "a " * 60 + "|\n")),
            ["docs/a.md:3: 120 columns, at most 100 are allowed"])


if __name__ == "__main__":
    unittest.main()
