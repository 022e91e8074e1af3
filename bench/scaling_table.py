"""`flop`, `slopes`, `growth`, `per_layer`, `scaling_table`: how the time of a step grows, as numbers and as text."""

from collections.abc import Mapping, Sequence
from itertools import combinations, pairwise
from math import log, nan
from statistics import linear_regression, median
from typing import Any

__all__ = ["flop", "growth", "per_layer", "scaling_table", "slopes"]


def flop(sizes: list[int], batch: int) -> int:
    """Arithmetic of the products of a step: three per layer, but the first one needs no gradient of its input."""
    products = [2 * batch * n_in * n_out for n_in, n_out in pairwise(sizes)]
    return 3 * sum(products) - products[0]


def slopes(work: Sequence[float], times: Sequence[float]) -> list[float]:
    """Slope between neighbours where both axes are logarithmic: 1 is linear growth, 0 none."""
    steps = zip(work, work[1:], times, times[1:], strict=False)
    return [log(t1 / t0) / log(w1 / w0) for w0, w1, t0, t1 in steps]


def growth(cases: Sequence[Mapping[str, Any]], name: str) -> float:
    """Slope of the straight line of least squares through the upper half of the log-log curve; NaN without two points.

    Overheads flatten the lower half; single slopes tell where a cache ends.
    """
    work, times = _series([case for case in cases if name in case["step_us"]], name)
    half = len(work) // 2
    if len(work) - half < 2:
        return nan
    return linear_regression([log(n) for n in work[half:]], [log(t) for t in times[half:]]).slope


def scaling_table(title: str, cases: Sequence[Mapping[str, Any]], names: Sequence[str]) -> str:
    """A row for each case: its size, its work, and for each contender the time and the slope since the last row."""
    from xpnn.bench.table import format_us, render_rows

    rows = [["", "MFLOP", *(cell for name in names for cell in (name, "slope"))]]
    rows += [[str(case["size"]), f"{case['flop'] / 1e6:.3g}"] for case in cases]
    for name in names:
        done = [i for i, case in enumerate(cases) if name in case["step_us"]]
        found = dict(zip(done[1:], slopes(*_series([cases[i] for i in done], name)), strict=True))
        for i, case in enumerate(cases):
            time = format_us(case["step_us"][name]["median"]) if i in done else "-"
            rows[i + 1] += [time, f"{found[i]:.2f}" if i in found else ""]
    return f"{title}\n{render_rows(rows)}"


def per_layer(cases: Sequence[Mapping[str, Any]], name: str) -> tuple[float, float]:
    """Microseconds of one more layer, and of a step without any: medians over pairs, which one bad time cannot move."""
    done = [(case["size"], case["step_us"][name]["median"]) for case in cases if name in case["step_us"]]
    if len(done) < 2:
        return nan, nan
    slope = median([(t1 - t0) / (n1 - n0) for (n0, t0), (n1, t1) in combinations(done, 2)])
    return slope, median([t - slope * n for n, t in done])


def _series(cases: Sequence[Mapping[str, Any]], name: str) -> tuple[list[float], list[float]]:
    return [case["flop"] for case in cases], [case["step_us"][name]["median"] for case in cases]
