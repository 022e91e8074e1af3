"""`SparseSigmoid`: a sigmoid that reaches 0 and 1."""

from dataclasses import dataclass

from xpnn._record import Record
from xpnn.typing import Array, Context

__all__ = ["SparseSigmoid"]


@dataclass(frozen=True, slots=True, repr=False)
class SparseSigmoid(Record):
    r"""Sparse sigmoid, :math:`y = \min(\max(\tfrac12 (x + 1), 0), 1)`, the derivative of `SparsePlus`.

    Notes
    -----
    :math:`\partial L/\partial x = \tfrac12 \, \partial L/\partial y \cdot [-1 < x < 1]`; the derivative at -1 and at 1
    is taken as 0.

    References
    ----------
    .. [1] Martins & Astudillo, ICML 2016, section 2 (sparsemax of two classes); the name is that of Keras 3 and JAX.

    Examples
    --------
    >>> import numpy as np
    >>> from types import SimpleNamespace
    >>> y, saved = SparseSigmoid().forward(np.asarray([-2.0, 0.5, 3.0]), SimpleNamespace(xp=np))
    >>> y.tolist()
    [0.0, 0.75, 1.0]
    """

    def forward(self, x: Array, ctx: Context) -> tuple[Array, Array]:
        """Map `x` of any shape to `y` of the same shape."""
        y = 0.5 * ctx.xp.minimum(ctx.xp.maximum(x + 1.0, 0.0), 2.0)
        return y, y

    def backward(self, saved: Array, dy: Array, ctx: Context) -> Array:
        """Pull `dy` back to the input where the output is between 0 and 1."""
        return dy * (0.5 * ctx.xp.sign(saved * (1.0 - saved)))
