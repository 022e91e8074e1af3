"""`Batched`: the arrays of many members of one family, which look to a layer like one array.

Over 150 lines: the operators and attributes of an array, all of them.
"""

import operator
from collections.abc import Callable, Iterator
from math import prod
from typing import Any, NoReturn

from xpnn.errors import ArgumentTypeError, ShapeError
from xpnn.typing import Array, DType, Shape

__all__ = ["Batched", "align", "pad", "share"]


class Batched:
    """One array for each member, all of one shape, behind each other in one `array`.

    Shape, axes and indices are those of one member: the axis of the members is not seen. What all members share, such
    as the data, is kept once, with a first axis of length 1.

    Parameters
    ----------
    array : Array, shape (members, ...) or (1, ...)
        The members' arrays.

    Examples
    --------
    >>> import numpy as np
    >>> weights = Batched(np.asarray([[[1.0], [2.0]], [[3.0], [4.0]]]))  # two members, each of shape (2, 1)
    >>> y = share(np.asarray([[1.0, 1.0]])) @ weights
    >>> y.shape, y.array.tolist()
    ((1, 1), [[[3.0]], [[7.0]]])
    """

    __slots__ = ("array",)
    __array_ufunc__ = None  # so that an array of NumPy on the left leaves the operator to this class
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, array: Array) -> None:
        self.array = array

    @property
    def shape(self) -> Shape:
        """Shape of each member's array."""
        return tuple(self.array.shape[1:])

    @property
    def ndim(self) -> int:
        """Number of axes of each member's array."""
        return len(self.array.shape) - 1

    @property
    def size(self) -> int:
        """Number of elements of each member's array."""
        return prod(self.array.shape[1:])

    @property
    def dtype(self) -> DType:
        """Type of the elements."""
        return self.array.dtype

    @property
    def device(self) -> Any:
        """Device of the members' arrays."""
        return self.array.device

    @property
    def T(self) -> "Batched":  # noqa: N802
        """Transpose of each member's matrix."""
        if self.ndim != 2:
            raise ShapeError(f"T must be asked of a matrix, got shape {self.shape}.")
        return self.mT

    @property
    def mT(self) -> "Batched":  # noqa: N802
        """The last two axes swapped."""
        if self.ndim < 2:
            raise ShapeError(f"mT must be asked of an array with two axes or more, got shape {self.shape}.")
        return Batched(self.array.mT)

    def __repr__(self) -> str:
        return f"Batched({self.array!r})"

    def __len__(self) -> int:
        if not self.ndim:
            raise ArgumentTypeError("len must be asked of an array with axes, got shape ().")
        return int(self.array.shape[1])

    def __iter__(self) -> Iterator["Batched"]:
        return (self[i] for i in range(len(self)))

    def __getitem__(self, key: Any) -> "Batched":
        return Batched(self.array[_index(key)])

    def __setitem__(self, key: Any, value: Any) -> None:
        key = _index(key)
        ndim = self.array[key].ndim
        self.array[key] = pad(value, ndim).array if isinstance(value, Batched) else value

    def __matmul__(self, other: Any) -> "Batched":
        return _matmul(self, other if isinstance(other, Batched) else share(other))

    def __rmatmul__(self, other: Any) -> "Batched":
        return _matmul(share(other), self)

    def _refuse(self) -> NoReturn:
        raise ArgumentTypeError("a batched array must not be read as one number, got one for each member.")

    __bool__ = __float__ = __int__ = __index__ = _refuse


def share(array: Array) -> Batched:
    """Return an array that all members share; nothing is copied."""
    return Batched(array[None, ...])


def pad(x: Batched, ndim: int) -> Batched:
    """Return `x` with axes of length 1 behind the axis of the members, so that `array` has `ndim` axes or more."""
    missing = ndim - len(x.array.shape)
    return Batched(x.array[(slice(None), *(None,) * missing, ...)]) if missing > 0 else x


def align(args: tuple[Any, ...]) -> list[Any]:
    """Arrays that broadcast against each other member by member; plain arrays are shared, numbers stay numbers."""
    parts = [part if isinstance(part, Batched) or not hasattr(part, "shape") else share(part) for part in args]
    ndim = max((len(part.array.shape) for part in parts if isinstance(part, Batched)), default=0)
    return [pad(part, ndim).array if isinstance(part, Batched) else part for part in parts]


def _index(key: Any) -> tuple[Any, ...]:
    parts = key if isinstance(key, tuple) else (key,)
    for part in parts:
        if part is not None and part is not ... and (isinstance(part, bool) or not isinstance(part, int | slice)):
            raise ArgumentTypeError(f"an index must be made of integers, slices, None and ..., got {part!r}.")
    return (slice(None), *parts) if ... in parts else (slice(None), *parts, ...)


def _matmul(a: Batched, b: Batched) -> Batched:
    """Product of each member's matrices; of vectors as in the standard."""
    left, right = (a[None, :] if a.ndim == 1 else a), (b[:, None] if b.ndim == 1 else b)
    product = Batched(operator.matmul(*align((left, right))))
    if a.ndim == 1:
        product = product[..., 0, :]
    return product[..., 0] if b.ndim == 1 else product


def _install(name: str, function: Callable[[Any, Any], Any]) -> None:
    def forward(self: Batched, other: Any) -> Batched:
        if isinstance(other, int | float):
            return Batched(function(self.array, other))
        return Batched(function(*align((self, other))))

    def backward(self: Batched, other: Any) -> Batched:
        return Batched(function(*align((other, self))))

    setattr(Batched, f"__{name}__", forward)
    if name not in ("eq", "ne", "lt", "le", "gt", "ge"):
        setattr(Batched, f"__r{name}__", backward)


def _install_in_place(name: str, function: Callable[[Any, Any], Any]) -> None:
    """Write into the array where the result has its shape; elsewhere the name is bound to a new one."""
    in_place, fresh = getattr(operator, f"i{name}"), function

    def assigned(self: Batched, other: Any) -> Batched:
        if isinstance(other, int | float):
            return Batched(in_place(self.array, other))
        mine, others = align((self, other))
        return Batched(in_place(mine, others) if _fits(mine, others) else fresh(mine, others))

    setattr(Batched, f"__i{name}__", assigned)


def _install_unary(name: str, function: Callable[[Any], Any]) -> None:
    setattr(Batched, f"__{name}__", lambda self: Batched(function(self.array)))


def _fits(mine: Array, other: Any) -> bool:
    """Whether `other` broadcasts to the shape of `mine`."""
    shape = tuple(getattr(other, "shape", ()))
    return len(shape) <= len(mine.shape) and all(
        m == n or n == 1 for m, n in zip(reversed(mine.shape), reversed(shape), strict=False)
    )


for _name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "eq", "ne", "lt", "le", "gt", "ge"):
    _install(_name, getattr(operator, _name))
for _name in ("and_", "or_", "xor"):
    _install(_name.rstrip("_"), getattr(operator, _name))
for _name in ("add", "sub", "mul", "truediv"):
    _install_in_place(_name, getattr(operator, _name))
for _name in ("neg", "pos", "abs", "invert"):
    _install_unary(_name, getattr(operator, _name))
