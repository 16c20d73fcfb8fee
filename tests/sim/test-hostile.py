#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""test-hostile.py TOOL SANITIZER: crashes and endless steps of a target are findings in every command, and made small.

The operations of the target crash in a race with a removal (hostile.c).
"""
import re
import subprocess
import sys
import tempfile
from pathlib import Path

tool = str(Path(sys.argv[1]).resolve())
failures = []
checked = 0
OPS = {
    'wire 20 21 user noholes': r'it crashed: Segmentation fault',
    'sync 20 21': r'it crashed: Segmentation fault, its stack is full',
    'clip 20': r'it crashed: Aborted',
    'protect 20 21 r': r'it crashed: Illegal instruction',
    'unwire 20 21 user noholes': r'the step does not end: it reaches no scheduling point',
}
if sys.argv[2] == 'address': # AddressSanitizer reports wild pointers itself, and ends the process
    OPS = {op: what for op, what in OPS.items() if 'Segmentation' not in what}


def expect(status, words, *patterns, text=None):
    """Runs the tool; its status must be this, and each pattern must be found in what it prints."""
    global checked
    checked += 1
    r = subprocess.run([tool] + words, capture_output=True, text=True, input=text, timeout=100)
    output = r.stdout + r.stderr
    missing = [p for p in patterns if not re.search(p, output, re.MULTILINE)]
    if r.returncode != status or missing:
        failures.append(f'{" ".join(words)}\n  status {r.returncode}, expected {status}; missing {missing}; got:\n'
                        + output + f'of\n{text}')
    return output


for op, what in OPS.items():
    name = op.split()[0]
    race = (f'map 16 80\ninit insert 20 21 rw rwx\nT0 insert 30 31 rw rwx\nT0 {op}\nT1 remove 30 31\n'
            'T1 remove 20 21\n')
    expect(1, ['run', '--schedule', 'T0*2 T1*2 T0', '-'], what, text=race)
    expect(1, ['explore', '-'], r'^# FINDING panic assertion: ', what, text=race)
    if name != 'unwire': # that one takes a second of processor time in each command
        expect(1, ['explore', '--target', 'hostile-no-key', '-'], r'^# FINDING panic assertion: ', what, text=race)
        expect(1, ['check', '--fixed', '-'], what, text=race)
        # In an init step, where no schedule is to blame.
        expect(2, ['run', '-'], '2: panic: ' + what, text=f'map 0 80\ninit {op}\n')
        expect(1, ['check', '-'], what, text=f'map 0 80\ninit {op} => KERN_SUCCESS\n')
    with tempfile.TemporaryDirectory() as scratch:
        big, small = Path(scratch, 'big.vmt'), Path(scratch, 'small.vmt')
        big.write_text(race + 'verdict panic assertion\n')
        expect(0, ['shrink', '--out', str(small), str(big)])
        ops = re.findall(r'^T\d (.*)$', small.read_text(), re.MULTILINE) if small.exists() else []
        if sorted(o.split()[0] for o in ops) != sorted([name, 'remove']):
            failures.append(f'{op}: shrink keeps {ops}')
        if name == 'unwire':
            continue
        expect(0, ['check', str(small)], '^1 passed')
        expect(1, ['triage', '--no-shrink', '--out', scratch + '/again', str(small)], what)
        expect(0, ['fmt', '--check', scratch + '/again'])

# A hunt finds each, in its own file.
with tempfile.TemporaryDirectory() as scratch:
    expect(1, ['hunt', '--programs', '64', '--seed', '1', '--jobs', '1', '--out', scratch], *OPS.values())
    for path in sorted(Path(scratch).glob('*.vmt')):
        if sys.argv[2] == 'address' and 'crash' in path.name:
            continue # the sanitizer ends the process that checks it, too
        expect(0, ['check', str(path)], '^1 passed')

if failures:
    sys.exit('\n'.join(failures))
print(f'{checked} commands as expected')
