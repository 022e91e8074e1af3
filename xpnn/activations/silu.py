"""`SiLU`: the input times its sigmoid, also called swish."""

from dataclasses import dataclass

from xpnn._record import Record
from xpnn.typing import Array, Context

__all__ = ["SiLU"]

_LEAST = -1500.0
"""Where the function is 0 in any precision; so it is 0 at minus infinity, too."""


@dataclass(frozen=True, slots=True, repr=False)
class SiLU(Record):
    r"""Sigmoid-weighted linear unit, :math:`y = x \sigma(x)` with :math:`\sigma(x) = 1 / (1 + e^{-x})`.

    Notes
    -----
    :math:`\partial L/\partial x = \partial L/\partial y \cdot (\sigma(x) + y (1 - \sigma(x)))`. The sigmoid is computed
    as the product of :math:`h = e^{\min(x, 0) / 2}` and :math:`g = h / (1 + e^{-|x|})`, so that :math:`y = x h g` is
    right where :math:`\sigma(x)` alone underflows.

    References
    ----------
    .. [1] Elfwing, Uchibe & Doya, Neural Networks 107, 2018, section 2.
    .. [2] Ramachandran, Zoph & Le, Searching for activation functions, 2017, section 3 (swish, here with beta = 1).

    Examples
    --------
    >>> import numpy as np
    >>> from types import SimpleNamespace
    >>> y, saved = SiLU().forward(np.asarray([-np.inf, 0.0, 2.0]), SimpleNamespace(xp=np))
    >>> (y + 0.0).round(6).tolist()
    [0.0, 0.0, 1.761594]
    """

    def forward(self, x: Array, ctx: Context) -> tuple[Array, tuple[Array, Array, Array]]:
        """Map `x` of any shape to `y` of the same shape."""
        z = ctx.xp.maximum(x, _LEAST)
        h = ctx.xp.exp(0.5 * ctx.xp.minimum(z, 0.0))
        g = h / (1.0 + ctx.xp.exp(-ctx.xp.abs(z)))
        y = z * h * g
        return y, (h, g, y)

    def backward(self, saved: tuple[Array, Array, Array], dy: Array, ctx: Context) -> Array:
        """Pull `dy` back to the input; a great y is cut, since its factor is 0 and infinity times 0 is NaN."""
        h, g, y = saved
        sigmoid = h * g
        return dy * (sigmoid + ctx.xp.minimum(y, -_LEAST) * (1.0 - sigmoid))
