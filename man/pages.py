#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""pages.py WIRESTORM SOURCE OUT: a manual page with the options of its commands.

A line '.\\" options COMMAND' of SOURCE becomes the list of the options that `wirestorm COMMAND --help` prints. So the
table in the command's source file is the only home of an option's text.
"""
import re
import subprocess
import sys
from pathlib import Path

WIRESTORM, SOURCE, OUT = sys.argv[1:]
OPTION = re.compile(r'^ {2,6}(?:-(\w), )?--([\w-]+)(?: ([A-Z][A-Z.]*|\'[^\']*\')(?= |$))? *(.*)$')
TEXT_COLUMN = 21


def escape(text):
    """Text as mdoc takes it: a sentence a line, no line is a request, no backslash an escape."""
    text = re.sub(r'([.!?]) +', r'\1\n', text.replace('\\', '\\e').replace('-', '\\-'))
    return re.sub(r"(?m)^([.'])", r'\\&\1', text)


def options_of(command):
    """[(letter, name, value, text)] from the help of the command."""
    text = subprocess.run([WIRESTORM, command, '--help'], capture_output=True, text=True, check=True).stdout
    found = []
    for line in text.splitlines():
        match = OPTION.match(line)
        if match:
            found.append([match[1], match[2], match[3], match[4].strip()])
        elif found and line.startswith(' ' * TEXT_COLUMN):
            found[-1][3] += (' ' if found[-1][3] else '') + line.strip()
        elif found:
            break
    if not found:
        sys.exit(f'{command}: its help has no options')
    return found


def mdoc(command):
    lines = ['.Bl -tag -width Ds']
    for letter, name, value, text in options_of(command):
        value = f' Ar {escape(value)}' if value else ''
        short = f'Fl {letter}{value} , ' if letter else ''
        lines += [f'.It {short}Fl -{name}{value}', escape(text) + ('' if text.endswith(('.', '?', ':')) else '.')]
    return '\n'.join(lines + ['.El'])


text = re.sub(r'^\.\\" options (\w+)$', lambda m: mdoc(m[1]), Path(SOURCE).read_text(), flags=re.MULTILINE)
Path(OUT).write_text(text)
