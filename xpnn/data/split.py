"""`train_test_split`: keep some samples for the test."""

from typing import Any

import numpy as np

from xpnn import _check
from xpnn.errors import ArgumentError, DataError, ShapeError
from xpnn.random import Streams
from xpnn.typing import HostArray

__all__ = ["train_test_split"]


def train_test_split(
    x: Any, y: Any, *, test_fraction: float = 0.25, seed: int = 0, stratify: bool = False
) -> tuple[HostArray, HostArray, HostArray, HostArray]:
    """Shuffle the samples and part them.

    Parameters
    ----------
    x, y : arrays, shape (samples, ...)
        Inputs and targets.
    test_fraction : float in (0, 1)
        Share of the test; the number of test samples is rounded (half to even), and at least 1 is left on both sides.
    seed : int
        Determines the shuffle.
    stratify : bool
        Keep the shares of the classes: every class has its share of the test, up to less than one sample. Needs
        labels, shape (samples,).

    Returns
    -------
    x_train, x_test, y_train, y_test : arrays
        Copies, shuffled.

    Raises
    ------
    ShapeError
        If `x` and `y` differ in the number of samples, or labels are no vector.
    DataError
        If there are less than two samples, or a class would be left without a training sample.
    ArgumentError
        If another argument is out of its range.

    Examples
    --------
    >>> from xpnn.data import iris
    >>> x_train, x_test, y_train, y_test = train_test_split(*iris(), test_fraction=0.2, stratify=True)
    >>> x_train.shape, [int((y_test == c).sum()) for c in (0, 1, 2)]
    ((120, 4), [10, 10, 10])
    """
    x, y = np.asarray(x), np.asarray(y)
    if x.ndim == 0 or y.ndim == 0 or len(x) != len(y):
        raise ShapeError(f"x and y must have the same number of samples, got shapes {x.shape} and {y.shape}.")
    if len(x) < 2:
        raise DataError(f"x must have at least two samples to be parted, got {len(x)}.")
    test_fraction = _check.positive("test_fraction", test_fraction)
    if test_fraction >= 1:
        raise ArgumentError(f"test_fraction must be a number in (0, 1), got {test_fraction!r}.")
    rng = Streams(_check.integer("seed", seed, minimum=0))["split"]
    order = rng.permutation(len(x))
    n_test = min(max(round(test_fraction * len(x)), 1), len(x) - 1)
    is_test = _stratified(y[order], n_test) if _check.boolean("stratify", stratify) else np.arange(len(x)) < n_test
    train, test = order[~is_test], order[is_test]
    return x[train], x[test], y[train], y[test]


def _stratified(y: HostArray, n_test: int) -> HostArray:
    """Choose `n_test` of the shuffled labels `y`: of each class its exact share rounded down, then by remainder."""
    if y.ndim != 1:
        raise ShapeError(f"y must have shape (samples,) to be stratified, got {y.shape}.")
    classes, first, codes, counts = np.unique(y, return_index=True, return_inverse=True, return_counts=True)
    share = counts * n_test // y.size
    remainder = counts * n_test % y.size
    by_remainder = np.lexsort((first, -remainder))  # a tie goes to the class whose first sample was shuffled forward
    share[by_remainder[: n_test - int(np.sum(share))]] += 1
    if np.any(share == counts):
        name = classes[share == counts].tolist()[0]
        raise DataError(f"y must hold class {name!r} more often to be stratified, got no sample of it for training.")
    rank = np.empty(y.size, np.int64)
    rank[np.argsort(codes, stable=True)] = np.concatenate([np.arange(n) for n in counts])
    return rank < share[codes]
