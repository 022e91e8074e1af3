"""`BatchNorm`: normalisation of each feature over the batch."""

from dataclasses import dataclass, field
from math import prod
from typing import Any

from xpnn import _check
from xpnn._record import Record
from xpnn.errors import ShapeError
from xpnn.layers._affine import apply_affine, init_affine
from xpnn.typing import Array, Context, Params, Rng, Shape, State

__all__ = ["BatchNorm"]


@dataclass(frozen=True, slots=True, repr=False)
class BatchNorm(Record):
    r"""Batch normalisation of the last axis.

    .. math:: y = \gamma \hat x + \beta, \qquad \hat x = (x - \mu) / \sqrt{\sigma^2 + \epsilon}

    In training :math:`\mu` and :math:`\sigma^2` are mean and variance of each feature over all other axes (the batch
    and, for images, height and width); otherwise, and in a frozen layer, they are the running averages (as in Keras).

    Parameters
    ----------
    momentum : float
        Share of the new batch in the running averages, in (0, 1]:
        ``running = (1 - momentum) * running + momentum * batch`` (as in PyTorch; Keras's momentum is 1 minus this).
    eps : float
        Added to the variance.
    scale, center : bool
        Whether there is a :math:`\gamma`, and a :math:`\beta`.
    name : str, optional
        Name of the layer; by default its position.

    Raises
    ------
    ArgumentError
        If an argument breaks its rule.
    ShapeError
        If the input has no axis of features.

    Notes
    -----
    Parameters ``weight`` (:math:`\gamma`) and ``bias`` (:math:`\beta`), state ``running_mean`` and ``running_var``, all
    of shape (features,). The batch is normalised by its biased variance; the running variance is the unbiased one, as
    in PyTorch. The mean is computed twice, the second time of what is left, so a great mean costs few digits. With
    :math:`n` rows and :math:`G = \gamma\, \partial L/\partial y`,

    .. math:: \frac{\partial L}{\partial x} = \frac{1}{\sqrt{\sigma^2 + \epsilon}}
              \left(G - \frac1n \sum G - \hat x\, \frac1n \sum G \hat x\right).

    References
    ----------
    .. [1] Ioffe & Szegedy, ICML 2015, Algorithms 1 and 2.
    """

    momentum: float = 0.1
    eps: float = 1e-5
    scale: bool = field(default=True, kw_only=True)
    center: bool = field(default=True, kw_only=True)
    name: str | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        self._set("momentum", _check.positive("momentum", self.momentum))
        if self.momentum > 1.0:
            _check.refuse("momentum", "be a number in (0, 1]", self.momentum)
        self._set("eps", _check.positive("eps", self.eps))
        self._set("scale", _check.boolean("scale", self.scale))
        self._set("center", _check.boolean("center", self.center))

    def init(self, rng: Rng, input_shape: Shape) -> tuple[Params, State, Shape]:
        """Start as the identity of standardised features."""
        if not input_shape:
            raise ShapeError("input must have shape (batch, ..., features), got (batch,).")
        shape = input_shape[-1:]
        params = init_affine(rng, shape[0], self.scale, self.center)
        state = {"running_mean": rng.constant(0.0, shape), "running_var": rng.constant(1.0, shape)}
        return params, state, input_shape

    def forward(self, params: Params, state: State, x: Array, ctx: Context) -> tuple[Array, Any, State]:
        """Normalise `x`, shape (..., features), and move the running averages in training."""
        xp, axes, rows = ctx.xp, tuple(range(x.ndim - 1)), prod(x.shape[:-1])
        if not ctx.training or ctx.frozen or rows == 0:
            scale = 1.0 / xp.sqrt(state["running_var"] + self.eps)
            normal = (x - state["running_mean"]) * scale
            return apply_affine(params, normal), (normal, scale, False), state
        mean = xp.sum(x, axis=axes) / rows
        centered = x - mean
        rest = xp.sum(centered, axis=axes) / rows  # what rounding has left of the mean
        mean, centered = mean + rest, centered - rest
        variance = xp.sum(centered * centered, axis=axes) / rows
        scale = 1.0 / xp.sqrt(variance + self.eps)
        normal = centered * scale
        keep, unbiased = 1.0 - self.momentum, rows / max(rows - 1, 1)
        state = {
            "running_mean": keep * state["running_mean"] + self.momentum * mean,
            "running_var": keep * state["running_var"] + (self.momentum * unbiased) * variance,
        }
        return apply_affine(params, normal), (normal, scale, True), state

    def backward(self, params: Params, saved: Any, dy: Array, ctx: Context) -> tuple[Array, Params]:
        """Pull `dy` back through the normalisation and, in training, through the batch's mean and variance."""
        xp, axes, rows = ctx.xp, tuple(range(dy.ndim - 1)), prod(dy.shape[:-1])
        normal, scale, from_batch = saved
        total, projection = xp.sum(dy, axis=axes), xp.sum(dy * normal, axis=axes)
        grads = {name: sums for name, sums in (("weight", projection), ("bias", total)) if name in params}
        factor = params["weight"] * scale if self.scale else scale
        if not ctx.wants_dx:
            return None, grads
        if not from_batch:
            return dy * factor, grads
        return (dy - (total + normal * projection) / rows) * factor, grads
