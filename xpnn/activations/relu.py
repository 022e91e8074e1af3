"""`ReLU`: the rectifier."""

from dataclasses import dataclass

from xpnn._record import Record
from xpnn.typing import Array, Context

__all__ = ["ReLU"]


@dataclass(frozen=True, slots=True, repr=False)
class ReLU(Record):
    r"""Rectified linear unit, :math:`y = \max(x, 0)`.

    Notes
    -----
    :math:`\partial L/\partial x = \partial L/\partial y \cdot [x > 0]`; the derivative at 0 is taken as 0.

    References
    ----------
    .. [1] Nair & Hinton, ICML 2010, section 2 (here without its noise).

    Examples
    --------
    >>> import numpy as np
    >>> from types import SimpleNamespace
    >>> y, saved = ReLU().forward(np.asarray([-1.0, 2.0]), SimpleNamespace(xp=np))
    >>> y.tolist()
    [0.0, 2.0]
    """

    def forward(self, x: Array, ctx: Context) -> tuple[Array, Array]:
        """Map `x` of any shape to `y` of the same shape."""
        y = ctx.xp.maximum(x, 0.0)
        return y, y

    def backward(self, saved: Array, dy: Array, ctx: Context) -> Array:
        """Pull `dy` back to the input where the output is above 0."""
        dx = ctx.xp.astype(saved > 0, dy.dtype)
        dx *= dy
        return dx
