#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""canary.py WIRESTORM FILE STATUS TEXT: `wirestorm check FILE` must exit with STATUS and print TEXT."""
import subprocess
import sys

wirestorm, path, status, text = sys.argv[1:]
r = subprocess.run([wirestorm, 'check', path], capture_output=True, text=True)
if r.returncode != int(status) or text not in r.stdout + r.stderr:
    sys.exit(f'expected status {status} and "{text}", got {r.returncode} and:\n{r.stdout}{r.stderr}')
