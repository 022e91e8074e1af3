"""`Exponential`: e to the power of the input."""

from dataclasses import dataclass

from xpnn._record import Record
from xpnn.typing import Array, Context

__all__ = ["Exponential"]


@dataclass(frozen=True, slots=True, repr=False)
class Exponential(Record):
    r"""Exponential function, :math:`y = e^x`; infinite beyond 88.7 in float32 and 709.7 in float64.

    Notes
    -----
    :math:`\partial L/\partial x = y \, \partial L/\partial y`.

    Examples
    --------
    >>> import numpy as np
    >>> from types import SimpleNamespace
    >>> y, saved = Exponential().forward(np.asarray([-np.inf, 0.0, np.log(3.0)]), SimpleNamespace(xp=np))
    >>> y.round(12).tolist()
    [0.0, 1.0, 3.0]
    """

    def forward(self, x: Array, ctx: Context) -> tuple[Array, Array]:
        """Map `x` of any shape to `y` of the same shape."""
        y = ctx.xp.exp(x)
        return y, y

    def backward(self, saved: Array, dy: Array, ctx: Context) -> Array:
        """Pull `dy` back to the input."""
        return dy * saved
