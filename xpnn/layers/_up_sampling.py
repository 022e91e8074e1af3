"""`UpSampling`: each element repeated along the axes of an image."""

from dataclasses import dataclass, field
from typing import Any, ClassVar

from xpnn._record import Record
from xpnn.layers._sizes import check_image, check_sizes, each
from xpnn.layers._windows import Windows, windows
from xpnn.typing import Array, Context, Params, Rng, Shape, State

__all__ = ["UpSampling"]


@dataclass(frozen=True, slots=True, repr=False)
class UpSampling(Record):
    """Base of `xpnn.layers.UpSampling1D` and `xpnn.layers.UpSampling2D`: the adjoint of sums over windows."""

    size: Any = 2
    name: str | None = field(default=None, kw_only=True)

    n_axes: ClassVar[int]

    def __post_init__(self) -> None:
        self._set("size", check_sizes("size", self.size, self.n_axes))

    def init(self, rng: Rng, input_shape: Shape) -> tuple[Params, State, Shape]:
        """No parameters; each axis of the image grows by its factor."""
        check_image(input_shape, self.n_axes)
        return {}, {}, self._output((1, *input_shape))[1:]

    def forward(self, params: Params, state: State, x: Array, ctx: Context) -> tuple[Array, Shape, State]:
        """Repeat the elements of `x`, shape (batch, ..., channels)."""
        shape = self._output(x.shape)
        windows = self._windows(shape)
        return windows.outside(windows.repeats(windows.inside(x, ctx.xp), ctx.xp), ctx.xp), shape, state

    def backward(self, params: Params, saved: Shape, dy: Array, ctx: Context) -> tuple[Array, Params]:
        """Add up the gradients of the copies."""
        windows = self._windows(saved)
        return windows.outside(windows.sums(windows.inside(dy, ctx.xp), ctx.xp), ctx.xp), {}

    def _output(self, shape: Shape) -> Shape:
        pairs = zip(shape[1:-1], each(self.size, self.n_axes), strict=True)
        return (shape[0], *(n * factor for n, factor in pairs), shape[-1])

    def _windows(self, shape: Shape) -> Windows:
        size = each(self.size, self.n_axes)
        return windows(tuple(shape), size, size, (1,) * self.n_axes, "valid")
