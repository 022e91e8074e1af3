"""`GlobalMaxPooling` and `GlobalAveragePooling`: one number for each channel of a whole image."""

from dataclasses import dataclass, field
from math import prod
from typing import Any, ClassVar

from xpnn._record import Record
from xpnn.layers._sizes import check_image
from xpnn.layers._windows import Windows
from xpnn.typing import Array, Context, Params, Rng, Shape, State

__all__ = ["GlobalAveragePooling", "GlobalMaxPooling", "GlobalPooling"]


@dataclass(frozen=True, slots=True, repr=False)
class GlobalPooling(Record):
    """Base of layers that reduce all places to one number per channel."""

    name: str | None = field(default=None, kw_only=True)

    n_axes: ClassVar[int]

    def init(self, rng: Rng, input_shape: Shape) -> tuple[Params, State, Shape]:
        """No parameters; the output has the channels alone."""
        check_image(input_shape, self.n_axes)
        return {}, {}, input_shape[-1:]


@dataclass(frozen=True, slots=True, repr=False)
class GlobalAveragePooling(GlobalPooling):
    """Base of `xpnn.layers.GlobalAveragePool1D` and `xpnn.layers.GlobalAveragePool2D`."""

    def forward(self, params: Params, state: State, x: Array, ctx: Context) -> tuple[Array, Shape, State]:
        """Map `x`, shape (batch, ..., channels), to the means, shape (batch, channels)."""
        xp, lead, shape = ctx.xp, self.n_axes - 1, tuple(x.shape)
        # In one order of the memory, so that the sums are the same to the last bit however `x` lies.
        sums = xp.sum(Windows((), lead=lead).inside(x, xp), axis=lead + 1)
        if lead:
            sums = xp.reshape(sums, (prod(shape[1:-2]), shape[-1] * shape[0]))
            sums = xp.reshape(xp.sum(sums, axis=0), (shape[-1], shape[0]))
        return xp.permute_dims(sums, (1, 0)) * (1.0 / prod(shape[1:-1])), shape, state

    def backward(self, params: Params, saved: Shape, dy: Array, ctx: Context) -> tuple[Array, Params]:
        """Give each place its share of `dy`, in the order of memory in which convolutions compute."""
        xp, windows = ctx.xp, Windows((), lead=self.n_axes - 1)
        share = windows.inside(_spread(dy * (1.0 / prod(saved[1:-1])), len(saved), ctx), xp)
        *lead, channels, width, batch = (*saved[1:-2], saved[-1], saved[-2], saved[0])
        return windows.outside(xp.broadcast_to(share, (*lead, channels, width, batch)), xp), {}


@dataclass(frozen=True, slots=True, repr=False)
class GlobalMaxPooling(GlobalPooling):
    """Base of `xpnn.layers.GlobalMaxPool1D` and `xpnn.layers.GlobalMaxPool2D`."""

    moves_values: ClassVar[bool] = True

    def forward(self, params: Params, state: State, x: Array, ctx: Context) -> tuple[Array, Any, State]:
        """Map `x`, shape (batch, ..., channels), to the maxima, shape (batch, channels)."""
        y = ctx.xp.max(x, axis=tuple(range(1, x.ndim - 1)))
        return y, (x, y), state

    def backward(self, params: Params, saved: Any, dy: Array, ctx: Context) -> tuple[Array, Params]:
        """Give `dy` to the first place, in row-major order, that holds the maximum."""
        x, y = saved
        xp, n = ctx.xp, prod(x.shape[1:-1])
        rows = xp.reshape(x, (x.shape[0], n, x.shape[-1]))
        numbers = xp.reshape(xp.arange(n, dtype=xp.int32, device=x.device), (n, 1))
        first = xp.min(xp.where(rows == _spread(y, 3, ctx), numbers, n), axis=1, keepdims=True)
        dx = xp.astype(numbers == first, dy.dtype)
        dx *= _spread(dy, 3, ctx)
        return xp.reshape(dx, x.shape), {}


def _spread(values: Array, ndim: int, ctx: Context) -> Array:
    """View (batch, channels) with axes of one element between."""
    batch, channels = values.shape
    return ctx.xp.reshape(values, (batch, *(1,) * (ndim - 2), channels))
