"""`RandomContrast`: images with more or less contrast at random in training."""

from dataclasses import dataclass, field
from typing import Any

from xpnn import _check
from xpnn._record import Record
from xpnn.layers._images import check_images, per_sample
from xpnn.typing import Array, Context, Params, Rng, Shape, State

__all__ = ["RandomContrast"]


@dataclass(frozen=True, slots=True, repr=False)
class RandomContrast(Record):
    r"""Stretch the values of each image in training around the mean :math:`\mu` of each of its channels.

    .. math:: y = \mu + c\,(x - \mu), \qquad c \sim U[1 - f, 1 + f)

    Parameters
    ----------
    factor : float
        The greatest change :math:`f`, in [0, 1). Nothing is clipped.
    name : str, optional
        Name of the layer; by default its position.

    Raises
    ------
    ArgumentError
        If `factor` is not in [0, 1).
    ShapeError
        If the input has not the shape (batch, height, width, channels).

    Notes
    -----
    The factors are drawn from the host stream ``noise/<layer>``, so they are the same on every backend. The map is
    linear and symmetric: :math:`\partial L/\partial x` is it applied to :math:`\partial L/\partial y`.
    """

    factor: float
    name: str | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        self._set("factor", _check.fraction("factor", self.factor))

    def init(self, rng: Rng, input_shape: Shape) -> tuple[Params, State, Shape]:
        """No parameters; the output shape is the input shape."""
        check_images(input_shape)
        return {}, {}, input_shape

    def forward(self, params: Params, state: State, x: Array, ctx: Context) -> tuple[Array, Any, State]:
        """Stretch `x` in training; return `x` itself otherwise."""
        if not ctx.training or self.factor == 0.0:
            return x, None, state
        c = per_sample(x, 1.0 - self.factor, 1.0 + self.factor, ctx)
        return _stretch(x, c, ctx), c, state

    def backward(self, params: Params, saved: Any, dy: Array, ctx: Context) -> tuple[Array, Params]:
        """Stretch `dy` alike."""
        return (dy if saved is None else _stretch(dy, saved, ctx)), {}


def _stretch(x: Array, c: Array, ctx: Context) -> Array:
    mean = ctx.xp.sum(x, axis=(1, 2), keepdims=True) / (x.shape[1] * x.shape[2])
    return mean + c * (x - mean)
