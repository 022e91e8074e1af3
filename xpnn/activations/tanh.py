"""`Tanh`: the hyperbolic tangent."""

from dataclasses import dataclass

from xpnn._record import Record
from xpnn.typing import Array, Context

__all__ = ["Tanh"]


@dataclass(frozen=True, slots=True, repr=False)
class Tanh(Record):
    r"""Hyperbolic tangent, :math:`y = \tanh x`.

    Notes
    -----
    With :math:`e = e^{-2|x|}`, :math:`\partial L/\partial x = \partial L/\partial y \cdot 4 e / (1 + e)^2`. It is right
    to the last digits where y is close to 1; :math:`1 - y^2` would be 0 from :math:`x = 10` on in float32.

    References
    ----------
    .. [1] LeCun, Bottou, Orr & Müller, Efficient BackProp, 1998, section 4.4 (without its stretching).

    Examples
    --------
    >>> import numpy as np
    >>> from types import SimpleNamespace
    >>> y, saved = Tanh().forward(np.asarray([-np.inf, 0.0, np.log(3.0)]), SimpleNamespace(xp=np))
    >>> y.round(12).tolist()
    [-1.0, 0.0, 0.8]
    """

    def forward(self, x: Array, ctx: Context) -> tuple[Array, Array]:
        """Map `x` of any shape to `y` of the same shape."""
        return ctx.xp.tanh(x), x

    def backward(self, saved: Array, dy: Array, ctx: Context) -> Array:
        """Pull `dy` back to the input."""
        e = ctx.xp.exp(-2.0 * ctx.xp.abs(saved))
        half = 0.5 + 0.5 * e
        return dy * (e / (half * half))
