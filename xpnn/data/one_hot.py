"""`one_hot`: labels as rows of zeros and a one."""

from typing import Any

import numpy as np

from xpnn import _check
from xpnn.data._codes import class_codes
from xpnn.typing import HostArray

__all__ = ["one_hot"]


def one_hot(labels: Any, n_classes: int | None = None) -> HostArray:
    """Turn labels into rows that are 1 at the class and 0 elsewhere.

    Parameters
    ----------
    labels : array or sequence of int, shape (n,)
        Classes from 0 on.
    n_classes : int, optional
        Number of classes; by default one more than the greatest label.

    Returns
    -------
    array, shape (n, n_classes), float64
        One row for each label.

    Raises
    ------
    ArgumentError
        If a label is no class.

    Examples
    --------
    >>> one_hot([2, 0])
    array([[0., 0., 1.],
           [1., 0., 0.]])
    """
    n_classes = None if n_classes is None else _check.integer("n_classes", n_classes)
    codes = class_codes("labels", labels, n_classes)
    rows = np.zeros((codes.size, int(np.max(codes, initial=-1)) + 1 if n_classes is None else n_classes))
    rows[np.arange(codes.size), codes] = 1.0
    return rows
