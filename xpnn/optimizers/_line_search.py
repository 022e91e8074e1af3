"""`strong_wolfe`: a step length that lowers the loss enough and flattens it enough."""

from collections.abc import Callable
from math import inf
from typing import NamedTuple

from xpnn.typing import Array

__all__ = ["Point", "strong_wolfe"]

_C1, _C2 = 1e-4, 0.9


class Point(NamedTuple):
    """A place on the line: step length, loss, its slope along the line, and its gradient."""

    t: float
    value: float
    slope: float
    gradient: Array


def strong_wolfe(
    at: Callable[[float], Point], start: Point, t: float, tolerance: float, most: int
) -> tuple[Point, int]:
    r"""Find a step length with :math:`f(t) \le f(0) + c_1 t f'(0)` and :math:`|f'(t)| \le c_2 |f'(0)|`.

    Parameters
    ----------
    at : callable
        Evaluates a step length.
    start : Point
        The place with step length 0; its slope is negative.
    t : float
        First step length to be tried.
    tolerance : float
        Width of the bracket at which the search gives up.
    most : int
        Number of evaluations after the first.

    Returns
    -------
    point : Point
        The best place found.
    evaluations : int
        How often the loss was evaluated.

    Notes
    -----
    The order of computation is that of PyTorch's ``LBFGS``, which goes back to Lua Torch and minFunc. Where those go on
    with NaN, this goes on: a loss that is no number is too high, and straight lines have their minima at the bounds.

    References
    ----------
    .. [1] Nocedal & Wright, Numerical Optimization, 2006, Algorithms 3.5 and 3.6, equation 3.59 (cubic interpolation).
    """
    before, now, tried = start, at(t), 0
    while tried < most:
        if _is_too_high(now, start) or (tried > 1 and now.value >= before.value):
            return _zoom(at, start, [before, now], tolerance, tried, most)
        if abs(now.slope) <= -_C2 * start.slope:
            return now, tried + 1
        if now.slope >= 0.0:
            return _zoom(at, start, [before, now], tolerance, tried, most)
        t = _interpolate(before, now, now.t + 0.01 * (now.t - before.t), 10.0 * now.t)
        before, now, tried = now, at(t), tried + 1
    return min((start, now), key=lambda point: point.value), tried + 1


def _zoom(
    at: Callable[[float], Point], start: Point, bracket: list[Point], tolerance: float, tried: int, most: int
) -> tuple[Point, int]:
    """Narrow a bracket down; its lower end is the result."""
    low, is_stuck = _lower(bracket), False
    while tried < most:
        left, right = sorted(point.t for point in bracket)
        if left == right or right - left < tolerance:
            break
        t, margin = _interpolate(bracket[0], bracket[1], left, right), 0.1 * (right - left)
        is_near = min(right - t, t - left) < margin
        if is_near and (is_stuck or t >= right or t <= left):
            t = right - margin if abs(t - right) < abs(t - left) else left + margin
            is_near = False
        is_stuck = is_near
        new, tried = at(t), tried + 1
        if _is_too_high(new, start) or new.value >= bracket[low].value:
            bracket[1 - low] = new
            low = _lower(bracket)
            continue
        if abs(new.slope) <= -_C2 * start.slope:
            return new, tried + 1
        if new.slope * (bracket[1 - low].t - bracket[low].t) >= 0.0:
            bracket[1 - low] = bracket[low]
        bracket[low] = new
    return bracket[low], tried + 1


def _is_too_high(point: Point, start: Point) -> bool:
    return not point.value <= start.value + _C1 * point.t * start.slope  # so is NaN


def _lower(bracket: list[Point]) -> int:
    return 1 if bracket[1].value < bracket[0].value else 0


def _interpolate(a: Point, b: Point, least: float, most: float) -> float:
    """Minimum of the cubic through two places and their slopes, within bounds; their middle where it has none.

    A straight line, as of an absolute value, has its minimum at the bound that it falls towards.
    """
    d1 = a.slope + b.slope - 3.0 * (a.value - b.value) / (a.t - b.t)
    square = d1 * d1 - a.slope * b.slope
    if not 0.0 <= square < inf:
        return (least + most) / 2.0
    left, right = (a, b) if a.t <= b.t else (b, a)
    d2: float = square**0.5
    bend = right.slope - left.slope + 2.0 * d2
    if bend == 0.0:
        return most if left.slope < 0.0 else least
    t = right.t - (right.t - left.t) * ((right.slope + d2 - d1) / bend)
    return min(max(t, least), most)
