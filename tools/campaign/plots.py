# SPDX-License-Identifier: BSD-2-Clause
"""plots - the curves of a campaign as SVG. A program: reads JSON, needs matplotlib, prints a list of {title, svg}.

Colours are names of the page's style sheet, so that they follow the reader's colour scheme. The job has the same colour
and the same dashes in each plot, and the page explains them once.
"""

import io
import json
import re
import sys
from dataclasses import dataclass

from . import words

LOG_FROM = 20  # times the smallest value
COLORS, DASHES = 10, 4  # as page.html draws them
SIZE = (4.7, 2.7)  # inches
MARKED_MAX = 8  # a curve of so few points has a mark at each
LINES = ("-", (0, (5, 2)), (0, (1, 1.5)), (0, (6, 2, 1, 2)))
TEXT, GRID = "#fe00ff", "#fe00fe"  # stand for colours of the page
FUZZERS = ("seq", "sched", "vmt", "afl", "own")


@dataclass(frozen=True)
class Plot:
    title: str
    curves: tuple  # names of curves
    log: bool = False
    engines: tuple = ()  # only of jobs of these engines
    not_engines: tuple = ()
    scale: float = 1.0
    stairs: bool = False


PLOTS = (
    Plot("Executions per second", ("executions_per_second",), log=True),
    Plot("Code coverage, edges", ("coverage",), engines=FUZZERS),
    Plot("Returns reached (edges)", ("coverage",), not_engines=FUZZERS),
    Plot("Interleaving features", ("interleavings",), log=True),
    Plot("All features", ("features",), log=True),
    Plot("Corpus, files", ("corpus",), log=True),
    Plot("Findings", ("findings_new", "findings_quirk", "findings_known"), stairs=True),
    Plot("Cores in use", ("cores_in_use",), stairs=True),
    Plot("Share of the time, %", ("share",), scale=100),
    Plot("Disk, MiB", ("disk_bytes",), scale=1 / 2**20),
)


def curves_of(plot, report):
    """The curves of the report that belong to the plot."""
    engines = {job["job"]: job["engine"] for job in report["jobs"]}
    for curve in report["curves"]:
        engine = engines.get(curve["job"], "")
        wanted = not curve["job"] or ((not plot.engines or engine in plot.engines) and engine not in plot.not_engines)
        if curve["name"] in plot.curves and wanted and curve["points"]:
            yield curve


def time_unit(seconds):
    """(seconds of a unit, its name)."""
    return (1, "seconds") if seconds < 300 else (60, "minutes") if seconds < 7200 else (3600, "hours")


def style_of(plot, curve, jobs):
    """The arguments of a curve. Curves without a job are told apart by a legend in the plot."""
    if curve["job"] in jobs:
        i = jobs.index(curve["job"])
        return {"color": f"#fe00{i % COLORS:02x}", "linestyle": LINES[i % DASHES]}
    if len(plot.curves) == 1:
        return {"color": "#fe0000"}
    i = plot.curves.index(curve["name"])
    return {"color": f"#fe00{(1, 3, 8)[i]:02x}", "linestyle": LINES[i % DASHES], "label": curve["name"].split("_")[-1]}


def set_scale(plot, axes, values):
    """Logarithmic where a linear axis would hide the small curves. No figure has an exponent."""
    from matplotlib.ticker import FuncFormatter, NullFormatter

    positive = [v for v in values if v > 0]
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: words.short(round(value, 6))))
    if plot.log and positive and max(positive) > LOG_FROM * min(positive):
        axes.set_yscale("log", nonpositive="mask")
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: words.short(round(value, 6))))
        axes.yaxis.set_minor_formatter(NullFormatter())
    else:
        axes.set_ylim(bottom=0, top=1.08 * max(positive, default=1))


def draw(plot, report, jobs):
    """The SVG; None: there is nothing to draw."""
    from matplotlib.backends.backend_svg import FigureCanvasSVG  # only here: the page can do without plots
    from matplotlib.figure import Figure

    curves = list(curves_of(plot, report))
    if not curves:
        return None
    figure = Figure(figsize=SIZE, layout="constrained")
    axes = figure.add_subplot()
    unit, unit_name = time_unit(report["seconds"])
    for curve in curves:
        x = [p[0] / unit for p in curve["points"]]
        y = [p[1] * plot.scale for p in curve["points"]]
        axes.plot(x, y, linewidth=1.6, marker="o" if len(x) <= MARKED_MAX else None, markersize=3,
            drawstyle="steps-post" if plot.stairs else "default", **style_of(plot, curve, jobs))
    set_scale(plot, axes, [p[1] * plot.scale for c in curves for p in c["points"]])
    axes.set_xlim(0, max(report["seconds"] / unit, 1e-3))
    axes.set_xlabel(unit_name, color=TEXT)
    axes.tick_params(colors=TEXT, labelcolor=TEXT, which="both")
    axes.grid(True, color=GRID, linewidth=0.6)
    for spine in axes.spines.values():
        spine.set_color(GRID)
    if len(plot.curves) > 1:
        axes.legend(labelcolor=TEXT, facecolor="none", edgecolor=GRID, fontsize=9)
    out = io.StringIO()
    FigureCanvasSVG(figure).print_svg(out, metadata={name: None for name in ("Date", "Creator", "Format", "Type")})
    return out.getvalue()


def of_page(svg, prefix, title):
    """The SVG as a part of a page: its own ids, the page's colours and width, no background."""
    svg = svg[svg.index("<svg"):]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'<g id="patch_[12]">.*?</g>', "", svg, count=2, flags=re.DOTALL)
    svg = re.sub(r'\bid="', f'id="{prefix}-', svg)
    svg = re.sub(r'(url\(|href=")#', rf"\g<1>#{prefix}-", svg)
    svg = re.sub(r"\s*<!--.*?-->", "", svg, flags=re.DOTALL)
    svg = svg.replace(TEXT, "currentColor").replace(GRID, "var(--line)")
    svg = re.sub(r"#fe00([0-9a-f]{2})", lambda m: f"var(--c{int(m.group(1), 16)})", svg)
    label = f'<svg role="img" aria-label="{title}"'
    return re.sub(r'^<svg ([^>]*?)height="[^"]*"([^>]*?)width="[^"]*"', rf"{label} \1\2", svg, count=1)


def main():
    report = json.load(sys.stdin)
    import matplotlib

    matplotlib.rcParams.update({"svg.fonttype": "none", "font.family": "sans-serif", "font.size": 9.5,
        "svg.hashsalt": "campaign"})
    drawn = []
    for number, plot in enumerate(PLOTS):
        svg = draw(plot, report, report["colored"])
        if svg is not None:
            drawn.append({"title": plot.title, "svg": of_page(svg, f"plot{number}", plot.title)})
    json.dump(drawn, sys.stdout)


if __name__ == "__main__":
    main()
