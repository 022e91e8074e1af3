"""Folds of cross-validation: parts of the data that are measured and not learnt from."""

from typing import Any

import numpy as np

from xpnn import _check
from xpnn.errors import ArgumentError
from xpnn.random import Streams
from xpnn.typing import HostArray

__all__ = ["Fold", "draw_folds"]

Fold = tuple[HostArray, HostArray]
"""Row numbers that a member learns from, and those that it is measured on; both in rising order."""


def draw_folds(folds: Any, n: int, seed: int, weight: HostArray | None = None) -> list[Fold]:
    """Deal the rows 0 to n - 1 to `folds` parts at random; their lengths differ by at most 1.

    Raises
    ------
    ArgumentError
        If `folds` is no integer from 2 to `n`, or a part would have no mean, since each `weight` in it is 0.
    """
    k = _check.integer("folds", folds, minimum=2)
    if k > n:
        _check.refuse("folds", f"be at most the number of samples, {n}", k)
    parts = np.array_split(Streams(seed)["folds"].permutation(n), k)
    for number, part in enumerate(parts):
        if weight is not None and not np.any(weight[part]):
            raise ArgumentError(
                f"sample_weight must hold a number above 0 in each of the {k} folds, got zeros alone in fold {number}."
            )
    return [(np.setdiff1d(np.arange(n), part), np.sort(part)) for part in parts]
