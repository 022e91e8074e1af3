"""`TanhShrink`: what the hyperbolic tangent takes away."""

from dataclasses import dataclass

from xpnn._record import Record
from xpnn.typing import Array, Context

__all__ = ["TanhShrink"]

_SERIES = (
    20 / 51090942171709440000, 18 / 121645100408832000, 16 / 355687428096000, 14 / 1307674368000, 12 / 6227020800,
    10 / 39916800, 8 / 362880, 6 / 5040, 4 / 120, 2 / 6,
)  # fmt: skip
"""2k / (2k + 1)! for k from 10 down to 1."""


@dataclass(frozen=True, slots=True, repr=False)
class TanhShrink(Record):
    r"""Tanh shrinkage, :math:`y = x - \tanh x`.

    Notes
    -----
    :math:`\partial L/\partial x = \tanh^2 x \, \partial L/\partial y`. For :math:`|x| < 1`, where the difference would
    cancel, the function is computed as

    .. math:: x - \tanh x = \frac{x \cosh x - \sinh x}{\cosh x}
              = \frac{x^3}{\cosh x} \sum_{k \ge 1} \frac{2k}{(2k + 1)!} x^{2 (k - 1)},

    with ten terms, all of one sign.

    References
    ----------
    .. [1] NIST Digital Library of Mathematical Functions, eq. 4.33.1 and 4.33.2 (the series of sinh and cosh).

    Examples
    --------
    >>> import numpy as np
    >>> from types import SimpleNamespace
    >>> y, saved = TanhShrink().forward(np.asarray([-2.0, 1e-3]), SimpleNamespace(xp=np))
    >>> [float(f"{v:.6g}") for v in y]
    [-1.03597, 3.33333e-10]
    """

    def forward(self, x: Array, ctx: Context) -> tuple[Array, Array]:
        """Map `x` of any shape to `y` of the same shape."""
        xp = ctx.xp
        tanh = xp.tanh(x)
        small = xp.minimum(xp.maximum(x, -1.0), 1.0)
        square, e = small * small, xp.exp(small)
        total = _SERIES[0] * square + _SERIES[1]
        for coefficient in _SERIES[2:]:
            total *= square
            total += coefficient
        cosh = 0.5 * (e + 1.0 / e)
        return xp.where(xp.abs(x) < 1.0, square * small * total / cosh, x - tanh), tanh

    def backward(self, saved: Array, dy: Array, ctx: Context) -> Array:
        """Pull `dy` back to the input; `saved` is tanh x."""
        return dy * (saved * saved)
