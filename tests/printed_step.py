"""`PrintedStep`: what is printed for numba, run by Python itself: slow, but with nothing to compile."""

import ctypes
from types import SimpleNamespace

import numpy as np

from xpnn.program import schedule
from xpnn_backends._numba_text import print_step
from xpnn_backends._numpy_replay import NumpyLibrary
from xpnn_backends._replay import Part, Replay
from xpnn_backends._ufunc_loops import find_loop

__all__ = ["PrintedStep"]

_DTYPES = ("bool", "uint8", "int8", "uint16", "int16", "uint32", "int32", "int64", "float32", "float64")
_REALS = ("float32", "float64")
_Loop = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 4)


class PrintedStep(Replay):
    """An executor."""

    def __init__(self, program, block_size=16384):
        printed = print_step(program, schedule)
        self.text, self.groups, self._slots = printed.text, printed.groups, printed.slots
        self._ones = {dtype: np.ones(4000, dtype) for dtype in _REALS}
        names = {"c": _INTRINSICS}
        text = printed.text.replace("from xpnn_backends import _numba_intrinsics as c\n", "")
        exec(text.replace("from math import inf, sqrt", "from math import inf\nfrom numpy import sqrt"), names)  # noqa: S102
        parts = [
            Part(group, names[f"part{i}"] if fits else None, threads)
            for i, (group, fits, threads) in enumerate(printed.groups)
        ]
        super().__init__(printed.schedule, NumpyLibrary(block_size), parts)

    def _table(self, arrays):
        arrays = {**arrays, **{("ones", dtype): ones for dtype, ones in self._ones.items()}}
        return [0 if key[0] == "given" else arrays[key].ctypes.data for key in self._slots]


def _view(address, dtype, shape, strides):
    """Array at an address, strides in elements; no element may lie before the first."""
    assert all(stride >= 0 for stride in strides)
    size = sum(stride * (n - 1) for n, stride in zip(shape, strides, strict=True)) + 1
    itemsize = np.dtype(dtype).itemsize
    memory = (ctypes.c_char * (size * itemsize)).from_address(int(address))
    return np.ndarray(shape, dtype, memory, 0, [stride * itemsize for stride in strides])


def _getter(dtype):
    return lambda address, index: _view(address + index * np.dtype(dtype).itemsize, dtype, (1,), (1,))[0]


def _putter(dtype):
    def put(address, index, value):
        _view(address + index * np.dtype(dtype).itemsize, dtype, (1,), (1,))[0] = value

    return put


def _gemm(dtype):
    def gemm(turned_a, turned_b, m, p, k, a, lda, b, ldb, c, ldc):
        left = _view(a, dtype, (m, k), (lda, 1) if turned_a == 111 else (1, lda))
        right = _view(b, dtype, (k, p), (ldb, 1) if turned_b == 111 else (1, ldb))
        _view(c, dtype, (m, p), (ldc, 1))[...] = left @ right

    return gemm


def _gemv(dtype):
    def gemv(order, rows, columns, a, lda, x, incx, y, incy):
        assert lda >= (rows if order == 102 else columns)
        matrix = _view(a, dtype, (rows, columns), (1, lda) if order == 102 else (lda, 1))
        _view(y, dtype, (columns,), (incy,))[...] = matrix.T @ _view(x, dtype, (rows,), (incx,))

    return gemv


def _run_loop(symbol, n_args):
    loop = _Loop(find_loop(*symbol)[0])
    kinds = ctypes.c_void_p * n_args, ctypes.c_ssize_t * n_args

    def run(n, *rest):
        assert len(rest) == 2 * n_args
        places, steps = (kind(*map(int, part)) for kind, part in zip(kinds, (rest[::2], rest[1::2]), strict=True))
        loop(*(ctypes.addressof(part) for part in (places, ctypes.c_ssize_t(n), steps)), None)

    return run


_INTRINSICS = SimpleNamespace(
    get={dtype: _getter(dtype) for dtype in _DTYPES},
    put={dtype: _putter(dtype) for dtype in _DTYPES},
    opaque=int,
    register_loop=lambda op, dtype: (op, dtype),
    run_loop=_run_loop,
    **{f"gemm_{dtype}": _gemm(dtype) for dtype in _REALS},
    **{f"gemv_{dtype}": _gemv(dtype) for dtype in _REALS},
)
