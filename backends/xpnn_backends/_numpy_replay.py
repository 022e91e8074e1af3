"""NumPy's operations with ``out=``, for `Replay`."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from xpnn.typing import Array, Shape
from xpnn_backends._blas_threads import set_threads
from xpnn_backends._numpy_namespace import SHORT, filled

__all__ = ["NumpyLibrary"]

_RENAMED = {
    "abs": "absolute", "acos": "arccos", "acosh": "arccosh", "asin": "arcsin", "asinh": "arcsinh", "atan": "arctan",
    "atan2": "arctan2", "atanh": "arctanh", "pow": "power", "round": "rint",
}  # fmt: skip
_SAME = (
    "add", "ceil", "copysign", "cos", "cosh", "divide", "equal", "exp", "expm1", "floor", "floor_divide", "greater",
    "greater_equal", "hypot", "isfinite", "isinf", "isnan", "less", "less_equal", "log", "log10", "log1p", "log2",
    "logaddexp", "logical_and", "logical_not", "logical_or", "logical_xor", "matmul", "maximum", "minimum", "multiply",
    "negative", "not_equal", "positive", "reciprocal", "remainder", "sign", "signbit", "sin", "sinh", "sqrt", "square",
    "subtract", "tan", "tanh", "trunc",
)  # fmt: skip


_LINE = 64
"""Bytes of a line of the cache."""


def _where(condition: Array, x1: Array, x2: Array, out: Array) -> None:
    """Choose; through a new array, since `out` may be one of the arguments."""
    np.copyto(out, np.where(condition, x1, x2))


class NumpyLibrary:
    """See `xpnn_backends._replay.Library`."""

    functions: Mapping[str, Callable[..., Any]] = {
        **{name: getattr(np, name) for name in _SAME},
        **{name: getattr(np, other) for name, other in _RENAMED.items()},
        "where": _where,
    }

    def __init__(self, block_size: int | None) -> None:
        self.block_size: int | None = block_size

    def empty(self, size: int, dtype: str) -> Array:
        """Make an array of one axis that begins at a line of the cache."""
        kind = np.dtype(dtype)
        memory = np.empty(size * kind.itemsize + _LINE, dtype=np.uint8)
        start = -memory.ctypes.data % _LINE
        return memory[start : start + size * kind.itemsize].view(kind)

    def flat(self, array: Array) -> Array:
        """View an array, or a copy where it is not in order, as one axis."""
        return np.ascontiguousarray(array).reshape(-1)

    def view(self, array: Array, shape: Shape, strides: tuple[int, ...], offset: int) -> Array:
        """View a part of an array of one axis."""
        if 0 in shape:
            return np.empty(shape, array.dtype)
        n = array.itemsize
        return np.ndarray(shape, array.dtype, array, offset * n, [stride * n for stride in strides])

    def scalar(self, value: Any, dtype: str, shape: Shape, op: str) -> Array:
        """Array without axes; a full one for maxima, which NumPy takes of scalars slowly."""
        if op in ("maximum", "minimum"):
            return filled(tuple(shape), np.dtype(dtype), value)
        return np.asarray(value, dtype=dtype)

    def reduction(self, op: str, shape: Shape, axes: tuple[int, ...], dtype: str) -> Callable[[Array, Array], Any]:
        """Reduce as `NumpyNamespace` does, to the same bits."""
        is_real = np.dtype(dtype).kind == "f"
        if op == "sum" and is_real and len(shape) == 2 and axes == (0,):
            ones = filled(shape[:1], np.dtype(dtype), 1.0)
            return lambda x, out: np.matmul(ones, x, out=out)
        is_short = len(shape) == 2 and axes == (1,) and shape[1] <= SHORT
        if op == "sum" and is_real and is_short:
            ones = filled(shape[1:], np.dtype(dtype), 1.0)
            return lambda x, out: np.matmul(x, ones, out=out)
        if op == "max" and is_short:
            return lambda x, out: np.maximum.reduce(np.ascontiguousarray(x.T), 0, None, out)
        function = {"sum": np.add, "max": np.maximum, "min": np.minimum}[op].reduce
        axis = None if len(axes) == len(shape) else axes
        return lambda x, out: function(x, axis, None, out)

    def set_threads(self, count: int) -> None:
        """Set the number of threads of BLAS."""
        set_threads(count)

    def assign(self, out: Array, values: Array) -> None:
        """Write `values`, broadcast and converted, into `out`."""
        np.copyto(out, values, "unsafe")

    def plain(self, array: Array) -> Array:
        """Return an array that is in order and can be written, a copy if need be."""
        return array if array.flags.carray else array.copy()

    def read(self, array: Array) -> Array:
        """Return a copy; of an array without axes, its number."""
        return array.copy() if array.ndim else array[()]

    def set_numbers(self, array: Array, values: Sequence[float]) -> None:
        """Write Python numbers."""
        array[:] = values
