"""`GroupNorm`: normalisation of groups of channels of each sample."""

from dataclasses import dataclass, field
from math import prod
from typing import Any

from xpnn import _check
from xpnn._record import Record
from xpnn.errors import ShapeError
from xpnn.layers._affine import apply_affine, init_affine
from xpnn.typing import Array, Context, Params, Rng, Shape, State

__all__ = ["GroupNorm"]


@dataclass(frozen=True, slots=True, repr=False)
class GroupNorm(Record):
    r"""Group normalisation, channels last.

    .. math:: y = \gamma \hat x + \beta, \qquad \hat x = (x - \mu) / \sqrt{\sigma^2 + \epsilon}

    The channels are cut into `groups` of neighbours. :math:`\mu` and :math:`\sigma^2` are of one sample and one group:
    over its channels and all axes between the batch and the channels.

    Parameters
    ----------
    groups : int
        Number of groups. One group is a layer norm over the whole sample; as many as channels is `InstanceNorm`.
    eps : float
        Added to the variance.
    scale, center : bool
        Whether there is a :math:`\gamma`, and a :math:`\beta`.
    name : str, optional
        Name of the layer; by default its position.

    Raises
    ------
    ArgumentError
        If an argument breaks its rule, or the groups do not divide the channels.
    ShapeError
        If the input has no axis of channels.

    Notes
    -----
    Parameters ``weight`` (:math:`\gamma`) and ``bias`` (:math:`\beta`), shape (channels,). The variance is the biased
    one, in two passes. Positions are summed up before the channels of a group, so every large operation runs along the
    channels. With :math:`n` elements in a group and :math:`G = \gamma\, \partial L/\partial y`,

    .. math:: \frac{\partial L}{\partial x} = \frac{1}{\sqrt{\sigma^2 + \epsilon}}
              \left(G - \frac1n \sum G - \hat x\, \frac1n \sum G \hat x\right).

    References
    ----------
    .. [1] Wu & He, ECCV 2018, eq. 1, 2 and 7.
    """

    groups: int
    eps: float = 1e-5
    scale: bool = field(default=True, kw_only=True)
    center: bool = field(default=True, kw_only=True)
    name: str | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        self._set("groups", _check.integer("groups", self.groups))
        self._set("eps", _check.positive("eps", self.eps))
        self._set("scale", _check.boolean("scale", self.scale))
        self._set("center", _check.boolean("center", self.center))

    def init(self, rng: Rng, input_shape: Shape) -> tuple[Params, State, Shape]:
        """Start with weight 1 and bias 0."""
        if not input_shape:
            raise ShapeError("input must have shape (batch, ..., channels), got (batch,).")
        if input_shape[-1] % self.groups:
            _check.refuse("groups", f"divide the number of channels {input_shape[-1]}", self.groups)
        return init_affine(rng, input_shape[-1], self.scale, self.center), {}, input_shape

    def forward(self, params: Params, state: State, x: Array, ctx: Context) -> tuple[Array, Any, State]:
        """Normalise `x`, shape (batch, ..., channels)."""
        xp, rows = ctx.xp, _rows(x, ctx)
        centered = rows - self._mean(xp.sum(rows, axis=1, keepdims=True), rows, ctx)
        variance = self._mean(xp.sum(centered * centered, axis=1, keepdims=True), rows, ctx)
        scale = 1.0 / xp.sqrt(variance + self.eps)
        normal = centered * scale
        return xp.reshape(apply_affine(params, normal), x.shape), (normal, scale), state

    def backward(self, params: Params, saved: Any, dy: Array, ctx: Context) -> tuple[Array, Params]:
        """Pull `dy` back through the normalisation of each group."""
        xp, (normal, scale), rows = ctx.xp, saved, _rows(dy, ctx)
        totals = {"weight": xp.sum(rows * normal, axis=1, keepdims=True), "bias": xp.sum(rows, axis=1, keepdims=True)}
        grads = {name: xp.sum(totals[name], axis=(0, 1)) for name in params}
        if not ctx.wants_dx:
            return None, grads
        weight = params.get("weight", 1.0)
        mean = self._mean(totals["bias"] * weight, rows, ctx)
        projection = self._mean(totals["weight"] * weight, rows, ctx)
        return xp.reshape((rows * weight - mean - normal * projection) * scale, dy.shape), grads

    def _mean(self, sums: Array, rows: Array, ctx: Context) -> Array:
        """Mean of each group, repeated for its channels, from sums over positions, shape (batch, 1, channels)."""
        batch, positions, channels = rows.shape
        size = channels // self.groups
        if size > 1:
            parts = ctx.xp.reshape(sums, (batch, 1, self.groups, size))
            parts = ctx.xp.broadcast_to(ctx.xp.sum(parts, axis=-1, keepdims=True), parts.shape)
            sums = ctx.xp.reshape(parts, (batch, 1, channels))
        return sums / (positions * size)


def _rows(x: Array, ctx: Context) -> Array:
    """View all axes between the batch and the channels as one."""
    return x if x.ndim == 3 else ctx.xp.reshape(x, (x.shape[0], prod(x.shape[1:-1]), x.shape[-1]))
