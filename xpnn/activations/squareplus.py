"""`Squareplus`: a softplus made of a square root."""

from dataclasses import dataclass

from xpnn import _check
from xpnn._record import Record
from xpnn.typing import Array, Context

__all__ = ["Squareplus"]

_FAR = 1e9
"""From here on the root differs from the input by no digit; its square is still a number in float32."""


@dataclass(frozen=True, slots=True, repr=False)
class Squareplus(Record):
    r"""Squareplus, :math:`y = \tfrac12 (x + \sqrt{x^2 + b})`.

    Parameters
    ----------
    b : float
        Size of the curved part, above 0; with 4 the function comes close to `Softplus`.

    Raises
    ------
    ArgumentError
        If `b` breaks its rule.

    Notes
    -----
    With :math:`r = \sqrt{x^2 + b}`, :math:`m = \tfrac12 (|x| + r)` and :math:`n = \tfrac14 b / m` nothing cancels:
    :math:`y` is :math:`m` for :math:`x > 0`, else :math:`n`, and the derivative is :math:`1 - n / r`, else
    :math:`n / r`. :math:`r` is computed as :math:`|x|` and a difference, so that no square overflows.

    References
    ----------
    .. [1] Barron, Squareplus: A Softplus-Like Algebraic Rectifier, 2021, eq. 1 and 4.

    Examples
    --------
    >>> import numpy as np
    >>> from types import SimpleNamespace
    >>> y, saved = Squareplus().forward(np.asarray([-1.5, 0.0, 1.5]), SimpleNamespace(xp=np))
    >>> y.tolist()
    [0.5, 1.0, 2.0]
    """

    b: float = 4.0

    def __post_init__(self) -> None:
        self._set("b", _check.positive("b", self.b))

    def forward(self, x: Array, ctx: Context) -> tuple[Array, tuple[Array, Array, Array]]:
        """Map `x` of any shape to `y` of the same shape."""
        size = ctx.xp.abs(x)
        near = ctx.xp.minimum(size, _FAR)
        root = size + (ctx.xp.sqrt(near * near + self.b) - near)
        greater = 0.5 * (size + root)
        lesser = (0.25 * self.b) / greater
        is_positive = x > 0
        return ctx.xp.where(is_positive, greater, lesser), (is_positive, lesser, root)

    def backward(self, saved: tuple[Array, Array, Array], dy: Array, ctx: Context) -> Array:
        """Pull `dy` back to the input."""
        is_positive, lesser, root = saved
        slope = lesser / root
        return dy * ctx.xp.where(is_positive, 1.0 - slope, slope)
