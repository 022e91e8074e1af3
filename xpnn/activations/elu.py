"""`ELU`: the exponential linear unit."""

from dataclasses import dataclass

from xpnn import _check
from xpnn._record import Record
from xpnn.typing import Array, Context

__all__ = ["ELU"]


@dataclass(frozen=True, slots=True, repr=False)
class ELU(Record):
    r"""Exponential linear unit, :math:`y = x` where :math:`x > 0`, else :math:`y = \alpha (e^x - 1)`.

    Parameters
    ----------
    alpha : float
        The value :math:`-\alpha` is approached on the negative side; above 0.

    Raises
    ------
    ArgumentError
        If `alpha` breaks its rule.

    Notes
    -----
    :math:`\partial L/\partial x = \partial L/\partial y` where :math:`x > 0`, else
    :math:`\alpha e^x \, \partial L/\partial y`; the derivative at 0 is taken as :math:`\alpha`.

    References
    ----------
    .. [1] Clevert, Unterthiner & Hochreiter, ICLR 2016, section "Exponential Linear Units".

    Examples
    --------
    >>> import numpy as np
    >>> from types import SimpleNamespace
    >>> y, saved = ELU().forward(np.asarray([-1.0, 2.0]), SimpleNamespace(xp=np))
    >>> y.round(6).tolist()
    [-0.632121, 2.0]
    """

    alpha: float = 1.0

    def __post_init__(self) -> None:
        self._set("alpha", _check.positive("alpha", self.alpha))

    def forward(self, x: Array, ctx: Context) -> tuple[Array, tuple[Array, Array]]:
        """Map `x` of any shape to `y` of the same shape."""
        negative = ctx.xp.minimum(x, 0.0)
        y = ctx.xp.maximum(x, 0.0) + self.alpha * ctx.xp.expm1(negative)
        return y, (negative, y)

    def backward(self, saved: tuple[Array, Array], dy: Array, ctx: Context) -> Array:
        """Pull `dy` back to the input; with alpha = 1 both sides have the slope exp(min(x, 0))."""
        negative, y = saved
        slope = ctx.xp.exp(negative)
        if self.alpha != 1.0:
            is_positive = ctx.xp.maximum(ctx.xp.sign(y), 0.0)
            slope = is_positive + self.alpha * (slope - is_positive)
        return dy * slope
