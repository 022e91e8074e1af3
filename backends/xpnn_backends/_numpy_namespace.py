"""The Array API namespace of NumPy, with fast forms of the few functions that are slow on small matrices."""

from functools import lru_cache
from math import copysign
from typing import Any

import array_api_compat.numpy
import numpy as np

from xpnn.typing import Array

__all__ = ["SHORT", "NumpyNamespace", "filled"]

SHORT = 32
"""Up to this many columns a sum or maximum over them is faster as a product or over the transpose."""

_SMALL = 16384
"""Up to this many elements an array that is full of one number is kept; above, one row of it."""


class NumpyNamespace:
    """`array_api_compat.numpy`, but for sums and maxima over one axis of a matrix, and maxima with a scalar.

    NumPy reduces short rows one by one, and columns without the processor's vector units: for 300 x 24 numbers a sum
    over the rows takes 5.1 µs, the product with a vector of ones 0.9. The maximum with a scalar takes 2.7 µs, with an
    array 0.8.
    """

    def __getattr__(self, name: str) -> Any:
        """Look a function up in `array_api_compat.numpy` once, and keep it."""
        value = getattr(array_api_compat.numpy, name)
        setattr(self, name, value)
        return value

    def __dir__(self) -> list[str]:
        """Names of the namespace."""
        return dir(array_api_compat.numpy)

    def sum(self, x: Array, /, *, axis: Any = None, dtype: Any = None, keepdims: bool = False) -> Array:
        """Sum over `axis`, as a product with ones where that is as exact."""
        if isinstance(axis, tuple) and len(axis) == 1:
            (axis,) = axis
        if axis is None and dtype is None and not keepdims and x.dtype.kind == "f":
            return np.add.reduce(x, axis=None)
        if x.ndim == 2 and dtype is None and x.dtype.kind == "f":
            if axis in (0, -2):
                total = filled(x.shape[:1], x.dtype, 1.0) @ x
                return total[None, :] if keepdims else total
            if axis in (-1, 1) and x.shape[1] <= SHORT:
                total = x @ filled(x.shape[1:], x.dtype, 1.0)
                return total[:, None] if keepdims else total
        return array_api_compat.numpy.sum(x, axis=axis, dtype=dtype, keepdims=keepdims)

    def max(self, x: Array, /, *, axis: Any = None, keepdims: bool = False) -> Array:
        """Maximum over `axis`; short rows through the transpose."""
        if axis in (-1, 1) and x.ndim == 2 and x.shape[1] <= SHORT:
            top = np.maximum.reduce(np.ascontiguousarray(x.T), axis=0)
            return top[:, None] if keepdims else top
        return array_api_compat.numpy.max(x, axis=axis, keepdims=keepdims)

    def maximum(self, x1: Any, x2: Any, /) -> Array:
        """Return the greater of both, elementwise; a scalar is spread over an array first, which NumPy does slowly.

        The result lies in memory as `x1` does.
        """
        if isinstance(x2, int | float) and isinstance(x1, np.ndarray) and x1.ndim and x1.dtype.kind == "f":
            is_whole = x1.size <= _SMALL and x1.flags.c_contiguous
            x2 = filled(x1.shape if is_whole else x1.shape[-1:], x1.dtype, x2)
        return np.maximum(x1, x2)

    def sign(self, x: Array, /) -> Array:
        """Sign; NaN stays NaN."""
        return np.sign(x)


def filled(shape: tuple[int, ...], dtype: Any, value: float) -> Array:
    """Array of this shape that is full of one number; kept, and read-only."""
    return _filled(shape, dtype, value, copysign(1.0, value))


@lru_cache(maxsize=64)
def _filled(shape: tuple[int, ...], dtype: Any, value: float, sign: float) -> Array:
    """Zeros of different signs are equal, so the sign is an argument: the cache must not take one for the other."""
    filled = np.full(shape, value, dtype=dtype)
    filled.flags.writeable = False
    return filled
