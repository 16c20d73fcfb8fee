# SPDX-License-Identifier: BSD-2-Clause
"""script.py - what the scripts share: how they end, how they name files to a program, what a sanitizer needs.

A script that cannot do its work ends with one line on standard error and status 2. Status 1 is for a finding.
"""

import json
import os
import re
import resource
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

sys.dont_write_bytecode = True  # the source tree may be read-only, and stays as it is

ROOT = Path(__file__).resolve().parent.parent
STATUS_CANNOT = 2
STATUS_INTERRUPTED = 130
ASLR_BITS_MAX = 28  # above this, the sanitizers of clang 14 cannot place their shadow memory
SHADOW_BYTES_MIN = 1 << 45  # address space that a sanitizer reserves, at least
FILE_BYTES_MAX = 16 << 20  # as in harness/cli/cli-common.c: far more than a program can be made of


def profiles():
    """The names of profiles.def."""
    table = (ROOT / "engine" / "profiles.def").read_text().split("*/")[-1]
    return re.findall(r'VM_PROFILE\(\w+, "([^"]*)"', table)


class Failure(Exception):
    """The script cannot do its work; the text says why."""


def why(error):
    """An OSError as a program would say it: "FILE: No such file or directory"."""
    name = os.fsdecode(error.filename) if isinstance(error.filename, (str, bytes, os.PathLike)) else error.filename
    return f"{name}: {error.strerror}" if name is not None and error.strerror else str(error.strerror or error)


def make_build_directory(path):
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as e:
        raise Failure(f"{why(e)}; --build DIR builds in another directory") from e


def run(name, main):
    """Ends the script with the status that main() returns. A failure of main() prints one line, not a traceback."""
    try:
        status = main()
        sys.stdout.flush()
    except Failure as e:
        text = str(e)
    except BrokenPipeError:  # the reader closed the pipe, and needs no message
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(STATUS_CANNOT)
    except OSError as e:
        text = why(e)
    except UnicodeError as e:
        text = f"not UTF-8: {e}"
    except json.JSONDecodeError as e:
        text = f"expected JSON: {e}"
    except subprocess.CalledProcessError as e:
        text = f"{shlex.join(map(str, e.cmd))}: status {e.returncode}"
    except subprocess.TimeoutExpired as e:
        text = f"{shlex.join(map(str, e.cmd))}: did not end within {e.timeout:.0f} s"
    except KeyboardInterrupt:
        sys.exit(STATUS_INTERRUPTED)
    else:
        sys.exit(status)
    print(f"{name}: {text}", file=sys.stderr)
    sys.exit(STATUS_CANNOT)


def operand(path):
    """A name as an argument that no program takes for an option, or for standard input."""
    text = os.fspath(path)
    return f"./{text}" if text.startswith("-") else text


def read_bytes(path):
    """The content of a file. A file without an end is rejected, as in harness/cli/cli-common.c."""
    with open(path, "rb") as f:
        data = f.read(FILE_BYTES_MAX + 1)
    if len(data) > FILE_BYTES_MAX:
        raise Failure(f"{path}: the file is too large: at most {FILE_BYTES_MAX >> 20} MiB are read")
    return data


def names_in(path):
    """The names that a list holds: as --files-from of wirestorm reads it."""
    if path == "-":
        data = sys.stdin.buffer.read()
    else:
        data = read_bytes(path)
    return [os.fsdecode(name) for name in data.split(b"\0" if b"\0" in data else b"\n") if name]


def tool_path(text):
    """The program that an option names, so that it can be run from anywhere."""
    path = Path(text).resolve()
    if not path.is_file() or not os.access(path, os.X_OK):
        raise Failure(f"{text}: expected a program, found {'none' if not path.exists() else 'a file of another kind'}")
    return path


# --- what a sanitizer needs of the machine ---


def aslr_bits():
    try:
        return int(Path("/proc/sys/vm/mmap_rnd_bits").read_text(encoding="ascii"))
    except (OSError, ValueError):
        return 0


def sanitizer_prefix():
    """The words before a sanitizer's program: "setarch -R" if address randomisation is too strong for it."""
    bits = aslr_bits()
    if bits <= ASLR_BITS_MAX:
        return []
    words = ["setarch", os.uname().machine, "-R"]
    if shutil.which("setarch") and subprocess.run(words + ["true"], capture_output=True, check=False).returncode == 0:
        return words
    raise Failure(
        f"vm.mmap_rnd_bits is {bits}, too much for the sanitizers of clang 14, and setarch -R is refused here.\n"
        f"Run once, as root: sysctl -w vm.mmap_rnd_bits={ASLR_BITS_MAX}\n"
        "In a container: on its host, or start it with --security-opt seccomp=unconfined.")


def widen_address_space():
    """
    Raises the soft limit of the address space as far as a sanitizer needs it. Gives the limit to go back to, or None
    where nothing had to be changed; raises Failure where the hard limit is too low.
    """
    limit = resource.getrlimit(resource.RLIMIT_AS)
    soft, hard = limit
    if soft == resource.RLIM_INFINITY or soft >= SHADOW_BYTES_MIN:
        return None
    if hard != resource.RLIM_INFINITY and hard < SHADOW_BYTES_MIN:
        raise Failure(f"the address space is limited to {hard >> 10} kB (ulimit -v), a sanitizer reserves terabytes")
    resource.setrlimit(resource.RLIMIT_AS, (hard, hard))
    return limit
