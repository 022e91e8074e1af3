"""`BatchedNamespace`: the functions of the standard on `Batched` arrays, for all members at once.

Over 150 lines: a method for each function of the standard that needs a rule.
"""

from collections.abc import Callable
from functools import partial
from math import prod
from typing import Any

from xpnn import _check
from xpnn.errors import ShapeError
from xpnn.namespaces.batched import Batched, align, pad, share
from xpnn.typing import Array, Namespace

__all__ = ["BatchedNamespace"]

# fmt: off
_ELEMENTWISE = frozenset((
    "abs", "acos", "acosh", "add", "asin", "asinh", "atan", "atan2", "atanh", "ceil", "clip", "copysign", "cos", "cosh",
    "divide", "equal", "exp", "expm1", "floor", "floor_divide", "greater", "greater_equal", "hypot", "isfinite",
    "isinf", "isnan", "less", "less_equal", "log", "log10", "log1p", "log2", "logaddexp", "logical_and", "logical_not",
    "logical_or", "logical_xor", "maximum", "minimum", "multiply", "negative", "not_equal", "positive", "pow",
    "reciprocal", "remainder", "round", "sign", "signbit", "sin", "sinh", "sqrt", "square", "subtract", "tan", "tanh",
    "trunc", "where",
))
"""Functions of each element, of one array or more that broadcast."""

_REDUCTIONS = frozenset((
    "all", "any", "argmax", "argmin", "count_nonzero", "max", "mean", "min", "prod", "std", "sum", "var",
))
"""Functions over one axis, several, or all."""

_ALONG = {
    "argsort": -1, "cumulative_prod": None, "cumulative_sum": None, "flip": None, "repeat": None, "roll": None,
    "sort": -1,
}
"""Functions along an axis, with the default of the standard."""

_CREATION = frozenset(("arange", "empty", "eye", "full", "linspace", "ones", "zeros"))
"""Functions whose result all members share."""

_LIKE = frozenset(("astype", "empty_like", "ones_like", "tril", "triu", "zeros_like"))
"""Functions that do to each member's array what they do to one, wherever it lies."""

_PLAIN = frozenset(("can_cast", "finfo", "iinfo", "isdtype", "result_type"))
"""Functions of types."""
# fmt: on


class BatchedNamespace:
    """Namespace `xp` lifted to batched arrays; functions without a rule are refused.

    Parameters
    ----------
    xp : Namespace
        Computes with the arrays of all members.
    members : int
        How many there are.
    """

    def __init__(self, xp: Namespace, members: int) -> None:
        self._xp, self.members = xp, members

    def __getattr__(self, name: str) -> Any:
        """Lift a function when it is first asked for; types and constants are those of `xp`."""
        if name in _ELEMENTWISE:
            lifted: Any = self.lift(getattr(self._xp, name))
        elif name in _REDUCTIONS:
            lifted = partial(self._reduce, getattr(self._xp, name), name.startswith("arg"))
        elif name in _ALONG:
            lifted = partial(self._along, getattr(self._xp, name), _ALONG[name])
        elif name in _CREATION:
            lifted = self._creation(getattr(self._xp, name))
        elif name in _LIKE:
            lifted = self._like(getattr(self._xp, name))
        else:
            lifted = getattr(self._xp, name)
            if callable(lifted) and not isinstance(lifted, type) and name not in _PLAIN:
                raise AttributeError(f"batched arrays have no rule for the function {name!r}.")
        setattr(self, name, lifted)
        return lifted

    def batch(self, array: Array) -> Batched:
        """Return the members' arrays, behind each other on the first axis of `array`, as a batched one.

        Raises
        ------
        ShapeError
            If that axis has neither one entry for each member nor one for all.
        """
        if len(array.shape) == 0 or array.shape[0] not in (1, self.members):
            raise ShapeError(f"array must have shape ({self.members}, ...) or (1, ...), got {tuple(array.shape)}.")
        return Batched(array)

    def spread(self, x: Any) -> Array:
        """Array of `x` with one entry for each member, also of what they share."""
        array = _batched(x).array
        return (
            array if array.shape[0] == self.members else self._xp.broadcast_to(array, (self.members, *array.shape[1:]))
        )

    def lift(self, function: Callable[..., Array]) -> Callable[..., Batched]:
        """Turn a function of each element into one of batched arrays."""

        def lifted(*args: Any, **options: Any) -> Batched:
            if len(args) == 1 and isinstance(args[0], Batched):
                return Batched(function(args[0].array, **options))
            return Batched(function(*align(args), **options))

        return lifted

    # ------------------------------------------------------------------------------------------------ making arrays

    def asarray(self, values: Any, /, *, dtype: Any = None, **options: Any) -> Batched:
        """Return a batched array itself, and anything else as an array that all members share."""
        if isinstance(values, Batched):
            return values if dtype is None else Batched(self._xp.astype(values.array, dtype, copy=False))
        return share(self._xp.asarray(values, dtype=dtype, **options))

    def full_like(self, x: Any, value: Any, /, **options: Any) -> Batched:
        """Fill with a number, or with one for each member."""
        if isinstance(value, Batched):
            return Batched(self._xp.zeros_like(_batched(x).array, **options)) + value  # type: ignore[operator,no-any-return]
        return Batched(self._xp.full_like(_batched(x).array, value, **options))

    # ----------------------------------------------------------------------------------------------- shapes and axes

    def reshape(self, x: Any, /, shape: Any, **options: Any) -> Batched:
        """Give each member's array a new shape."""
        array = _batched(x).array
        shape = shape if isinstance(shape, tuple | list) else (shape,)
        return Batched(self._xp.reshape(array, (array.shape[0], *shape), **options))

    def broadcast_to(self, x: Any, /, shape: Any) -> Batched:
        """Repeat each member's array along axes."""
        array = pad(_batched(x), len(shape) + 1).array
        return Batched(self._xp.broadcast_to(array, (array.shape[0], *shape)))

    def expand_dims(self, x: Any, /, *, axis: int = 0) -> Batched:
        """Insert an axis of one element."""
        x = _batched(x)
        return Batched(self._xp.expand_dims(x.array, axis=_shift(axis, x.ndim + 1)))

    def squeeze(self, x: Any, /, axis: Any) -> Batched:
        """Remove axes of one element."""
        x = _batched(x)
        return Batched(self._xp.squeeze(x.array, axis=_shift(axis, x.ndim)))

    def permute_dims(self, x: Any, /, axes: Any) -> Batched:
        """Reorder the axes."""
        x = _batched(x)
        return Batched(self._xp.permute_dims(x.array, (0, *_shift(tuple(axes), x.ndim))))

    def matrix_transpose(self, x: Any, /) -> Batched:
        """Swap the last two axes."""
        return _batched(x).mT

    def moveaxis(self, x: Any, source: Any, destination: Any, /) -> Batched:
        """Move axes to other places."""
        x = _batched(x)
        return Batched(self._xp.moveaxis(x.array, _shift(source, x.ndim), _shift(destination, x.ndim)))

    def concat(self, arrays: Any, /, *, axis: int | None = 0) -> Batched:
        """Join arrays along an axis."""
        parts = [_batched(part) for part in arrays]
        if axis is None:
            parts, axis = [self.reshape(part, (part.size,)) for part in parts], 0
        return Batched(self._xp.concat(self._alike(parts), axis=_shift(axis, parts[0].ndim)))

    def stack(self, arrays: Any, /, *, axis: int = 0) -> Batched:
        """Join arrays along a new axis."""
        parts = [_batched(part) for part in arrays]
        return Batched(self._xp.stack(self._alike(parts), axis=_shift(axis, parts[0].ndim + 1)))

    def unstack(self, x: Any, /, *, axis: int = 0) -> tuple[Batched, ...]:
        """Take an array apart along an axis."""
        x = _batched(x)
        lead = (slice(None),) * (axis % x.ndim)
        return tuple(x[(*lead, i)] for i in range(x.shape[axis]))

    def tile(self, x: Any, repetitions: Any, /) -> Batched:
        """Repeat each member's array as a whole."""
        x = _batched(x)
        repetitions = (*(1,) * (x.ndim - len(repetitions)), *repetitions)
        return Batched(self._xp.tile(pad(x, len(repetitions) + 1).array, (1, *repetitions)))

    # ------------------------------------------------------------------------------------------- products and choices

    def matmul(self, x1: Any, x2: Any, /) -> Batched:
        """Multiply each member's matrices."""
        return _batched(x1) @ _batched(x2)

    def take(self, x: Any, indices: Any, /, *, axis: int | None = None) -> Batched:
        """Take elements along an axis, each member its own or all the same; what all share is not copied first."""
        x, indices = _batched(x), _batched(indices)
        if axis is None:
            axis = _only_axis(x)
        if indices.array.shape[0] == 1:
            return Batched(self._xp.take(x.array, indices.array[0, ...], axis=_shift(axis, x.ndim)))
        axis, rows = axis % x.ndim, indices.array
        if x.array.shape[0] > 1:
            return self._take_own(x, rows, axis)
        taken = self._xp.take(x.array[0, ...], self._xp.reshape(rows, (-1,)), axis=axis)
        taken = self._xp.reshape(taken, (*x.shape[:axis], *rows.shape, *x.shape[axis + 1 :]))
        return Batched(self._xp.moveaxis(taken, axis, 0) if axis else taken)

    def take_along_axis(self, x: Any, indices: Any, /, *, axis: int = -1) -> Batched:
        """Take elements by an array of indices that broadcasts against `x` but for the axis."""
        x, indices = _batched(x), _batched(indices)
        arrays = self._alike([x, indices])
        return Batched(self._xp.take_along_axis(*arrays, axis=_shift(axis, x.ndim)))

    def searchsorted(self, x1: Any, x2: Any, /, **options: Any) -> Batched:
        """Find places in each member's sorted array, one member after the other: the standard knows one array alone."""
        arrays = zip(*(self._xp.unstack(array) for array in self._alike([_batched(x1), _batched(x2)])), strict=True)
        return Batched(self._xp.stack([self._xp.searchsorted(row, values, **options) for row, values in arrays]))

    # -------------------------------------------------------------------------------------------------------- inside

    def _take_own(self, x: Batched, rows: Array, axis: int) -> Batched:
        """Take from each member's own array: as rows of one long array, since the standard has no other way."""
        xp, (m, n) = self._xp, (x.array.shape[0], x.shape[axis])
        front = xp.moveaxis(x.array, axis + 1, 1)
        first = xp.arange(m, dtype=rows.dtype, device=rows.device) * n
        rows = xp.where(rows < 0, rows + n, rows) + first[:, None]
        rest = tuple(front.shape[2:])
        taken = xp.take(xp.reshape(front, (m * n, *rest)), xp.reshape(rows, (-1,)), axis=0)
        return Batched(xp.moveaxis(xp.reshape(taken, (*rows.shape, *rest)), 1, axis + 1))

    def _alike(self, parts: list[Batched]) -> list[Array]:
        """Arrays with first axes of one length: shared ones are spread if some are not."""
        own = any(part.array.shape[0] > 1 for part in parts)
        return [self.spread(part) if own else part.array for part in parts]

    def _reduce(
        self, function: Any, flat: bool, x: Any, /, *, axis: Any = None, keepdims: bool = False, **options: Any
    ) -> Batched:
        x = _batched(x)
        if axis is not None:
            return Batched(function(x.array, axis=_shift(axis, x.ndim), keepdims=keepdims, **options))
        if flat or not x.ndim:
            result = function(self._xp.reshape(x.array, (x.array.shape[0], prod(x.shape))), axis=1, **options)
        else:
            result = function(x.array, axis=tuple(range(1, x.ndim + 1)), **options)
        return Batched(result[(slice(None), *(None,) * x.ndim)] if keepdims else result)

    def _along(
        self, function: Any, default: int | None, x: Any, /, *args: Any, axis: Any = None, **options: Any
    ) -> Batched:
        x, axis = _batched(x), default if axis is None else axis
        if axis is None and function.__name__ == "flip":
            axis = tuple(range(x.ndim))
        axis = _only_axis(x) if axis is None else axis
        return Batched(function(x.array, *args, axis=_shift(axis, x.ndim), **options))

    def _creation(self, function: Any) -> Callable[..., Batched]:
        return lambda *args, **options: share(function(*args, **options))

    def _like(self, function: Any) -> Callable[..., Batched]:
        return lambda x, /, *args, **options: Batched(function(_batched(x).array, *args, **options))


def _batched(x: Any) -> Batched:
    return x if isinstance(x, Batched) else share(x)


def _shift(axis: Any, ndim: int) -> Any:
    """Axis of the members' arrays, from an axis of each member's `ndim`; one, or a tuple of them."""
    if isinstance(axis, tuple | list):
        return tuple(_shift(a, ndim) for a in axis)
    if not -ndim <= axis < ndim:
        _check.refuse("axis", f"be from {-ndim} to {ndim - 1}", axis)
    return axis % ndim + 1


def _only_axis(x: Batched) -> int:
    """0 for vectors: where the standard lets the axis be left out."""
    if x.ndim != 1:
        raise ShapeError(f"axis must be given for an array of shape {x.shape}, got None.")
    return 0
