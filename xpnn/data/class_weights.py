"""`balanced_class_weights`: rare classes count as much as frequent ones."""

from typing import Any

import numpy as np

from xpnn.data._codes import class_codes

__all__ = ["balanced_class_weights"]


def balanced_class_weights(y: Any) -> dict[int, float]:
    r"""Weigh classes such that each has the same total: :math:`n / (k n_c)` for :math:`n_c` of :math:`n` samples.

    Parameters
    ----------
    y : array or sequence of int, shape (n,)
        Labels; :math:`k` is the number of classes that occur.

    Returns
    -------
    dict of int to float
        Ready for ``class_weight=``.

    Raises
    ------
    ArgumentError
        If `y` does not hold labels.

    References
    ----------
    .. [1] scikit-learn, ``sklearn.utils.class_weight.compute_class_weight``, the variant ``"balanced"``.

    Examples
    --------
    >>> balanced_class_weights([0, 0, 0, 1])
    {0: 0.6666666666666666, 1: 2.0}
    """
    classes, counts = np.unique(class_codes("y", y), return_counts=True)
    weights = np.sum(counts) / (classes.size * counts)
    return dict(zip(classes.tolist(), weights.tolist(), strict=True))
