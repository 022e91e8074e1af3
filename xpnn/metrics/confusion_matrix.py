"""`confusion_matrix`: how often which class was taken for which."""

from typing import Any

from array_api_compat import array_namespace

from xpnn import _check
from xpnn.backend import to_host
from xpnn.errors import ArgumentError, ShapeError
from xpnn.typing import HostArray

__all__ = ["confusion_matrix"]


def confusion_matrix(
    y_true: Any, y_pred: Any, *, n_classes: int | None = None, sample_weight: Any = None, threshold: float = 0.5
) -> HostArray:
    """Count the samples of each class by the class that was predicted.

    Parameters
    ----------
    y_true, y_pred : array, shape (n,) or (n, classes)
        Labels from 0, that is integers, or floats that are all whole; or rows with a value for each class, of which the
        greatest counts, such as ``net.predict_proba(x)``; or reals, shape (n,) or (n, 1), of which one at least is not
        whole or below 0, and which mean class 1 above `threshold`.
    n_classes : int, optional
        Number of classes; by default as many as the rows have columns, or the labels need.
    sample_weight : array, shape (n,), optional
        What each sample counts instead of 1, a finite number of at least 0.
    threshold : float
        For reals.

    Returns
    -------
    matrix : ndarray, shape (n_classes, n_classes)
        Row: actual class; column: predicted class. Integers, or floats if there are weights.

    Raises
    ------
    ArgumentError, ShapeError
        If something is no label, is NaN, a weight is negative or not finite, or the lengths differ.

    Examples
    --------
    >>> confusion_matrix([0, 1, 1, 2], [0, 1, 2, 2]).tolist()
    [[1, 0, 0], [0, 1, 1], [0, 0, 1]]
    """
    actual, columns = _labels("y_true", y_true, threshold)
    predicted, others = _labels("y_pred", y_pred, threshold)
    weights = [1] * len(actual) if sample_weight is None else _weights(sample_weight, len(actual))
    for name, values in (("y_pred", predicted), ("sample_weight", weights)):
        if len(values) != len(actual):
            raise ShapeError(f"{name} must have {len(actual)} entries like y_true, got {len(values)}.")
    needed = max([columns, others, *(label + 1 for label in (*actual, *predicted))])
    size = needed if n_classes is None else _check.integer("n_classes", n_classes)
    if size < needed:
        _check.refuse("n_classes", f"be at least {needed} for these labels", n_classes)
    counts = [[0 if sample_weight is None else 0.0] * size for _ in range(size)]
    for row, column, weight in zip(actual, predicted, weights, strict=True):
        counts[row][column] += weight
    xp = array_namespace(to_host(y_true, "y_true"))
    return xp.reshape(xp.asarray(counts, dtype=xp.int64 if sample_weight is None else xp.float64), (size, size))


def _labels(name: str, values: Any, threshold: float) -> tuple[list[int], int]:
    """Labels as Python integers, and the number of classes that the shape or the type of the values tells."""
    values, rule = to_host(values, name), "hold labels or real numbers"
    if values.ndim not in (1, 2):
        raise ShapeError(f"{name} must have shape (n,) or (n, classes), got {tuple(values.shape)}.")
    if values.dtype.kind not in "biuf":
        raise ArgumentError(f"{name} must {rule}, got an array of dtype {values.dtype}.")
    if (values != values).any():
        _check.refuse(name, rule, float("nan"))
    if values.ndim == 2 and values.shape[1] > 1:
        return values.argmax(axis=1).tolist(), int(values.shape[1])
    values, is_real = values.reshape(-1), values.dtype.kind == "f"
    if is_real and not ((values >= 0) & (values < 2.0**31) & (values == values.round())).all():
        values = values > threshold
    labels = [int(value) for value in values.tolist()]
    if min(labels, default=0) < 0:
        raise ArgumentError(f"{name} must hold labels from 0 on, got {min(labels)}.")
    return labels, 2 if is_real or values.dtype.kind == "b" else 1


def _weights(sample_weight: Any, count: int) -> list[float]:
    """Weights of the samples as Python numbers."""
    values = to_host(sample_weight, "sample_weight")
    if values.ndim != 1:
        raise ShapeError(f"sample_weight must have shape ({count},), got {tuple(values.shape)}.")
    if values.dtype.kind not in "biuf":
        raise ArgumentError(f"sample_weight must hold real numbers, got an array of dtype {values.dtype}.")
    strange = values[~((values >= 0) & (values < float("inf")))]
    if len(strange):
        _check.refuse("sample_weight", "hold finite numbers of at least 0", strange[0].item())
    weights: list[float] = values.tolist()
    return weights
