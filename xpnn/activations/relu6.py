"""`ReLU6`: the rectifier that is cut at 6."""

from dataclasses import dataclass

from xpnn._record import Record
from xpnn.typing import Array, Context

__all__ = ["ReLU6"]


@dataclass(frozen=True, slots=True, repr=False)
class ReLU6(Record):
    r"""Rectified linear unit with a ceiling, :math:`y = \min(\max(x, 0), 6)`.

    Notes
    -----
    :math:`\partial L/\partial x = \partial L/\partial y \cdot [0 < x < 6]`; the derivative at 0 and at 6 is taken as 0.

    References
    ----------
    .. [1] Krizhevsky, Convolutional deep belief networks on CIFAR-10, 2010, section 2.1.

    Examples
    --------
    >>> import numpy as np
    >>> from types import SimpleNamespace
    >>> y, saved = ReLU6().forward(np.asarray([-1.0, 2.0, 8.0]), SimpleNamespace(xp=np))
    >>> y.tolist()
    [0.0, 2.0, 6.0]
    """

    def forward(self, x: Array, ctx: Context) -> tuple[Array, Array]:
        """Map `x` of any shape to `y` of the same shape."""
        y = ctx.xp.minimum(ctx.xp.maximum(x, 0.0), 6.0)
        return y, y

    def backward(self, saved: Array, dy: Array, ctx: Context) -> Array:
        """Pull `dy` back to the input where the output is between its bounds."""
        return dy * ctx.xp.sign(saved * (6.0 - saved))
