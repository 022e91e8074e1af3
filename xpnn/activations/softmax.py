"""`Softmax`: scores to probabilities."""

from dataclasses import dataclass

from xpnn._record import Record
from xpnn.typing import Array, Context

__all__ = ["Softmax"]


@dataclass(frozen=True, slots=True, repr=False)
class Softmax(Record):
    r"""Probabilities over the last axis, :math:`y_k = e^{x_k} / \sum_j e^{x_j}`.

    Notes
    -----
    With :math:`g = \partial L/\partial y`, :math:`\partial L/\partial x_k = y_k (g_k - \sum_j g_j y_j)`. The greatest
    input is subtracted first, so nothing overflows. Inputs of ``-inf`` have probability 0; a row with ``inf``, or with
    ``-inf`` alone, has no limit and becomes NaN. For training as a classifier leave it out and use the loss
    ``"cross_entropy"``, which has it built in.

    References
    ----------
    .. [1] Goodfellow, Bengio & Courville, Deep Learning, 2016, section 4.1, eq. 4.1.

    Examples
    --------
    >>> import numpy as np
    >>> from types import SimpleNamespace
    >>> y, saved = Softmax().forward(np.asarray([[-np.inf, 0.0, np.log(3.0)]]), SimpleNamespace(xp=np))
    >>> y.round(12).tolist()
    [[0.0, 0.25, 0.75]]
    """

    def forward(self, x: Array, ctx: Context) -> tuple[Array, Array]:
        """Map `x`, shape (..., classes), to `y` of the same shape, whose rows sum to 1."""
        e = ctx.xp.exp(x - ctx.xp.max(x, axis=-1, keepdims=True))
        y = e / ctx.xp.sum(e, axis=-1, keepdims=True)
        return y, y

    def backward(self, saved: Array, dy: Array, ctx: Context) -> Array:
        """Pull `dy` back to the input."""
        return saved * (dy - ctx.xp.sum(dy * saved, axis=-1, keepdims=True))
