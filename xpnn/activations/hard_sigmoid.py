"""`HardSigmoid`: a sigmoid made of straight lines."""

from dataclasses import dataclass

from xpnn._record import Record
from xpnn.typing import Array, Context

__all__ = ["HardSigmoid"]


@dataclass(frozen=True, slots=True, repr=False)
class HardSigmoid(Record):
    r"""Piecewise linear sigmoid, :math:`y = \min(\max(x + 3, 0), 6) / 6`.

    The slope 1/6 is that of Keras 3, PyTorch and MobileNetV3 [1]_; older versions of Keras had :math:`0.2 x + 0.5`.

    Notes
    -----
    :math:`\partial L/\partial x = \tfrac16 \, \partial L/\partial y \cdot [-3 < x < 3]`; the derivative at -3 and at 3
    is taken as 0.

    References
    ----------
    .. [1] Howard et al., Searching for MobileNetV3, ICCV 2019, section 5.2.

    Examples
    --------
    >>> import numpy as np
    >>> from types import SimpleNamespace
    >>> y, saved = HardSigmoid().forward(np.asarray([-4.0, 0.0, 1.5]), SimpleNamespace(xp=np))
    >>> y.tolist()
    [0.0, 0.5, 0.75]
    """

    def forward(self, x: Array, ctx: Context) -> tuple[Array, Array]:
        """Map `x` of any shape to `y` of the same shape."""
        y = ctx.xp.minimum(ctx.xp.maximum(x + 3.0, 0.0), 6.0) / 6.0
        return y, y

    def backward(self, saved: Array, dy: Array, ctx: Context) -> Array:
        """Pull `dy` back to the input where the output is between 0 and 1."""
        return dy * (ctx.xp.sign(saved * (1.0 - saved)) / 6.0)
