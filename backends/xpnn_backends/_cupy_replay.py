"""CuPy's operations with ``out=``, for `Replay`."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import cupy
import numpy as np

from xpnn.typing import Array, Shape
from xpnn_backends._cupy_copies import copied

__all__ = ["CupyLibrary"]

_RENAMED = {"round": "rint"}
_SAME = (
    "abs", "acos", "acosh", "add", "asin", "asinh", "atan", "atan2", "atanh", "ceil", "copysign", "cos", "cosh",
    "divide", "equal", "exp", "expm1", "floor", "floor_divide", "greater", "greater_equal", "hypot", "isfinite",
    "isinf", "isnan", "less", "less_equal", "log", "log10", "log1p", "log2", "logaddexp", "logical_and", "logical_not",
    "logical_or", "logical_xor", "matmul", "maximum", "minimum", "multiply", "negative", "not_equal", "positive", "pow",
    "reciprocal", "remainder", "sign", "signbit", "sin", "sinh", "sqrt", "square", "subtract", "tan", "tanh", "trunc",
)  # fmt: skip
_KINDS = {"b": bool, "i": int, "u": int, "f": float}


def _where(condition: Array, x1: Any, x2: Any, out: Array) -> None:
    """Choose; CuPy's function takes no ``out=``."""
    out[...] = cupy.where(condition, x1, x2)


def _min(x: Array, axis: tuple[int, ...], out: Array) -> None:
    """Take the least; CuPy 14.2 mistakes ``out=`` for the type where it calls CUB."""
    out[...] = cupy.min(x, axis=axis)


class CupyLibrary:
    """See `xpnn_backends._replay.Library`. All arrays are on the current device."""

    block_size: int | None = None

    def __init__(self) -> None:
        same = {name: getattr(cupy, name) for name in _SAME}
        renamed = {name: getattr(cupy, other) for name, other in _RENAMED.items()}
        self.functions: Mapping[str, Callable[..., Any]] = {**same, **renamed, "where": _where}

    def empty(self, size: int, dtype: str) -> Array:
        """Make an array of one axis."""
        return cupy.empty(size, dtype=dtype)

    def flat(self, array: Array) -> Array:
        """View an array, or a copy where it is not in order, as one axis."""
        return cupy.ascontiguousarray(array).reshape(-1)

    def view(self, array: Array, shape: Shape, strides: tuple[int, ...], offset: int) -> Array:
        """View a part of an array of one axis."""
        n = array.itemsize
        return cupy.ndarray(shape, array.dtype, array.data + offset * n, tuple(stride * n for stride in strides))

    def scalar(self, value: Any, dtype: str, shape: Shape, op: str) -> Any:
        """The Python number itself: it is handed to the kernel, and takes the type of the array beside it."""
        return _KINDS[np.dtype(dtype).kind](value)

    def reduction(self, op: str, shape: Shape, axes: tuple[int, ...], dtype: str) -> Callable[[Array, Array], Any]:
        """Reduce with ``out=``."""
        function = {"sum": cupy.sum, "max": cupy.max, "min": _min}[op]
        return lambda x, out: function(x, axis=axes, out=out) if axes else cupy.copyto(out, x)

    def assign(self, out: Array, values: Array) -> None:
        """Write `values`, broadcast and converted, into `out`."""
        out[...] = values

    def set_threads(self, count: int) -> None:
        """Do nothing: a device has no such setting."""

    def plain(self, array: Array) -> Array:
        """Return the array: no part of a replay is compiled here."""
        return array

    def read(self, array: Array) -> Array:
        """Return a copy."""
        return copied(array)

    def set_numbers(self, array: Array, values: Sequence[float]) -> None:
        """Write Python numbers. Each is handed to a kernel: a copy from the host would have to wait for the device."""
        for i, value in enumerate(values):
            array[i : i + 1].fill(value)
