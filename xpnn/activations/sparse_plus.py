"""`SparsePlus`: a softplus that is exactly 0 on the left."""

from dataclasses import dataclass

from xpnn._record import Record
from xpnn.typing import Array, Context

__all__ = ["SparsePlus"]


@dataclass(frozen=True, slots=True, repr=False)
class SparsePlus(Record):
    r"""Sparse plus: 0 where :math:`x \le -1`, :math:`x` where :math:`x \ge 1`, and :math:`\tfrac14 (x + 1)^2` between.

    Notes
    -----
    The derivative is `SparseSigmoid`, :math:`s = \min(\max(\tfrac12 (x + 1), 0), 1)`, and
    :math:`y = s^2 + \max(x - 1, 0)`.

    References
    ----------
    .. [1] Martins & Astudillo, ICML 2016, section 2 (sparsemax of two classes, whose integral this is); the names are
       those of Keras 3 and JAX.

    Examples
    --------
    >>> import numpy as np
    >>> from types import SimpleNamespace
    >>> y, saved = SparsePlus().forward(np.asarray([-2.0, 0.0, 3.0]), SimpleNamespace(xp=np))
    >>> y.tolist()
    [0.0, 0.25, 3.0]
    """

    def forward(self, x: Array, ctx: Context) -> tuple[Array, Array]:
        """Map `x` of any shape to `y` of the same shape."""
        s = 0.5 * ctx.xp.minimum(ctx.xp.maximum(x + 1.0, 0.0), 2.0)
        return s * s + ctx.xp.maximum(x - 1.0, 0.0), s

    def backward(self, saved: Array, dy: Array, ctx: Context) -> Array:
        """Pull `dy` back to the input; `saved` is the derivative."""
        return dy * saved
