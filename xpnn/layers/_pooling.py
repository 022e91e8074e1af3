"""`Pooling`: what the pooling layers share: sizes, and the order of the axes in which they compute."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any, ClassVar

from xpnn import _check
from xpnn._record import Record
from xpnn.layers._sizes import check_image, check_sizes, each
from xpnn.layers._windows import Windows, windows
from xpnn.typing import Array, Context, Namespace, Params, Rng, Shape, State

__all__ = ["Pooling"]


@dataclass(frozen=True, slots=True, repr=False)
class Pooling(Record, ABC):
    """Base of layers that reduce each window to one number per channel; see `xpnn.layers.MaxPool2D`."""

    pool_size: Any = 2
    strides: Any = None
    padding: str = "valid"
    name: str | None = field(default=None, kw_only=True)

    n_axes: ClassVar[int]

    def __post_init__(self) -> None:
        self._set("pool_size", check_sizes("pool_size", self.pool_size, self.n_axes))
        if self.strides is not None:
            self._set("strides", check_sizes("strides", self.strides, self.n_axes))
        self._set("padding", _check.choice("padding", self.padding, ("valid", "same")))

    def init(self, rng: Rng, input_shape: Shape) -> tuple[Params, State, Shape]:
        """No parameters; the output has an element for each window and channel."""
        check_image(input_shape, self.n_axes)
        return {}, {}, (*self._windows((1, *input_shape)).counts, input_shape[-1])

    def forward(self, params: Params, state: State, x: Array, ctx: Context) -> tuple[Array, Any, State]:
        """Reduce the windows of `x`, shape (batch, ..., channels)."""
        windows = self._windows(x.shape)
        y, saved = self._reduce(windows, windows.inside(x, ctx.xp), ctx.xp)
        return windows.outside(y, ctx.xp), (saved, x.shape), state

    def backward(self, params: Params, saved: Any, dy: Array, ctx: Context) -> tuple[Array, Params]:
        """Pull `dy` back to what each window saw."""
        saved, shape = saved
        windows = self._windows(shape)
        dx = self._pull_back(windows, saved, windows.inside(dy, ctx.xp), ctx.xp)
        return windows.outside(dx, ctx.xp), {}

    @abstractmethod
    def _reduce(self, windows: Windows, x: Array, xp: Namespace) -> tuple[Array, Any]:
        """Output, and what backward needs, in the order of the arithmetic."""

    @abstractmethod
    def _pull_back(self, windows: Windows, saved: Any, dy: Array, xp: Namespace) -> Array:
        """Gradient of the input, in the order of the arithmetic."""

    def _windows(self, shape: Shape) -> Windows:
        size, ones = each(self.pool_size, self.n_axes), (1,) * self.n_axes
        strides = size if self.strides is None else each(self.strides, self.n_axes)
        return windows(tuple(shape), size, strides, ones, self.padding)
