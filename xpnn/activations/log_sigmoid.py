"""`LogSigmoid`: the logarithm of the sigmoid."""

from dataclasses import dataclass

from xpnn._record import Record
from xpnn.typing import Array, Context

__all__ = ["LogSigmoid"]


@dataclass(frozen=True, slots=True, repr=False)
class LogSigmoid(Record):
    r"""Logarithm of the sigmoid, in nats, :math:`y = -\log(1 + e^{-x})`.

    Notes
    -----
    :math:`\partial L/\partial x = \sigma(-x) \, \partial L/\partial y`. It is computed as
    :math:`\min(x, 0) - \log(1 + e^{-|x|})`, in which nothing overflows, and :math:`\sigma(-x)` as :math:`1 - e^y`
    without cancellation.

    References
    ----------
    .. [1] Goodfellow, Bengio & Courville, Deep Learning, 2016, eq. 3.33 to 3.35.

    Examples
    --------
    >>> import numpy as np
    >>> from types import SimpleNamespace
    >>> y, saved = LogSigmoid().forward(np.asarray([-1000.0, 0.0]), SimpleNamespace(xp=np))
    >>> y.round(6).tolist()
    [-1000.0, -0.693147]
    """

    def forward(self, x: Array, ctx: Context) -> tuple[Array, Array]:
        """Map `x` of any shape to `y` of the same shape."""
        y = ctx.xp.minimum(x, 0.0) - ctx.xp.log1p(ctx.xp.exp(-ctx.xp.abs(x)))
        return y, y

    def backward(self, saved: Array, dy: Array, ctx: Context) -> Array:
        """Pull `dy` back to the input."""
        return dy * -ctx.xp.expm1(saved)
