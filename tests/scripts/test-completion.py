#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""test-completion.py WIRESTORM TOY: the shells complete commands, options, values and files.

The script for bash runs in bash, as if a user pressed TAB. The script for zsh has to parse, if zsh is installed.
"""
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

WIRESTORM, TOY = sys.argv[1:3]
COMPLETE = 'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _wirestorm; printf "%s\\n" "${COMPREPLY[@]}"'


def output(*words):
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout


class Completion(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.room = Path(cls.scratch.name)
        (cls.room / 'bash').write_text(output(WIRESTORM, 'completion', 'bash'))
        (cls.room / 'one two.vmt').write_text('')
        (cls.room / 'folder').mkdir()

    @classmethod
    def tearDownClass(cls):
        cls.scratch.cleanup()

    def complete(self, *words, script='bash'):
        """What bash offers for the last word."""
        r = subprocess.run(['bash', '-c', COMPLETE, 'bash', self.room / script, 'wirestorm', *words], cwd=self.room,
            capture_output=True, text=True)
        self.assertEqual((r.returncode, r.stderr), (0, ''), words)
        return [line for line in r.stdout.split('\n') if line]

    def test_command(self):
        self.assertEqual(self.complete('che'), ['check'])
        self.assertEqual(self.complete('--v'), ['--version'])
        helped = re.findall(r'(?m)^  ([a-z]+) ', output(WIRESTORM, '--help').split('The targets for')[0])
        self.assertEqual(self.complete('')[:-2], helped)

    def test_every_option_of_every_command(self):
        """The options offered are those of --help, also of the commands that are programs of their own."""
        compared = 0
        for command in self.complete('')[:-2]:
            helped = re.findall(r'(?m)^ {2,6}(?:(-\w), )?(--[\w-]+)', output(WIRESTORM, command, '--help'))
            wanted = [] if command == 'help' else [word for row in helped for word in row if word]
            self.assertEqual(sorted(self.complete(command, '-')), sorted(wanted + ['--help']), command)
            compared += len(wanted)
        self.assertGreater(compared, 150)

    def test_value(self):
        self.assertEqual(self.complete('check', '--target', ''), ['engine', 'model'])
        self.assertEqual(self.complete('check', '--target', '=', 'mo'), ['model'])
        self.assertEqual(self.complete('run', '--strategy', 'p'), ['pct', 'pos'])
        self.assertEqual(self.complete('check', '--profile', ''), ['strict', 'freebsd12', 'freebsd-main'])
        self.assertEqual(self.complete('hunt', '--programs', ''), [])
        self.assertEqual(self.complete('hunt', '--out', ''), ['folder'])

    def test_operand(self):
        self.assertEqual(self.complete('check', 'one'), ['one two.vmt'])
        self.assertEqual(self.complete('check', '--counts', 'fo'), ['folder'])
        self.assertEqual(self.complete('completion', ''), ['bash', 'zsh'])
        self.assertEqual(self.complete('bugs', 'e'), ['equivalent'])
        self.assertEqual(self.complete('help', 'prof'), ['profiles'])
        self.assertEqual(self.complete('hunt', 'one'), [])

    def test_targets_of_another_program(self):
        (self.room / 'toy').write_text(output(TOY, 'completion', 'bash'))
        self.assertIn('complete -o filenames -F _wirestorm toy-map\n', (self.room / 'toy').read_text())
        self.assertIn('toy-no-key', self.complete('check', '--target', '', script='toy'))

    def test_zsh(self):
        text = output(WIRESTORM, 'completion', 'zsh')
        self.assertTrue(text.startswith('#compdef wirestorm\n'))
        self.assertIn("'--target=[", text)
        self.assertIn("'(-j --jobs)'{-j,--jobs=}'[worker processes", text)
        # Each specification is one word to a POSIX shell, too, and has its brackets.
        for spec in re.findall(r"(?m)^\t\t\t'-.*?'(?: \\)?$", text):
            self.assertRegex(spec, r"'-[^\[]*\[(?:[^\[\]\\]|\\.)*\](?::value:.*)?'")
        if shutil.which('zsh'):
            (self.room / 'zsh').write_text(text)
            subprocess.run(['zsh', '-n', self.room / 'zsh'], check=True)

    def test_wrong_usage(self):
        for words in ([], ['fish'], ['bash', 'zsh']):
            r = subprocess.run([WIRESTORM, 'completion', *words], capture_output=True, text=True)
            self.assertEqual((r.returncode, r.stdout), (2, ''), words)
            self.assertIn('bash', r.stderr)


if __name__ == '__main__':
    unittest.main(argv=sys.argv[:1])
