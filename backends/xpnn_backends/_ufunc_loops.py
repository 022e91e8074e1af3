"""The inner loops of NumPy's functions, as addresses that compiled code can call.

A function such as ``exp`` has one C loop for each type, written with the processor's vector units. The structure that
holds them is part of NumPy's C interface (``PyUFuncObject`` in ``ufuncobject.h``) and has not changed since NumPy 1.0.
"""

import ctypes
from functools import lru_cache
from typing import Any

import numpy as np

__all__ = ["find_loop"]

_HEAD = object.__basicsize__
"""Bytes before the first field; more in an interpreter without a global lock."""


@lru_cache(maxsize=256)
def find_loop(name: str, dtype: str) -> tuple[int, int] | None:
    """Address of the loop of ``numpy.<name>`` on arrays of `dtype`, and of its data; None where there is none.

    Parameters
    ----------
    name : str
        Name of a ufunc.
    dtype : str
        Type of all arguments and of the result.
    """
    ufunc: Any = getattr(np, name)
    n_in, n_out, n_args, _ = (ctypes.c_int * 4).from_address(id(ufunc) + _HEAD)
    if (n_in, n_out, n_args) != (ufunc.nin, ufunc.nout, ufunc.nargs) or n_out != 1:
        return None
    functions, data = (ctypes.c_void_p * 2).from_address(id(ufunc) + _HEAD + 16)
    count = ctypes.c_int.from_address(id(ufunc) + _HEAD + 32).value
    types = ctypes.c_void_p.from_address(id(ufunc) + _HEAD + 48).value
    if count != ufunc.ntypes or not functions or not types:
        return None
    codes = (ctypes.c_char * (count * n_args)).from_address(types).raw
    wanted = bytes([np.dtype(dtype).num] * n_args)
    for i in range(count):
        if codes[i * n_args : (i + 1) * n_args] == wanted:
            address = (ctypes.c_void_p * count).from_address(functions)[i]
            extra = (ctypes.c_void_p * count).from_address(data)[i] if data else None
            return (address, extra or 0) if address else None
    return None
