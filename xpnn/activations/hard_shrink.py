"""`HardShrink`: small values become 0."""

from dataclasses import dataclass

from xpnn import _check
from xpnn._record import Record
from xpnn.typing import Array, Context

__all__ = ["HardShrink"]


@dataclass(frozen=True, slots=True, repr=False)
class HardShrink(Record):
    r"""Hard shrinkage, :math:`y = x` where :math:`|x| > \lambda`, else 0.

    Parameters
    ----------
    threshold : float
        The size :math:`\lambda` up to which values become 0, of at least 0.

    Raises
    ------
    ArgumentError
        If `threshold` breaks its rule.

    Notes
    -----
    :math:`\partial L/\partial x = \partial L/\partial y \cdot [|x| > \lambda]`.

    References
    ----------
    .. [1] Donoho & Johnstone, Biometrika 81, 1994, eq. 2 (hard thresholding).

    Examples
    --------
    >>> import numpy as np
    >>> from types import SimpleNamespace
    >>> y, saved = HardShrink().forward(np.asarray([-1.0, 0.25, 2.0]), SimpleNamespace(xp=np))
    >>> y.tolist()
    [-1.0, 0.0, 2.0]
    """

    threshold: float = 0.5

    def __post_init__(self) -> None:
        self._set("threshold", _check.non_negative("threshold", self.threshold))

    def forward(self, x: Array, ctx: Context) -> tuple[Array, Array]:
        """Map `x` of any shape to `y` of the same shape."""
        is_kept = ctx.xp.astype(ctx.xp.abs(x) > self.threshold, x.dtype)
        return x * is_kept, is_kept

    def backward(self, saved: Array, dy: Array, ctx: Context) -> Array:
        """Pull `dy` back to the input where it is not small."""
        return dy * saved
