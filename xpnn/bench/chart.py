"""`draw_chart`: curves on logarithmic axes as SVG that stands inside a page, without a script."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from xpnn.bench.axis import LogAxis
from xpnn.bench.markup import element, escape

__all__ = ["Curve", "Point", "draw_chart"]

WIDTH, HEIGHT = 680, 420
LEFT, RIGHT, TOP, BOTTOM = 76, 18, 16, 56
_MARKS = (
    "M-4,0a4,4 0 1,0 8,0a4,4 0 1,0 -8,0", "M-4,-4h8v8h-8z", "M0,-5L5,4H-5z", "M0,-5.5L5.5,0L0,5.5L-5.5,0z",
    "M0,5L5,-4H-5z", "M-5,-2h3v-3h4v3h3v4h-3v3h-4v-3h-3z",
)  # fmt: skip


class Point(NamedTuple):
    """A value with the ends of its spread, and what a pointer over it says."""

    x: float
    y: float
    low: float
    high: float
    text: str


@dataclass(frozen=True, slots=True)
class Curve:
    """Points of one series, joined by lines or not; `style` is the number of its colour and mark."""

    name: str
    points: Sequence[Point]
    style: int
    joined: bool = True
    marked: bool = True


def draw_chart(
    name: str,
    title: str,
    description: str,
    x_label: str,
    y_label: str,
    curves: Sequence[Curve],
    x_ticks: Sequence[float] = (),
) -> str:
    """Draw curves with their legend, as a figure.

    Parameters
    ----------
    name : str
        Identifier that no other chart of the page has.
    title, description : str
        For those who cannot see the chart; the title is shown as well.
    x_label, y_label : str
        Names of the axes, with their units.
    curves : sequence of Curve
        At least one with a point; all numbers above 0.
    x_ticks : sequence of float, optional
        Values to mark on the horizontal axis, by default powers of ten.
    """
    points = [point for curve in curves for point in curve.points]
    x = LogAxis([point.x for point in points], LEFT, WIDTH - RIGHT)
    y = LogAxis([value for point in points for value in (point.low, point.high)], HEIGHT - BOTTOM, TOP)
    names = {"role": "img", "aria_labelledby": f"{name}-title {name}-text"}
    parts = [
        element("title", escape(title), id=f"{name}-title"),
        element("desc", escape(description), id=f"{name}-text"),
    ]
    parts += _draw_axes(x, y, x_label, y_label, x_ticks or x.ticks())
    parts += [_draw_curve(curve, x, y) for curve in curves]
    svg = element("svg", "".join(parts), viewBox=f"0 0 {WIDTH} {HEIGHT}", **names)
    legend = "".join(_draw_key(curve) for curve in curves if curve.marked)
    return element("figure", element("figcaption", escape(title)) + svg + element("p", legend, class_="legend"))


def _draw_axes(x: LogAxis, y: LogAxis, x_label: str, y_label: str, x_ticks: Sequence[float]) -> list[str]:
    bottom, right = HEIGHT - BOTTOM, WIDTH - RIGHT
    parts = [element("path", class_="axis", d=f"M{LEFT},{TOP}V{bottom}H{right}")]
    for tick in x_ticks:
        parts.append(element("path", class_="grid", d=f"M{x(tick)},{TOP}V{bottom}"))
        parts.append(_label(f"{tick:,g}", x(tick), bottom + 18, "middle"))
    for tick in y.ticks():
        parts.append(element("path", class_="grid", d=f"M{LEFT},{y(tick)}H{right}"))
        parts.append(_label(f"{tick:,g}", LEFT - 8, y(tick) + 4, "end"))
    parts.append(_label(x_label, (LEFT + right) / 2, HEIGHT - 12, "middle"))
    turn = f"rotate(-90 16 {(TOP + bottom) / 2})"
    return [*parts, _label(y_label, 16, (TOP + bottom) / 2, "middle", transform=turn)]


def _label(text: str, x: float, y: float, anchor: str, **attributes: str) -> str:
    return element("text", escape(text), x=str(x), y=str(y), text_anchor=anchor, **attributes)


def _draw_curve(curve: Curve, x: LogAxis, y: LogAxis) -> str:
    style = curve.style % len(_MARKS)
    parts = []
    if curve.joined and len(curve.points) > 1:
        path = "L".join(f"{x(point.x)},{y(point.y)}" for point in curve.points)
        parts.append(element("path", class_="curve", d=f"M{path}"))
    for point in curve.points if curve.marked else ():
        if point.high > point.low:
            parts.append(element("path", class_="spread", d=f"M{x(point.x)},{y(point.low)}V{y(point.high)}"))
        place = f"translate({x(point.x)} {y(point.y)})"
        parts.append(
            element("path", element("title", escape(point.text)), class_="mark", d=_MARKS[style], transform=place)
        )
    return element("g", "".join(parts), class_=f"style{style}")


def _draw_key(curve: Curve) -> str:
    style = curve.style % len(_MARKS)
    mark = element("path", class_="mark", d=_MARKS[style], transform="translate(8 8)")
    line = element("path", class_="curve", d="M0,8H16") if curve.joined else ""
    key = element("svg", line + mark, viewBox="0 0 16 16", class_=f"key style{style}", aria_hidden="true")
    return element("span", key + escape(curve.name))
