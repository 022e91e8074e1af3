"""`make_page`: a sweep as one HTML file that needs nothing else: no network, no script."""

from collections.abc import Sequence

from xpnn.bench import table
from xpnn.bench.case import Case
from xpnn.bench.chart import Curve, Point, draw_chart
from xpnn.bench.crossover import conclusions, find_series
from xpnn.bench.details_table import held_rows, part_rows, peak_rows, roofline_rows
from xpnn.bench.explain import explanations
from xpnn.bench.markup import element, escape, make_table
from xpnn.bench.result import Sweep
from xpnn.bench.runner import PARTS
from xpnn.bench.style import STYLE
from xpnn.bench.units import format_us, rate

__all__ = ["make_page"]

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
"""Tells the browser to load nothing."""


def make_page(sweep: Sweep) -> str:
    """Write the page: the answers, the curves, the tables, the machine."""
    head = '<meta charset="utf-8"/><meta name="viewport" content="width=device-width, initial-scale=1"/>'
    head += f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}"/>'
    head += element("title", "xpnn bench") + element("style", STYLE)
    body = [
        element("h1", "Which backend is faster, and from what size on?"),
        element(
            "p", escape(f"{sweep.machine.processor}, {sweep.machine.date}. Trained: {sweep.subject}."), class_="soft"
        ),
        _list([*conclusions(sweep), *explanations(sweep)], "answers"),
        element("h2", "One training step"),
        element("div", "".join(_step_charts(sweep)), class_="charts"),
        *_tables(sweep),
        element("h2", "Machine"),
        element("pre", escape(str(sweep.machine))),
        *_left_out(sweep),
    ]
    main = element("main", "\n".join(body))
    return f"<!DOCTYPE html>\n{element('html', element('head', head) + element('body', main), lang='en')}\n"


def _step_charts(sweep: Sweep) -> list[str]:
    axis, series = find_series(sweep)
    charts: list[str] = []
    for place, cases in series.items():
        curves = [_step_curve(name, i, cases, axis) for i, name in enumerate(sweep.backends)]
        curves = [curve for curve in curves if curve.points]
        title = f"Microseconds of a step over the {axis}" + (f", {place}" if place else "")
        text = "Lower is faster. " + " ".join(point.text + "." for curve in curves for point in curve.points)
        ticks = sorted({point.x for curve in curves for point in curve.points})
        charts += [draw_chart(f"steps{len(charts)}", title, text, axis, "µs per step", curves, ticks)] if curves else []
    return charts + _roofline_chart(sweep)


def _step_curve(name: str, style: int, cases: Sequence[Case], axis: str) -> Curve:
    points = []
    for case in cases:
        if name in case.timings.calls:
            spread = case.timings.step_us(name)
            text = f"{name} at {case.place}: {format_us(spread.median)} µs"
            points.append(Point(getattr(case, axis), spread.median, spread.low, spread.high, text))
    return Curve(name, points, style)


def _roofline_chart(sweep: Sweep) -> list[str]:
    """Draw what the steps reach below what the machine allows."""
    curves = []
    for i, (name, peaks) in enumerate(sweep.peaks.items()):
        cases = [case for case in sweep.cases if name in case.details]
        works = [(case.details[name].work, case.timings.step_us(name).median, case.place) for case in cases]
        points = [_point(w.intensity, w.flop / us / 1e3, f"{name} at {place}") for w, us, place in works if w.flop]
        knee = peaks.gflops / peaks.gbytes
        ends = sorted({knee / 30.0, knee, 3.0 * knee, *(point.x for point in points)})
        roof = [_point(x, peaks.attainable(x), "") for x in ends]
        curves += [Curve(name, points, i, joined=False), Curve(name, roof, i, marked=False)] if points else []
    title = "Roofline: GFLOP/s of a step below what the machine allows"
    text = "Lines: the lesser of the rate of products and of memory. " + " ".join(
        f"{point.text}." for curve in curves for point in curve.points if point.text
    )
    return [draw_chart("roofline", title, text, "FLOP per byte", "GFLOP/s", curves)] if curves else []


def _point(x: float, y: float, text: str) -> Point:
    return Point(x, y, y, y, f"{text}: {rate(y)} GFLOP/s at {rate(x)} FLOP per byte" if text else "")


def _tables(sweep: Sweep) -> list[str]:
    captions = {
        "Microseconds of a step: median ± half the distance of the quartiles": table.step_rows(sweep),
        "Crossovers": table.crossing_rows(sweep),
        "Parts of a step in µs at the largest size": part_rows(sweep),
        "Time of a million samples": table.million_rows(sweep),
        "Memory of the arrays of a step at the largest size": held_rows(sweep),
        "Peaks, in float32": peak_rows(sweep),
        "Roofline: FLOP and bytes of a step, operation by operation; a share above 100 % is served by caches, or by "
        "operations that were compiled into one": roofline_rows(sweep),
    }
    meaning = _list([f"{name}: {text}." for name, text in PARTS.items()], "soft")
    return [*(make_table(rows, caption) for caption, rows in captions.items() if len(rows) > 1), meaning]


def _left_out(sweep: Sweep) -> list[str]:
    lines = [f"{name} at {case.place}: {why}." for case in sweep.cases for name, why in case.rejected.items()]
    lines += [f"{name}: {why}" for name, why in sweep.unavailable.items()]
    return [element("h2", "Not timed"), _list(lines, "soft")] if lines else []


def _list(lines: Sequence[str], kind: str) -> str:
    return element("ul", "".join(element("li", escape(line)) for line in lines), class_=kind)
