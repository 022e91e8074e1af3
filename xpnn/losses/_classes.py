"""Classes along the first axis: how the losses over classes lay out their arrays.

There are few classes and many samples. With the classes first, each sum over them adds up a few long rows, not many
short ones, which is what array libraries are fast at (with NumPy, 300 samples of 3 classes take about half the time).
"""

from math import prod

from array_api_compat import device

from xpnn.errors import ShapeError
from xpnn.typing import Array, Namespace, Shape

__all__ = ["class_mask", "classes_first", "classes_last", "own_class", "probabilities", "softmax", "softmax_parts"]


def classes_first(xp: Namespace, x: Array) -> Array:
    """Lay out `x`, shape (batch, ..., classes), as (classes, samples), where every position counts as a sample."""
    if x.ndim < 2:
        raise ShapeError(f"outputs must have shape (batch, ..., classes), got {tuple(x.shape)}.")
    n_classes, n_samples = x.shape[-1], prod(x.shape[:-1])
    columns = xp.matrix_transpose(x if x.ndim == 2 else xp.reshape(x, (n_samples, n_classes)))
    return xp.reshape(xp.reshape(columns, (n_classes * n_samples,)), (n_classes, n_samples))


def classes_last(xp: Namespace, x: Array, shape: Shape) -> Array:
    """Turn `x`, shape (classes, samples), back to `shape`, (batch, ..., classes)."""
    rows = xp.matrix_transpose(x)
    return rows if len(shape) == 2 else xp.reshape(rows, shape)


def class_mask(xp: Namespace, outputs: Array, labels: Array) -> Array:
    """Booleans, shape (classes, samples), True at the label of each sample.

    Raises
    ------
    ShapeError
        If `labels` have neither the shape (batch, ...) nor (batch, ..., 1).
    """
    shape = tuple(outputs.shape)
    if tuple(labels.shape) not in (shape[:-1], (*shape[:-1], 1)):
        raise ShapeError(f"targets must have shape {shape[:-1]} or {shape}, got {tuple(labels.shape)}.")
    classes = xp.arange(shape[-1], device=device(outputs))
    return (labels if labels.ndim == 1 else xp.reshape(labels, (prod(shape[:-1]),))) == classes[..., None]


def own_class(xp: Namespace, outputs: Array, targets: Array) -> Array:
    """Booleans, shape (classes, samples), True at the class of each sample; `targets` are labels or one-hot rows."""
    if tuple(targets.shape) == tuple(outputs.shape):
        return classes_first(xp, targets) != 0
    return class_mask(xp, outputs, targets)


def softmax(xp: Namespace, outputs: Array) -> Array:
    """Probabilities over the last axis: the link of the losses that take logits of classes."""
    scores = classes_first(xp, outputs)
    exps = xp.exp(scores - xp.max(scores, axis=0))
    return classes_last(xp, exps / xp.sum(exps, axis=0), tuple(outputs.shape))


def softmax_parts(xp: Namespace, outputs: Array) -> tuple[Array, Array, Array]:
    """Logits less the greatest, their exponentials, shape (classes, samples), and the sum of these less 1, (samples,).

    The 1 is that of the greatest logit, which is left out of the sum, so that nothing cancels.
    """
    scores = classes_first(xp, outputs)
    shifted = scores - xp.max(scores, axis=0)
    exps, is_top = xp.exp(shifted), shifted == 0
    n_top = xp.sum(xp.astype(is_top, exps.dtype), axis=0)
    return shifted, exps, xp.sum(xp.where(is_top, 0.0, exps), axis=0) + (n_top - 1.0)


def probabilities(xp: Namespace, outputs: Array, targets: Array, label_smoothing: float) -> Array:
    """Smoothed target probabilities, shape (classes, samples); `targets` are labels or rows."""
    is_rows = tuple(targets.shape) == tuple(outputs.shape)
    p = classes_first(xp, targets) if is_rows else class_mask(xp, outputs, targets)
    p = xp.astype(p, outputs.dtype, copy=False)
    return p * (1.0 - label_smoothing) + label_smoothing / outputs.shape[-1] if label_smoothing else p
