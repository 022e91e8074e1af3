"""`Threshold`: the input where it is great enough, else one value."""

from dataclasses import dataclass

from xpnn import _check
from xpnn._record import Record
from xpnn.typing import Array, Context

__all__ = ["Threshold"]


@dataclass(frozen=True, slots=True, repr=False)
class Threshold(Record):
    r"""Threshold, :math:`y = x` where :math:`x > \theta`, else :math:`v`.

    Parameters
    ----------
    threshold : float
        The threshold :math:`\theta`.
    value : float
        The value :math:`v` of all that is not above it.

    Raises
    ------
    ArgumentError
        If an argument is no finite number.

    Notes
    -----
    :math:`\partial L/\partial x = \partial L/\partial y \cdot [x > \theta]`.

    Examples
    --------
    >>> import numpy as np
    >>> from types import SimpleNamespace
    >>> y, saved = Threshold(1.0, value=-5.0).forward(np.asarray([-1.0, 1.0, 2.0]), SimpleNamespace(xp=np))
    >>> y.tolist()
    [-5.0, -5.0, 2.0]
    """

    threshold: float
    value: float = 0.0

    def __post_init__(self) -> None:
        self._set("threshold", _check.number("threshold", self.threshold))
        self._set("value", _check.number("value", self.value))

    def forward(self, x: Array, ctx: Context) -> tuple[Array, Array]:
        """Map `x` of any shape to `y` of the same shape."""
        is_low = x <= self.threshold
        return ctx.xp.where(is_low, self.value, x), is_low

    def backward(self, saved: Array, dy: Array, ctx: Context) -> Array:
        """Pull `dy` back to the input where it is above the threshold."""
        return ctx.xp.where(saved, 0.0, dy)
