"""Targets as a task wants them: labels with names, or real numbers."""

import numpy as np

from xpnn import _check
from xpnn.data.labels import encode_labels
from xpnn.errors import DataError
from xpnn.typing import HostArray

__all__ = ["as_targets", "check_task"]


def check_task(task: str) -> str:
    """Accept the three words for a task."""
    return _check.choice("task", task, ("auto", "classification", "regression"))


def as_targets(values: list[str] | HostArray, task: str) -> tuple[HostArray, tuple[str, ...]]:
    """Turn targets, shape (n, ...), into what `task` wants, and the names of their classes.

    ``"classification"`` numbers all values as classes, ``"regression"`` makes them float64. ``"auto"`` numbers text
    and booleans, and leaves integers (as int64) and reals as they are, without names.

    Raises
    ------
    DataError
        If a regression is asked for on text, or integers are too great for int64.
    """
    kind = "U" if isinstance(values, list) else values.dtype.kind
    if task == "classification" or (task == "auto" and kind in "Ub"):
        return encode_labels(values)
    if kind == "U":
        raise DataError("y must hold numbers for a regression, got text.")
    array = np.asarray(values)
    if task == "regression":
        return np.astype(array, np.float64), ()
    if kind == "u" and np.any(array > np.iinfo(np.int64).max):
        raise DataError(f"y must hold integers below 2**63, got {int(np.max(array))}.")
    return np.astype(array, np.int64) if kind in "iu" else array, ()
