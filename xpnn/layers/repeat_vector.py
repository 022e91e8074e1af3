"""`RepeatVector`: a vector as every step of a sequence."""

from dataclasses import dataclass, field
from typing import Any, ClassVar

from xpnn import _check
from xpnn._record import Record
from xpnn.errors import ShapeError
from xpnn.typing import Array, Context, Params, Rng, Shape, State

__all__ = ["RepeatVector"]


@dataclass(frozen=True, slots=True, repr=False)
class RepeatVector(Record):
    r"""Repeat a vector, (batch, features), along a new axis, (batch, n, features): what a decoder reads at every step.

    Parameters
    ----------
    n : int
        How often.
    name : str, optional
        Name of the layer; by default its position.

    Raises
    ------
    ArgumentError
        If `n` is no integer of at least 1.
    ShapeError
        If a sample is no vector.

    Notes
    -----
    :math:`\partial L/\partial x = \sum_t \partial L/\partial y_t`.
    """

    n: int
    name: str | None = field(default=None, kw_only=True)

    moves_values: ClassVar[bool] = True

    def __post_init__(self) -> None:
        self._set("n", _check.integer("n", self.n))

    def init(self, rng: Rng, input_shape: Shape) -> tuple[Params, State, Shape]:
        """Put the new axis in front."""
        if len(input_shape) != 1:
            raise ShapeError(
                f"input must have shape (batch, features), got (batch, {', '.join(map(str, input_shape))})."
            )
        return {}, {}, (self.n, *input_shape)

    def forward(self, params: Params, state: State, x: Array, ctx: Context) -> tuple[Array, Any, State]:
        """Repeat `x`, shape (batch, features)."""
        batch, features = x.shape
        return ctx.xp.broadcast_to(ctx.xp.reshape(x, (batch, 1, features)), (batch, self.n, features)), None, state

    def backward(self, params: Params, saved: Any, dy: Array, ctx: Context) -> tuple[Any, Params]:
        """Add up the gradients of the repetitions."""
        return ctx.xp.sum(dy, axis=1) if ctx.wants_dx else None, {}
