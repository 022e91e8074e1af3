"""`RandomTranslation`: images moved by whole pixels at random in training."""

from dataclasses import dataclass, field
from typing import Any

from xpnn import _check
from xpnn._record import Record
from xpnn.layers._fill import check_fill, surround, surround_back
from xpnn.layers._images import check_images, cut_windows, draw_digits, put_windows_back
from xpnn.typing import Array, Context, Params, Rng, Shape, State

__all__ = ["RandomTranslation"]


@dataclass(frozen=True, slots=True, repr=False)
class RandomTranslation(Record):
    r"""Move each image up or down and left or right in training; what is outside moves in.

    Parameters
    ----------
    height, width : int
        Greatest distances in pixels; each from ``-height`` to ``height`` is equally likely. (In Keras they are shares
        of the size, images are interpolated, and the default mode is ``"reflect"``.)
    fill_mode : str
        What is outside of an image, as in Keras: ``"constant"``, `fill_value` everywhere; ``"nearest"``, its border
        repeated, ``aaa|abcd|ddd``; ``"reflect"``, the image mirrored, ``cba|abcd|dcb``; ``"wrap"``, the image once
        more, ``bcd|abcd|abc``.
    fill_value : float
        The value of ``"constant"``.
    name : str, optional
        Name of the layer; by default its position.

    Raises
    ------
    ArgumentError
        If an argument breaks its rule.
    ShapeError
        If the input has not the shape (batch, height, width, channels).

    Notes
    -----
    It is `RandomCrop` with a border as wide as the image may move, and does nothing outside training. The
    distances are drawn from the host stream ``noise/<layer>``, so they are the same on every backend.
    :math:`\partial L/\partial x` is :math:`\partial L/\partial y` moved back; copies of an element add up.
    """

    height: int
    width: int
    fill_mode: str = "constant"
    fill_value: float = 0.0
    name: str | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        self._set("height", _check.integer("height", self.height, minimum=0))
        self._set("width", _check.integer("width", self.width, minimum=0))
        check_fill(self)

    def init(self, rng: Rng, input_shape: Shape) -> tuple[Params, State, Shape]:
        """No parameters; the output shape is the input shape."""
        check_images(input_shape)
        return {}, {}, input_shape

    def forward(self, params: Params, state: State, x: Array, ctx: Context) -> tuple[Array, Any, State]:
        """Move `x` in training; return `x` itself otherwise."""
        saved = []
        for axis, most in ((1, self.height), (2, self.width)):
            if ctx.training and most:
                size = x.shape[axis]
                digits = draw_digits(x, 2 * most + 1, ctx)
                x = cut_windows(ctx.xp, surround(ctx.xp, x, axis, most, self), axis, digits, size)
                saved.append((axis, most, digits))
        return x, saved, state

    def backward(self, params: Params, saved: Any, dy: Array, ctx: Context) -> tuple[Array, Params]:
        """Move `dy` back."""
        if not ctx.wants_dx:
            return None, {}
        for axis, most, digits in reversed(saved):
            size = dy.shape[axis]
            dy = put_windows_back(ctx.xp, dy, axis, digits, size + 2 * most)
            dy = surround_back(ctx.xp, dy, axis, most, self)
        return dy, {}
