"""`Traced`: an array without values, which writes down what is done with it."""

from typing import Any, NoReturn

from xpnn.errors import RecordingError
from xpnn.program.node import Node
from xpnn.typing import Array, DType, Shape

__all__ = ["Traced"]


class Traced:
    """The value of `node` while a program is recorded: shape and type are known, the numbers are not.

    Augmented assignment rebinds the name, as with immutable arrays, and notes that the result is to lie in memory as
    the array on the left does; assignment to elements is refused.
    """

    __slots__ = ("_recorder", "node")
    __array_ufunc__ = None  # so that an array of NumPy on the left leaves the operator to this class

    def __init__(self, node: Node, recorder: Any) -> None:
        self.node, self._recorder = node, recorder

    @property
    def shape(self) -> Shape:
        """Shape of the array."""
        return self.node.shape

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return self.node.ndim

    @property
    def size(self) -> int:
        """Number of elements."""
        return self.node.size

    @property
    def dtype(self) -> DType:
        """Type of the elements, as the library's own object."""
        return self._recorder.dtype(self.node.dtype)

    @property
    def device(self) -> Any:
        """Device on which the program will run."""
        return self._recorder.device

    @property
    def T(self) -> "Traced":  # noqa: N802
        """The transposed matrix."""
        if self.ndim != 2:
            raise RecordingError(f"T must be taken of a matrix, got an array with {self.ndim} axes.")
        return self.mT

    @property
    def mT(self) -> "Traced":  # noqa: N802
        """The last two axes swapped."""
        return self._recorder.matrix_transpose(self)  # type: ignore[no-any-return]

    def __getitem__(self, key: Any) -> "Traced":
        return self._recorder.index(self, key)  # type: ignore[no-any-return]

    def __len__(self) -> int:
        return self.node.shape[0]

    def __setitem__(self, key: Any, value: Any) -> NoReturn:
        raise RecordingError("elements of an array must not be assigned: a recorded step is made of values.")

    def _refuse(self, *args: Any, **options: Any) -> NoReturn:
        raise RecordingError("the numbers in an array must not be read: they are not known while a step is recorded.")

    __bool__ = __float__ = __int__ = __index__ = __complex__ = __iter__ = __array__ = _refuse
    __hash__ = object.__hash__

    def __array_namespace__(self, *, api_version: str | None = None) -> Any:
        return self._recorder


def _install(name: str, function: str, reflected: bool) -> None:
    def forward(self: Traced, other: Any) -> Array:
        return self._recorder.operate(function, self, other)

    def backward(self: Traced, other: Any) -> Array:
        return self._recorder.operate(function, other, self)

    def assigned(self: Traced, other: Any) -> Array:
        return self._recorder.operate(function, self, other, in_place=True)

    setattr(Traced, f"__{name}__", forward)
    if reflected:
        setattr(Traced, f"__r{name}__", backward)
        setattr(Traced, f"__i{name}__", assigned)


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
    return lambda self: self._recorder.operate(function, self)


for _name, _function in {"neg": "negative", "abs": "abs", "invert": "logical_not"}.items():
    setattr(Traced, f"__{_name}__", _unary(_function))
