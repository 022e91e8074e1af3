"""`Borders`: the base of layers that add a border to images, or take it away."""

from dataclasses import dataclass, field
from typing import Any, ClassVar

from xpnn._record import Record
from xpnn.errors import ShapeError
from xpnn.layers._sizes import check_image, check_pads, pads
from xpnn.layers._window import extend, take
from xpnn.typing import Array, Context, Params, Rng, Shape, State

__all__ = ["CroppingND", "ZeroPaddingND"]


@dataclass(frozen=True, slots=True, repr=False)
class ZeroPaddingND(Record):
    """Base of `xpnn.layers.ZeroPadding1D` and `xpnn.layers.ZeroPadding2D`."""

    padding: Any = 1
    name: str | None = field(default=None, kw_only=True)

    n_axes: ClassVar[int]

    def __post_init__(self) -> None:
        self._set("padding", check_pads("padding", self.padding, self.n_axes))

    def init(self, rng: Rng, input_shape: Shape) -> tuple[Params, State, Shape]:
        """No parameters; each axis of the image grows by its padding."""
        check_image(input_shape, self.n_axes)
        pairs = zip(input_shape[:-1], pads(self.padding, self.n_axes), strict=True)
        return {}, {}, (*(n + before + after for n, (before, after) in pairs), input_shape[-1])

    def forward(self, params: Params, state: State, x: Array, ctx: Context) -> tuple[Array, Any, State]:
        """Put zeros around `x`, shape (batch, ..., channels)."""
        return _grow(x, pads(self.padding, self.n_axes), ctx), None, state

    def backward(self, params: Params, saved: Any, dy: Array, ctx: Context) -> tuple[Array, Params]:
        """Cut the border off `dy`."""
        return _shrink(dy, pads(self.padding, self.n_axes)), {}


@dataclass(frozen=True, slots=True, repr=False)
class CroppingND(Record):
    """Base of `xpnn.layers.Cropping1D` and `xpnn.layers.Cropping2D`."""

    cropping: Any = 1
    name: str | None = field(default=None, kw_only=True)

    n_axes: ClassVar[int]
    moves_values: ClassVar[bool] = True

    def __post_init__(self) -> None:
        self._set("cropping", check_pads("cropping", self.cropping, self.n_axes))

    def init(self, rng: Rng, input_shape: Shape) -> tuple[Params, State, Shape]:
        """No parameters; each axis of the image shrinks by its cropping."""
        check_image(input_shape, self.n_axes)
        pairs = zip(input_shape[:-1], pads(self.cropping, self.n_axes), strict=True)
        sizes = tuple(n - before - after for n, (before, after) in pairs)
        if min(sizes) < 1:
            raise ShapeError(f"input must be larger than what is cut off, {self.cropping}, got {input_shape[:-1]}.")
        return {}, {}, (*sizes, input_shape[-1])

    def forward(self, params: Params, state: State, x: Array, ctx: Context) -> tuple[Array, Any, State]:
        """Cut the border off `x`, shape (batch, ..., channels)."""
        return _shrink(x, pads(self.cropping, self.n_axes)), None, state

    def backward(self, params: Params, saved: Any, dy: Array, ctx: Context) -> tuple[Array, Params]:
        """Put zeros around `dy`."""
        return _grow(dy, pads(self.cropping, self.n_axes), ctx), {}


def _grow(x: Array, pairs: Any, ctx: Context) -> Array:
    for axis, (before, after) in enumerate(pairs, start=1):
        x = extend(x, axis, before, after, ctx.xp)
    return x


def _shrink(x: Array, pairs: Any) -> Array:
    for axis, (before, after) in enumerate(pairs, start=1):
        x = take(x, axis, slice(before, x.shape[axis] - after))
    return x
