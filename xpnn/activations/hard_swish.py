"""`HardSwish`: the input times its piecewise linear sigmoid, also called hard SiLU."""

from dataclasses import dataclass

from xpnn._record import Record
from xpnn.typing import Array, Context

__all__ = ["HardSwish"]


@dataclass(frozen=True, slots=True, repr=False)
class HardSwish(Record):
    r"""Swish made of polynomials, :math:`y = x \min(\max(x + 3, 0), 6) / 6`.

    Notes
    -----
    :math:`\partial L/\partial x` is 0 where :math:`x \le -3`, :math:`\partial L/\partial y` where :math:`x \ge 3`, and
    :math:`\tfrac16 (2 x + 3) \, \partial L/\partial y` between.

    References
    ----------
    .. [1] Howard et al., Searching for MobileNetV3, ICCV 2019, section 5.2.

    Examples
    --------
    >>> import numpy as np
    >>> from types import SimpleNamespace
    >>> y, saved = HardSwish().forward(np.asarray([-1.0, 1.5, 4.0]), SimpleNamespace(xp=np))
    >>> y.round(6).tolist()
    [-0.333333, 1.125, 4.0]
    """

    def forward(self, x: Array, ctx: Context) -> tuple[Array, Array]:
        """Map `x` of any shape to `y` of the same shape."""
        z = ctx.xp.maximum(x, -3.0)
        inner = ctx.xp.minimum(z, 3.0)
        return z * ((inner + 3.0) / 6.0), inner

    def backward(self, saved: Array, dy: Array, ctx: Context) -> Array:
        """Pull `dy` back to the input; `saved` is the input between -3 and 3."""
        slope = (2.0 * saved + 3.0) / 6.0
        return dy * ctx.xp.where(ctx.xp.abs(saved) == 3.0, ctx.xp.maximum(ctx.xp.sign(saved), 0.0), slope)
