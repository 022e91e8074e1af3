"""`Mixed`: an array of a network that computes in two precisions."""

from typing import Any

from xpnn.typing import Array, DType, Shape

__all__ = ["Mixed"]


class Mixed:
    """An array whose operators follow the rules of `MixedNamespace`.

    Parameters
    ----------
    array : Array
        The numbers.
    xp : MixedNamespace
        Knows the rules.
    """

    __slots__ = ("_xp", "array")
    __array_ufunc__ = None  # so that an array of NumPy on the left leaves the operator to this class

    def __init__(self, array: Array, xp: Any) -> None:
        self.array, self._xp = array, xp

    @property
    def shape(self) -> Shape:
        """Shape of the array."""
        return tuple(self.array.shape)

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.array.shape)

    @property
    def dtype(self) -> DType:
        """Type of the elements."""
        return self.array.dtype

    @property
    def device(self) -> Any:
        """Device of the array."""
        return self.array.device

    @property
    def T(self) -> "Mixed":  # noqa: N802
        """The transposed matrix."""
        return Mixed(self.array.T, self._xp)

    @property
    def mT(self) -> "Mixed":  # noqa: N802
        """The last two axes swapped."""
        return Mixed(self.array.mT, self._xp)

    def __getitem__(self, key: Any) -> "Mixed":
        return Mixed(self.array[key], self._xp)

    def __len__(self) -> int:
        return len(self.array)

    def __array_namespace__(self, *, api_version: str | None = None) -> Any:
        return self._xp

    __hash__ = None  # type: ignore[assignment]


def _install(name: str, function: str, reflected: bool) -> None:
    def forward(self: Mixed, other: Any) -> Array:
        return getattr(self._xp, function)(self, other)

    def backward(self: Mixed, other: Any) -> Array:
        return getattr(self._xp, function)(other, self)

    setattr(Mixed, f"__{name}__", forward)
    if reflected:
        setattr(Mixed, f"__r{name}__", backward)


for _name, _function in {
    "add": "add", "sub": "subtract", "mul": "multiply", "truediv": "divide", "floordiv": "floor_divide",
    "mod": "remainder", "pow": "pow", "matmul": "matmul", "and": "logical_and", "or": "logical_or",
    "xor": "logical_xor",
}.items():  # fmt: skip
    _install(_name, _function, reflected=True)
for _name, _function in {
    "eq": "equal", "ne": "not_equal", "lt": "less", "le": "less_equal", "gt": "greater", "ge": "greater_equal",
}.items():  # fmt: skip
    _install(_name, _function, reflected=False)


def _unary(function: str) -> Any:
    return lambda self: getattr(self._xp, function)(self)


for _name, _function in {"neg": "negative", "abs": "abs", "invert": "logical_not"}.items():
    setattr(Mixed, f"__{_name}__", _unary(_function))
