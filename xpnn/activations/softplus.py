"""`Softplus`: the smooth rectifier."""

from dataclasses import dataclass

from xpnn._record import Record
from xpnn.typing import Array, Context

__all__ = ["Softplus"]


@dataclass(frozen=True, slots=True, repr=False)
class Softplus(Record):
    r"""Smooth rectifier, :math:`y = \log(1 + e^x)`.

    Notes
    -----
    Computed as :math:`\max(x, 0) + \log(1 + e^{-|x|})`, without overflow and without a threshold.
    :math:`\partial L/\partial x = \partial L/\partial y / (1 + e^{-x}) = \partial L/\partial y \cdot (1 - e^{-y})`.

    References
    ----------
    .. [1] Goodfellow, Bengio & Courville, Deep Learning, 2016, eq. 3.31.

    Examples
    --------
    >>> import numpy as np
    >>> from types import SimpleNamespace
    >>> y, saved = Softplus().forward(np.asarray([-1000.0, 0.0, 1000.0]), SimpleNamespace(xp=np))
    >>> y.round(6).tolist()
    [0.0, 0.693147, 1000.0]
    """

    def forward(self, x: Array, ctx: Context) -> tuple[Array, Array]:
        """Map `x` of any shape to `y` of the same shape."""
        y = ctx.xp.maximum(x, 0.0) + ctx.xp.log1p(ctx.xp.exp(-ctx.xp.abs(x)))
        return y, y

    def backward(self, saved: Array, dy: Array, ctx: Context) -> Array:
        """Pull `dy` back to the input."""
        return dy * -ctx.xp.expm1(-saved)
