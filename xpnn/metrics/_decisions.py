"""From probabilities to classes, for outputs and targets alike."""

from xpnn import _check
from xpnn.errors import ShapeError
from xpnn.typing import Array, Namespace

__all__ = ["decide", "is_single", "target_classes"]


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
        Integer classes; booleans for a single output, shape of `outputs`.
    """
    if is_single(outputs):
        return outputs > threshold, _check.targets_like(xp, outputs, targets) > threshold
    return xp.argmax(outputs, axis=-1), target_classes(xp, outputs, targets)


def target_classes(xp: Namespace, outputs: Array, targets: Array) -> Array:
    """Labels, shape (batch, ...), from labels or from rows with a value for each class."""
    shape, given = tuple(outputs.shape), tuple(targets.shape)
    if given == shape:
        return xp.argmax(targets, axis=-1)
    if given not in (shape[:-1], (*shape[:-1], 1)):
        raise ShapeError(f"targets must have shape {shape[:-1]} or {shape}, got {given}.")
    return xp.reshape(targets, shape[:-1])
