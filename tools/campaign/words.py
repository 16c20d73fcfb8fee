# SPDX-License-Identifier: BSD-2-Clause
"""words - numbers, times and the comments of a program as people read them."""

import re


def hours(seconds):
    """3725: "1:02:05"."""
    seconds = int(seconds or 0)
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def short(number):
    """1234567: "1.2M"."""
    if number is None:
        return "-"
    for unit, size in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if abs(number) >= size:
            return f"{number / size:.1f}{unit}"
    return f"{number:g}"


def count(number, noun):
    """(2, "finding"): "2 findings"."""
    return f"{number} {noun}" + ("" if number == 1 else "s")


def comments(program):
    """The paragraphs of a program's head. A line that begins with "#   " continues the paragraph."""
    found = []
    for line in (program or "").splitlines():
        if not line.startswith("#"):
            break
        if re.match(r"#\s{2,}\S", line) and found:
            found[-1] += f" {line[1:].strip()}"
        elif line[1:].strip():
            found.append(line[1:].strip())
    return found


def should_hold(program):
    """What the program's head says that should hold; "": it does not say."""
    for text in comments(program):
        if text.startswith("What should hold: "):
            return text.removeprefix("What should hold: ")
    return ""
