"""`LayerNorm`: normalisation of each row."""

from dataclasses import dataclass, field
from typing import Any

from xpnn import _check
from xpnn._record import Record
from xpnn.errors import ShapeError
from xpnn.layers._affine import affine_grads, apply_affine, init_affine
from xpnn.typing import Array, Context, Params, Rng, Shape, State

__all__ = ["LayerNorm"]


@dataclass(frozen=True, slots=True, repr=False)
class LayerNorm(Record):
    r"""Layer normalisation over the last axis.

    .. math:: y = \gamma \hat x + \beta, \qquad \hat x = (x - \mu) / \sqrt{\sigma^2 + \epsilon}

    Parameters
    ----------
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
    Parameters ``weight`` (:math:`\gamma`) and ``bias`` (:math:`\beta`), shape (features,). :math:`\mu` and the biased
    :math:`\sigma^2` are of each row, the variance in two passes, so a great mean costs no digits. With :math:`n`
    features and :math:`G = \gamma\, \partial L/\partial y`,

    .. math:: \frac{\partial L}{\partial x} = \frac{1}{\sqrt{\sigma^2 + \epsilon}}
              \left(G - \frac1n \sum G - \hat x\, \frac1n \sum G \hat x\right).

    References
    ----------
    .. [1] Ba, Kiros & Hinton, arXiv:1607.06450, 2016, eq. 4.
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
        if not input_shape:
            raise ShapeError("input must have shape (batch, ..., features), got (batch,).")
        return init_affine(rng, input_shape[-1], self.scale, self.center), {}, input_shape

    def forward(self, params: Params, state: State, x: Array, ctx: Context) -> tuple[Array, Any, State]:
        """Normalise the rows of `x`, shape (..., features)."""
        xp, features = ctx.xp, x.shape[-1]
        centered = x - xp.sum(x, axis=-1, keepdims=True) / features
        variance = xp.sum(centered * centered, axis=-1, keepdims=True) / features
        scale = 1.0 / xp.sqrt(variance + self.eps)
        normal = centered * scale
        return apply_affine(params, normal), (normal, scale), state

    def backward(self, params: Params, saved: Any, dy: Array, ctx: Context) -> tuple[Array, Params]:
        """Pull `dy` back through the normalisation of each row."""
        xp, features = ctx.xp, dy.shape[-1]
        normal, scale = saved
        grads = affine_grads(params, normal, dy, ctx)
        if not ctx.wants_dx:
            return None, grads
        scaled = dy * params["weight"] if self.scale else dy
        mean = xp.sum(scaled, axis=-1, keepdims=True) / features
        projection = xp.sum(scaled * normal, axis=-1, keepdims=True) / features
        return (scaled - mean - normal * projection) * scale, grads
