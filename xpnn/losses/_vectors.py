"""Vectors along the last axis: their directions and lengths, and outputs that hold several of them per sample."""

from xpnn.errors import ShapeError
from xpnn.typing import Array, Namespace, Shape

__all__ = ["check_parts", "parts", "unit"]


def unit(xp: Namespace, x: Array) -> tuple[Array, Array, Array]:
    """Direction, length and inverse length of each vector; the sizes (..., 1) stay as an axis.

    The greatest element is divided out first, so that no square overflows or vanishes. A vector of zeros has the
    direction 0, the length 0 and, so that it gets no gradient, the inverse length 0. So has one whose elements are all
    below the smallest normal number of their type: its inverse length could overflow, and some devices take it for 0.
    """
    size = xp.max(xp.abs(x), axis=-1, keepdims=True)
    is_zero = size < float(xp.finfo(x.dtype).smallest_normal)
    scaled = xp.where(is_zero, 0.0, x) / xp.where(is_zero, 1.0, size)
    length = xp.sqrt(xp.sum(scaled * scaled, axis=-1, keepdims=True))
    safe = xp.where(is_zero, 1.0, length)
    return scaled / safe, length * size, xp.where(is_zero, 0.0, 1.0 / (safe * xp.where(is_zero, 1.0, size)))


def parts(outputs: Array, count: int) -> list[Array]:
    """The `count` vectors, each (batch, features), of outputs (batch, count, features)."""
    check_parts(tuple(outputs.shape[1:]), count)
    return [outputs[:, k, :] for k in range(count)]


def check_parts(output_shape: Shape, count: int) -> None:
    """Refuse outputs of another shape than (batch, count, features), with features of at least 1."""
    if len(output_shape) != 2 or output_shape[0] != count or output_shape[1] == 0:
        inner = "".join(f", {n}" for n in output_shape) or ","
        raise ShapeError(f"outputs must have shape (batch, {count}, features), got (batch{inner}).")
