#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""test-foreign.py MAP BUGGY PROGRAMS SANITIZER: a kernel's map runs under the harness unchanged, and its bug is found.

Its key is its memory and the stacks of its threads: it must merge states, and change nothing else.
"""
import re
import subprocess
import sys
import tempfile
from pathlib import Path

good, buggy, programs = (str(Path(arg).resolve()) for arg in sys.argv[1:4])
failures = []
checked = 0


def expect(status, words, *patterns, tool=good):
    """Runs the tool; its status must be this, and each pattern must be found in what it prints."""
    global checked
    checked += 1
    r = subprocess.run([tool] + words, capture_output=True, text=True)
    output = r.stdout + r.stderr
    missing = [p for p in patterns if not re.search(p, output, re.MULTILINE)]
    if r.returncode != status or missing:
        failures.append(f'{" ".join(words)}\n  status {r.returncode}, expected {status}; missing {missing}; got:\n'
                        + output)
    return output


expect(0, ['check', '--counts', '--verify', programs], r'^\d+ programs explored by schedules as well', ' 0 failed')
expect(0, ['check', '--counts', '--target', 'fmap-no-key', programs], ' 0 failed')
two = expect(0, ['explore', programs + '/wires-remove.vmt'], r'^schedules 55$', r'complete$')
states = int(re.search(r'^# (\d+) states, (\d+) transitions', two, re.MULTILINE).group(1))
if states > 60: # 55 schedules of up to 8 steps: without merging there are more than a hundred
    failures.append(f'{states} states: the key has something in it that depends on the past')
expect(0, ['hunt', '--programs', '300', '--seed', '1', '--jobs', '1'], r'^300 programs ', r'^0 findings')

# The bug: a use after free. AddressSanitizer would end the process with its report about the wild pointer.
if sys.argv[4] != 'address':
    expect(1, ['explore', programs + '/wires-remove.vmt'], r'it crashed: Segmentation fault$',
           r'F2: the count of wired pages is wrong$', tool=buggy)
    expect(1, ['check', programs + '/wires-remove.vmt'], r'^0 passed, 1 failed$', tool=buggy)
    with tempfile.TemporaryDirectory() as scratch:
        expect(1, ['hunt', '--programs', '1000', '--seed', '2', '--jobs', '1', '--out', scratch],
               r'it crashed: Segmentation fault$', 'F2: the count', tool=buggy)
        for path in sorted(Path(scratch).glob('*.vmt')):
            expect(0, ['check', str(path)], '^1 passed', tool=buggy)
            expect(1, ['check', '--fixed', str(path)], tool=buggy)
            expect(0, ['check', '--fixed', str(path)], tool=good)
            if path.read_text().count('\nT') > 6:
                failures.append(f'{path.name} is not small:\n{path.read_text()}')

if failures:
    sys.exit('\n'.join(failures))
print(f'{checked} commands as expected')
