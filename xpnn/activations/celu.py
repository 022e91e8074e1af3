"""`CELU`: the exponential linear unit whose slope is continuous for every alpha."""

from dataclasses import dataclass

from xpnn import _check
from xpnn._record import Record
from xpnn.typing import Array, Context

__all__ = ["CELU"]


@dataclass(frozen=True, slots=True, repr=False)
class CELU(Record):
    r"""Exponential linear unit with a continuous slope, :math:`y = \max(x, 0) + \alpha (e^{\min(x, 0)/\alpha} - 1)`.

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
    :math:`\partial L/\partial x = e^{\min(x, 0)/\alpha} \, \partial L/\partial y`. With :math:`\alpha = 1` it is `ELU`.

    References
    ----------
    .. [1] Barron, Continuously Differentiable Exponential Linear Units, 2017, eq. 2 and 3.

    Examples
    --------
    >>> import numpy as np
    >>> from types import SimpleNamespace
    >>> y, saved = CELU(alpha=2.0).forward(np.asarray([-2.0, 2.0]), SimpleNamespace(xp=np))
    >>> y.round(6).tolist()
    [-1.264241, 2.0]
    """

    alpha: float = 1.0

    def __post_init__(self) -> None:
        self._set("alpha", _check.positive("alpha", self.alpha))

    def forward(self, x: Array, ctx: Context) -> tuple[Array, Array]:
        """Map `x` of any shape to `y` of the same shape."""
        scaled = ctx.xp.minimum(x, 0.0) / self.alpha
        return ctx.xp.maximum(x, 0.0) + self.alpha * ctx.xp.expm1(scaled), scaled

    def backward(self, saved: Array, dy: Array, ctx: Context) -> Array:
        """Pull `dy` back to the input; `saved` is min(x, 0) / alpha."""
        return dy * ctx.xp.exp(saved)
