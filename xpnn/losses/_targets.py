"""Targets, checked on the host before they travel: labels, real numbers, sides.

Whatever an index or a logarithm could trip over later, silently on some devices, is refused here in one sentence. The
arrays are NumPy's, so that their methods may be used.
"""

from sys import float_info

from array_api_compat import array_namespace

from xpnn import _check
from xpnn.errors import ArgumentError, ShapeError
from xpnn.typing import HostArray, Shape

__all__ = ["class_targets", "group_targets", "label_targets", "real_targets", "side_targets"]


def class_targets(y: HostArray, output_shape: Shape) -> HostArray:
    """Check labels or rows of probabilities against outputs of shape (batch, ..., classes).

    Parameters
    ----------
    y : array, shape (batch, ...), (batch, ..., 1) or (batch, ..., classes)
        Labels from 0 to classes - 1, as integers, whole floats or booleans; or one-hot rows or probabilities.
    output_shape : tuple of int
        Shape of one sample of the outputs.

    Returns
    -------
    HostArray
        Labels, shape (batch, ...), int64; or rows, shape (batch, ..., classes), floats.
    """
    n_classes = output_shape[-1] if output_shape else 1
    if n_classes < 2:
        raise ShapeError(
            f"outputs must have at least 2 classes on their last axis, got shape {_shape(output_shape)}. "
            "For a single output use loss='binary_cross_entropy'."
        )
    is_plain = y.dtype.kind == "i" and y.dtype.isnative and y.size
    # As unsigned integers negative labels are huge, so that one maximum finds all that is wrong.
    if is_plain and y.shape[1:] == output_shape[:-1] and y.view(f"u{y.dtype.itemsize}").max() < n_classes:
        return y if y.dtype.itemsize == 8 else y.astype("int64")
    _refuse_text(y)
    if y.shape[1:] == output_shape:
        return _rows(y)
    if y.shape[1:] not in (output_shape[:-1], (*output_shape[:-1], 1)):
        rule = f"{_shape(output_shape[:-1])} (labels) or {_shape(output_shape)} (rows)"
        raise ShapeError(f"y must have shape {rule}, got {y.shape}.")
    return _labels(y.reshape((y.shape[0], *output_shape[:-1])), n_classes)


def label_targets(y: HostArray, output_shape: Shape) -> HostArray:
    """Check labels or one-hot rows as by `class_targets`, and return labels."""
    y = class_targets(y, output_shape)
    if y.shape[1:] != output_shape or y.dtype.kind == "i":
        return y
    strange = y[(y != 0) & (y != 1)]
    if strange.size:
        _check.refuse("y", "hold labels or one-hot rows", strange[0].item())
    return y.argmax(axis=-1)


def group_targets(y: HostArray) -> HostArray:
    """Check labels of any value, one for each sample, as integers, whole floats or booleans; return integers.

    Floats of the network's type could not tell large ones apart. Labels that do not fit into 32 bits, which are all
    that JAX keeps by default, are replaced by their ranks.
    """
    _refuse_text(y)
    if [n for n in y.shape[1:] if n != 1]:
        raise ShapeError(f"y must have shape (batch,), got {y.shape}.")
    if y.dtype.kind == "f":
        strange = y[~((abs(y) <= 2.0**53) & (y == y.round()))]
        if strange.size:
            _check.refuse("y", "hold integers, which are labels", strange[0].item())
    y = y.reshape(-1)
    if y.size and not -(2**31) <= y.min() <= y.max() < 2**31:
        y = array_namespace(y).unique_inverse(y).inverse_indices
    return y.astype("int64")


def real_targets(
    y: HostArray,
    output_shape: Shape,
    rule: str = "finite numbers",
    low: float = -float_info.max,
    high: float = float_info.max,
) -> HostArray:
    """Check numbers from `low` to `high`, one for each output; `rule` says so in words.

    Shapes that differ by axes of length 1 alone, as (batch,) and (batch, 1), are made equal. Returns floats.
    """
    _refuse_text(y)
    if y.shape[1:] != output_shape:
        if [n for n in y.shape[1:] if n != 1] != [n for n in output_shape if n != 1]:
            raise ShapeError(f"y must have shape {_shape(output_shape)}, got {y.shape}.")
        y = y.reshape((y.shape[0], *output_shape))
    if y.size and not (low <= float(y.min()) and float(y.max()) <= high):
        _check.refuse("y", f"hold {rule}", next(v for v in y.ravel().tolist() if not low <= v <= high))
    return y if y.dtype.kind == "f" else y.astype("float64")


def side_targets(y: HostArray, output_shape: Shape) -> HostArray:
    """Check numbers that are all -1 or 1, or all 0 or 1, one for each output."""
    rule = "-1 and 1, or 0 and 1"
    y = real_targets(y, output_shape, rule, -1.0, 1.0)
    strange = y[(y != 1) & (y != 0) & (y != -1)]
    if strange.size:
        _check.refuse("y", f"hold {rule}", strange[0].item())
    if (y == 0).any() and (y == -1).any():
        raise ArgumentError(f"y must hold {rule}, got -1 and 0.")
    return y


def _labels(y: HostArray, n_classes: int) -> HostArray:
    is_label = (y >= 0) & (y < n_classes)
    if y.dtype.kind == "f":
        is_label &= y == y.round()
    if not is_label.all():
        _check.refuse("y", f"hold labels from 0 to {n_classes - 1}", y[~is_label][0].item())
    return y.astype("int64")


def _rows(y: HostArray) -> HostArray:
    y = real_targets(y, y.shape[1:], "probabilities", 0.0, float_info.max)
    sums = y.sum(axis=-1, dtype="float64")
    is_one = (sums >= 0.999) & (sums <= 1.001)
    if not is_one.all():
        raise ArgumentError(
            f"y must hold rows of probabilities that sum to 1, got a row with the sum {sums[~is_one][0].item():.6g}. "
            "If a sample may be in several classes, use loss='binary_cross_entropy'."
        )
    return y


def _refuse_text(y: HostArray) -> None:
    if y.dtype.kind in "USOT":
        raise ArgumentError(
            f"y must hold numbers, got an array of dtype {y.dtype}. Number text with xpnn.data.encode_labels."
        )
    if y.dtype.kind not in "biuf":
        raise ArgumentError(f"y must hold real numbers, got an array of dtype {y.dtype}.")


def _shape(shape: Shape) -> str:
    return f"(batch{''.join(f', {n}' for n in shape) or ','})"
