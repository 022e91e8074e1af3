"""`RandomFlip`: images mirrored at random in training."""

from dataclasses import dataclass, field

from xpnn import _check
from xpnn._record import Record
from xpnn.layers._images import check_images
from xpnn.typing import Array, Context, Params, Rng, Shape, State

__all__ = ["RandomFlip"]

_AXES = {"horizontal": (2,), "vertical": (1,), "horizontal_and_vertical": (2, 1)}


@dataclass(frozen=True, slots=True, repr=False)
class RandomFlip(Record):
    r"""Mirror each image with probability 1/2 in training, in each direction by itself.

    Parameters
    ----------
    mode : {"horizontal", "vertical", "horizontal_and_vertical"}
        Left and right swapped, above and below, or each.
    name : str, optional
        Name of the layer; by default its position.

    Raises
    ------
    ArgumentError
        If `mode` is another.
    ShapeError
        If the input has not the shape (batch, height, width, channels).

    Notes
    -----
    What is mirrored is drawn from the host stream ``dropout/<layer>``, so it is the same on every backend.
    :math:`\partial L/\partial x` is :math:`\partial L/\partial y` mirrored alike.
    """

    mode: str = "horizontal"
    name: str | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        self._set("mode", _check.choice("mode", self.mode, _AXES))

    def init(self, rng: Rng, input_shape: Shape) -> tuple[Params, State, Shape]:
        """No parameters; the output shape is the input shape."""
        check_images(input_shape)
        return {}, {}, input_shape

    def forward(self, params: Params, state: State, x: Array, ctx: Context) -> tuple[Array, list[Array], State]:
        """Mirror `x` in training; return `x` itself otherwise."""
        if not ctx.training:
            return x, [], state
        masks = [ctx.bernoulli(0.5, (x.shape[0], 1, 1, 1)) for _ in _AXES[self.mode]]
        return self._flip(x, masks, ctx), masks, state

    def backward(self, params: Params, saved: list[Array], dy: Array, ctx: Context) -> tuple[Array, Params]:
        """Mirror `dy` alike."""
        return self._flip(dy, saved, ctx), {}

    def _flip(self, x: Array, masks: list[Array], ctx: Context) -> Array:
        for axis, mask in zip(_AXES[self.mode], masks, strict=False):
            x = ctx.xp.where(mask, ctx.xp.flip(x, axis=axis), x)
        return x
