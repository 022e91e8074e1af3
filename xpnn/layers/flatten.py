"""`Flatten`: all axes of a sample as one."""

from dataclasses import dataclass, field
from math import prod
from typing import ClassVar

from xpnn._record import Record
from xpnn.typing import Array, Context, Params, Rng, Shape, State

__all__ = ["Flatten"]


@dataclass(frozen=True, slots=True, repr=False)
class Flatten(Record):
    """Turn samples of any shape into vectors, in row-major order.

    Parameters
    ----------
    name : str, optional
        Name of the layer; by default its position.
    """

    name: str | None = field(default=None, kw_only=True)

    moves_values: ClassVar[bool] = True

    def init(self, rng: Rng, input_shape: Shape) -> tuple[Params, State, Shape]:
        """No parameters; the output has one axis."""
        return {}, {}, (prod(input_shape),)

    def forward(self, params: Params, state: State, x: Array, ctx: Context) -> tuple[Array, Shape, State]:
        """Map `x`, shape (batch, ...), to shape (batch, features)."""
        return ctx.xp.reshape(x, (x.shape[0], prod(x.shape[1:]))), x.shape, state

    def backward(self, params: Params, saved: Shape, dy: Array, ctx: Context) -> tuple[Array, Params]:
        """Give `dy` the shape of the input."""
        return ctx.xp.reshape(dy, saved), {}
