"""`render`: a sweep as text, for people."""

from collections.abc import Sequence

from xpnn.bench.crossover import conclusions
from xpnn.bench.result import Case, Sweep
from xpnn.bench.timings import Spread

__all__ = ["format_us", "render", "render_rows"]


def render(sweep: Sweep) -> str:
    """Machine, table, first calls, crossovers, and what was left out."""
    layers = "1 hidden layer" if sweep.depth == 1 else f"{sweep.depth} hidden layers"
    title = f"One training step in µs: median ± half the distance of the quartiles. {layers}, float32, Adam."
    header = ["width", "batch", "parameters", *sweep.backends, "fastest"]
    rows = [
        [str(c.width), str(c.batch), str(c.parameters), *_times(c, sweep.backends), _fastest(c)] for c in sweep.cases
    ]
    parts = [str(sweep.machine), "", title, render_rows([header, *rows]), "", _first_calls(sweep), *conclusions(sweep)]
    for case in sweep.cases:
        parts += [
            f"Not timed at width {case.width}, batch {case.batch}: {name}: {why}."
            for name, why in case.rejected.items()
        ]
    parts += [f"Cannot run here: {name}: {why}" for name, why in sweep.unavailable.items()]
    return "\n".join(parts)


def render_rows(rows: Sequence[Sequence[str]]) -> str:
    """Align cells to the right, columns two spaces apart."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(cell.rjust(n) for cell, n in zip(row, widths, strict=True)) for row in rows)


def format_us(value: float) -> str:
    """Three digits, and never an exponent."""
    return f"{value:.3g}" if value < 999.5 else f"{value:.0f}"


def _times(case: Case, names: Sequence[str]) -> list[str]:
    timings = case.timings
    return [_cell(timings.step_us(name)) if name in timings.calls else "-" for name in names]


def _cell(spread: Spread) -> str:
    return f"{format_us(spread.median)} ± {format_us((spread.high - spread.low) / 2)}"


def _fastest(case: Case) -> str:
    if case.lead is None:
        return "".join(case.ranking) or "-"
    return f"{case.ranking[0]}, {case.lead.median:.2f} x" if case.lead.low > 1 else "no difference"


def _first_calls(sweep: Sweep) -> str:
    slowest: dict[str, float] = {}
    for case in sweep.cases:
        for name, first in case.first_us.items():
            slowest[name] = max(first, slowest.get(name, 0.0))
    times = ", ".join(f"{name} {format_us(first / 1e3)} ms" for name, first in slowest.items())
    return f"The first step, with compilation, took at most: {times or 'nothing was timed'}."
