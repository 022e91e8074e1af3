"""Rows of the tables about one case: parts of a step, memory, peaks, roofline."""

from xpnn.bench.case import Case
from xpnn.bench.explain import efficiency
from xpnn.bench.result import Sweep
from xpnn.bench.runner import PARTS
from xpnn.bench.timings import Spread
from xpnn.bench.units import bytes_text, format_us, rate

__all__ = ["held_rows", "largest", "part_rows", "peak_rows", "roofline_rows"]


def largest(sweep: Sweep) -> Case | None:
    """The case with the most work of those that were measured in full."""
    return max((case for case in sweep.cases if case.details), key=lambda c: c.parameters * c.batch, default=None)


def part_rows(sweep: Sweep) -> list[list[str]]:
    """Heading and one row per backend: first call, compilation, parts, step."""
    header = ["backend", "first call", "compilation", *PARTS, "step", "step runs"]
    case = largest(sweep)
    rows: list[list[str]] = []
    if case is None:
        return [header]
    for name, details in case.details.items():
        parts = [case.parts[part].step_us(name) for part in PARTS]
        times = [_cell(part) for part in (*parts, case.timings.step_us(name))]
        rows.append([name, format_us(case.first_us[name]), format_us(details.compile_us), *times, details.mode])
    return [header, *rows]


def held_rows(sweep: Sweep) -> list[list[str]]:
    """Heading and one row per backend: bytes by purpose."""
    case = largest(sweep)
    rows = [
        [name, *(bytes_text(n) for n in details.held.values()), bytes_text(sum(details.held.values()))]
        for name, details in (case.details.items() if case else ())
    ]
    purposes = next(iter(case.details.values())).held if case else {}
    return [["backend", *purposes, "sum"], *rows]


def peak_rows(sweep: Sweep) -> list[list[str]]:
    """Heading and one row per backend: products, copies, small operations."""
    rows = [
        [name, rate(peaks.gflops), str(peaks.size), rate(peaks.gbytes), format_us(peaks.operation_us)]
        for name, peaks in sweep.peaks.items()
    ]
    return [["backend", "product GFLOP/s", "of matrices", "memory GB/s", "operation µs"], *rows]


def roofline_rows(sweep: Sweep) -> list[list[str]]:
    """Heading and one row per case and backend: work, rates, share of what is attainable."""
    header = ["width", "depth", "batch", "backend", "operations", "MFLOP", "MB", "FLOP/B", "GFLOP/s", "GB/s", "share"]
    rows = []
    for case in sweep.cases:
        place = ["-" if size is None else str(size) for size in (case.width, case.depth, case.batch)]
        for name, details in case.details.items():
            work, step = details.work, case.timings.step_us(name).median
            counted = [str(work.operations), rate(work.flop / 1e6), rate(work.nbytes / 1e6), rate(work.intensity)]
            rates = [rate(work.flop / step / 1e3), rate(work.nbytes / step / 1e3)]
            share = f"{100 * efficiency(case, sweep.peaks[name], name):.0f} %"
            rows.append([*place, name, *counted, *rates, share])
    return [header, *rows]


def _cell(spread: Spread) -> str:
    return f"{format_us(spread.median)} ± {format_us((spread.high - spread.low) / 2)}"
