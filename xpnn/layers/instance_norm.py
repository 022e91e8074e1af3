"""`InstanceNorm`: normalisation of each channel of each sample."""

from dataclasses import dataclass, field
from math import prod
from typing import Any

from xpnn import _check
from xpnn._record import Record
from xpnn.errors import ShapeError
from xpnn.layers._affine import apply_affine, init_affine
from xpnn.typing import Array, Context, Params, Rng, Shape, State

__all__ = ["InstanceNorm"]


@dataclass(frozen=True, slots=True, repr=False)
class InstanceNorm(Record):
    r"""Instance normalisation, channels last.

    .. math:: y = \gamma \hat x + \beta, \qquad \hat x = (x - \mu) / \sqrt{\sigma^2 + \epsilon}

    :math:`\mu` and :math:`\sigma^2` are of one channel of one sample, over all positions: `GroupNorm` with as many
    groups as channels.

    Parameters
    ----------
    eps : float
        Added to the variance.
    scale, center : bool
        Whether there is a :math:`\gamma`, and a :math:`\beta` (in PyTorch there are none unless ``affine=True``).
    name : str, optional
        Name of the layer; by default its position.

    Raises
    ------
    ArgumentError
        If an argument breaks its rule.
    ShapeError
        If the input has no axis of positions, or no axis of channels.

    Notes
    -----
    Parameters ``weight`` (:math:`\gamma`) and ``bias`` (:math:`\beta`), shape (channels,). There are no running
    averages: predictions are normalised by their own statistics too. With :math:`n` positions and
    :math:`G = \gamma\, \partial L/\partial y`,

    .. math:: \frac{\partial L}{\partial x} = \frac{1}{\sqrt{\sigma^2 + \epsilon}}
              \left(G - \frac1n \sum G - \hat x\, \frac1n \sum G \hat x\right).

    References
    ----------
    .. [1] Ulyanov, Vedaldi & Lempitsky, arXiv:1607.08022, 2016, eq. 2.
    """

    eps: float = 1e-5
    scale: bool = field(default=True, kw_only=True)
    center: bool = field(default=True, kw_only=True)
    name: str | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        self._set("eps", _check.positive("eps", self.eps))
        self._set("scale", _check.boolean("scale", self.scale))
        self._set("center", _check.boolean("center", self.center))

    def init(self, rng: Rng, input_shape: Shape) -> tuple[Params, State, Shape]:
        """Start with weight 1 and bias 0."""
        if len(input_shape) < 2:
            shape = ", ".join(("batch", *map(str, input_shape)))
            raise ShapeError(f"input must have shape (batch, positions, ..., channels), got ({shape}).")
        return init_affine(rng, input_shape[-1], self.scale, self.center), {}, input_shape

    def forward(self, params: Params, state: State, x: Array, ctx: Context) -> tuple[Array, Any, State]:
        """Normalise `x`, shape (batch, positions, ..., channels)."""
        xp, axes, n = ctx.xp, tuple(range(1, x.ndim - 1)), prod(x.shape[1:-1])
        centered = x - xp.sum(x, axis=axes, keepdims=True) / n
        variance = xp.sum(centered * centered, axis=axes, keepdims=True) / n
        scale = 1.0 / xp.sqrt(variance + self.eps)
        normal = centered * scale
        return apply_affine(params, normal), (normal, scale), state

    def backward(self, params: Params, saved: Any, dy: Array, ctx: Context) -> tuple[Array, Params]:
        """Pull `dy` back through the normalisation of each channel."""
        xp, (normal, scale), axes, n = ctx.xp, saved, tuple(range(1, dy.ndim - 1)), prod(dy.shape[1:-1])
        totals = {
            "weight": xp.sum(dy * normal, axis=axes, keepdims=True),
            "bias": xp.sum(dy, axis=axes, keepdims=True),
        }
        grads = {name: xp.sum(totals[name], axis=(0, *axes)) for name in params}
        if not ctx.wants_dx:
            return None, grads
        factor = params["weight"] * scale if self.scale else scale
        return (dy - (totals["bias"] + normal * totals["weight"]) / n) * factor, grads
