"""`render`: a sweep as text, for people."""

from collections.abc import Sequence

from xpnn.bench.case import Case
from xpnn.bench.crossover import conclusions, find_crossings, find_series
from xpnn.bench.details_table import held_rows, part_rows, peak_rows, roofline_rows
from xpnn.bench.explain import explanations
from xpnn.bench.result import Sweep
from xpnn.bench.timings import Spread
from xpnn.bench.units import format_us, seconds_text

__all__ = ["crossing_rows", "fastest_text", "format_us", "million_rows", "render", "render_rows", "step_rows"]


def render(sweep: Sweep) -> str:
    """Machine, tables, crossovers with their reasons, and what was left out."""
    title = f"One training step in µs: median ± half the distance of the quartiles. Trained: {sweep.subject}."
    parts = [str(sweep.machine), "", title, render_rows(step_rows(sweep)), "", _first_calls(sweep)]
    sections = {
        "Its parts in µs, at the largest size (forward, backward and update operation by operation):": part_rows(sweep),
        "Time of a million samples:": million_rows(sweep),
        "Memory of the arrays of a step, at the largest size:": held_rows(sweep),
        "Peaks of this machine, in float32:": peak_rows(sweep),
        "Roofline: what the step reaches of what its FLOP and bytes allow at these peaks:": roofline_rows(sweep),
        "Crossovers:": crossing_rows(sweep),
    }
    for heading, rows in sections.items():
        parts += ["", heading, render_rows(rows)] if len(rows) > 1 else []
    parts += ["", *conclusions(sweep), *explanations(sweep)]
    for case in sweep.cases:
        parts += [f"Not timed at {case.place}: {name}: {why}." for name, why in case.rejected.items()]
    parts += [f"Cannot run here: {name}: {why}" for name, why in sweep.unavailable.items()]
    return "\n".join(parts)


def render_rows(rows: Sequence[Sequence[str]]) -> str:
    """Align cells to the right, columns two spaces apart."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(cell.rjust(n) for cell, n in zip(row, widths, strict=True)) for row in rows)


def step_rows(sweep: Sweep) -> list[list[str]]:
    """Heading and one row per case: sizes, times, the fastest."""
    header = ["width", "depth", "batch", "parameters", *sweep.backends, "fastest"]
    rows = [
        [*sizes(case), str(case.parameters), *_times(case, sweep.backends), fastest_text(case)] for case in sweep.cases
    ]
    return [header, *rows]


def million_rows(sweep: Sweep) -> list[list[str]]:
    """Heading and one row per case: the time of a million samples."""
    rows = []
    for case in sweep.cases:
        measured = case.timings.calls
        times = [seconds_text(case.million_seconds(name)) if name in measured else "-" for name in sweep.backends]
        rows.append([*sizes(case), *times])
    return [["width", "depth", "batch", *sweep.backends], *rows]


def crossing_rows(sweep: Sweep) -> list[list[str]]:
    """Heading and one row per pair of backends and series."""
    axis = find_series(sweep)[0]
    rows = []
    for part in find_crossings(sweep):
        estimate = "-" if part.estimate is None else f"{part.estimate:.0f}"
        rows.append([f"{part.name} : {part.reference}", part.place or "-", estimate, part.verdict.rstrip(",")])
    return [["backends", "at", f"equal at {axis}", "result"], *rows]


def sizes(case: Case) -> list[str]:
    """Width, depth and batch size as cells."""
    return ["-" if size is None else str(size) for size in (case.width, case.depth, case.batch)]


def fastest_text(case: Case) -> str:
    """Name of the fastest backend with its lead over the next."""
    if case.lead is None:
        return "".join(case.ranking) or "-"
    return f"{case.ranking[0]}, {case.lead.median:.2f} x" if case.lead.low > 1 else "no difference"


def _times(case: Case, names: Sequence[str]) -> list[str]:
    timings = case.timings
    return [cell(timings.step_us(name)) if name in timings.calls else "-" for name in names]


def cell(spread: Spread) -> str:
    """Median and half the distance of the quartiles."""
    return f"{format_us(spread.median)} ± {format_us((spread.high - spread.low) / 2)}"


def _first_calls(sweep: Sweep) -> str:
    slowest: dict[str, float] = {}
    for case in sweep.cases:
        for name, first in case.first_us.items():
            slowest[name] = max(first, slowest.get(name, 0.0))
    times = ", ".join(f"{name} {format_us(first / 1e3)} ms" for name, first in slowest.items())
    return f"The first step, with compilation, took at most: {times or 'nothing was timed'}."
