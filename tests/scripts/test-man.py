#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""test-man.py WIRESTORM PAGE...: the manual pages are well formed, and leave out nothing that the tables have.

Each page has to be clean for mandoc -Tlint -W warning. wirestorm(1) has every command with the page whose synopsis it
is in. vmt(5) has every directive and kind of verdict. vm_target(3) has every member of the structure.
"""
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WIRESTORM = sys.argv[1]
PAGES = {Path(arg).name: Path(arg) for arg in sys.argv[2:]}
failures = []


def complain(page, text):
    failures.append(f'{page}: {text}')


def read(path):
    return (ROOT / path).read_text()


def words_of(page):
    """The words of the page, without the macros in front."""
    return set(re.findall(r'[\w-]+', re.sub(r'\\&', '', PAGES[page].read_text())))


def check_lint():
    if shutil.which('mandoc') is None:
        sys.exit('no mandoc: scripts/bootstrap installs it')
    for name, path in PAGES.items():
        r = subprocess.run(['mandoc', '-Tlint', '-W', 'warning', path], capture_output=True, text=True)
        if r.returncode != 0 or r.stdout or r.stderr:
            complain(name, r.stdout + r.stderr)


def check_commands():
    """The table of commands in wirestorm(1), the synopses, and the help have the same commands."""
    overview = PAGES['wirestorm.1'].read_text()
    table = dict(re.findall(r'(?m)^\.It Cm (\w+) Ta Xr (wirestorm-\w+) 1 Ta ', overview))
    synopses = {}
    for name, path in PAGES.items():
        if name.startswith('wirestorm-'):
            for command in re.findall(r'(?m)^\.Nm wirestorm\n\.Cm (\w+)$', path.read_text()):
                synopses[command] = name.removesuffix('.1')
    text = subprocess.run([WIRESTORM, '--help'], capture_output=True, text=True, check=True).stdout
    helped = set(re.findall(r'(?m)^  ([a-z]+) +\S', text.split('\nThe targets for')[0])) - {'help', 'completion'}
    if len(helped) < 15:
        complain('--help', f'{len(helped)} commands')
    if table != synopses:
        complain('wirestorm.1', f'its table has {table}, the synopses {synopses}')
    for command in sorted(helped ^ set(table)):
        complain('wirestorm.1', f'command {command}: in its table or in --help, not in both')


def check_options():
    """A page has the list of options of each of its commands, where its source says so."""
    for name, path in PAGES.items():
        text = path.read_text()
        if '.\\" options' in text:
            complain(name, 'a list of options is missing')
        for command in re.findall(r'(?m)^\.Nm wirestorm\n\.Cm (\w+)$', text) if name.startswith('wirestorm-') else []:
            source = read(f'man/{name}')
            if command != 'explain' and f'.\\" options {command}\n' not in source:
                complain(name, f'no options of {command}')


def check_words(page, words, least, what):
    if len(words) < least:
        complain(page, f'{len(words)} {what}, expected at least {least}')
    for word in sorted(set(words) - words_of(page)):
        complain(page, f'{what}: no {word}')


def check_tables():
    directives = re.findall(r'(?m)^\| `(\w+) ', read('docs/vmt.md').split('## Directives')[1].split('\n## ')[0])
    check_words('vmt.5', directives, 6, 'directives')
    verdicts = re.findall(r'(?m)^VERDICT\(\w+, "([\w-]+)"', read('harness/program/verdicts.def'))
    check_words('vmt.5', verdicts, 10, 'verdicts')
    struct = re.search(r'(?s)^struct vm_target \{\n(.*?)^\};', read('harness/target/target.h'), re.MULTILINE)[1]
    code = re.sub(r'(?s)/\*.*?\*/', '', struct)
    members = re.findall(r'\(\*(\w+)\)\(|\b(\w+);', code)
    check_words('vm_target.3', [a or b for a, b in members], 20, 'members')


def check_examples():
    """The programs that vmt(5) shows can be read."""
    shown = re.findall(r'(?s)^\.Bd -literal -offset indent\n(.*?)^\.Ed$', PAGES['vmt.5'].read_text(), re.MULTILINE)
    if len(shown) < 2:
        complain('vmt.5', f'{len(shown)} programs are shown, expected at least 2')
    with tempfile.TemporaryDirectory() as scratch:
        for i, text in enumerate(shown):
            file = Path(scratch, f'example-{i}.vmt')
            file.write_text(text)
            r = subprocess.run([WIRESTORM, 'fmt', '--check', file], capture_output=True, text=True)
            if r.returncode == 2:
                complain('vmt.5', r.stdout + r.stderr)


check_lint()
check_commands()
check_options()
check_tables()
check_examples()
if failures:
    sys.exit('\n'.join(failures))
print(f'{len(PAGES)} pages')
