#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""test-rangelock.py RANGELOCK: a target with profiles of its own, in every command: names, switches and excuses."""
import re
import subprocess
import sys
import tempfile
from pathlib import Path

tool = str(Path(sys.argv[1]).resolve())
failures = []
checked = 0


def expect(status, words, *patterns, text=None):
    """Runs the tool; its status must be this, and each pattern must be found in what it prints."""
    global checked
    checked += 1
    r = subprocess.run([tool] + words, capture_output=True, text=True, input=text)
    output = r.stdout + r.stderr
    missing = [p for p in patterns if not re.search(p, output, re.MULTILINE)]
    if r.returncode != status or missing:
        failures.append(f'{" ".join(words)}\n  status {r.returncode}, expected {status}; missing {missing}; got:\n'
                        + output)
    return output


WIRES = 'map 16 24\ninit insert 16 20 r r\nT0 wire 16 17 user noholes\nT1 wire {} user noholes\n'
apart, same = WIRES.format('18 19'), WIRES.format('16 17')

# The names, in the lists and in messages.
expect(0, ['help', 'profiles'], r'^ranges\b', r'^ranges-v1\b', r', R1, R2$')
expect(0, ['help', 'quirks'], r'^R2, wire_counts_before_it_sleeps$')
expect(0, ['explain', 'R1'], "a switch of a target's profiles", r'profile +ranges$')
expect(2, ['run', '-'], r'1:9: expected strict, freebsd12, .*ranges or ranges-v1', text='profile range\n' + apart)
expect(2, ['run', '-'], r'1:16: expected \+QUIRK or -QUIRK', text='profile ranges +Q1\n' + apart)

# Without switches it is correct; strict without switches means the same, and is the default.
for profile in ('', 'profile ranges\n', 'profile strict\n'):
    for program in (apart, same):
        if 'FINDING' in expect(0, ['explore', '-'], r'complete$', text=profile + program):
            failures.append(f'a finding in profile "{profile}"')

# A switch that explains a finding: of the check of the target, by its mask; of the harness, by the excuses.
expect(0, ['explore', '--profile', 'ranges +R2', '-'], r'L1: .* \(explained by its profile: R2\)$', text=apart)
expect(0, ['explore', '--profile', 'ranges-v1 -R2', '-'],
       r'FINDING deadlock stuck: .* \(explained by its profile: R1\)$', text=same)
expect(0, ['explore', '--profile', 'ranges-v1', '-'], r'explained by its profile: R1\)$',
       text='profile ranges\n' + same)

# Another target's profile is refused before anything runs.
expect(2, ['hunt', '--profile', 'freebsd12', '--programs', '9'],
       'target rangelock cannot have it: the target has profiles')
expect(2, ['explore', '--target', 'engine', '--profile', 'ranges', '-'],
       'target engine cannot have it: its profile is of')
expect(2, ['check', '--target', 'engine', '-'], 'target engine cannot run this: its profile is of another target',
       text='profile ranges\n' + apart)
expect(2, ['stress', '--target', 'engine', '--profile', 'ranges'], 'expected a profile of the engine')
expect(2, ['encode', '-'], 'a profile of a target', text='profile ranges\n' + apart)

# A range outside the map: op_reason sees the configuration.
expect(2, ['run', '-'], 'cannot run this: a range that is empty or outside the map', text='map 16 17\n' + apart[10:])

with tempfile.TemporaryDirectory() as scratch:
    out = Path(scratch, 'found')
    expect(1, ['hunt', '--profile', 'ranges-v1', '--programs', '3000', '--seed', '1', '--jobs', '1', '--out', str(out)],
           r'^4 findings, 4 of them new, 4 explained by an active quirk')
    found = sorted(out.glob('*.vmt'))
    for name, switch in (('L1', 'R2'), ('stuck', 'R1')):
        text = ''.join(p.read_text() for p in found if name in p.name)
        said = re.search(rf'# Quirk {switch}: .*?Without it, no interleaving of this', ' '.join(text.split('\n#   ')))
        if not said:
            failures.append(f'the file about {name} does not say that it is {switch}:\n{text}')
    for program in found:
        expect(0, ['check', str(program)], '^1 passed, 0 failed')
        expect(1, ['check', '--fixed', str(program)])
        expect(0, ['fmt', '--check', str(program)])
    # Made again from a program in the profile with both switches, each has only its own.
    expect(1, ['triage', '--out', scratch + '/again'] + [str(p) for p in found], r'^profile ranges \+R2$',
           r'^# 4 files: 4 programs')
    expect(0, ['check', scratch + '/again'], '^4 passed, 0 failed')
out = expect(0, ['hunt', '--programs', '1000', '--seed', '1', '--jobs', '1'], r'^operations met in \d+ ways',
             r'^0 findings')
if 'returns reached' in out:
    failures.append('hunt counts the returns of the engine, which this target does not have')
expect(2, ['edges', '--hunt', '1'], r'edges: target rangelock does not name its returns')

if failures:
    sys.exit('\n'.join(failures))
print(f'{checked} commands as expected')
