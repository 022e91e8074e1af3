"""`RandomCrop`: a part of each image, at random in training and the middle otherwise."""

from dataclasses import dataclass, field
from typing import Any

from xpnn import _check
from xpnn._record import Record
from xpnn.errors import ShapeError
from xpnn.layers._fill import check_fill, surround, surround_back
from xpnn.layers._images import check_images, cut_windows, draw_digits, put_windows_back
from xpnn.layers._window import extend
from xpnn.typing import Array, Context, Params, Rng, Shape, State

__all__ = ["RandomCrop"]


@dataclass(frozen=True, slots=True, repr=False)
class RandomCrop(Record):
    r"""Cut a window out of each image, optionally with a border around the image first.

    In training each sample has its own window, all places being equally likely; otherwise it is the middle one.

    Parameters
    ----------
    height, width : int
        Size of the window.
    padding : int
        Rows and columns of a border on each side of the image.
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
        If the input has not the shape (batch, height, width, channels), or the padded image is smaller than the window.

    Notes
    -----
    The places are drawn from the host stream ``noise/<layer>``, so they are the same on every backend.
    :math:`\partial L/\partial x` is :math:`\partial L/\partial y` put back to where it was cut out, among zeros;
    what was copied into the border adds up.

    References
    ----------
    .. [1] Krizhevsky, Sutskever & Hinton, NeurIPS 2012, section 4.1; with padding, He et al., CVPR 2016, section 4.2.
    """

    height: int
    width: int
    padding: int = 0
    fill_mode: str = "constant"
    fill_value: float = 0.0
    name: str | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        self._set("height", _check.integer("height", self.height))
        self._set("width", _check.integer("width", self.width))
        self._set("padding", _check.integer("padding", self.padding, minimum=0))
        check_fill(self)

    def init(self, rng: Rng, input_shape: Shape) -> tuple[Params, State, Shape]:
        """No parameters; the output has the shape of the window."""
        check_images(input_shape)
        height, width = (n + 2 * self.padding for n in input_shape[:2])
        if height < self.height or width < self.width:
            raise ShapeError(
                f"input must be at least {self.height} by {self.width} with its padding, got {height} by {width}."
            )
        return {}, {}, (self.height, self.width, input_shape[2])

    def forward(self, params: Params, state: State, x: Array, ctx: Context) -> tuple[Array, Any, State]:
        """Cut windows out of `x`."""
        xp, saved = ctx.xp, []
        for axis, length in ((1, self.height), (2, self.width)):
            size = x.shape[axis]
            x = surround(xp, x, axis, self.padding, self)
            starts = x.shape[axis] - length + 1
            if ctx.training:
                digits = draw_digits(x, starts, ctx)
                x = cut_windows(xp, x, axis, digits, length)
            else:
                first, digits = (starts - 1) // 2, None
                x = x[:, first : first + length, ...] if axis == 1 else x[:, :, first : first + length, :]
            saved.append((axis, size, starts, digits))
        return x, saved, state

    def backward(self, params: Params, saved: Any, dy: Array, ctx: Context) -> tuple[Array, Params]:
        """Put `dy` back to where it was cut out."""
        xp = ctx.xp
        if not ctx.wants_dx:
            return None, {}
        for axis, size, starts, digits in reversed(saved):
            padded = size + 2 * self.padding
            if digits is None:
                first = (starts - 1) // 2
                dy = extend(dy, axis, first, padded - first - dy.shape[axis], xp)
            else:
                dy = put_windows_back(xp, dy, axis, digits, padded)
            dy = surround_back(xp, dy, axis, self.padding, self)
        return dy, {}
