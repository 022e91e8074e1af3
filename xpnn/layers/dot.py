"""`Dot`: the product of two inputs, summed over one axis of each."""

from dataclasses import dataclass, field
from math import prod
from typing import Any

from xpnn import _check
from xpnn._record import Record
from xpnn.errors import ShapeError
from xpnn.layers._axes import sample_axis, whole_axis
from xpnn.layers.merge import several
from xpnn.typing import Array, Context, Namespace, Params, Rng, Shape, State

__all__ = ["Dot"]


@dataclass(frozen=True, slots=True, repr=False)
class Dot(Record):
    r"""Sum of the products of two inputs along one axis of each, sample by sample.

    Parameters
    ----------
    axes : int or tuple of two int
        Axis of each input to be summed over, the batch included: 1 is the first axis of a sample, -1 the last.
    normalize : bool
        Whether both inputs are divided by their Euclidean norm along that axis first (or by 1e-12, if that is more, as
        in PyTorch); the result is then the cosine of the angle.
    name : str, optional
        Name of the layer; by default its position.

    Raises
    ------
    ArgumentError
        If an argument breaks its rule.
    ShapeError
        If there are not two inputs, or the axes have different lengths.

    Notes
    -----
    The output has the other axes of the first input, then those of the second, as in Keras: (batch, 2, 3) and
    (batch, 3, 4) with ``axes=(2, 1)`` give (batch, 2, 4). Where no axis is left, it has shape (batch, 1).

    With the inputs as matrices :math:`A` and :math:`B`, :math:`y = AB`, :math:`\partial L/\partial A = G B^\top` and
    :math:`\partial L/\partial B = A^\top G`. For a normalized :math:`\hat a = a / \lVert a \rVert`,
    :math:`\partial L/\partial a = (g - \hat a \, \hat a^\top g) / \lVert a \rVert`.
    """

    axes: Any = -1
    normalize: bool = False
    name: str | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        axes = self.axes if isinstance(self.axes, tuple | list) else (self.axes, self.axes)
        if len(axes) != 2:
            _check.refuse("axes", "be an axis, or one for each of the two inputs", self.axes)
        self._set("axes", tuple([whole_axis("axes", axis) for axis in axes]))
        self._set("normalize", _check.boolean("normalize", self.normalize))

    def init(self, rng: Rng, input_shape: Any) -> tuple[Params, State, Shape]:
        """Leave the summed axes out."""
        first, second = several(input_shape, 2)
        i, j = (sample_axis("axes", axis, shape) for axis, shape in zip(self.axes, (first, second), strict=True))
        if first[i] != second[j]:
            raise ShapeError(f"inputs must have axes {self.axes} of one length, got shapes {first} and {second}.")
        return {}, {}, (*first[:i], *first[i + 1 :], *second[:j], *second[j + 1 :]) or (1,)

    def forward(self, params: Params, state: State, x: Any, ctx: Context) -> tuple[Array, Any, State]:
        """Multiply the inputs as matrices."""
        xp = ctx.xp
        rows, kept_a = _as_rows(xp, x[0], self.axes[0])
        others, kept_b = _as_rows(xp, x[1], self.axes[1])
        norms = None
        if self.normalize:
            (rows, norm_a), (others, norm_b) = _normalized(xp, rows), _normalized(xp, others)
            norms = norm_a, norm_b
        y = rows @ xp.matrix_transpose(others)
        shape = (y.shape[0], *(kept_a[1:] + kept_b[1:] or (1,)))
        return xp.reshape(y, shape), (rows, others, norms, kept_a, kept_b), state

    def backward(self, params: Params, saved: Any, dy: Array, ctx: Context) -> tuple[Any, Params]:
        """Multiply by the other matrix, and pull back through the norms."""
        if not ctx.wants_dx:
            return None, {}
        xp, (rows, others, norms, kept_a, kept_b) = ctx.xp, saved
        dy = xp.reshape(dy, (rows.shape[0], rows.shape[1], others.shape[1]))
        grads = [dy @ others, xp.matrix_transpose(dy) @ rows]
        if norms is not None:
            triples = zip(grads, (rows, others), norms, strict=True)
            grads = [_pull_normalized(xp, grad, unit, norm) for grad, unit, norm in triples]
        triples = zip(grads, (kept_a, kept_b), self.axes, strict=True)
        return tuple([_from_rows(xp, grad, kept, axis) for grad, kept, axis in triples]), {}


_EPS = 1e-12


def _as_rows(xp: Namespace, x: Array, axis: int) -> tuple[Array, Shape]:
    """Put `axis` last and make one axis of the others, (batch, rest, n); and the shape without `axis`."""
    place = axis % x.ndim
    if place != x.ndim - 1:
        x = xp.permute_dims(x, (*range(place), *range(place + 1, x.ndim), place))
    kept = tuple(x.shape[:-1])
    return x if x.ndim == 3 else xp.reshape(x, (kept[0], prod(kept[1:]), x.shape[-1])), kept


def _from_rows(xp: Namespace, rows: Array, kept: Shape, axis: int) -> Array:
    x = xp.reshape(rows, (*kept, rows.shape[-1]))
    place, last = axis % x.ndim, x.ndim - 1
    return x if place == last else xp.permute_dims(x, (*range(place), last, *range(place, last)))


def _normalized(xp: Namespace, rows: Array) -> tuple[Array, Array]:
    norm = xp.sqrt(xp.sum(xp.square(rows), axis=-1, keepdims=True))
    return rows / xp.where(norm < _EPS, _EPS, norm), norm


def _pull_normalized(xp: Namespace, grad: Array, unit: Array, norm: Array) -> Array:
    along = xp.where(norm < _EPS, 0.0, xp.sum(grad * unit, axis=-1, keepdims=True))
    return (grad - unit * along) / xp.where(norm < _EPS, _EPS, norm)
