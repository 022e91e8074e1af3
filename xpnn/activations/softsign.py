"""`Softsign`: a sigmoid with slow tails."""

from dataclasses import dataclass

from xpnn._record import Record
from xpnn.typing import Array, Context

__all__ = ["Softsign"]

_GREATEST = 1e30
"""Inputs beyond give ±1 in any precision; so infinities do, too."""


@dataclass(frozen=True, slots=True, repr=False)
class Softsign(Record):
    r"""Softsign, :math:`y = x / (1 + |x|)`.

    Notes
    -----
    :math:`\partial L/\partial x = \partial L/\partial y / (1 + |x|)^2`.

    References
    ----------
    .. [1] Glorot & Bengio, AISTATS 2010, section 3.3.

    Examples
    --------
    >>> import numpy as np
    >>> from types import SimpleNamespace
    >>> y, saved = Softsign().forward(np.asarray([-np.inf, 0.0, 3.0]), SimpleNamespace(xp=np))
    >>> y.tolist()
    [-1.0, 0.0, 0.75]
    """

    def forward(self, x: Array, ctx: Context) -> tuple[Array, Array]:
        """Map `x` of any shape to `y` of the same shape."""
        finite = ctx.xp.minimum(ctx.xp.maximum(x, -_GREATEST), _GREATEST)
        d = 1.0 + ctx.xp.abs(finite)
        return finite / d, d

    def backward(self, saved: Array, dy: Array, ctx: Context) -> Array:
        """Pull `dy` back to the input; the square of `saved` could overflow."""
        return dy / saved / saved
