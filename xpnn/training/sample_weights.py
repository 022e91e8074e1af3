"""Class weights and sample weights as one weight per sample."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from xpnn import _check
from xpnn.backend import to_host
from xpnn.errors import ArgumentError
from xpnn.typing import HostArray

__all__ = ["combine_weights"]


def combine_weights(y: Any, sample_weight: Any, class_weight: Mapping[int, float] | str | None) -> Any:
    """Multiply sample weights by the weights of the samples' classes.

    Parameters
    ----------
    y : array
        Labels, shape (n,), or one-hot rows.
    sample_weight : array, shape (n,), or None
        Weight of each sample.
    class_weight : mapping of int to float, "balanced", or None
        Weight of each class; classes left out have weight 1. ``"balanced"`` gives class :math:`c` the weight
        :math:`n / (k n_c)`, with :math:`k` the number of classes that occur, as in scikit-learn.

    Raises
    ------
    ArgumentError
        If a class has no sample or its weight is no number of at least 0.
    """
    if class_weight is None:
        return sample_weight
    labels = _labels(to_host(y))
    present, codes, counts = np.unique(labels, return_inverse=True, return_counts=True)
    if isinstance(class_weight, str):
        _check.choice("class_weight", class_weight, ("balanced",))
        per_class = labels.size / (present.size * counts)
    else:
        unknown = [c for c in class_weight if c not in present]
        if unknown:
            raise ArgumentError(f"class_weight must name classes that occur in y, got {unknown[0]!r}.")
        weights = {c: _check.non_negative("class_weight", w) for c, w in class_weight.items()}
        per_class = np.asarray([weights.get(c, 1.0) for c in present.tolist()])
    result = per_class[codes]
    return result if sample_weight is None else result * np.asarray(to_host(sample_weight))


def _labels(y: HostArray) -> HostArray:
    if y.ndim == 2 and y.shape[1] > 1:
        return np.argmax(y, axis=1)
    return np.reshape(y, -1)
