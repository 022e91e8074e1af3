"""What lies outside of an image: a border that repeats, mirrors or continues it, or has one value, and its pullback.

Every mode but a constant copies elements, and which ones depends on sizes alone. So a border is a few slices, some of
them turned round, and the gradient of an element is the sum over the slices that it is in.
"""

from typing import Any

from xpnn import _check
from xpnn.layers._window import extend, take
from xpnn.typing import Array, Namespace

__all__ = ["FILL_MODES", "check_fill", "surround", "surround_back"]

FILL_MODES = ("constant", "nearest", "reflect", "wrap")


def check_fill(layer: Any) -> None:
    """Check the fields ``fill_mode`` and ``fill_value`` of a frozen record inside its ``__post_init__``."""
    layer._set("fill_mode", _check.choice("fill_mode", layer.fill_mode, FILL_MODES))
    layer._set("fill_value", _check.number("fill_value", layer.fill_value))


def surround(xp: Namespace, x: Array, axis: int, width: int, layer: Any) -> Array:
    """Put a border of `width` elements before and after `x` along an axis, in the mode of `layer`."""
    if not width:
        return x
    if layer.fill_mode == "constant":
        return extend(x, axis, width, width, xp, layer.fill_value)
    parts = []
    for first, step, length in _runs(layer.fill_mode, width, x.shape[axis]):
        low = min(first, first + step * (length - 1))
        part = take(x, axis, slice(low, low + (1 if step == 0 else length)))
        if step == 0:
            part = xp.broadcast_to(part, (*x.shape[:axis], length, *x.shape[axis + 1 :]))
        parts.append(xp.flip(part, axis=axis) if step < 0 else part)
    return xp.concat(parts, axis=axis)


def surround_back(xp: Namespace, dy: Array, axis: int, width: int, layer: Any) -> Array:
    """Pull `dy` back to what `surround` put the border around."""
    size = dy.shape[axis] - 2 * width
    if not width or layer.fill_mode == "constant":
        return take(dy, axis, slice(width, width + size))
    place, total = 0, None
    for first, step, length in _runs(layer.fill_mode, width, size):
        part = take(dy, axis, slice(place, place + length))
        place += length
        if step == 0:
            part = xp.sum(part, axis=axis, keepdims=True)
        low = min(first, first + step * (length - 1))
        part = xp.flip(part, axis=axis) if step < 0 else part
        part = extend(part, axis, low, size - low - part.shape[axis], xp)
        total = part if total is None else total + part
    return total


def _runs(mode: str, width: int, size: int) -> list[tuple[int, int, int]]:
    """Elements of an image of `size` with its border, in order, as runs (first element, step -1, 0 or 1, length)."""
    places = range(-width, size + width)
    if mode == "nearest":
        sources = [min(max(place, 0), size - 1) for place in places]
    else:
        period = size if mode == "wrap" else 2 * size
        turned = [place % period for place in places]
        sources = [place if place < size else period - 1 - place for place in turned]
    runs: list[tuple[int, int, int]] = []
    for source in sources:
        first, step, length = runs[-1] if runs else (source, 0, 0)
        if length == 1 and abs(source - first) <= 1:
            runs[-1] = first, source - first, 2
        elif length > 1 and source == first + step * length:
            runs[-1] = first, step, length + 1
        else:
            runs.append((source, 0, 1))
    return runs
