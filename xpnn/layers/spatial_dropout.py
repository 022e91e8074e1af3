"""`SpatialDropout1D` and `SpatialDropout2D`: random silence of whole channels in training."""

from dataclasses import dataclass, field
from typing import ClassVar

from xpnn import _check
from xpnn._record import Record
from xpnn.errors import ShapeError
from xpnn.typing import Array, Context, Params, Rng, Shape, State

__all__ = ["SpatialDropout1D", "SpatialDropout2D"]


@dataclass(frozen=True, slots=True, repr=False)
class SpatialDropout(Record):
    """Base of the two, which differ in the axes that they ask for."""

    axes: ClassVar[tuple[str, ...]]

    rate: float
    name: str | None = field(default=None, kw_only=True)
    moves_values: ClassVar[bool] = True

    def __post_init__(self) -> None:
        self._set("rate", _check.fraction("rate", self.rate))

    def init(self, rng: Rng, input_shape: Shape) -> tuple[Params, State, Shape]:
        """No parameters; the output shape is the input shape."""
        if len(input_shape) != len(self.axes):
            given = ", ".join(("batch", *map(str, input_shape)))
            raise ShapeError(f"input must have shape (batch, {', '.join(self.axes)}), got ({given}).")
        return {}, {}, input_shape

    def forward(self, params: Params, state: State, x: Array, ctx: Context) -> tuple[Array, Array | None, State]:
        """Silence channels of `x` in training; return `x` itself otherwise."""
        if not ctx.training or self.rate == 0.0:
            return x, None, state
        mask = ctx.bernoulli(1.0 - self.rate, (x.shape[0], *(1,) * (x.ndim - 2), x.shape[-1]))
        return self._apply(mask, x, ctx), mask, state

    def backward(self, params: Params, saved: Array | None, dy: Array, ctx: Context) -> tuple[Array, Params]:
        """Pull `dy` back through the same mask."""
        return (dy if saved is None else self._apply(saved, dy, ctx)), {}

    def _apply(self, mask: Array, values: Array, ctx: Context) -> Array:
        return ctx.xp.where(mask, values * (1.0 / (1.0 - self.rate)), 0.0)


@dataclass(frozen=True, slots=True, repr=False)
class SpatialDropout1D(SpatialDropout):
    r"""Set whole features of sequences to 0 in training, and scale the others by :math:`1 / (1 - rate)`.

    Neighbours in time resemble each other, so that `Dropout` of single elements takes little away. Here a feature of a
    sample is silent at all times or at none.

    Parameters
    ----------
    rate : float
        Probability of silence, in [0, 1).
    name : str, optional
        Name of the layer; by default its position.

    Raises
    ------
    ArgumentError
        If `rate` is not in [0, 1).
    ShapeError
        If the input has not the shape (batch, time, features).

    Notes
    -----
    The mask, shape (batch, 1, features), comes from the host stream ``dropout/<layer>``.

    References
    ----------
    .. [1] Tompson et al., CVPR 2015, section 3.2.
    """

    axes: ClassVar[tuple[str, ...]] = ("time", "features")


@dataclass(frozen=True, slots=True, repr=False)
class SpatialDropout2D(SpatialDropout):
    r"""Set whole channels of images to 0 in training, and scale the others by :math:`1 / (1 - rate)`.

    Neighbouring pixels resemble each other, so that `Dropout` of single elements takes little away. Here a channel of a
    sample is silent everywhere or nowhere.

    Parameters
    ----------
    rate : float
        Probability of silence, in [0, 1).
    name : str, optional
        Name of the layer; by default its position.

    Raises
    ------
    ArgumentError
        If `rate` is not in [0, 1).
    ShapeError
        If the input has not the shape (batch, height, width, channels).

    Notes
    -----
    The mask, shape (batch, 1, 1, channels), comes from the host stream ``dropout/<layer>``.

    References
    ----------
    .. [1] Tompson et al., CVPR 2015, section 3.2.
    """

    axes: ClassVar[tuple[str, ...]] = ("height", "width", "channels")
