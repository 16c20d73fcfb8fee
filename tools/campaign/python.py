# SPDX-License-Identifier: BSD-2-Clause
"""python - runs a part of the report in a Python that has a module: this one, or that of the system.

The Python in the PATH need not be the one for which Debian packages modules.
"""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

SYSTEM_PYTHON = "/usr/bin/python3"
SECONDS_MAX = 300


class Missing(Exception):
    """A part cannot be made; the text says why, and what to install."""


def having(module):
    """The path of a Python with the module; None: there is none."""
    if importlib.util.find_spec(module) is not None:
        return sys.executable
    if Path(SYSTEM_PYTHON).exists() and SYSTEM_PYTHON != sys.executable:
        words = [SYSTEM_PYTHON, "-c", f"import importlib.util, sys; sys.exit(not importlib.util.find_spec('{module}'))"]
        if subprocess.run(words, capture_output=True, check=False, stdin=subprocess.DEVNULL).returncode == 0:
            return SYSTEM_PYTHON
    return None


def call(part, module, value):
    """What campaign.PART prints for the value, which it reads as JSON. It needs the module."""
    python = having(module)
    if python is None:
        raise Missing(f"needs {module} (Debian: python3-{module})")
    env = dict(os.environ, PYTHONPATH=str(Path(__file__).resolve().parent.parent), PYTHONDONTWRITEBYTECODE="1",
        PYTHONUTF8="1")
    try:
        done = subprocess.run([python, "-m", f"campaign.{part}"], input=json.dumps(value), capture_output=True,
            encoding="utf-8", errors="replace", timeout=SECONDS_MAX, check=False, env=env)
    except subprocess.TimeoutExpired as e:
        raise Missing(f"campaign.{part} did not end within {SECONDS_MAX} s") from e
    if done.returncode != 0:
        raise Missing(f"campaign.{part}: {(done.stderr.strip().splitlines() or ['status'])[-1]}")
    return done.stdout
