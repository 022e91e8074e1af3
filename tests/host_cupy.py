"""A CuPy in the memory of the host, with streams that are as late as they may be.

What is put into a stream runs only when somebody waits for the stream, or for an event of it. So whoever reads a
result without having been told to wait reads old memory. New arrays are full of garbage. Kernels are compiled for the
processor, and matrix products go through the same calls of cuBLAS, computed here from the bare addresses.
"""

import ctypes
import math
import sys
import types
from contextlib import contextmanager

import array_api_compat
import array_api_compat.numpy as compat
import numpy as np
import pytest
from cuda_on_host import HostModule, kernels_of

import xpnn_backends

__all__ = ["HostArray", "HostCublas", "Stream", "installed"]


class Stream:
    """Work in order; `done` of it has run."""

    current = None
    all_of_them = ()

    def __init__(self, non_blocking=False):
        self.work, self.done, self.captured, self.previous = [], 0, None, []
        Stream.all_of_them += (self,)
        self.ptr = len(Stream.all_of_them) - 1

    def __enter__(self):
        self.previous.append(Stream.current)
        Stream.current = self
        return self

    def __exit__(self, *error):
        Stream.current = self.previous.pop()

    def put(self, function):
        """Add work: to the graph that is being captured, or to be done some time later."""
        (self.work if self.captured is None else self.captured).append(function)

    def run_until(self, end):
        """Do the work before number `end`."""
        while self.done < end:
            self.done += 1
            self.work[self.done - 1]()
            self.work[self.done - 1] = None

    def synchronize(self):
        """Do all work."""
        if any(stream.captured is not None for stream in Stream.all_of_them):
            raise RuntimeError("cudaErrorStreamCaptureUnsupported: stream is capturing")
        self.run_until(len(self.work))

    def record(self):
        """Return an event: this stream, up to here."""
        return self, len(self.work)

    def wait_event(self, event):
        """Let what follows come after the event."""
        self.put(lambda: event[0].run_until(event[1]))

    def begin_capture(self):
        """Write work down from here on."""
        self.captured = []

    def end_capture(self):
        """Return what was written down, as a graph."""
        work, self.captured = self.captured, None
        return types.SimpleNamespace(launch=lambda: [Stream.current.put(function) for function in work], work=work)


class HostArray(np.ndarray):
    """An array whose operations wait for the current stream first."""

    @property
    def data(self):
        return Pointer(self, self.ctypes.data)

    @property
    def device(self):
        return Device()

    def __array_ufunc__(self, ufunc, method, *inputs, out=None, **options):
        Stream.current.synchronize()
        targets = {} if out is None else {"out": tuple(_plain(part) for part in out)}
        result = getattr(ufunc, method)(*[_plain(part) for part in inputs], **targets, **options)
        return _wrap(result) if out is None else out[0]

    def __setitem__(self, key, values):
        target = self.view(np.ndarray)
        source = _plain(values)
        Stream.current.put(lambda: target.__setitem__(key, source))

    def copy(self):
        result = _empty(self.shape, self.dtype)
        result[...] = self
        return result

    def fill(self, value):
        self[...] = value

    def __float__(self):
        Stream.current.synchronize()
        return float(self.view(np.ndarray)[()])


class Pointer:
    """An address, and the array that owns the memory."""

    def __init__(self, owner, ptr):
        self.owner, self.ptr = owner, ptr

    def __add__(self, nbytes):
        return Pointer(self.owner, self.ptr + nbytes)

    def copy_from_device_async(self, source, nbytes):
        Stream.current.put(lambda: ctypes.memmove(self.ptr, source.ptr, nbytes))


class Ndarray(type):
    """What ``cupy.ndarray`` is: a type whose instances are `HostArray`, made from a pointer."""

    def __instancecheck__(cls, value):
        return isinstance(value, HostArray)

    def __call__(cls, shape, dtype, memptr, strides):
        nbytes = np.dtype(dtype).itemsize + sum((n - 1) * step for n, step in zip(shape, strides, strict=True) if n > 1)
        memory = (ctypes.c_char * max(nbytes, 0)).from_address(memptr.ptr)
        memory.owner = memptr.owner
        return np.ndarray.__new__(HostArray, shape, dtype, memory, 0, strides)


class Device:
    """The only device."""

    id = 0

    def __init__(self, number=0):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *error):
        pass

    def synchronize(self):
        for stream in Stream.all_of_them:
            stream.synchronize()


class HostCublas:
    """cuBLAS: reads column by column from addresses, and refuses what cuBLAS refuses."""

    def __init__(self):
        self.stream = self.workspace = self.math = None
        self.calls = 0
        for name in ("Create_v2", "SetMathMode", "SetStream_v2", "SetWorkspace_v2", "GemmEx", "GemmStridedBatchedEx"):
            setattr(self, f"cublas{name}", _Function(getattr(self, f"_{name.lower()}")))

    def _create_v2(self, handle):
        ctypes.cast(handle, ctypes.POINTER(ctypes.c_void_p))[0] = 0xB1A5
        return 0

    def _setmathmode(self, handle, mode):
        self.math = mode
        return 0

    def _setstream_v2(self, handle, stream):
        self.stream, self.workspace = Stream.all_of_them[stream or 0], None
        return 0

    def _setworkspace_v2(self, handle, address, nbytes):
        self.workspace = address
        return 0

    def _gemmex(
        self, handle, op_a, op_b, m, n, k, alpha, a, type_a, lda, b, type_b, ldb, beta, c, type_c, ldc, *ways
    ):  # fmt: skip
        one = handle, op_a, op_b, m, n, k, alpha, a, type_a, lda, 0, b, type_b, ldb, 0, beta, c, type_c, ldc, 0, 1
        return self._gemmstridedbatchedex(*one, *ways)

    def _gemmstridedbatchedex(
        self, handle, op_a, op_b, m, n, k, alpha, a, type_a, lda, step_a, b, type_b, ldb, step_b, beta, c, type_c, ldc,
        step_c, count, compute, algorithm,
    ):  # fmt: skip
        kinds = {(0, 68): ctypes.c_float, (1, 70): ctypes.c_double, (2, 68): ctypes.c_float}  # TF32 would be 77
        kind, dtype = kinds.get((type_a, compute)), np.dtype(("float32", "float64", "float16")[type_a])
        fits = lda >= max(1, k if op_a else m) and ldb >= max(1, n if op_b else k) and ldc >= max(1, m)
        if handle != 0xB1A5 or self.workspace is None or self.math or kind is None or not fits or algorithm != -1:
            return 7
        if not type_a == type_b == type_c or min(m, n, count) < 1:
            return 7
        factors = [ctypes.cast(factor, ctypes.POINTER(kind))[0] for factor in (alpha, beta)]
        self.calls += 1

        def multiply():
            for i in range(count):
                x = _columns(a, i * step_a, dtype, (k, m) if op_a else (m, k), lda)
                y = _columns(b, i * step_b, dtype, (n, k) if op_b else (k, n), ldb)
                z = _columns(c, i * step_c, dtype, (m, n), ldc)
                old = factors[1] * z if factors[1] else 0.0
                x, y = (v.astype(np.dtype(kind), copy=False) for v in (x, y))
                z[...] = factors[0] * ((x.T if op_a else x) @ (y.T if op_b else y)) + old

        self.stream.put(multiply)
        return 0


class _Function:
    """A function of a library: its arguments go through the types that were declared for them."""

    def __init__(self, function):
        self.function, self.argtypes = function, None

    def __call__(self, *args):
        return ctypes.CFUNCTYPE(ctypes.c_int, *self.argtypes)(self.function)(*args)


def _columns(address, step, dtype, shape, leading):
    """View a matrix that lies column by column."""
    size = dtype.itemsize
    length = leading * (shape[1] - 1) + shape[0] if min(shape) else 0
    memory = (ctypes.c_byte * (length * size)).from_address(address + step * size)
    return np.ndarray(shape, dtype, memory, 0, (size, leading * size))


def _plain(value):
    return value.view(np.ndarray) if isinstance(value, HostArray) else value


def _wrap(value):
    return np.asarray(value).view(HostArray) if isinstance(value, np.ndarray | np.generic) else value


def _empty(shape, dtype=float):
    array = np.empty(shape, dtype)
    array.reshape(-1).view(np.uint8)[...] = 0xCD
    return array.view(HostArray)


def _called(function):
    """Let a function of NumPy make its result, and compute it when the stream comes to it."""

    def call(*args, **options):
        plain = [_plain(arg) if not isinstance(arg, list | tuple) else [_plain(part) for part in arg] for arg in args]
        options = {key: _plain(value) for key, value in options.items() if key != "device"}
        if Stream.current.captured is None:
            Stream.current.synchronize()
            return _wrap(function(*plain, **options))
        with np.errstate(all="ignore"):
            result = _wrap(function(*plain, **options))
        Stream.current.put(lambda: np.copyto(_plain(result), function(*plain, **options)))
        return result

    return call


class _Namespace(types.ModuleType):
    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        # CuPy's own functions take out=, and so do NumPy's; those that the compatible namespace replaces do not.
        found = getattr(np if name in ("ceil", "floor", "trunc") else compat, name)
        return _called(found) if callable(found) and not isinstance(found, type) and name != "isdtype" else found


def _asarray(values, dtype=None):
    if isinstance(values, HostArray) and dtype in (None, values.dtype):
        return values
    return np.array(_plain(values), dtype=dtype).view(HostArray)


def _asnumpy(x):
    Stream.current.synchronize()
    return np.array(_plain(x))


def _zeros(shape, dtype):
    return np.zeros(shape, dtype).view(HostArray)


def _copyto(target, source):
    assert target.shape == source.shape
    target[...] = source


def _ascontiguousarray(array):
    return array if array.flags.c_contiguous else _called(np.ascontiguousarray)(array)


_ERFC = np.vectorize(math.erfc, otypes=[float])


def _erfc(x):
    """A function that is launched, and makes its result: it can be captured."""
    result, source = _empty(x.shape, x.dtype), _plain(x)
    target = _plain(result)
    Stream.current.put(lambda: np.copyto(target, _ERFC(source), casting="same_kind"))
    return result


@contextmanager
def _using_allocator(allocator):
    yield


class _RawModule:
    folder = None

    def __init__(self, code):
        self.module = HostModule(code, self.folder)

    def get_function(self, name):
        assert name in kernels_of(self.module.source)

        def launch(grid, block, args):
            Stream.current.put(lambda: self.module.launch(name, grid, block[0], args))

        return launch


def _modules(folder):
    """The modules that stand for CuPy's, by their names."""
    cupy = _Namespace("cupy")
    runtime = types.SimpleNamespace(is_hip=False, getDeviceCount=lambda: 1, runtimeGetVersion=lambda: 13020)
    pool = types.SimpleNamespace(malloc=None, total_bytes=lambda: 0)
    cupy.cuda = types.SimpleNamespace(
        Device=Device, Stream=Stream, MemoryPool=lambda: pool, alloc=lambda n: Pointer(None, 0x1000), runtime=runtime,
        get_current_stream=lambda: Stream.current, using_allocator=_using_allocator,
    )  # fmt: skip
    cupy.ndarray = Ndarray("ndarray", (), {})
    cupy.RawModule = type("RawModule", (_RawModule,), {"folder": folder})
    cupy.empty, cupy.asarray, cupy.asnumpy, cupy.zeros = _empty, _asarray, _asnumpy, _zeros
    cupy.ascontiguousarray, cupy.copyto, cupy.rint = _ascontiguousarray, _copyto, _called(np.rint)
    special = types.ModuleType("cupyx.scipy.special")
    special.erfc = _erfc
    cupyx = types.ModuleType("cupyx")
    cupyx.scipy = types.SimpleNamespace(special=special)
    xp = _Namespace("array_api_compat.cupy")
    xp.asarray = lambda values, dtype=None, device=None, copy=None: _asarray(values, dtype)
    modules = {"cupy": cupy, "cupyx": cupyx, "cupyx.scipy": cupyx.scipy, "cupyx.scipy.special": special}
    return modules | {"array_api_compat.cupy": xp}


@contextmanager
def installed(folder):
    """Put this library in the place of CuPy; gives the backend, cuBLAS, and the modules."""
    Stream.all_of_them = ()
    Stream.current = Stream()
    cublas, modules = HostCublas(), _modules(folder)
    names = ["_cupy", "_cupy_compilers", "_cupy_copies", "_cupy_graph", "_cupy_kernels", "_cupy_replay"]
    with pytest.MonkeyPatch.context() as patch:
        for name, module in modules.items():
            patch.setitem(sys.modules, name, module)
        patch.setattr(array_api_compat, "cupy", modules["array_api_compat.cupy"], raising=False)
        for name in names:
            patch.delitem(sys.modules, f"xpnn_backends.{name}", raising=False)
            patch.delattr(xpnn_backends, name, raising=False)
        from xpnn_backends import _cupy, _cupy_compilers

        patch.setattr(_cupy_compilers, "load_cublas", lambda major: cublas)
        backend = _cupy.CupyBackend("cupy", Device())
        yield types.SimpleNamespace(
            backend=backend, cublas=cublas, cupy=modules["cupy"], special=modules["cupyx.scipy.special"]
        )
        for name in names:  # so that nobody imports what was made over the host
            sys.modules.pop(f"xpnn_backends.{name}", None)
            xpnn_backends.__dict__.pop(name, None)
