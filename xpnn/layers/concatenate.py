"""`Concatenate`: several inputs joined along an axis."""

from dataclasses import dataclass, field
from typing import Any

from xpnn._record import Record
from xpnn.errors import ShapeError
from xpnn.layers._axes import along, sample_axis, whole_axis
from xpnn.layers.merge import several
from xpnn.typing import Array, Context, Params, Rng, Shape, State

__all__ = ["Concatenate"]


@dataclass(frozen=True, slots=True, repr=False)
class Concatenate(Record):
    """Join a tuple of inputs along an axis.

    Parameters
    ----------
    axis : int
        Axis of the arrays, the batch included, as in Keras: 1 is the first axis of a sample, -1 the last.
    name : str, optional
        Name of the layer; by default its position.

    Raises
    ------
    ArgumentError
        If `axis` is no integer, or the batch.
    ShapeError
        If there are fewer than two inputs, or their shapes differ elsewhere than along `axis`.

    Notes
    -----
    The gradient of each input is its slice of that of the output.
    """

    axis: int = -1
    name: str | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        self._set("axis", whole_axis("axis", self.axis))

    def init(self, rng: Rng, input_shape: Any) -> tuple[Params, State, Shape]:
        """Add up the sizes along the axis."""
        first, *rest = shapes = several(input_shape)
        axis = sample_axis("axis", self.axis, first)
        for shape in rest:
            if len(shape) != len(first) or any(shape[i] != n for i, n in enumerate(first) if i != axis):
                raise ShapeError(
                    f"inputs must have shapes that differ along axis {self.axis} alone, got "
                    f"{', '.join(map(str, shapes))}."
                )
        return {}, {}, (*first[:axis], sum(shape[axis] for shape in shapes), *first[axis + 1 :])

    def forward(self, params: Params, state: State, x: Any, ctx: Context) -> tuple[Array, Any, State]:
        """Join the arrays of the tuple `x`, each of shape (batch, ...)."""
        return ctx.xp.concat(x, axis=self.axis), [part.shape[self.axis] for part in x], state

    def backward(self, params: Params, saved: Any, dy: Array, ctx: Context) -> tuple[Any, Params]:
        """Cut `dy` into the parts of the inputs."""
        return tuple(along(dy, self.axis, saved)) if ctx.wants_dx else None, {}
