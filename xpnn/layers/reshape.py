"""`Reshape`: the same elements in another shape."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from math import prod
from typing import ClassVar

from xpnn import _check
from xpnn._record import Record
from xpnn.errors import ShapeError
from xpnn.typing import Array, Context, Params, Rng, Shape, State

__all__ = ["Reshape"]


@dataclass(frozen=True, slots=True, repr=False)
class Reshape(Record):
    """Give each sample the shape `shape`, in row-major order.

    Parameters
    ----------
    shape : tuple of int
        Shape of one output sample; at most one entry may be -1 and is inferred.
    name : str, optional
        Name of the layer; by default its position.

    Raises
    ------
    ArgumentError
        If `shape` holds anything but positive integers and at most one -1.
    ShapeError
        If the samples have another number of elements.
    """

    shape: Shape
    name: str | None = field(default=None, kw_only=True)

    moves_values: ClassVar[bool] = True

    def __post_init__(self) -> None:
        entries = tuple(self.shape) if isinstance(self.shape, Iterable) else (self.shape,)
        if entries.count(-1) > 1:
            _check.refuse("shape", "hold at most one -1", entries)
        self._set("shape", tuple(-1 if n == -1 else _check.integer("shape", n) for n in entries))

    def init(self, rng: Rng, input_shape: Shape) -> tuple[Params, State, Shape]:
        """No parameters; the output shape is `shape` with -1 inferred."""
        size, known = prod(input_shape), prod(n for n in self.shape if n != -1)
        if size % known if -1 in self.shape else size != known:
            raise ShapeError(f"shape must hold {size} elements like the input {input_shape}, got {self.shape}.")
        return {}, {}, tuple(size // known if n == -1 else n for n in self.shape)

    def forward(self, params: Params, state: State, x: Array, ctx: Context) -> tuple[Array, Shape, State]:
        """Map `x`, shape (batch, ...), to shape (batch, *shape)."""
        known = prod(n for n in self.shape if n != -1)
        shape = tuple(prod(x.shape[1:]) // known if n == -1 else n for n in self.shape)
        return ctx.xp.reshape(x, (x.shape[0], *shape)), x.shape, state

    def backward(self, params: Params, saved: Shape, dy: Array, ctx: Context) -> tuple[Array, Params]:
        """Give `dy` the shape of the input."""
        return ctx.xp.reshape(dy, saved), {}
