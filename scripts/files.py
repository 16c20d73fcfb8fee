# SPDX-License-Identifier: BSD-2-Clause
"""files - the one way in which the scripts write files; the same as wirestorm's own, harness/base/files.h.

A path that does not exist or names a regular file is replaced as a whole. Links are followed, and stay. Any other path
(a device, a FIFO, /dev/stdout) is opened and written. "-" is standard output.
"""

import fcntl
import itertools
import os
import stat
import sys
from pathlib import Path

LINKS_MAX = 40

_number = itertools.count()


def _place(path):
    """The path that a rename has to hit; a number: this descriptor; None: @path is to be opened and written."""
    real = Path(os.path.abspath(path))
    for _ in range(LINKS_MAX):
        if real.name.isdigit() and os.path.realpath(real.parent) == os.path.realpath("/proc/self/fd"):
            return int(real.name)  # /dev/stdout, /dev/fd/N
        if not real.is_symlink():
            break
        real = real.parent / os.readlink(real)
    return None if os.path.exists(path) and not stat.S_ISREG(os.stat(path).st_mode) else real


def _replace(path, data):
    mode = os.stat(path).st_mode & 0o7777 if path.exists() else None
    partial = path.parent / f".wirestorm-{os.getpid()}-{next(_number)}.tmp"
    try:
        with open(partial, "xb") as f:
            fcntl.flock(f, fcntl.LOCK_EX)  # wirestorm removes those that nobody locks
            f.write(data)
            if mode is not None:
                os.fchmod(f.fileno(), mode)
            f.flush()
            os.fsync(f.fileno())
            os.rename(partial, path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def write(path, data):
    """Writes text or bytes. OSError: a regular file is as it was before."""
    data = data.encode("utf-8") if isinstance(data, str) else data
    place = 1 if str(path) == "-" else _place(path)
    if isinstance(place, Path):
        _replace(place, data)
        return
    sys.stdout.flush()  # what was printed earlier comes first
    with open(path if place is None else place, "wb", closefd=place is None) as f:
        f.write(data)
