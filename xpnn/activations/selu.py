"""`SELU`: the self-normalizing exponential linear unit."""

from dataclasses import dataclass

from xpnn._record import Record
from xpnn.typing import Array, Context

__all__ = ["SELU"]

_ALPHA = 1.6732632423543772
_SCALE = 1.0507009873554805


@dataclass(frozen=True, slots=True, repr=False)
class SELU(Record):
    r"""Scaled exponential linear unit: :math:`\lambda x` where :math:`x > 0`, else :math:`\lambda \alpha (e^x - 1)`.

    The constants make mean 0 and variance 1 a fixed point: with weights of variance 1 / fan_in (``"lecun_normal"``),
    normalized inputs stay normalized from layer to layer.

    Notes
    -----
    :math:`\partial L/\partial x = \lambda \, \partial L/\partial y` where :math:`x > 0`, else
    :math:`\lambda \alpha e^x \, \partial L/\partial y`; the derivative at 0 is taken as :math:`\lambda \alpha`.

    References
    ----------
    .. [1] Klambauer, Unterthiner, Mayr & Hochreiter, NeurIPS 2017, eq. 2 (function) and 14 (constants, here in full).

    Examples
    --------
    >>> import numpy as np
    >>> from types import SimpleNamespace
    >>> y, saved = SELU().forward(np.asarray([-1.0, 2.0]), SimpleNamespace(xp=np))
    >>> y.round(6).tolist()
    [-1.111331, 2.101402]
    """

    def forward(self, x: Array, ctx: Context) -> tuple[Array, tuple[Array, Array]]:
        """Map `x` of any shape to `y` of the same shape."""
        negative = ctx.xp.minimum(x, 0.0)
        y = _SCALE * ctx.xp.maximum(x, 0.0) + (_SCALE * _ALPHA) * ctx.xp.expm1(negative)
        return y, (negative, y)

    def backward(self, saved: tuple[Array, Array], dy: Array, ctx: Context) -> Array:
        """Pull `dy` back to the input."""
        negative, y = saved
        is_positive = ctx.xp.maximum(ctx.xp.sign(y), 0.0)
        return dy * (_SCALE * is_positive + (_SCALE * _ALPHA) * (ctx.xp.exp(negative) - is_positive))
