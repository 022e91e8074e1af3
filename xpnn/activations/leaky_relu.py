"""`LeakyReLU`: the rectifier that lets a little of the negative side through."""

from dataclasses import dataclass

from xpnn import _check
from xpnn._record import Record
from xpnn.typing import Array, Context

__all__ = ["LeakyReLU"]


@dataclass(frozen=True, slots=True, repr=False)
class LeakyReLU(Record):
    r"""Leaky rectified linear unit, :math:`y = \max(x, s x)`.

    Parameters
    ----------
    negative_slope : float
        The slope :math:`s` of the negative side, above 0 and below 1.

    Raises
    ------
    ArgumentError
        If `negative_slope` breaks its rule.

    Notes
    -----
    :math:`\partial L/\partial x = \partial L/\partial y` where :math:`x > 0`, else :math:`s \, \partial L/\partial y`;
    the derivative at 0 is taken as :math:`s`.

    References
    ----------
    .. [1] Maas, Hannun & Ng, ICML workshop 2013, section "Rectifier Nonlinearities" (with s = 0.01).

    Examples
    --------
    >>> import numpy as np
    >>> from types import SimpleNamespace
    >>> y, saved = LeakyReLU(0.25).forward(np.asarray([-1.0, 2.0]), SimpleNamespace(xp=np))
    >>> y.tolist()
    [-0.25, 2.0]
    """

    negative_slope: float = 0.01

    def __post_init__(self) -> None:
        rule = "be a number above 0 and below 1"
        slope = _check.number("negative_slope", self.negative_slope, rule)
        self._set("negative_slope", slope if 0 < slope < 1 else _check.refuse("negative_slope", rule, slope))

    def forward(self, x: Array, ctx: Context) -> tuple[Array, Array]:
        """Map `x` of any shape to `y` of the same shape."""
        y = ctx.xp.maximum(x, x * self.negative_slope)
        return y, y

    def backward(self, saved: Array, dy: Array, ctx: Context) -> Array:
        """Pull `dy` back to the input: the greater of the output's sign and the slope is the derivative."""
        return dy * ctx.xp.maximum(ctx.xp.sign(saved), self.negative_slope)
