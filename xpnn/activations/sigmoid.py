"""`Sigmoid`: the logistic function."""

from dataclasses import dataclass

from xpnn._record import Record
from xpnn.typing import Array, Context

__all__ = ["Sigmoid"]


@dataclass(frozen=True, slots=True, repr=False)
class Sigmoid(Record):
    r"""Logistic function, :math:`y = 1 / (1 + e^{-x})`.

    Notes
    -----
    With :math:`e = e^{-|x|}`, :math:`y = e^{\min(x, 0)} / (1 + e)` and
    :math:`\partial L/\partial x = \partial L/\partial y \cdot e / (1 + e)^2`. Nothing overflows, and both are right
    to the last digits where y is close to 0 or to 1; :math:`y (1 - y)` would be 0 from :math:`x = 17` on in float32.

    References
    ----------
    .. [1] Goodfellow, Bengio & Courville, Deep Learning, 2016, eq. 3.30.

    Examples
    --------
    >>> import numpy as np
    >>> from types import SimpleNamespace
    >>> y, saved = Sigmoid().forward(np.asarray([-np.inf, 0.0, np.log(3.0)]), SimpleNamespace(xp=np))
    >>> y.round(12).tolist()
    [0.0, 0.5, 0.75]
    """

    def forward(self, x: Array, ctx: Context) -> tuple[Array, tuple[Array, Array]]:
        """Map `x` of any shape to `y` of the same shape."""
        e = ctx.xp.exp(-ctx.xp.abs(x))
        d = 1.0 + e
        return ctx.xp.exp(ctx.xp.minimum(x, 0.0)) / d, (e, d)

    def backward(self, saved: tuple[Array, Array], dy: Array, ctx: Context) -> Array:
        """Pull `dy` back to the input."""
        e, d = saved
        return dy * (e / (d * d))
