"""Class weights and sample weights as one weight per sample."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from xpnn import _check
from xpnn._labels import class_labels
from xpnn.backend import to_host
from xpnn.errors import ArgumentError, ArgumentTypeError, ShapeError
from xpnn.training.ports import as_parts, as_weight_parts

__all__ = ["combine_weights"]


def combine_weights(y: Any, sample_weight: Any, class_weight: Any, outputs: tuple[str, ...] = ()) -> Any:
    """Multiply sample weights by the weights of the samples' classes.

    Parameters
    ----------
    y : array
        Labels, shape (n,) or (n, 1), or one-hot rows; of several outputs a tuple or a mapping of them.
    sample_weight : array, shape (n,), or None
        Weight of each sample; of several outputs also a tuple or a mapping.
    class_weight : mapping of int to float, "balanced", or None
        Weight of each class; classes left out have weight 1. ``"balanced"`` gives class :math:`c` the weight
        :math:`n / (k n_c)`, with :math:`k` the number of classes that occur, as in scikit-learn. Where there are
        several outputs, a mapping from their names to such weights; outputs left out have none.
    outputs : tuple of str
        Names of the outputs.

    Returns
    -------
    weights : array, shape (n,), or dict of str to such an array, or None
        A dict by the names of several outputs that have class weights.

    Raises
    ------
    ArgumentError
        If a class has no sample, its weight is no number of at least 0, or `y` holds no classes; of several outputs,
        the sentence begins with the name of the output.
    ArgumentTypeError, ShapeError
        If `class_weight` is no mapping, or there is not one sample weight for each sample.
    """
    if class_weight is None:
        return sample_weight
    if len(outputs) > 1:
        return _by_output(y, sample_weight, class_weight, outputs)
    if not isinstance(class_weight, str | Mapping):
        raise ArgumentTypeError(f"class_weight must be a mapping from classes to weights, got {class_weight!r}.")
    labels = class_labels(to_host(y, "y"), "class_weight must be left out where y holds no classes")
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
    if sample_weight is None:
        return result
    factors = to_host(sample_weight, "sample_weight")
    if factors.shape != result.shape:
        raise ShapeError(f"sample_weight must have shape {result.shape}, got {factors.shape}.")
    return result * factors


def _by_output(y: Any, sample_weight: Any, class_weight: Any, outputs: tuple[str, ...]) -> dict[str, Any]:
    if not isinstance(class_weight, Mapping):
        raise ArgumentTypeError(
            f"class_weight must be a mapping from the outputs {', '.join(outputs)} to weights of classes, got "
            f"{class_weight!r}."
        )
    for name in class_weight:
        _check.choice("names in class_weight", name, outputs)
    targets = dict(zip(outputs, as_parts("y", y, outputs), strict=True))
    shares = as_weight_parts(sample_weight, outputs)
    shares = shares if type(shares) is tuple else (shares,) * len(outputs)
    combined = {}
    for name, share in zip(outputs, shares, strict=True):
        with _check.inside(f"output {name!r}"):
            combined[name] = combine_weights(targets[name], share, class_weight.get(name))
    return combined
