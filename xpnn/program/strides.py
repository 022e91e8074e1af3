"""Strides: how many elements lie between neighbours along each axis, and which reshapes are views."""

from xpnn.typing import Shape

__all__ = ["contiguous", "reshaped"]


def contiguous(shape: Shape) -> tuple[int, ...]:
    """Strides of an array in order, the last axis fastest."""
    strides, step = [], 1
    for n in reversed(shape):
        strides.append(step)
        step *= n
    return tuple(reversed(strides))


def reshaped(shape: Shape, strides: tuple[int, ...], new: Shape) -> tuple[int, ...] | None:
    """Strides of a reshape that copies nothing, or None if there are none.

    Axes of `shape` whose elements follow each other are merged first; then each merged axis must be a product of axes
    of `new`.
    """
    if 0 in shape:
        return contiguous(new)
    merged: list[list[int]] = []
    for n, stride in zip(shape, strides, strict=True):
        if n == 1:
            continue
        if merged and merged[-1][1] == n * stride:
            merged[-1] = [merged[-1][0] * n, stride]
        else:
            merged.append([n, stride])
    result: list[int] = []
    for n in reversed(new):
        while merged and merged[-1][0] == 1:
            merged.pop()
        if n == 1:
            result.append(1)
        elif merged and merged[-1][0] % n == 0:
            size, stride = merged[-1]
            result.append(stride)
            merged[-1] = [size // n, stride * n]
        else:
            return None
    return tuple(reversed(result))
