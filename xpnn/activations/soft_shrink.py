"""`SoftShrink`: every value comes closer to 0, small ones all the way."""

from dataclasses import dataclass

from xpnn import _check
from xpnn._record import Record
from xpnn.typing import Array, Context

__all__ = ["SoftShrink"]


@dataclass(frozen=True, slots=True, repr=False)
class SoftShrink(Record):
    r"""Soft shrinkage, :math:`y = \operatorname{sign}(x) \max(|x| - \lambda, 0)`.

    Parameters
    ----------
    threshold : float
        The distance :math:`\lambda` by which values come closer to 0, of at least 0.

    Raises
    ------
    ArgumentError
        If `threshold` breaks its rule.

    Notes
    -----
    :math:`\partial L/\partial x = \partial L/\partial y \cdot [|x| > \lambda]`. The function is computed as
    :math:`x - \min(\max(x, -\lambda), \lambda)`.

    References
    ----------
    .. [1] Donoho & Johnstone, Biometrika 81, 1994, eq. 3 (soft thresholding).

    Examples
    --------
    >>> import numpy as np
    >>> from types import SimpleNamespace
    >>> y, saved = SoftShrink().forward(np.asarray([-1.0, 0.25, 2.0]), SimpleNamespace(xp=np))
    >>> y.tolist()
    [-0.5, 0.0, 1.5]
    """

    threshold: float = 0.5

    def __post_init__(self) -> None:
        self._set("threshold", _check.non_negative("threshold", self.threshold))

    def forward(self, x: Array, ctx: Context) -> tuple[Array, Array]:
        """Map `x` of any shape to `y` of the same shape."""
        y = x - ctx.xp.minimum(ctx.xp.maximum(x, -self.threshold), self.threshold)
        return y, y

    def backward(self, saved: Array, dy: Array, ctx: Context) -> Array:
        """Pull `dy` back to the input where the output is not 0."""
        return dy * ctx.xp.abs(ctx.xp.sign(saved))
