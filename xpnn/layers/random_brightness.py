"""`RandomBrightness`: images made lighter or darker at random in training."""

from dataclasses import dataclass, field

from xpnn import _check
from xpnn._record import Record
from xpnn.layers._images import check_images, per_sample
from xpnn.typing import Array, Context, Params, Rng, Shape, State

__all__ = ["RandomBrightness"]


@dataclass(frozen=True, slots=True, repr=False)
class RandomBrightness(Record):
    r"""Add to each image in training a number of its own, uniform in :math:`[-f, f)`.

    Parameters
    ----------
    factor : float
        The greatest change :math:`f`, in units of the input. (In Keras a share of the range of values, to which the
        result is clipped; here inputs may be standardised, and nothing is clipped.)
    name : str, optional
        Name of the layer; by default its position.

    Raises
    ------
    ArgumentError
        If `factor` is not a finite number of at least 0.
    ShapeError
        If the input has not the shape (batch, height, width, channels).

    Notes
    -----
    The numbers are drawn from the host stream ``noise/<layer>``, so they are the same on every backend.
    :math:`\partial L/\partial x = \partial L/\partial y`.
    """

    factor: float
    name: str | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        self._set("factor", _check.non_negative("factor", self.factor))

    def init(self, rng: Rng, input_shape: Shape) -> tuple[Params, State, Shape]:
        """No parameters; the output shape is the input shape."""
        check_images(input_shape)
        return {}, {}, input_shape

    def forward(self, params: Params, state: State, x: Array, ctx: Context) -> tuple[Array, None, State]:
        """Shift the values of `x` in training; return `x` itself otherwise."""
        if not ctx.training or self.factor == 0.0:
            return x, None, state
        return x + per_sample(x, -self.factor, self.factor, ctx), None, state

    def backward(self, params: Params, saved: None, dy: Array, ctx: Context) -> tuple[Array, Params]:
        """Return `dy`."""
        return dy, {}
