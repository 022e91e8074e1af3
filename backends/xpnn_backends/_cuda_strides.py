"""Strides of the operands of a loop along its axes."""

from math import prod
from typing import Any

from xpnn.typing import Shape

__all__ = ["broadcast_strides", "contiguous", "result_strides"]


def broadcast_strides(location: Any, shape: Shape) -> tuple[int, ...]:
    """Strides of a value along the axes of a loop; 0 where it is repeated."""
    strides = tuple(0 if n == 1 else step for n, step in zip(location.shape, location.strides, strict=True))
    return (0,) * (len(shape) - len(strides)) + strides


def contiguous(shape: Shape) -> tuple[int, ...]:
    """Strides of an array in order."""
    return tuple(prod(shape[i + 1 :]) for i in range(len(shape)))


def result_strides(node: Any, location: Any, shape: Shape) -> tuple[int, ...]:
    """Strides of the result of a reduction along the axes of its loop; 0 along the reduced ones."""
    axes = node.options["axes"]
    if node.options["keepdims"]:
        return tuple(0 if axis in axes else step for axis, step in enumerate(location.strides))
    steps = iter(location.strides)
    return tuple(0 if axis in axes else next(steps) for axis in range(len(shape)))
