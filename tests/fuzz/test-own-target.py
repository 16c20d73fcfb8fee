#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""test-own-target.py FUZZ FUZZ_SEQ TOOL SEEDS [--engine]: the fuzz targets of examples/rangelock.c.

They find its planted bugs, find nothing without them, and triage makes programs of the inputs. FUZZ runs schedules,
FUZZ_SEQ one thread after the other, TOOL is the example as a tool. With --engine, the fuzz targets are libFuzzer's.
"""
import os
import subprocess
import sys
import tempfile
from pathlib import Path

FUZZ, FUZZ_SEQ, TOOL, SEEDS = (str(Path(word).resolve()) for word in sys.argv[1:5])
ENGINE = '--engine' in sys.argv
RUNS = 30000
# R2 is a wrong count after two wires at once. The target rejects the last operation.
PROGRAM = 'map 16 24\ninit insert 16 20 r r\nT0 wire 16 17 user noholes\nT1 wire 18 19 user noholes\nT1 lookup 16\n'
# The end of the operations, and the choices of a schedule that shows R2: T0 starts a wire, T1 wires, T0 goes on.
BUG_CHOICES = bytes([0x70, 0, 1, 1])


def run(words, cwd, profile=None, **env):
    if profile is not None:
        env['WS_FUZZ_PROFILE'] = profile
    done = subprocess.run([str(w) for w in words], env=dict(os.environ, **env), cwd=cwd, text=True, errors='replace',
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    return done.returncode, done.stdout


def expect(what, true, output=''):
    if not true:
        sys.exit(f'{what}: no\n{output[-3000:]}')
    print(f'{what}: yes')


def make_seeds(scratch):
    """A directory with the seed of the program, and one with the same program and the schedule of the bug."""
    folder, plain, bug = (scratch / name for name in ('programs', 'plain', 'bug'))
    folder.mkdir()
    bug.mkdir()
    (folder / 'program.vmt').write_text(PROGRAM)
    status, output = run([SEEDS, scratch / 'stamp', scratch / 'deps', plain, folder], scratch)
    expect('a seed is made of the program', status == 0, output)
    (bug / 'seed').write_bytes(next(plain.iterdir()).read_bytes() + BUG_CHOICES)
    return plain, bug


def replay(target, seeds, scratch, profile=None, **env):
    return run([target, *(['-runs=0'] if ENGINE else []), seeds], scratch, profile, **env)


def check_replay(scratch, bug):
    status, output = replay(FUZZ, bug, scratch)
    expect('without the switches nothing is found', status == 0, output)
    status, output = replay(FUZZ, bug, scratch, 'ranges +R2')
    expect('the bug of R2 is found', status != 0 and 'L1: the count of wired pages is wrong' in output, output)
    expect('as a program of the target', 'profile ranges +R2\n' in output and '\nschedule ' in output
        and 'lookup' not in output, output)
    status, output = replay(FUZZ_SEQ, bug, scratch, 'ranges +R2')
    expect('one thread after the other shows no bug', status == 0, output)
    status, output = replay(FUZZ, bug, scratch, 'freebsd12')
    expect('a profile of another target is rejected', status not in (0, 77) and 'target rangelock cannot' in output,
        output)
    status, output = replay(FUZZ, bug, scratch, WS_FUZZ_TARGET='engine')
    expect('the target can be chosen', status == 0, output)
    status, output = replay(FUZZ, bug, scratch, WS_FUZZ_TARGET='none')
    expect('an unknown target is an error', status not in (0, 77) and 'WS_FUZZ_TARGET=none: expected' in output,
        output)


def check_triage(scratch, crash):
    words = [TOOL, 'triage', '--profile', 'ranges +R2', '--out', scratch / 'bugs', crash]
    status, output = run(words, scratch)
    expect('triage finds it again', status == 1 and 'L1: the count of wired pages is wrong' in output, output)
    status, output = run([TOOL, 'check', scratch / 'bugs'], scratch)
    expect('the program that triage wrote shows its verdict', status == 0 and '1 passed' in output, output)
    status, output = run([TOOL, 'triage', crash], scratch)
    expect('without the switch there is no finding', status == 0 and 'nothing found' in output, output)


def check_search(scratch, plain):
    """From a seed without a schedule, libFuzzer finds the bug in a fixed number of runs."""
    found = scratch / 'found'
    found.mkdir()
    words = [FUZZ, f'-runs={RUNS}', '-seed=1', '-max_len=512', '-timeout=25', '-use_counters=0',
        f'-artifact_prefix={found}/']
    status, output = run([*words, plain], scratch, 'ranges +R2')
    expect('libFuzzer finds the bug', status != 0 and 'L1: the count of wired pages is wrong' in output, output)
    crashes = list(found.glob('crash-*'))
    expect('libFuzzer keeps one input', len(crashes) == 1, output)
    status, output = run([*words, plain], scratch)
    expect('libFuzzer finds nothing without the switch', status == 0 and ' interleavings; ' in output, output)
    expect('results count as interleavings', 'icov: 0 of' not in output, output)
    check_triage(scratch, crashes[0])


def main():
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        plain, bug = make_seeds(scratch)
        check_replay(scratch, bug)
        if ENGINE:
            check_search(scratch, plain)
        else:
            check_triage(scratch, bug / 'seed')


if __name__ == '__main__':
    main()
