"""`encode_labels` and `decode_labels`: names of classes to numbers and back."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from xpnn.data._codes import class_codes
from xpnn.data._files import shorten
from xpnn.errors import DataError, ShapeError
from xpnn.typing import HostArray

__all__ = ["decode_labels", "encode_labels"]


def encode_labels(y: Any) -> tuple[HostArray, tuple[str, ...]]:
    """Give each class a number, in sorted order.

    Parameters
    ----------
    y : array or sequence, shape (n,)
        Text, real numbers or booleans. Numbers next to text count as text.

    Returns
    -------
    codes : array, shape (n,), int64
        Class of each sample, from 0 on.
    class_names : tuple of str
        Name of each class; whole numbers are written without a point.

    Raises
    ------
    DataError
        If a label is missing (None or NaN) or of another type.
    ShapeError
        If `y` is no vector.

    Examples
    --------
    >>> encode_labels(["dog", "cat", "dog"])
    (array([1, 0, 1]), ('cat', 'dog'))
    >>> encode_labels([10, 9, 10])
    (array([1, 0, 1]), ('9', '10'))
    """
    if len(getattr(y, "shape", (1,))) != 1:
        raise ShapeError(f"y must have shape (samples,), got {tuple(y.shape)}.")
    labels = [label.item() if isinstance(label, np.generic) else label for label in y]
    for position, label in enumerate(labels):
        if not isinstance(label, str | int | float) or label != label:
            rule = "hold text, numbers or booleans, one for each sample"
            raise DataError(f"y must {rule}, got {shorten(label)} at position {position}.")
    if any(isinstance(label, str) for label in labels):
        labels = [_name(label) for label in labels]
    classes = sorted(set(labels))
    code_of = {label: code for code, label in enumerate(classes)}
    codes = np.fromiter((code_of[label] for label in labels), np.int64, len(labels))
    return codes, tuple(map(_name, classes))


def _name(label: Any) -> str:
    return str(int(label)) if isinstance(label, float) and label.is_integer() else str(label)


def decode_labels(codes: Any, class_names: Sequence[str]) -> list[str]:
    """Turn the numbers of classes, shape (n,), back into their names.

    >>> decode_labels([1, 0, 1], ("cat", "dog"))
    ['dog', 'cat', 'dog']

    Raises
    ------
    ArgumentError
        If a number has no name.
    """
    return [class_names[code] for code in class_codes("codes", codes, len(class_names)).tolist()]
