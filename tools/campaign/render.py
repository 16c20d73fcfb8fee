# SPDX-License-Identifier: BSD-2-Clause
"""render - fills page.html: each text is escaped. A program: reads values as JSON, needs jinja2, prints a page."""

import json
import sys
from pathlib import Path

from . import words


def main():
    import jinja2

    folder = Path(__file__).resolve().parent
    room = jinja2.Environment(loader=jinja2.FileSystemLoader(folder), autoescape=True, trim_blocks=True,
        lstrip_blocks=True, undefined=jinja2.StrictUndefined)
    room.filters.update(hours=words.hours, short=words.short, count=words.count)
    sys.stdout.write(room.get_template("page.html").render(json.load(sys.stdin)))


if __name__ == "__main__":
    main()
