"""Keeping samples back for validation."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from xpnn._tree import map_tree, tree_leaves
from xpnn.backend import to_host
from xpnn.errors import ArgumentError, ShapeError

__all__ = ["split_validation"]


def split_validation(
    x: Any, y: Any, weight: Any, share: float, validation_data: Any, several: tuple[bool, bool] = (False, False)
) -> tuple[Any, Any]:
    """Split off the last `share` of the samples: ``(x, y, weight)`` for training and the same for validation.

    `several` tells whether tuples `x` and `y` are several arrays rather than nested sequences.

    Raises
    ------
    ArgumentError
        If validation data are given as well, or one of the parts would be empty.
    """
    if validation_data is not None:
        raise ArgumentError(f"validation_split must be 0 when validation_data is given, got {share!r}.")
    arrays = [_on_host("x", x, several[0]), _on_host("y", y, several[1])]
    arrays += [] if weight is None else [_on_host("sample_weight", weight, several[1] and _has_arrays(weight))]
    first = tree_leaves(arrays[0])[0]
    n = first.shape[0] if first.ndim else 0
    for name, value in zip(("x", "y", "sample_weight"), arrays, strict=False):
        for array in tree_leaves(value):
            if array.ndim == 0 or array.shape[0] != n:
                raise ShapeError(f"{name} must have {n} rows like x, got shape {array.shape}.")
    kept = n - int(n * share)
    if not 0 < kept < n:
        raise ArgumentError(f"validation_split must leave samples on both sides, got {share!r} of {n} samples.")
    train, validation = map_tree(lambda a: a[:kept], tuple(arrays)), map_tree(lambda a: a[kept:], tuple(arrays))
    return (*train, *[None] * (3 - len(train))), validation


def _on_host(name: str, value: Any, several: bool) -> Any:
    if isinstance(value, Mapping) or (several and isinstance(value, tuple | list)):
        parts = value if isinstance(value, Mapping) else tuple(value)
        return map_tree(lambda part: _array_on_host(name, part), parts)
    return _array_on_host(name, value)


def _array_on_host(name: str, value: Any) -> Any:
    return value if isinstance(value, np.memmap) else to_host(value, name)


def _has_arrays(weight: Any) -> bool:
    """Tell a tuple of weights for each output from a tuple of numbers."""
    return isinstance(weight, tuple) and not all(isinstance(value, int | float) for value in weight)
