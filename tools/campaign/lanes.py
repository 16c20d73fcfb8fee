# SPDX-License-Identifier: BSD-2-Clause
"""lanes - the pictures of findings: `wirestorm show --svg`, kept in report/lanes/ and drawn once."""

import os
import re
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path

from . import durable, triage

FOLDER = "lanes"
SECONDS_MAX = 60  # of a report for new pictures; the next report draws the others
SHOW_SECONDS_MAX = 20  # of a picture
SVG = "{http://www.w3.org/2000/svg}"
ELEMENTS = ("svg", "title", "desc", "style", "rect", "text", "tspan", "path", "g", "line", "circle", "ellipse",
    "polygon", "polyline")
# Another program may have written the picture, so attributes that run or load something are refused.
HARMFUL = re.compile(r"^on|href$|^style$", re.IGNORECASE)
STYLE = re.compile(r"<style>(.*?)</style>\n?", re.DOTALL)


def tool_of(config, mutant):
    """The wirestorm of the campaign's builds that knows the mutant; or that which runs this program."""
    builds = config.get("builds", {})
    for name in ("mutants", "plain") if mutant else ("plain", "mutants"):
        tool = builds.get(name, {}).get("tool")
        if tool and os.access(tool, os.X_OK):
            return tool
    return os.environ.get("WIRESTORM_TOOL")


def is_harmless(text):
    """Is the text one SVG picture, of shapes and words only?"""
    if re.search(r"<[!?]|</style>.*</style>", text, re.DOTALL):
        return False
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError:
        return False
    return root.tag == f"{SVG}svg" and all(e.tag.removeprefix(SVG) in ELEMENTS
        and not any(HARMFUL.search(name) for name in e.attrib) for e in root.iter())


def draw(folder, config, finding):
    """Makes the picture of the finding. None: there is none."""
    tool, file = tool_of(config, finding["mutant"]), Path(folder, finding["file"] or "")
    out = Path(folder, "report", FOLDER, f"{finding['name']}.svg")
    if not tool or not file.is_file():
        return None
    partial = out.with_suffix(".tmp")
    triage.call([tool, "show", "--svg", partial, file], SHOW_SECONDS_MAX)
    try:
        text = partial.read_text(encoding="utf-8", errors="replace")
        partial.unlink()
    except OSError:
        return None
    if not is_harmless(text):
        return None
    durable.write(out, text, sync=False)
    return text


def kept(folder, finding):
    path = Path(folder, "report", FOLDER, f"{finding['name']}.svg")
    try:
        if path.stat().st_mtime < Path(folder, finding["file"]).stat().st_mtime:
            return None
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeError):
        return None
    return text if is_harmless(text) else None


def of_findings(folder, config, findings):
    """{name of the finding: SVG}, for those with a program."""
    Path(folder, "report", FOLDER).mkdir(parents=True, exist_ok=True)
    found, until = {}, time.monotonic() + SECONDS_MAX
    for finding in findings:
        if not finding["file"] or "/" in finding["name"]:
            continue
        text = kept(folder, finding)
        if text is None and time.monotonic() < until:
            text = draw(folder, config, finding)
        if text is not None:
            found[finding["name"]] = text
    return found


def inline(name, text, styles):
    """The SVG for a page with others: its ids are its own, and its style is in @styles, a list, once."""
    style = STYLE.search(text)
    if style and style.group(1) not in styles:
        styles.append(style.group(1))
    text = STYLE.sub("", text)
    for word in ("title", "desc"):
        text = text.replace(f'id="{word}"', f'id="{word}-{name}"')
    return text.replace('aria-labelledby="title desc"', f'role="img" aria-labelledby="title-{name}"')
