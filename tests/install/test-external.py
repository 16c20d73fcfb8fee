#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""test-external.py MESON BUILD CC...: the installed library builds and runs an engine outside the tree.

Installs the build into a temporary directory, takes examples/external from there, and builds it with make and
pkg-config alone. No path of the source tree is used.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

MESON, BUILD, CC = sys.argv[1], sys.argv[2], sys.argv[3:]
failures = []


def run(words, **options):
    """The completed process; ends the test if the command fails."""
    r = subprocess.run(words, capture_output=True, text=True, **options)
    if r.returncode != 0:
        sys.exit(f'{" ".join(map(str, words))}: status {r.returncode}\n{r.stdout}{r.stderr}')
    return r


def only(root, name):
    """The one file of this name below root."""
    found = list(root.rglob(name))
    if len(found) != 1:
        sys.exit(f'{len(found)} files {name} are installed, expected one')
    return found[0]


def expect(tool, cwd, env, words, *patterns, status=0):
    r = subprocess.run([tool, *words], cwd=cwd, env=env, capture_output=True, text=True)
    output = r.stdout + r.stderr
    missing = [p for p in patterns if not re.search(p, output, re.MULTILINE)]
    if r.returncode != status or missing:
        failures.append(f'{" ".join(words)}\n  status {r.returncode}, expected {status}; missing {missing}; got:\n'
                        + output)


def check_commands(tool, cwd, env, litmus):
    """Every kind of command works on the engine."""
    def pagebits(*args, **options):
        expect(tool, cwd, env, *args, **options)

    pagebits(['--help'], r'^  pagebits  64 pages', r'^  engine ')
    pagebits(['check', '--counts', '--verify', 'wire-remove.vmt'], r'^3 schedules ', r'^1 passed, 0 failed')
    pagebits(['explore', 'wire-remove.vmt'], r'^schedules 3$', '2 outcomes; complete')
    pagebits(['run', '-v', 'wire-remove.vmt'], r'^result ')
    pagebits(['hunt', '--programs', '50', '--seed', '1'], r'^50 programs in ', r'^0 findings')
    pagebits(['show', 'wire-remove.vmt'], 'remove 21 22', '^result ')
    pagebits(['edges', 'wire-remove.vmt'], 'target pagebits does not name its returns', status=2)
    pagebits(['check', str(litmus / 'wire-vs-unwire.vmt')], r'^1 passed, 0 failed')
    pagebits(['check', '--skip-refused', '--target', 'engine', str(litmus)], r'^\d\d+ passed, 0 failed')
    pagebits(['bugs', 'list'], 'relook_never')
    pagebits(['bench', '--help'], 'usage: wirestorm bench')
    pagebits(['stress', '--seconds', '1'], 'add --target engine', status=2)


def check_fuzz(work, env, cc):
    """The fuzz target of the engine: it replays inputs, and is libFuzzer's if the compiler has libFuzzer."""
    make = ['make', '-B', '-C', work, 'fuzz_pagebits', f'CC={cc}', 'CFLAGS=-O1 -Wall -Wextra -Werror']
    raw = subprocess.run([work / 'pagebits', 'encode', '--raw', 'wire-remove.vmt'], cwd=work, env=env,
        capture_output=True, check=True)
    (work / 'input').write_bytes(raw.stdout)
    run(make, env=env)
    expect(work / 'fuzz_pagebits', work, env, ['input'], r'^input: 1 inputs$')
    expect(work / 'fuzz_pagebits', work, dict(env, WS_FUZZ_TARGET='none'), ['input'],
        r'expected the name of a target of this program, such as pagebits$', status=2)
    if 'clang' in cc:
        run([*make, 'FUZZ=-fsanitize=fuzzer'], env=env)
        expect(work / 'fuzz_pagebits', work, env, ['-runs=1000', '-seed=1', '-max_len=512'], r'^Done 1000 runs',
            r'^icov: [1-9]\d* of \d+ interleavings')


def main():
    with tempfile.TemporaryDirectory() as scratch:
        root, work = Path(scratch, 'root'), Path(scratch, 'work')
        run([MESON, 'install', '--quiet', '--no-rebuild', '-C', BUILD, '--destdir', root])
        pc = only(root, 'wirestorm.pc')
        prefix = next(root.rglob('include')).parent
        # The directory is not the prefix that the build was configured for.
        pc.write_text(re.sub(r'(?m)^prefix=.*$', f'prefix={prefix}', pc.read_text()))
        shutil.copytree(prefix / 'share' / 'wirestorm' / 'examples' / 'external', work)
        libexec = prefix / 'libexec' / 'wirestorm'  # the programs that are commands
        env = dict(os.environ, PATH=f'{os.environ["PATH"]}:{libexec}', PKG_CONFIG_PATH=str(pc.parent),
                   LD_LIBRARY_PATH=str(pc.parents[1]))
        only(root, '_wirestorm')
        only(root, 'wirestorm-check.1')
        # The tool finds its own programs when the prefix is moved.
        expect(prefix / 'bin' / 'wirestorm', work, None, ['bugs', 'list'], 'relook_never')
        # An installed campaign runs what needs no build, and names the rest.
        expect(prefix / 'bin' / 'wirestorm', work, None, ['campaign', 'start', '--seconds', '3', '--cores', '2',
            '--profile', 'strict', '--jobs', 'hunt,sched', '--out', 'night'],
            '^sched does not run: its build is missing: --source DIR builds it', '^report: night/report')
        expect(prefix / 'bin' / 'wirestorm', work, None, ['campaign', 'verify', 'night'], ' 0 complaints')
        only(work, 'index.html')
        litmus = Path(run(['pkg-config', '--variable=litmus', 'wirestorm'], env=env).stdout.strip())
        run(['make', '-C', work, 'CC=' + ' '.join(CC), 'CFLAGS=-O1 -Wall -Wextra -Werror'], env=env)
        check_commands(work / 'pagebits', work, env, litmus)
        check_fuzz(work, env, ' '.join(CC))
        # The static library alone is enough, too.
        for path in pc.parents[1].glob('libwirestorm.so*'):
            path.unlink()
        static = run(['pkg-config', '--static', '--cflags', '--libs', 'wirestorm'], env=env).stdout.split()
        run([*CC, '-o', work / 'static', work / 'pagebits.c', *static])
        expect(work / 'static', work, None, ['check', 'wire-remove.vmt'], r'^1 passed, 0 failed')
    if failures:
        sys.exit('\n'.join(failures))


if __name__ == '__main__':
    main()
