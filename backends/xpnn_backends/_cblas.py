"""The matrix products of the library that NumPy itself multiplies with, as addresses that compiled code can call."""

import ctypes
from dataclasses import dataclass
from functools import cache

import numpy as np

__all__ = ["Blas", "find_blas"]


@dataclass(frozen=True, slots=True)
class Blas:
    """Addresses of ``gemm`` and ``gemv`` by type, and the number of bits of the integers that they take."""

    gemm: dict[str, int]
    gemv: dict[str, int]
    integer_bits: int


@cache
def find_blas() -> Blas | None:
    """Find the functions through NumPy's own extension module, or return None where its symbols cannot be seen.

    NumPy's wheels bring OpenBLAS with the prefix ``scipy_`` and, with 64-bit integers, the suffix ``64_``; builds of
    distributions use the plain names.
    """
    try:
        library = ctypes.CDLL(np._core._multiarray_umath.__file__)  # type: ignore[attr-defined]
    except (AttributeError, OSError):
        return None
    for name, bits in (("scipy_cblas_{}64_", 64), ("cblas_{}64_", 64), ("scipy_cblas_{}", 32), ("cblas_{}", 32)):
        try:
            addresses = {
                kind: {
                    dtype: ctypes.cast(getattr(library, name.format(letter + kind)), ctypes.c_void_p).value or 0
                    for dtype, letter in (("float32", "s"), ("float64", "d"))
                }
                for kind in ("gemm", "gemv")
            }
        except AttributeError:
            continue
        return Blas(addresses["gemm"], addresses["gemv"], bits)
    return None
