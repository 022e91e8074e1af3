"""`class_labels`: one class per sample, from what a caller gives as targets."""

import numpy as np

from xpnn.errors import ArgumentError
from xpnn.typing import HostArray

__all__ = ["class_labels"]


def class_labels(y: HostArray, rule: str) -> HostArray:
    """Return the class of each sample, shape (n,), given labels, shape (n,) or (n, 1), or one-hot rows.

    Raises
    ------
    ArgumentError
        If `y` holds anything else: with `rule`, which begins the sentence.
    """
    if y.ndim and y.size == len(y):
        labels, are_labels = np.reshape(y, -1), y.dtype.kind != "f" or np.array_equal(y, np.round(y))
        found = "real numbers in y"
    elif y.ndim == 2:
        ones = y == 1
        labels, is_hot = np.argmax(ones, axis=1), np.all(ones | (y == 0), axis=1) & (np.sum(ones, axis=1) == 1)
        are_labels = np.all(is_hot)
        found = "" if are_labels else f"the row {y[np.argmin(is_hot)].tolist()} in y"
    else:
        labels, are_labels, found = y, False, f"y of shape {y.shape}"
    if not are_labels:
        raise ArgumentError(f"{rule}, one label or one-hot row for each sample, got {found}.")
    return labels
