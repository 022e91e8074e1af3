"""Norms along axes, for the constraints that bound them."""

from typing import Any

from xpnn import _check
from xpnn.errors import ShapeError
from xpnn.typing import Array, Namespace, Shape

__all__ = ["axes", "check_axes", "norms"]


def axes(value: Any) -> int | tuple[int, ...]:
    """Accept an axis or a tuple of axes."""
    entries = tuple(value) if isinstance(value, tuple | list) else (value,)
    if not entries or any(isinstance(entry, bool) or not isinstance(entry, int) for entry in entries):
        _check.refuse("axis", "be an integer or a tuple of integers", value)
    return entries if isinstance(value, tuple | list) else entries[0]


def check_axes(axis: int | tuple[int, ...], shape: Shape) -> None:
    """Refuse an axis that a parameter of `shape` does not have."""
    entries = (axis,) if isinstance(axis, int) else axis
    if not all(-len(shape) <= entry < len(shape) for entry in entries):
        raise ShapeError(f"axis must be among the axes of a parameter of shape {shape}, got {axis}.")


def norms(xp: Namespace, w: Array, axis: int | tuple[int, ...]) -> Array:
    """Euclidean norms of `w` along `axis`, which stays as of length 1."""
    check_axes(axis, tuple(w.shape))
    return xp.sqrt(xp.sum(w * w, axis=axis, keepdims=True))
