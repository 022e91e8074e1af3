"""`Mish`: the input times the hyperbolic tangent of its softplus."""

from dataclasses import dataclass

from xpnn._record import Record
from xpnn.typing import Array, Context

__all__ = ["Mish"]

_LEAST = -1500.0
"""Where the function is 0 in any precision; so it is 0 at minus infinity, too."""


@dataclass(frozen=True, slots=True, repr=False)
class Mish(Record):
    r"""Mish, :math:`y = x \tanh(\log(1 + e^x))`.

    Notes
    -----
    With :math:`q = e^{\min(x, 0)}` and :math:`p = e^{-\max(x, 0)}`, whose quotient is :math:`e^x`, nothing cancels or
    overflows in

    .. math:: t = \tanh(\log(1 + e^x)) = \frac{q (q + 2 p)}{d}, \qquad 1 - t = \frac{2 p^2}{d}, \qquad
              d = q (q + 2 p) + 2 p^2,

    and :math:`\partial L/\partial x = \partial L/\partial y \cdot (t + y (1 - t) (1 + t) \sigma(x) / t)`, where
    :math:`y / t = x` and :math:`\sigma(x) = q / (q + p)`. As :math:`q` alone may underflow in the tail, y is computed
    as :math:`x h \cdot h (q + 2 p) / d` with :math:`h = \sqrt q`.

    References
    ----------
    .. [1] Misra, Mish: A Self Regularized Non-Monotonic Activation Function, BMVC 2020, eq. 1 and 3.

    Examples
    --------
    >>> import numpy as np
    >>> from types import SimpleNamespace
    >>> y, saved = Mish().forward(np.asarray([-np.inf, 0.0, 2.0]), SimpleNamespace(xp=np))
    >>> (y + 0.0).round(6).tolist()
    [0.0, 0.0, 1.943959]
    """

    def forward(self, x: Array, ctx: Context) -> tuple[Array, tuple[Array, Array, Array, Array]]:
        """Map `x` of any shape to `y` of the same shape."""
        z = ctx.xp.maximum(x, _LEAST)
        h, p = ctx.xp.exp(0.5 * ctx.xp.minimum(z, 0.0)), ctx.xp.exp(-ctx.xp.maximum(z, 0.0))
        q = h * h
        s = q + 2.0 * p
        g = h * s / (q * s + 2.0 * p * p)
        return z * h * g, (z, h, p, g)

    def backward(self, saved: tuple[Array, Array, Array, Array], dy: Array, ctx: Context) -> Array:
        """Pull `dy` back to the input, which is cut where its factor is 0, since infinity times 0 is NaN."""
        z, h, p, g = saved
        q, t = h * h, h * g
        rest = 2.0 * p * p / (q * (q + 2.0 * p) + 2.0 * p * p)
        return dy * (t + ctx.xp.minimum(z, -_LEAST) * (rest * (1.0 + t) * (q / (q + p))))
