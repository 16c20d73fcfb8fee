#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""test-toy.py TOY TINY EXAMPLES CORPUS: every command works on a map that is not the engine, and finds its bug.

What docs/bring-your-own-engine.md shows of it is run as well: "    $ toy-map ..." and, up to a blank line, what it
prints.
"""
import re
import subprocess
import sys
import tempfile
from pathlib import Path

toy, tiny, examples, corpus = (str(Path(arg).resolve()) for arg in sys.argv[1:])
programs, bug = examples + '/programs', examples + '/bugs/lost-wakeup.vmt'
failures = []
checked = 0


def expect(status, words, *patterns, tool=toy):
    """Runs the toy, or another tool; its status must be this, and each pattern must be found in what it prints."""
    global checked
    checked += 1
    r = subprocess.run([tool] + words, capture_output=True, text=True)
    output = r.stdout + r.stderr
    missing = [p for p in patterns if not re.search(p, output, re.MULTILINE)]
    if r.returncode != status or missing:
        failures.append(f'{" ".join(words)}\n  status {r.returncode}, expected {status}; missing {missing}; got:\n'
                        + output)
    return r.stdout


expect(0, ['--help'], r'^  toy  ', r'^  toy-no-key ', r'^  engine ')

# What each target makes of the same programs: the key merges states and changes nothing else.
expect(0, ['check', '--counts', '--verify', programs], r'^425 schedules in \d+ states', r'^2 programs explored by',
       r'^3 passed, 0 failed')
expect(0, ['check', '--counts', '--target', 'toy-no-key', programs], r'^425 schedules, one by one',
       r'^3 passed, 0 failed')
expect(0, ['check', '--target', 'engine', programs], r'^3 passed, 0 failed')

both = [expect(0, ['explore', '--target', target, programs + '/two-wires.vmt'], r'^schedules 420$')
        for target in ('toy', 'toy-no-key')]
lines = [[line for line in text.splitlines() if line.startswith(('outcome', '#   probability'))] for text in both]
if lines[0] != lines[1] or len(lines[0]) != 4:
    failures.append(f'explore with and without key differ:\n{both[0]}\n{both[1]}')

expect(1, ['check', '--counts', '--verify', '--target', 'toy-bad-key', programs],
       r'--verify: .*the key is incomplete')

# The bug: found, with a schedule that shows it again; not there in the right map.
found = expect(0, ['explore', '--target', 'toy-lost-wakeup', '--until', 'DEADLOCK', programs + '/wire-remove.vmt'],
               r'DEADLOCK\(T1\.0 blocked\)', r'^schedule T0 T1 T0\*3 T1$')
expect(1, ['explore', '--until', 'DEADLOCK', programs + '/wire-remove.vmt'], 'DEADLOCK does not happen')
expect(1, ['check', '--target', 'toy-lost-wakeup', programs + '/wire-remove.vmt'],
       r"^.*\+ outcome .*DEADLOCK.*repeat: toy-map run --target toy-lost-wakeup --schedule 'T0 T1 T0\*3 T1' ")
expect(0, ['check', '--target', 'toy-lost-wakeup', bug], r'^1 passed, 0 failed')
expect(1, ['check', bug], 'expected verdict deadlock, but every thread finished')
expect(1, ['run', '--target', 'toy-lost-wakeup', '--schedule', 'T0 T1 T0*3 T1', programs + '/wire-remove.vmt'],
       r'^result .*DEADLOCK\(T1\.0 blocked\)$', 'does not expect this outcome')

# Step by step.
expect(0, ['run', '-v', '--schedule', 'T0 T1 T0*3 T1', programs + '/wire-remove.vmt'],
       r'T0\.0 wire 20 22 user noholes: next fault page 20$', r'now sleep until page 21 leaves its transition$',
       r'^result T0: KERN_SUCCESS \| T1: KERN_SUCCESS ')
expect(0, ['run', programs + '/sequence.vmt'], r'insert 23 25 r r => KERN_NO_SPACE$')

# A key with too little in it makes circles out of runs that end: a false livelock, made smaller.
with tempfile.TemporaryDirectory() as scratch:
    circle = Path(scratch, 'circle.vmt')
    circle.write_text(Path(programs, 'two-wires.vmt').read_text().split('outcome')[0] + 'verdict livelock circle\n')
    expect(0, ['check', '--target', 'toy-bad-key', str(circle)], r'^as verdict lines expect: 1 program$')
    expect(1, ['check', str(circle)], 'expected verdict livelock, but every schedule ends')
    expect(1, ['shrink', str(circle)], 'the program does not show its verdict')
    expect(0, ['shrink', '--target', 'toy-bad-key', '--out', str(circle), str(circle)],
           r'^  after   1 thread, 1 op.* no end$')
    expect(0, ['check', '--target', 'toy-bad-key', str(circle)], r'^1 passed')

# What it cannot run it refuses, and says why.
expect(2, ['check', corpus + '/freebsd/seq'], 'target toy cannot run this: ', r'^0 passed, \d+ failed$')
expect(2, ['check', '--skip-refused', corpus + '/freebsd/seq'], r'^0 passed, 0 failed, [1-9]\d* skipped$')
expect(0, ['check', '--skip-refused', corpus + '/freebsd/directed'], r'^[1-9]\d* passed, 0 failed, [1-9]\d* skipped$')
expect(1, ['check', '--skip-refused', corpus + '/freebsd/conc'], r'^.*conc/363\.vmt:13: - outcome ',
       r'^3 passed, 1 failed, [1-9]\d* skipped$')
with tempfile.TemporaryDirectory() as scratch:
    Path(scratch, 'clip.vmt').write_text('map 16 24\ninit clip 18\n')
    expect(2, ['triage', '--out', scratch + '/out', scratch + '/clip.vmt'],
           r'clip\.vmt: target toy cannot run this: only insert')
    # A target that does not keep the engine's rules is not compared with the model, which does.
    Path(scratch, 'hole.vmt').write_text('map 16 24\ninit insert 20 21 rw rwx\ninit wire 20 22 user noholes\n')
    expect(0, ['triage', '--out', scratch + '/out', scratch + '/hole.vmt'], 'nothing found', tool=tiny)
    if Path(scratch, 'out').exists():
        failures.append('triage wrote a file about a difference from the model')

# A command that runs the engine alone refuses the toy: its report would be about another map.
for words, does in ((['stress', '--seconds', '1'], 'real threads run'),
                    (['stress', '--target', 'toy'], 'real threads run'),
                    *((['bench', what], 'bench measures') for what in ('sched', 'explore', 'map', 'reset', 'decode')),
                    (['bugs', 'hunt', 'relook_never'], 'the bug bank covers'),
                    (['bugs', 'equivalent', 'relook_always'], 'the bug bank covers'),
                    (['reproduce', bug], 'reproduce runs')):
    expect(2, words, rf'^toy-map {words[0]}: {does} the target engine only, not toy: add --target engine$')
with tempfile.TemporaryDirectory() as scratch:
    expect(0, ['stress', '--target', 'engine', '--ops', '100', '--seed', '1', '--quiet', '--window', scratch + '/w'],
           r'^ok: nothing is broken$', r'^repeat with: .* --target engine$')

expect(2, ['explore', '--target', 'model', programs + '/two-wires.vmt'], 'sequential programs only')

# What the document shows; "..." stands for anything, and lines may be left out behind the last one shown.
root = Path(__file__).resolve().parents[2]
doc = (root / 'docs' / 'bring-your-own-engine.md').read_text()
shown = 0
for words, output in re.findall(r'^    \$ toy-map ([^>|\n]*)\n((?:    [^$\n].*\n)+)', doc, re.MULTILINE):
    shown += 1
    r = subprocess.run([toy] + words.split(), cwd=root, capture_output=True, text=True)
    pattern = ''.join('.*'.join(map(re.escape, line[4:].split('...'))) + '\n' for line in output.splitlines())
    if not re.match(pattern, r.stdout):
        failures.append(f'the document shows\n{output}of toy-map {words}, which prints\n{r.stdout}')
if shown < 4:
    failures.append(f'the document shows {shown} commands with their output, expected at least 4')

if failures:
    sys.exit('\n'.join(failures))
print(f'{checked} commands as expected, {shown} as in the document')
