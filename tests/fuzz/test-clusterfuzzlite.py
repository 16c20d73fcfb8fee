#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""test-clusterfuzzlite.py ROOT: .clusterfuzzlite/build.sh as OSS-Fuzz runs it, but without its image.

Once with libFuzzer and AddressSanitizer, once with another engine, an archive that holds nothing but a main. Each time:
$OUT holds the targets and what goes with them and nothing else, names are of the kind that is asked for, nothing is
linked that the image for running lacks, and each target runs its seeds from another directory. A target that runs none,
or never says a word, fails.
"""

import os
import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

TARGETS = ("fuzz_seq", "fuzz_sched", "fuzz_vmt")
EXTRAS = {f"{t}{suffix}" for t in TARGETS for suffix in ("", ".options", "_seed_corpus.zip")} | {"fuzz_vmt.dict"}
LIBRARIES = re.compile(r"(linux-vdso|libc|libm|libstdc\+\+|libgcc_s|libresolv|libpthread|librt|libdl|ld-linux-x86-64)"
    r"\.so")
SEEDS_MIN = {"fuzz_seq": 500, "fuzz_sched": 500, "fuzz_vmt": 1000}
SECONDS_MAX = 600


def run(words, **more):
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
        check=False, timeout=SECONDS_MAX, **more)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, words))}: status {done.returncode}\n{done.stdout[-4000:]}")
    return done.stdout


def main_archive(root, folder):
    """Another engine: a library that has a main and calls the target."""
    objects = []
    for source in ("fuzz/replay-main.c", "harness/base/inputs.c"):
        objects.append(folder / f"{Path(source).stem}.o")
        run(["clang", "-D_GNU_SOURCE", "-O1", "-fsanitize=address", "-I", root, "-c", root / source, "-o",
            objects[-1]])
    run(["ar", "rcs", folder / "libengine.a", *objects])
    return str(folder / "libengine.a")


def build(root, folder, engine, flags):
    """Runs build.sh; gives $OUT."""
    src, out, work = folder / "src", folder / "out", folder / "work"
    for path in (src, out, work):
        path.mkdir()
    (src / "wirestorm").symlink_to(root)
    # OSS-Fuzz's CFLAGS name warnings of its own compiler, which others do not know.
    flags = f"{flags} -fno-omit-frame-pointer -Wno-error=not-known-to-this-compiler -fsanitize=address"
    env = {key: value for key, value in os.environ.items() if key in ("PATH", "HOME", "LANG")}
    env.update(CC="clang", CXX="clang++", CCC="clang++", CFLAGS=flags, CXXFLAGS=flags, LIB_FUZZING_ENGINE=engine,
        SRC=str(src), OUT=str(out), WORK=str(work), SANITIZER="address", FUZZING_ENGINE="libfuzzer",
        ARCHITECTURE="x86_64")
    run(["bash", "-eu", src / "wirestorm/.clusterfuzzlite/build.sh"], env=env, cwd=src / "wirestorm")
    return out


def check_files(out):
    found = {p.name for p in out.iterdir()}
    if found != EXTRAS:
        sys.exit(f"$OUT: missing {sorted(EXTRAS - found)}, too much {sorted(found - EXTRAS)}")
    for target in TARGETS:
        if not re.fullmatch(r"[A-Za-z0-9_-]+", target):
            sys.exit(f"{target}: no name for a target")
        for line in run(["ldd", out / target]).splitlines():
            name = line.split()[0].rsplit("/", 1)[-1]
            if not LIBRARIES.match(name):
                sys.exit(f"{target} needs {name}, which the image for running does not have")


def check_runs(out, folder, runs):
    for target in TARGETS:
        seeds = folder / f"seeds-{target}"
        with zipfile.ZipFile(out / f"{target}_seed_corpus.zip") as z:
            z.extractall(seeds)
        nr = sum(1 for p in seeds.rglob("*") if p.is_file())
        if nr < SEEDS_MIN[target]:
            sys.exit(f"{target}: only {nr} seeds")
        text = run([out / target] + runs + [seeds], cwd="/")
        said = re.search(r"Done (\d+) runs|: (\d+) inputs", text)
        count = int(said.group(1) or said.group(2)) if said else 0
        if count < nr:
            sys.exit(f"{target}: {nr} seeds, but it ran {count}\n{text[-1000:]}")
        print(f"{target}: {nr} seeds, {count} runs")
    # Before anybody has a corpus.
    if runs:
        for target in TARGETS:
            run([out / target, "-runs=100", "-seed=1"], cwd="/")


def main():
    root = Path(sys.argv[1]).resolve()
    for name in ("libFuzzer", "a bare main"):
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            libfuzzer = name == "libFuzzer"
            engine = "-fsanitize=fuzzer" if libfuzzer else main_archive(root, folder)
            print(f"--- {name}")
            # How the other is compiled is of no interest, only how it is linked: quickly then.
            flags = "-O1 -gline-tables-only -fsanitize=fuzzer-no-link" if libfuzzer else "-O0"
            out = build(root, folder, engine, flags)
            check_files(out)
            check_runs(out, folder, ["-runs=3000", "-seed=1"] if libfuzzer else [])


if __name__ == "__main__":
    main()
