"""Keeping samples back for validation."""

from typing import Any

import numpy as np

from xpnn.backend import to_host
from xpnn.errors import ArgumentError, ShapeError

__all__ = ["split_validation"]


def split_validation(x: Any, y: Any, weight: Any, share: float, validation_data: Any) -> tuple[Any, Any]:
    """Split off the last `share` of the samples: ``(x, y, weight)`` for training and the same for validation.

    Raises
    ------
    ArgumentError
        If validation data are given as well, or one of the parts would be empty.
    """
    if validation_data is not None:
        raise ArgumentError(f"validation_split must be 0 when validation_data is given, got {share!r}.")
    given = {"x": x, "y": y} | ({} if weight is None else {"sample_weight": weight})
    arrays = [a if isinstance(a, np.memmap) else to_host(a, name) for name, a in given.items()]
    n = arrays[0].shape[0] if arrays[0].ndim else 0
    for name, array in zip(("x", "y", "sample_weight"), arrays, strict=False):
        if array.ndim == 0 or array.shape[0] != n:
            raise ShapeError(f"{name} must have {n} rows like x, got shape {array.shape}.")
    kept = n - int(n * share)
    if not 0 < kept < n:
        raise ArgumentError(f"validation_split must leave samples on both sides, got {share!r} of {n} samples.")
    train, validation = [a[:kept] for a in arrays], [a[kept:] for a in arrays]
    return (*train, *[None] * (3 - len(train))), tuple(validation)
