"""`HardTanh`: the identity between two bounds."""

from dataclasses import dataclass

from xpnn import _check
from xpnn._record import Record
from xpnn.typing import Array, Context

__all__ = ["HardTanh"]


@dataclass(frozen=True, slots=True, repr=False)
class HardTanh(Record):
    r"""Hyperbolic tangent made of straight lines, :math:`y = \min(\max(x, a), b)`.

    Parameters
    ----------
    low, high : float
        The bounds :math:`a < b`.

    Raises
    ------
    ArgumentError
        If a bound is no finite number, or `high` is not above `low`.

    Notes
    -----
    :math:`\partial L/\partial x = \partial L/\partial y \cdot [a < x < b]`; the derivative at the bounds is taken as 0.

    References
    ----------
    .. [1] Collobert, Large Scale Machine Learning, 2004, section 2.3 (with bounds of -1 and 1).

    Examples
    --------
    >>> import numpy as np
    >>> from types import SimpleNamespace
    >>> y, saved = HardTanh().forward(np.asarray([-3.0, 0.5, 2.0]), SimpleNamespace(xp=np))
    >>> y.tolist()
    [-1.0, 0.5, 1.0]
    """

    low: float = -1.0
    high: float = 1.0

    def __post_init__(self) -> None:
        self._set("low", _check.number("low", self.low))
        self._set("high", _check.number("high", self.high))
        if self.high <= self.low:
            _check.refuse("high", f"be above low={self.low!r}", self.high)

    def forward(self, x: Array, ctx: Context) -> tuple[Array, Array]:
        """Map `x` of any shape to `y` of the same shape."""
        y = ctx.xp.minimum(ctx.xp.maximum(x, self.low), self.high)
        return y, y

    def backward(self, saved: Array, dy: Array, ctx: Context) -> Array:
        """Pull `dy` back to the input where the output is between its bounds."""
        return dy * (ctx.xp.sign(saved - self.low) * ctx.xp.sign(self.high - saved))
