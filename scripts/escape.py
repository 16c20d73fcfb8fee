# SPDX-License-Identifier: BSD-2-Clause
"""escape.py - names and texts from outside, harmless on a terminal: harness/base/escape.h for the scripts."""

import re
import sys

HARMFUL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff"
    "\U000e0000-\U000e007f]")


def shown(text):
    """Each byte of a harmful character as a backslash and three octal digits."""
    def octal(match):
        lone = "\udc80" <= match.group() <= "\udcff"  # a byte that is no UTF-8, as Python names files
        errors = "surrogateescape" if lone else "surrogatepass"
        return "".join("\\%03o" % b for b in match.group().encode("utf-8", errors))

    return HARMFUL.sub(octal, text)


class Stream:
    """A text stream that escapes what is written to it."""

    def __init__(self, stream):
        self.stream = stream

    def write(self, text):
        return self.stream.write(shown(text))

    def __getattr__(self, name):
        return getattr(self.stream, name)


def streams():
    """From now on standard output and standard error escape."""
    sys.stdout, sys.stderr = Stream(sys.stdout), Stream(sys.stderr)
