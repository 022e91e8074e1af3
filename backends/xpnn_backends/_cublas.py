"""`Cublas`: matrix products through a handle of our own, which CUDA graphs may capture; CuPy's own handle may not.

cuBLAS reads matrices column by column. The memory of a row-major matrix is that of its transpose, so the product of
``a`` and ``b`` is asked for as that of the transposes, the other way round.
"""

import ctypes
from typing import Any

from xpnn_backends._cublas_product import Product

__all__ = ["WORKSPACE", "Cublas", "load_cublas"]

WORKSPACE = 32 * 2**20
"""Bytes of workspace that cuBLAS asks for on recent devices."""

_TYPES = {
    "float16": (2, 68, ctypes.c_float, 2),
    "float32": (0, 68, ctypes.c_float, 4),
    "float64": (1, 70, ctypes.c_double, 8),
}
"""CUDA_R_16F, _32F or _64F; CUBLAS_COMPUTE_32F, which is without TF32, or _64F; the type of factors; bytes of a number.

Products of float16 are added up in float.
"""

_DEFAULT_MATH, _DEFAULT_ALGORITHM = 0, -1
_HANDLE, _POINTER, _INT, _LONG = ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_longlong
_ARGUMENTS = {
    "cublasCreate_v2": (_POINTER,),
    "cublasSetMathMode": (_HANDLE, _INT),
    "cublasSetStream_v2": (_HANDLE, _POINTER),
    "cublasSetWorkspace_v2": (_HANDLE, _POINTER, ctypes.c_size_t),
    "cublasGemmEx": (
        *(_HANDLE, _INT, _INT, _INT, _INT, _INT, _POINTER),  # operations, sizes, factor of the product
        *(_POINTER, _INT, _INT) * 2,  # factors: type, leading dimension
        *(_POINTER, _POINTER, _INT, _INT, _INT, _INT),  # factor of the old contents, result
    ),
    "cublasGemmStridedBatchedEx": (
        *(_HANDLE, _INT, _INT, _INT, _INT, _INT, _POINTER),  # operations, sizes, factor of the product
        *(_POINTER, _INT, _INT, _LONG) * 2,  # factors: type, leading dimension, stride
        *(_POINTER, _POINTER, _INT, _INT, _LONG, _INT, _INT, _INT),  # factor of the old contents, result, count
    ),
}


class Cublas:
    """A handle of cuBLAS.

    Parameters
    ----------
    library : ctypes.CDLL
        cuBLAS.
    """

    def __init__(self, library: Any) -> None:
        self._library, self._handle = library, ctypes.c_void_p()
        self._factors = {name: (kind(1), kind(0)) for name, (_, _, kind, _) in _TYPES.items()}
        for name, arguments in _ARGUMENTS.items():
            getattr(library, name).argtypes = arguments
        self._call("cublasCreate_v2", ctypes.byref(self._handle))
        self._call("cublasSetMathMode", self._handle, _DEFAULT_MATH)

    def use(self, stream: int, workspace: int, nbytes: int) -> None:
        """Compute in `stream`, with that memory; the stream comes first, since it resets the workspace."""
        self._call("cublasSetStream_v2", self._handle, stream)
        self._call("cublasSetWorkspace_v2", self._handle, workspace, nbytes)

    def multiply(self, product: Product, left: int, right: int, out: int) -> None:
        """Compute ``out = left @ right``.

        Parameters
        ----------
        product : Product
            Sizes and layouts.
        left, right, out : int
            Addresses of the arrays' beginnings.
        """
        kind, compute, _, itemsize = _TYPES[product.dtype]
        one, zero = self._factors[product.dtype]
        a, b, c = product.left, product.right, product.out
        sizes = product.columns, product.rows, product.inner
        for i, j, k in product.offsets:
            begin = self._handle, b.is_transposed, a.is_transposed, *sizes, ctypes.byref(one)
            x, y = (right + j * itemsize, kind, b.leading), (left + i * itemsize, kind, a.leading)
            z = ctypes.byref(zero), out + k * itemsize, kind, c.leading
            if product.count == 1:  # not a batch of one: cuBLAS has more ways to share out a single product
                self._call("cublasGemmEx", *begin, *x, *y, *z, compute, _DEFAULT_ALGORITHM)
            else:
                steps = (*x, b.step, *y, a.step, *z, c.step, product.count)
                self._call("cublasGemmStridedBatchedEx", *begin, *steps, compute, _DEFAULT_ALGORITHM)

    def _call(self, name: str, *args: Any) -> None:
        if status := getattr(self._library, name)(*args):
            raise RuntimeError(f"{name} fails with status {status}.")


def load_cublas(major: int) -> Any:
    """Load the cuBLAS of that version of CUDA: the one that CuPy has loaded, or the one that it would find."""
    for name in (f"libcublas.so.{major}", f"cublas64_{major}.dll"):
        try:
            return ctypes.CDLL(name)
        except OSError:
            continue
    from cuda.pathfinder import load_nvidia_dynamic_lib

    return ctypes.CDLL(load_nvidia_dynamic_lib("cublas").abs_path)
