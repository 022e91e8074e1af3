"""From probabilities to classes, for outputs and targets alike."""

from math import prod

from array_api_compat import device

from xpnn import _check
from xpnn.errors import ShapeError
from xpnn.typing import Array, Namespace

__all__ = ["decide", "is_single", "mark", "one_hot", "target_classes"]


def is_single(outputs: Array) -> bool:
    """Whether there is one output, which stands for yes or no, and not one for each class."""
    return bool(outputs.ndim < 2 or outputs.shape[-1] == 1)


def decide(xp: Namespace, outputs: Array, targets: Array, threshold: float) -> tuple[Array, Array]:
    """Class of each sample by the outputs and by the targets.

    Parameters
    ----------
    xp : Namespace
        Namespace of the arrays.
    outputs : Array, shape (batch, ..., classes), (batch, ..., 1) or (batch,)
        Probabilities or scores. Of several the greatest counts (the first of equals); a single one means class 1 if
        it is greater than `threshold`.
    targets : Array
        Labels, or rows like `outputs`, to which the same rule is applied.
    threshold : float
        Border between no and yes.

    Returns
    -------
    predicted, actual : Array, shape (batch, ...)
        Integer classes, for a single output of the shape of `outputs`; -1, which is no class, is predicted where one of
        the outputs is NaN.
    """
    if is_single(outputs):
        is_yes = _check.targets_like(xp, outputs, targets) > threshold
        predicted, actual = (xp.astype(part, xp.int8) for part in (outputs > threshold, is_yes))
        return xp.where(xp.isnan(outputs), -1, predicted), actual
    is_nan = xp.isnan(xp.max(outputs, axis=-1))
    return xp.where(is_nan, -1, xp.argmax(outputs, axis=-1)), target_classes(xp, outputs, targets)


def target_classes(xp: Namespace, outputs: Array, targets: Array) -> Array:
    """Labels, shape (batch, ...), from labels or from rows with a value for each class."""
    shape, given = tuple(outputs.shape), tuple(targets.shape)
    if given == shape:
        return xp.argmax(targets, axis=-1)
    if given not in (shape[:-1], (*shape[:-1], 1)):
        raise ShapeError(f"targets must have shape {shape[:-1]} or {shape}, got {given}.")
    return xp.reshape(targets, shape[:-1])


def mark(xp: Namespace, classes: Array, n_classes: int, outputs: Array) -> Array:
    """Rows that are 1 at the class, or 0 for none, shape (batch, positions, classes), of the dtype of `outputs`."""
    labels = xp.reshape(xp.astype(classes, xp.int32), (classes.shape[0], prod(classes.shape[1:])))
    return xp.astype(labels[..., None] == xp.arange(n_classes, device=device(outputs)), outputs.dtype)


def one_hot(xp: Namespace, outputs: Array, targets: Array) -> Array:
    """Rows with a value for each class, of the shape and dtype of `outputs`, from such rows or from labels."""
    if tuple(targets.shape) == tuple(outputs.shape):
        return _check.targets_like(xp, outputs, targets)
    labels = target_classes(xp, outputs, targets)
    return xp.reshape(mark(xp, labels, outputs.shape[-1], outputs), outputs.shape)
