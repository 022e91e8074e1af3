"""`infer_task`: whether targets are classes or numbers."""

from typing import Any

import numpy as np

from xpnn.data._files import shorten
from xpnn.errors import DataError

__all__ = ["infer_task"]


def infer_task(y: Any) -> str:
    """Guess from the targets whether the task is ``"classification"`` or ``"regression"``.

    Text and booleans are classes. So are whole numbers that take at most 20 different values, each twice on average,
    and one-hot rows of more than one column. All else is a regression. It is a guess: who knows better says so.

    Parameters
    ----------
    y : array or sequence, shape (n, ...)
        Targets.

    Raises
    ------
    DataError
        If `y` holds neither numbers nor text.

    Examples
    --------
    >>> infer_task(["cat", "dog"]), infer_task([0, 1, 1, 0]), infer_task([0.5, 1.0, 1.0, 0.5])
    ('classification', 'classification', 'regression')
    """
    values = np.asarray(y)
    if values.dtype.kind in "USb":
        return "classification"
    if values.dtype.kind not in "iuf":
        raise DataError(f"y must hold numbers or text, got {shorten(y)}.")
    if values.ndim > 1 and values.shape[-1] > 1:
        is_class = bool(np.all((values == 0) | (values == 1)) and np.all(np.sum(values, axis=-1) == 1))
    else:
        distinct = np.unique(values)
        is_few = distinct.size <= 20 and 2 * distinct.size <= values.size
        is_class = is_few and bool(np.all(distinct == np.round(distinct)))
    return "classification" if is_class else "regression"
