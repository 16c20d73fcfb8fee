#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""test-quiet.py QUIET CORPUS: a target that is judged as the engine, but does not name its returns."""
import re
import subprocess
import sys

QUIET, CORPUS = sys.argv[1:3]


def run(status, *words):
    done = subprocess.run([QUIET, *words], capture_output=True, text=True, check=False)
    output = done.stdout + done.stderr
    if done.returncode != status:
        sys.exit(f'{" ".join(words)}: status {done.returncode}, expected {status}\n{output}')
    return output


def hunt(target):
    """The output, and the number of ways in which operations met."""
    output = run(0, 'hunt', '--target', target, '--programs', '300', '--seed', '1', '--jobs', '1')
    ways = re.search(r'(?m)operations met in (\d+) ways', output)
    if ways is None:
        sys.exit(f'hunt --target {target}: no number of ways\n{output}')
    return output, int(ways.group(1))


quiet, quiet_ways = hunt('quiet')
_, unjudged_ways = hunt('unjudged')
engine, _ = hunt('engine')
if 'returns reached' in quiet:
    sys.exit(f'hunt counts returns of a target that names none\n{quiet}')
if 'returns reached' not in engine:
    sys.exit(f'hunt does not count the returns of the engine\n{engine}')
if quiet_ways != unjudged_ways:
    sys.exit(f'results are coverage of one target only: {quiet_ways} ways if it is judged, {unjudged_ways} if not')
edges = run(2, 'edges', f'{CORPUS}/litmus/wire-vs-unwire.vmt')
if 'target quiet does not name its returns' not in edges:
    sys.exit(f'edges of a target that names none\n{edges}')
