"""Axes of arrays, the batch included, as arguments of layers; and the parts of an array along one."""

from collections.abc import Sequence
from typing import Any

from xpnn import _check
from xpnn.errors import ShapeError
from xpnn.typing import Array, Shape

__all__ = ["along", "sample_axis", "whole_axis"]


def whole_axis(argument: str, value: Any) -> int:
    """Accept the number of an axis other than 0, the batch."""
    axis = _check.integer(argument, value, minimum=-(2**31))
    return axis or _check.refuse(argument, "be an axis of the samples (1 is their first one, -1 the last)", value)


def sample_axis(argument: str, axis: int, shape: Shape) -> int:
    """Number from 0 up, in the shape of a sample, of the axis that has the number `axis` in the whole array."""
    place = axis - 1 if axis > 0 else axis + len(shape)
    if not 0 <= place < len(shape):
        raise ShapeError(f"{argument} must be an axis of samples of shape {shape}, got {axis}.")
    return place


def along(x: Array, axis: int, sizes: Sequence[int]) -> list[Array]:
    """Parts of `x` along `axis`, of these sizes in this order."""
    parts, start, before = [], 0, (slice(None),) * (axis % x.ndim)
    for size in sizes:
        parts.append(x[(*before, slice(start, start + size), ...)])
        start += size
    return parts
