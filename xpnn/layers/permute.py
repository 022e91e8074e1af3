"""`Permute`: the axes of samples in another order."""

from dataclasses import dataclass, field
from typing import Any, ClassVar

from xpnn import _check
from xpnn._record import Record
from xpnn.errors import ShapeError
from xpnn.typing import Array, Context, Params, Rng, Shape, State

__all__ = ["Permute"]


@dataclass(frozen=True, slots=True, repr=False)
class Permute(Record):
    """Bring the axes of samples into another order.

    Parameters
    ----------
    axes : tuple of int
        For each axis of the output the axis of the input; the batch is 0 and stays, so (2, 1) transposes matrices.
    name : str, optional
        Name of the layer; by default its position.

    Raises
    ------
    ArgumentError
        If `axes` is no permutation of 1, 2, ....
    ShapeError
        If samples have another number of axes.

    Notes
    -----
    Backwards the inverse permutation is applied.
    """

    axes: tuple[int, ...]
    name: str | None = field(default=None, kw_only=True)

    moves_values: ClassVar[bool] = True

    def __post_init__(self) -> None:
        self._set("axes", _check.shape("axes", self.axes))
        if sorted(self.axes) != list(range(1, len(self.axes) + 1)):
            _check.refuse("axes", f"hold each of the numbers from 1 to {len(self.axes)} once", self.axes)

    def init(self, rng: Rng, input_shape: Shape) -> tuple[Params, State, Shape]:
        """Permute the shape."""
        if len(input_shape) != len(self.axes):
            raise ShapeError(f"axes must be as many as those of a sample of shape {input_shape}, got {self.axes}.")
        return {}, {}, tuple([input_shape[axis - 1] for axis in self.axes])

    def forward(self, params: Params, state: State, x: Array, ctx: Context) -> tuple[Array, Any, State]:
        """Permute the axes of `x` behind the batch."""
        return ctx.xp.permute_dims(x, (0, *self.axes)), None, state

    def backward(self, params: Params, saved: Any, dy: Array, ctx: Context) -> tuple[Any, Params]:
        """Permute the axes of `dy` back."""
        order = (0, *self.axes)
        return ctx.xp.permute_dims(dy, tuple([order.index(i) for i in range(len(order))])), {}
