"""`GELU`: the input times the normal distribution function, exactly or by a hyperbolic tangent."""

from dataclasses import dataclass

from xpnn import _check
from xpnn._record import Record
from xpnn.typing import Array, Context

__all__ = ["GELU"]

_LEAST = -40.0
"""Where both forms are 0 in any precision; so they are 0 at minus infinity, too."""
_ROOT_HALF = 0.7071067811865476  # sqrt(1 / 2)
_DENSITY_AT_0 = 0.3989422804014327  # 1 / sqrt(2 pi)
_TANH_LINEAR = 1.5957691216057308  # 2 sqrt(2 / pi)
_TANH_CUBIC = 0.044715 * _TANH_LINEAR


@dataclass(frozen=True, slots=True, repr=False)
class GELU(Record):
    r"""Gaussian error linear unit, :math:`y = x \Phi(x) = \frac{x}{2} \operatorname{erfc}(-x / \sqrt{2})`.

    Parameters
    ----------
    approximate : bool
        If True, :math:`y = \frac{x}{2} (1 + \tanh(\sqrt{2 / \pi} (x + 0.044715 x^3)))`, within 5e-4 of the exact form.

    Raises
    ------
    ArgumentError
        If `approximate` is neither True nor False.

    Notes
    -----
    With the density :math:`\varphi(x) = e^{-x^2 / 2} / \sqrt{2 \pi}`,
    :math:`\partial L/\partial x = \partial L/\partial y \cdot (\Phi(x) + x \varphi(x))`.

    The approximation is computed as :math:`y = x s` with the sigmoid :math:`s = 1 / (1 + e^{-v})` of
    :math:`v = 2 \sqrt{2 / \pi} (x + 0.044715 x^3)`, which is the same, but does not cancel for negative x;
    :math:`\partial L/\partial x = \partial L/\partial y \cdot s \, (1 + x (1 - s) \, \partial v/\partial x)`.

    References
    ----------
    .. [1] Hendrycks & Gimpel, Gaussian Error Linear Units, 2016, section 2 (both forms).

    Examples
    --------
    >>> import numpy as np
    >>> from types import SimpleNamespace
    >>> y, saved = GELU(approximate=True).forward(np.asarray([-1.0, 2.0]), SimpleNamespace(xp=np))
    >>> y.round(6).tolist()
    [-0.158808, 1.954598]
    """

    approximate: bool = False

    def __post_init__(self) -> None:
        self._set("approximate", _check.boolean("approximate", self.approximate))

    def forward(self, x: Array, ctx: Context) -> tuple[Array, tuple[Array, Array]]:
        """Map `x` of any shape to `y` of the same shape."""
        z = ctx.xp.maximum(x, _LEAST)
        finite = ctx.xp.minimum(z, -_LEAST)
        if not self.approximate:
            weight = 0.5 * ctx.erfc(-_ROOT_HALF * finite)
        else:
            v = finite * (_TANH_LINEAR + _TANH_CUBIC * (finite * finite))
            weight = ctx.xp.exp(ctx.xp.minimum(v, 0.0)) / (1.0 + ctx.xp.exp(-ctx.xp.abs(v)))
        return z * weight, (finite, weight)

    def backward(self, saved: tuple[Array, Array], dy: Array, ctx: Context) -> Array:
        """Pull `dy` back to the input; `saved` is the input, cut where the derivative is 0 or 1, and its weight."""
        x, weight = saved
        square = x * x
        if not self.approximate:
            return dy * (weight + x * (_DENSITY_AT_0 * ctx.xp.exp(-0.5 * square)))
        slope = _TANH_LINEAR + (3.0 * _TANH_CUBIC) * square
        return dy * (weight * (1.0 + (1.0 - weight) * (x * slope)))
