#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""test-fuzz.py TARGET SEEDS ROOT BUILD: fuzz_sched from the outside, with libFuzzer or without.

That it finds what there is to find, finds nothing where there is nothing, and that a finding becomes a program.
"""

import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

TARGET, SEEDS, ROOT, BUILD = (Path(word) for word in sys.argv[1:5])
WIRESTORM = BUILD / "harness/wirestorm"
LIBFUZZER = b"libFuzzer" in TARGET.read_bytes()
SECONDS_MAX = 100


def run(words, env=None, cwd=None):
    return subprocess.run([str(w) for w in words], env=dict(os.environ, **(env or {})), cwd=cwd, text=True,
        errors="replace", stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, timeout=SECONDS_MAX)


def expect(what, true, output=""):
    if not true:
        sys.exit(f"{what}: no\n{output[-3000:]}")
    print(f"{what}: yes")


def replay(profile, where, scratch):
    words = [TARGET] + (["-runs=0", "-seed=1", f"-artifact_prefix={scratch}/"] if LIBFUZZER else []) + [where]
    return run(words, {"WS_FUZZ_PROFILE": profile})


def check_profiles(scratch):
    done = replay("strict", SEEDS, scratch)
    expect("nothing is found in strict", done.returncode == 0, done.stdout)
    for quirk in ("Q1", "Q2"):
        done = replay(f"strict +{quirk}", SEEDS, scratch)
        expect(f"{quirk} is found", done.returncode != 0 and f"quirk {quirk}" in done.stdout, done.stdout)
        expect(f"{quirk} comes as a program", f"profile strict +{quirk}\n" in done.stdout
            and "\nschedule " in done.stdout, done.stdout)
    done = replay("strict +Q99", SEEDS, scratch)
    expect("a profile that is none is refused", done.returncode not in (0, 77) and 'found "+Q99"' in done.stdout,
        done.stdout)


def check_no_input(scratch):
    empty = Path(scratch, "empty")
    empty.mkdir()
    if not LIBFUZZER:
        done = run([TARGET, empty])
        expect("no input is a failure", done.returncode == 2 and "no input was run" in done.stdout, done.stdout)


def check_triage(scratch):
    bugs = Path(scratch, "bugs")
    crash = SEEDS / "corpus-seeds-quirk-q2-drift-0.vmt.bin"
    words = [WIRESTORM, "triage", "--profile", "freebsd12", "--out", bugs]
    done = run(words + [crash])
    expect("triage finds it", done.returncode == 1 and "quirk Q2" in done.stdout, done.stdout)
    done = run([WIRESTORM, "check", bugs])
    expect("what it wrote shows its verdict", done.returncode == 0 and "1 passed" in done.stdout, done.stdout)
    done = run(words + ["--json", crash])
    expect("the same is not written twice", json.loads(done.stdout)["crashes"][0]["known"]
        and len(list(bugs.iterdir())) == 1,
        done.stdout)
    done = run([WIRESTORM, "triage", bugs / "001.vmt"])
    expect("a program can be triaged, too", done.returncode == 1, done.stdout)
    done = run([WIRESTORM, "triage", "--profile", "strict", crash])
    expect("in strict there is nothing", done.returncode == 0 and "nothing found" in done.stdout, done.stdout)


def check_no_room(scratch):
    """A program that cannot be written leaves no empty one, which would expect nothing and pass."""
    bugs = Path(scratch, "no-room")
    crash = SEEDS / "corpus-seeds-quirk-q2-drift-0.vmt.bin"

    def triage(action):
        def no_room():
            signal.signal(signal.SIGXFSZ, action)
            resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))

        return subprocess.run([str(WIRESTORM), "triage", "--profile", "freebsd12", "--out", str(bugs), str(crash)],
            preexec_fn=no_room, text=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False,
            timeout=SECONDS_MAX)

    done = triage(signal.SIG_IGN)
    expect("without room it says so", done.returncode == 2 and "001.vmt: " in done.stderr, done.stderr)
    expect("and leaves nothing", not list(bugs.iterdir()))
    done = triage(signal.SIG_DFL)
    expect("it is killed in the middle of writing", done.returncode == -signal.SIGXFSZ, done.stderr)
    expect("which leaves no program", not list(bugs.glob("*.vmt")))
    (bugs / "001.vmt").write_text("T0 lookup 20\n")
    done = run([WIRESTORM, "triage", "--profile", "freebsd12", "--out", bugs, crash])
    expect("a number that is taken stays so", done.returncode == 1 and (bugs / "002.vmt").is_file() and
        (bugs / "001.vmt").read_text() == "T0 lookup 20\n", done.stdout)
    expect("and nothing else is left of the one that was killed", len(list(bugs.iterdir())) == 2)
    sums = Path(scratch) / "sum"
    done = run([WIRESTORM, "triage", "--profile", "freebsd12", "--out", sums, crash, crash])
    expect("the sum comes last", done.stdout.splitlines()[-1]
        == f"# 2 files: 1 program, 1 like one that is in {sums}, 0 with nothing found", done.stdout)


def check_corpus(scratch):
    """A merge keeps what crashes."""
    into, source, bugs = (Path(scratch, name) for name in ("into", "from", "kept"))
    source.mkdir()
    for path in sorted(SEEDS.glob("corpus-seeds-*"))[:20] + [SEEDS / "corpus-seeds-quirk-q2-drift-0.vmt.bin"]:
        (source / path.name).write_bytes(path.read_bytes())
    tool = [sys.executable, ROOT / "scripts/corpus"]
    if LIBFUZZER:
        done = run(tool + ["merge", "--build", BUILD, "--bugs", bugs, "fuzz_sched", into, source],
            {"WS_FUZZ_PROFILE": "strict +Q2"})
        expect("merge says that an input crashed", done.returncode == 1 and "quirk Q2" in done.stdout, done.stdout)
        expect("and keeps it as a program", (bugs / "001.vmt").is_file(), done.stdout)
        nr = len(list(into.iterdir()))
        done = run(tool + ["minimize", "--build", BUILD, "fuzz_sched", into])
        expect("minimize keeps some", done.returncode == 0 and 0 < len(list(into.iterdir())) <= nr, done.stdout)
        source = into
    done = run(tool + ["export", "--build", BUILD, "fuzz_sched", source, Path(scratch, "texts")])
    expect("export", done.returncode == 0, done.stdout)
    done = run(tool + ["import", "--build", BUILD, "fuzz_sched", Path(scratch, "again"), Path(scratch, "texts")])
    expect("import", done.returncode == 0, done.stdout)
    done = run(tool + ["export", "--build", BUILD, "fuzz_sched", Path(scratch, "again"), Path(scratch, "texts2")])
    texts = [{p.read_text() for p in Path(scratch, name).iterdir()} for name in ("texts", "texts2")]
    expect("what is exported, imported and exported is the same", texts[0] == texts[1] and texts[0])


def main():
    with tempfile.TemporaryDirectory() as scratch:
        check_profiles(scratch)
        check_no_input(scratch)
        check_triage(scratch)
        check_no_room(scratch)
        check_corpus(scratch)


if __name__ == "__main__":
    main()
