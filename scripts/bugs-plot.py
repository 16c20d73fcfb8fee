#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""bugs-plot.py: plots how many bugs of the bank are found over time, one line per engine, from a state directory.

    wirestorm bugs hunt --state DIR ...
    wirestorm bugs report --state DIR --json | scripts/bugs-plot.py -o bugs.svg

Only trials of mutants count that can be found: not the controls, not the canaries, not the engine without a bug. Needs
matplotlib (Debian: python3-matplotlib); nothing else in the project does.
"""

import argparse
import io
import json
import sys
from pathlib import Path

import files

sys.dont_write_bytecode = True  # the source tree may be read-only
import escape
import script

# Distinguishable without colours, too.
STYLES = {"hunt": ("#0b5fa5", "-"), "explore": ("#3f9b3f", "--"), "twin": ("#8a8a8a", ":"), "litmus": ("#8e4fa8", "-."),
    "fuzz_sched": ("#d07a00", "-"), "stress": ("#c0392b", "--")}
LEAST_SECONDS = 1e-4  # shorter times are drawn at this value


def fail(message):
    """Wrong usage, or a file that cannot be used."""
    print(message, file=sys.stderr)
    sys.exit(2)


def parse_arguments():
    p = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    p.add_argument("-o", "--output", required=True, metavar="FILE",
        help="the picture, by its ending: .svg, .png, .pdf (\"-\": as SVG to standard output)")
    p.add_argument("records", nargs="?", type=argparse.FileType("r"), default=sys.stdin,
        help="JSON lines of wirestorm bugs report --json (default: standard input)")
    return p.parse_args()


def read(records):
    """Per engine the seconds of each trial that could find something; None: it did not."""
    trials = {}
    for number, line in enumerate(records, 1):
        try:
            r = json.loads(line)
            counts, seconds = r["class"] in ("historical", "invariant"), float(r["seconds"])
            engine, found, budget = str(r["engine"]), r["end"] == "found", float(r["budget_seconds"])
        except (ValueError, TypeError, KeyError):
            fail(f"{records.name}:{number}: expected a record of wirestorm bugs report --json, found {line[:60]!r}")
        if counts:
            trials.setdefault(engine, []).append((max(seconds, LEAST_SECONDS) if found else None, budget))
    return trials


def draw(trials, path):
    try:
        import matplotlib
    except ImportError:
        fail("bugs-plot.py: needs matplotlib (Debian: python3-matplotlib)")
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt  # the line above chooses what it draws with

    figure, axes = plt.subplots(figsize=(8, 4.5))
    for engine, results in sorted(trials.items()):
        found = sorted(s for s, _ in results if s is not None)
        end = max(max(budget for _, budget in results), found[-1] if found else 0)
        x = [LEAST_SECONDS] + found + [end]
        y = [0] + [100 * (i + 1) / len(results) for i in range(len(found))] + [100 * len(found) / len(results)]
        color, style = STYLES.get(engine, ("black", "-"))
        axes.step(x, y, where="post", color=color, linestyle=style, label=f"{engine} ({len(found)} of {len(results)})")
    axes.set_xscale("log")
    axes.set_ylim(0, 101)
    axes.set_xlabel("seconds of one trial: one mutant, one seed")
    axes.set_ylabel("trials that found their bug, %")
    axes.set_title("The bug bank: found over time")
    axes.grid(True, which="major", color="#dddddd")
    axes.legend(loc="lower right", title="engine")
    figure.tight_layout()
    try:
        picture = io.BytesIO()
        figure.savefig(picture, dpi=120, format="svg" if path == "-" else Path(path).suffix[1:] or "png")
        files.write(path, picture.getvalue())
    except (OSError, ValueError) as e:
        fail(f"{path}: {e}")


def main():
    escape.streams()
    arguments = parse_arguments()
    try:
        trials = read(arguments.records)
    except (OSError, UnicodeDecodeError) as e:
        fail(f"{arguments.records.name}: {e}")
    if not trials:
        fail("bugs-plot.py: no records of mutants that can be found")
    draw(trials, arguments.output)
    return 0


if __name__ == "__main__":
    script.run("bugs-plot.py", main)
