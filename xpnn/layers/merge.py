"""`Merge`: the base of the layers that join several inputs element by element, with broadcasting."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from xpnn._record import Record
from xpnn._tree import has_parts
from xpnn.errors import ShapeError
from xpnn.layers._inputs import refuse_nested
from xpnn.typing import Array, Context, Namespace, Params, Rng, Shape, State

__all__ = ["Merge", "several", "to_first"]


@dataclass(frozen=True, slots=True, repr=False)
class Merge(Record, ABC):
    """Base of the elementwise merges: a tuple of arrays in, one array out.

    Parameters
    ----------
    name : str, optional
        Name of the layer; by default its position.

    Raises
    ------
    ShapeError
        If there are fewer than two inputs, or their shapes do not fit.

    Notes
    -----
    Shapes of samples are broadcast against each other by the rule of the Array API standard, as in Keras: (2, 3), (3,)
    and (2, 1) give (2, 3). Along an axis that was repeated the gradient is a sum.
    """

    name: str | None = field(default=None, kw_only=True)

    @abstractmethod
    def combine(self, xp: Namespace, parts: Sequence[Array]) -> tuple[Array, Any]:
        """Join arrays of equal numbers of axes; return the result and what `pull` needs."""

    @abstractmethod
    def pull(self, xp: Namespace, saved: Any, dy: Array, count: int) -> Sequence[Array]:
        """Gradients of the `count` inputs, each of the shape of `dy`."""

    def init(self, rng: Rng, input_shape: Any) -> tuple[Params, State, Shape]:
        """Find the common shape; there are no parameters."""
        return {}, {}, _common(several(input_shape))

    def forward(self, params: Params, state: State, x: Any, ctx: Context) -> tuple[Array, Any, State]:
        """Join the arrays of the tuple `x`, each of shape (batch, ...)."""
        xp, ndim = ctx.xp, max(part.ndim for part in x)
        parts = [part if part.ndim == ndim else _with_axes(xp, part, ndim) for part in x]
        y, saved = self.combine(xp, parts)
        return y, (saved, [tuple(part.shape) for part in x], [tuple(part.shape) for part in parts]), state

    def backward(self, params: Params, saved: Any, dy: Array, ctx: Context) -> tuple[Any, Params]:
        """Pull `dy` back to each input, and sum it over the axes along which the input was repeated."""
        if not ctx.wants_dx:
            return None, {}
        inner, shapes, aligned = saved
        grads = self.pull(ctx.xp, inner, dy, len(shapes))
        pairs = zip(grads, shapes, aligned, strict=True)
        return tuple([_fitted(ctx.xp, grad, shape, long) for grad, shape, long in pairs]), {}


def several(input_shape: Any, count: int | None = None) -> tuple[Shape, ...]:
    """Return `input_shape` if it is a tuple of at least two shapes, or of `count`, each of one array."""
    if not has_parts(input_shape) or len(input_shape) != (count or max(len(input_shape), 2)):
        raise ShapeError(f"input must be a tuple of {count or 'at least 2'} arrays, got shape {input_shape}.")
    refuse_nested(input_shape)
    return tuple(input_shape)


def to_first(xp: Namespace, parts: Sequence[Array], y: Array, dy: Array) -> list[Array]:
    """Share `dy` out among `parts`: each element to the first part that equals `y` there."""
    grads = []
    for part in parts:
        hit = part == y
        grads.append(xp.where(hit, dy, 0.0))
        dy = xp.where(hit, 0.0, dy)
    return grads


def _common(shapes: tuple[Shape, ...]) -> Shape:
    ndim = max(map(len, shapes))
    common = []
    for sizes in zip(*[(1,) * (ndim - len(shape)) + shape for shape in shapes], strict=True):
        wide = {size for size in sizes if size != 1}
        if len(wide) > 1:
            raise ShapeError(f"inputs must have shapes that broadcast, got {', '.join(map(str, shapes))}.")
        common.append(wide.pop() if wide else 1)
    return tuple(common)


def _with_axes(xp: Namespace, x: Array, ndim: int) -> Array:
    """Put axes of length 1 behind the batch."""
    return xp.reshape(x, (x.shape[0], *(1,) * (ndim - x.ndim), *x.shape[1:]))


def _fitted(xp: Namespace, grad: Array, shape: Shape, aligned: Shape) -> Array:
    axes = tuple([i for i, (n, m) in enumerate(zip(grad.shape, aligned, strict=True)) if n != m])
    if axes:
        grad = xp.sum(grad, axis=axes, keepdims=True)
    return grad if len(shape) == len(aligned) else xp.reshape(grad, shape)
