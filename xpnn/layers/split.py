"""`Split`: one input cut into several outputs."""

from dataclasses import dataclass, field
from typing import Any

from xpnn import _check
from xpnn._record import Record
from xpnn.errors import ShapeError
from xpnn.layers._axes import along, sample_axis, whole_axis
from xpnn.typing import Array, Context, Params, Rng, Shape, State

__all__ = ["Split"]


@dataclass(frozen=True, slots=True, repr=False)
class Split(Record):
    """Cut an array along an axis; the output is a tuple.

    Parameters
    ----------
    sizes : int or tuple of int
        Number of equal parts, or the sizes of the parts.
    axis : int
        Axis of the array, the batch included: 1 is the first axis of a sample, -1 the last.
    name : str, optional
        Name of the layer; by default its position.

    Raises
    ------
    ArgumentError
        If an argument breaks its rule.
    ShapeError
        If the sizes do not add up to that of the axis.

    Notes
    -----
    The gradient of the input is that of the parts, joined; the inverse of `Concatenate`.

    Examples
    --------
    >>> from xpnn.random import ShapeRng
    >>> Split(2).init(ShapeRng(), (6,))[2], Split((1, 5)).init(ShapeRng(), (6,))[2]
    (((3,), (3,)), ((1,), (5,)))
    """

    sizes: Any
    axis: int = -1
    name: str | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        many = isinstance(self.sizes, tuple | list)
        self._set("sizes", _check.shape("sizes", self.sizes) if many else _check.integer("sizes", self.sizes))
        self._set("axis", whole_axis("axis", self.axis))

    def init(self, rng: Rng, input_shape: Shape) -> tuple[Params, State, Any]:
        """Find the shapes of the parts."""
        axis = sample_axis("axis", self.axis, input_shape)
        sizes, n = self._parts(input_shape[axis]), input_shape[axis]
        if sum(sizes) != n:
            raise ShapeError(f"sizes must add up to the {n} of axis {self.axis}, got {self.sizes}.")
        return {}, {}, tuple([(*input_shape[:axis], size, *input_shape[axis + 1 :]) for size in sizes])

    def forward(self, params: Params, state: State, x: Array, ctx: Context) -> tuple[Any, Any, State]:
        """Cut `x`, shape (batch, ...), into views."""
        parts = tuple(along(x, self.axis, self._parts(x.shape[self.axis])))
        return parts, parts, state

    def backward(self, params: Params, saved: Any, dy: Any, ctx: Context) -> tuple[Any, Params]:
        """Join the gradients of the parts; a part that nobody has read has none."""
        if not ctx.wants_dx:
            return None, {}
        pairs = zip(dy, saved, strict=True)
        parts = [ctx.xp.zeros_like(part) if grad is None else grad for grad, part in pairs]
        return ctx.xp.concat(parts, axis=self.axis), {}

    def _parts(self, n: int) -> tuple[int, ...]:
        return (n // self.sizes,) * self.sizes if isinstance(self.sizes, int) else self.sizes
