"""`LogSoftmax`: scores to log-probabilities."""

from dataclasses import dataclass

from xpnn._record import Record
from xpnn.typing import Array, Context

__all__ = ["LogSoftmax"]


@dataclass(frozen=True, slots=True, repr=False)
class LogSoftmax(Record):
    r"""Log-probabilities over the last axis, in nats, :math:`y_k = x_k - \log \sum_j e^{x_j}`.

    Notes
    -----
    With :math:`g = \partial L/\partial y` and the probabilities :math:`p`,
    :math:`\partial L/\partial x_k = g_k - p_k \sum_j g_j`. The greatest input is subtracted first, so nothing
    overflows; the error of y is a few units in the last place of :math:`1 + |y|`. Inputs of ``-inf`` stay ``-inf``; a
    row with ``inf``, or with ``-inf`` alone, has no limit and becomes NaN. The loss for these outputs is
    ``"negative_log_likelihood"``.

    References
    ----------
    .. [1] Goodfellow, Bengio & Courville, Deep Learning, 2016, section 4.1.

    Examples
    --------
    >>> import numpy as np
    >>> from types import SimpleNamespace
    >>> y, saved = LogSoftmax().forward(np.asarray([[0.0, np.log(3.0)]]), SimpleNamespace(xp=np))
    >>> np.exp(y).round(12).tolist()
    [[0.25, 0.75]]
    """

    def forward(self, x: Array, ctx: Context) -> tuple[Array, tuple[Array, Array]]:
        """Map `x`, shape (..., classes), to `y` of the same shape."""
        shifted = x - ctx.xp.max(x, axis=-1, keepdims=True)
        e = ctx.xp.exp(shifted)
        total = ctx.xp.sum(e, axis=-1, keepdims=True)
        return shifted - ctx.xp.log(total), (e, total)

    def backward(self, saved: tuple[Array, Array], dy: Array, ctx: Context) -> Array:
        """Pull `dy` back to the input."""
        e, total = saved
        return dy - e * (ctx.xp.sum(dy, axis=-1, keepdims=True) / total)
