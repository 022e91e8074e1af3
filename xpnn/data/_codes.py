"""The check of class labels that are integers already."""

from typing import Any

import numpy as np

from xpnn import _check
from xpnn.errors import ArgumentError, ShapeError
from xpnn.typing import HostArray

__all__ = ["class_codes"]


def class_codes(argument: str, values: Any, n_classes: int | None = None) -> HostArray:
    """Return `values`, shape (n,), as int64; they must be integers from 0 on, below `n_classes` if that is given."""
    codes = np.asarray(values)
    if codes.ndim != 1:
        raise ShapeError(f"{argument} must have shape (samples,), got {codes.shape}.")
    if codes.size and codes.dtype.kind not in "iu":
        raise ArgumentError(f"{argument} must hold integers, got an array of dtype {codes.dtype}.")
    greatest = np.iinfo(np.int64).max if n_classes is None else n_classes - 1
    wrong = codes[(codes < 0) | (codes > greatest)]
    if wrong.size:
        rule = "integers of at least 0" if n_classes is None else f"integers from 0 to {greatest}"
        _check.refuse(argument, f"hold {rule}", int(wrong[0]))
    return np.astype(codes, np.int64)
