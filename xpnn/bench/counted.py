"""`Counted`: an array of NumPy that tells a counter what is done with it."""

import operator
from typing import Any

import numpy as np

from xpnn.typing import DType, HostArray, Shape

__all__ = ["Counted"]


class Counted:
    """The array `array`; operators go through ``counter.call``, see `xpnn.bench.counter.Counter`."""

    __slots__ = ("array", "counter")
    __array_ufunc__ = None  # so that an array of NumPy on the left leaves the operator to this class
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, array: HostArray, counter: Any) -> None:
        self.array, self.counter = array, counter

    @property
    def shape(self) -> Shape:
        """Shape of the array."""
        return tuple(self.array.shape)

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return int(self.array.ndim)

    @property
    def size(self) -> int:
        """Number of elements."""
        return int(self.array.size)

    @property
    def dtype(self) -> DType:
        """Type of the elements."""
        return self.array.dtype

    @property
    def device(self) -> str:
        """Device of the array."""
        return "cpu"

    @property
    def T(self) -> "Counted":  # noqa: N802
        """Transpose."""
        return Counted(self.array.T, self.counter)

    @property
    def mT(self) -> "Counted":  # noqa: N802
        """The last two axes swapped."""
        return Counted(np.matrix_transpose(self.array), self.counter)

    def __len__(self) -> int:
        return len(self.array)

    def __float__(self) -> float:
        return float(self.array)

    def __bool__(self) -> bool:
        return bool(self.array)

    def __getitem__(self, key: Any) -> "Counted":
        keys = key if isinstance(key, tuple) else (key,)
        plain = tuple(part.array if isinstance(part, Counted) else part for part in keys)
        return self.counter.call("getitem", operator.getitem, self, plain)  # type: ignore[no-any-return]

    def __setitem__(self, key: Any, value: Any) -> None:
        target = self.array[key]
        source = value.array if isinstance(value, Counted) else value
        self.array[key] = source
        if source is not target and target.size:
            self.counter.note("setitem", [np.asarray(source)], None, written=target.nbytes)


def _install(name: str, in_place: bool) -> None:
    function = getattr(operator, f"__{name}__")

    def forward(self: Counted, other: Any) -> Any:
        return self.counter.call(name, function, self, other)

    def backward(self: Counted, other: Any) -> Any:
        return self.counter.call(name, function, other, self)

    def augment(self: Counted, other: Any) -> Counted:
        source = other.array if isinstance(other, Counted) else other
        getattr(operator, f"__i{name}__")(self.array, source)
        arrays = [self.array, *([source] if isinstance(source, np.ndarray) else [])]
        self.counter.note(name, arrays, None, written=self.array.nbytes)
        return self

    setattr(Counted, f"__{name}__", forward)
    if in_place:
        setattr(Counted, f"__r{name}__", backward)
        setattr(Counted, f"__i{name}__", augment)


for _name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "and", "or", "xor"):
    _install(_name, in_place=True)
for _name in ("eq", "ne", "lt", "le", "gt", "ge"):
    _install(_name, in_place=False)


def _unary(name: str) -> Any:
    function = getattr(operator, f"__{name}__")
    return lambda self: self.counter.call(name, function, self)


for _name in ("neg", "abs", "invert"):
    setattr(Counted, f"__{_name}__", _unary(_name))
