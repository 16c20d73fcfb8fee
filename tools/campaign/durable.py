# SPDX-License-Identifier: BSD-2-Clause
"""durable - files that are there as a whole or not at all, also after a power cut; and the lock of a directory."""

import fcntl
import hashlib
import json
import os
from pathlib import Path

LOCK_NAME = "lock"


def sync_folder(folder):
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write(path, data, sync=True):
    """Replaces the file. With @sync it is on the disk when this returns."""
    path = Path(path)
    partial = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with open(partial, "wb") as f:
            f.write(data.encode("utf-8", "surrogateescape") if isinstance(data, str) else data)
            if sync:
                f.flush()
                os.fsync(f.fileno())
        os.rename(partial, path)
    except BaseException as e:
        partial.unlink(missing_ok=True)
        if isinstance(e, OSError) and e.filename is None:
            e.filename = str(path)  # "No space left on device" alone says nothing
        raise
    if sync:
        sync_folder(path.parent)


def write_json(path, value, sync=True):
    write(path, json.dumps(value, indent=1) + "\n", sync)


def read_json(path):
    """The value in the file; None: there is no such file, or it is half-written."""
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def digest(data):
    return hashlib.sha256(data).hexdigest()


def bytes_below(folder, leave_out=()):
    """The bytes of all files below the folder. Files that vanish meanwhile count as nothing."""
    total = 0
    for where, folders, names in os.walk(folder):
        folders[:] = [f for f in folders if Path(where, f).relative_to(folder).as_posix() not in leave_out]
        for name in names:
            try:
                total += os.lstat(os.path.join(where, name)).st_size
            except OSError:
                pass
    return total


class Lock:
    """The lock of a campaign's directory. The file has the process id of the holder."""

    def __init__(self, folder):
        self.path = Path(folder, LOCK_NAME)
        self.handle = None

    def take(self):
        """False: another process has it."""
        handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            return False
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        self.handle = handle
        return True

    def holder(self):
        """The process that has the lock; None: nobody has it."""
        try:
            handle = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return None
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return None
        except BlockingIOError:
            text = os.pread(handle, 32, 0).decode("ascii", "replace").strip()
            return int(text) if text.isdigit() else -1
        finally:
            os.close(handle)

    def release(self):
        if self.handle is not None:
            os.close(self.handle)
            self.handle = None
