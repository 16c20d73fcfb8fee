# SPDX-License-Identifier: BSD-2-Clause
"""builds - the builds that the engines need, each once, under DIR/build."""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import script  # scripts/script.py

from . import triage


class BuildError(Exception):
    """The build is missing; the text says why."""


@dataclass(frozen=True)
class Build:
    options: tuple
    targets: tuple
    needs: tuple = ()  # programs
    env: tuple = ()
    sanitizer: bool = False


BUILDS = {
    "plain": Build((), ("harness/wirestorm", "tools/wirestorm-bugs")),
    "mutants": Build(("-Dmutants=true",), ("harness/wirestorm",)),
    "tsan": Build(("-Db_sanitize=thread", "-Db_lundef=false"), ("harness/wirestorm",), sanitizer=True),
    "fuzz": Build(("-Dfuzz=true", "-Db_sanitize=address,undefined", "-Db_lundef=false"),
        ("harness/wirestorm", "fuzz-targets"), sanitizer=True),
    "afl": Build(("-Dfuzz_link_args=-fsanitize=fuzzer",), ("fuzz-targets",), ("afl-fuzz", "afl-clang-fast"),
        (("CC", "afl-clang-fast"), ("CXX", "afl-clang-fast++"))),
}


def git(source, *words):
    """Standard output; None: git is not there, or refuses."""
    try:
        done = subprocess.run(["git", "-C", source, *words], capture_output=True, check=False, stdin=subprocess.DEVNULL)
    except OSError:
        return None
    return done.stdout if done.returncode == 0 else None


def snapshot(source, folder):
    """
    A copy of the source tree as it is now, so that edits in the night change no build. Of a git tree it is a clone,
    with the changes that are not committed: the builds know their commit.
    """
    if (folder / "meson.build").is_file():
        return str(folder)
    partial = folder.with_name(folder.name + ".part")
    shutil.rmtree(partial, ignore_errors=True)
    if not clone(source, partial):
        shutil.rmtree(partial, ignore_errors=True)
        shutil.copytree(source, partial, symlinks=True, ignore=lambda where, names: [name for name in names
            if name in (".git", "__pycache__") or Path(where) == Path(source) and name.startswith("build")
            or Path(where, name, "campaign.json").exists()])
    partial.rename(folder)
    return str(folder)


def clone(source, folder):
    """False: the source is no git tree, or git refuses."""
    head, top = git(source, "rev-parse", "HEAD"), git(source, "rev-parse", "--show-toplevel")
    if head is None or top is None or Path(os.fsdecode(top.strip())) != Path(source):
        return False
    head = head.decode().strip()
    if git(source, "clone", "-q", "--no-checkout", "--depth", "1", f"file://{source}", str(folder)) is None:
        return False
    if git(str(folder), "checkout", "-q", "--detach", head) is None:
        return False
    tops = {path.name for path in folder.iterdir()}  # a new file elsewhere is no source
    for name in (git(source, "ls-files", "-z", "-m", "-o", "--exclude-standard") or b"").split(b"\0"):
        name = os.fsdecode(name)
        if name and name.split("/")[0] in tops:
            copy_changed(Path(source, name), folder / name)
    return True


def copy_changed(source, target):
    """A file that differs from its commit, or is in none; one that is gone goes."""
    if source.is_file():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target)
    elif not source.is_dir():
        target.unlink(missing_ok=True)


def run(words, env, log):
    with open(log, "ab") as to_log:
        return subprocess.run(words, env=env, stdin=subprocess.DEVNULL, stdout=to_log, stderr=subprocess.STDOUT,
            check=False).returncode


def make(name, source, folder, cores, mutants):
    """Builds it in the folder, or what of it is left to build."""
    row = BUILDS[name]
    for program in (*row.needs, "meson", "ninja"):
        if shutil.which(program) is None:
            raise BuildError(f"{program} is not installed")
    env = dict(os.environ)
    env.setdefault("CC", "clang")
    env.update(row.env)
    folder.mkdir(parents=True, exist_ok=True)
    log = folder.parent / f"{name}.log"
    log.unlink(missing_ok=True)
    options = row.options if not mutants or "-Dmutants=true" in row.options else (*row.options, "-Dmutants=true")
    targets = row.targets + (("fuzz/libmutate-sched.so",) if name == "plain" and shutil.which("afl-fuzz") else ())
    try:
        prefix = script.sanitizer_prefix() if row.sanitizer else []
    except script.Failure as e:
        raise BuildError(str(e).splitlines()[0]) from e
    setup = ["meson", "setup", str(folder), source, "-Dbuildtype=debugoptimized", *options]
    if (folder / "build.ninja").exists():
        setup.append("--reconfigure")
    for words in (setup, ["ninja", "-C", str(folder), "-j", str(cores), *targets]):
        if run(prefix + words, env, log) != 0:
            lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
            wrong = [line for line in lines if re.search(r"\berror:", line, re.IGNORECASE)] or lines[-1:]
            raise BuildError(f"the build failed, see {log}: {wrong[0] if wrong else ''}")
    return describe(folder)


def describe(folder):
    """A build directory as the engines know it."""
    folder = Path(folder).resolve()
    tool = folder / "harness" / "wirestorm"
    if not tool.is_file() and not (folder / "fuzz" / "fuzz_sched").is_file():
        raise BuildError(f"{folder}: expected a build directory, found no harness/wirestorm")
    return {"tool": str(tool), "folder": str(folder)}


def version_of(tool):
    """What `wirestorm --version --json` says."""
    status, told = triage.call_json([tool, "--version", "--json"])
    if status != 0 or not told:
        raise BuildError(f"{tool}: expected a wirestorm: --version --json ended with status {status}")
    return told


def profiles_of(tool):
    """The names of the profiles, as `wirestorm help profiles` lists them."""
    _, out, _ = triage.call([tool, "help", "profiles"])
    table = out.split("\n\n")[0]
    return [line.split()[0] for line in table.splitlines() if line and not line[0].isspace()]
