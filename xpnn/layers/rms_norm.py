"""`RMSNorm`: each row divided by the root of its mean square."""

from dataclasses import dataclass, field
from typing import Any

from xpnn import _check
from xpnn._record import Record
from xpnn.errors import ShapeError
from xpnn.layers._affine import affine_grads, apply_affine, init_affine
from xpnn.typing import Array, Context, Params, Rng, Shape, State

__all__ = ["RMSNorm"]


@dataclass(frozen=True, slots=True, repr=False)
class RMSNorm(Record):
    r"""Normalisation of the last axis by its root mean square: a layer norm without a mean and without a shift.

    .. math:: y = \gamma \hat x, \qquad \hat x = x / \sqrt{\tfrac1n \sum_k x_k^2 + \epsilon}

    Parameters
    ----------
    eps : float
        Added to the mean square, inside the root, as in PyTorch and Keras; [1]_ has none.
    scale : bool
        Whether there is a :math:`\gamma`.
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
    Parameter ``weight`` (:math:`\gamma`), shape (features,). With :math:`n` features, :math:`r` the root and
    :math:`G = \gamma\, \partial L/\partial y`,

    .. math:: \frac{\partial L}{\partial x} = \frac1r \left(G - \hat x\, \frac1n \sum G \hat x\right).

    References
    ----------
    .. [1] Zhang & Sennrich, NeurIPS 2019, eq. 4.
    """

    eps: float = 1e-6
    scale: bool = field(default=True, kw_only=True)
    name: str | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        self._set("eps", _check.positive("eps", self.eps))
        self._set("scale", _check.boolean("scale", self.scale))

    def init(self, rng: Rng, input_shape: Shape) -> tuple[Params, State, Shape]:
        """Start with weight 1."""
        if not input_shape:
            raise ShapeError("input must have shape (batch, ..., features), got (batch,).")
        return init_affine(rng, input_shape[-1], self.scale, center=False), {}, input_shape

    def forward(self, params: Params, state: State, x: Array, ctx: Context) -> tuple[Array, Any, State]:
        """Normalise the rows of `x`, shape (..., features)."""
        xp = ctx.xp
        scale = 1.0 / xp.sqrt(xp.sum(xp.square(x), axis=-1, keepdims=True) / x.shape[-1] + self.eps)
        normal = x * scale
        return apply_affine(params, normal), (normal, scale), state

    def backward(self, params: Params, saved: Any, dy: Array, ctx: Context) -> tuple[Array, Params]:
        """Pull `dy` back through the normalisation of each row."""
        xp, (normal, scale) = ctx.xp, saved
        grads = affine_grads(params, normal, dy, ctx)
        if not ctx.wants_dx:
            return None, grads
        scaled = dy * params["weight"] if self.scale else dy
        projection = xp.sum(scaled * normal, axis=-1, keepdims=True) / dy.shape[-1]
        return (scaled - normal * projection) * scale, grads
