"""Products of matrices in the words of cuBLAS: every layout, batches, vectors; computed from bare addresses."""

import ctypes

import host_cupy
import numpy as np
import pytest
from random_programs import NUMPY

from xpnn.namespaces import Recorder
from xpnn.program import optimize, schedule
from xpnn_backends import _cublas, _cuda_thin
from xpnn_backends._cublas import Cublas, load_cublas
from xpnn_backends._cublas_product import plan_product
from xpnn_backends._cuda_source import print_source
from xpnn_backends._cuda_steps import Launch, Multiply


class Place:
    """Where an array lies, as a `Location` says it: in elements from the beginning of its memory."""

    array = ("arena", "float64")

    def __init__(self, array):
        base = array if array.base is None else array.base
        self.offset = (array.ctypes.data - base.ctypes.data) // array.itemsize
        self.shape, self.strides = array.shape, tuple(step // array.itemsize for step in array.strides)
        self.address = base.ctypes.data


@pytest.fixture
def library():
    """cuBLAS over bare addresses, whose work is done at once."""
    host_cupy.Stream.all_of_them = ()
    host_cupy.Stream.current = host_cupy.Stream()
    return host_cupy.HostCublas()


def _multiply(library, a, b):
    """Result of the planned product, in memory that holds NaN before."""
    out = np.full((a @ b).shape, np.nan, dtype=a.dtype)
    handle = Cublas(library)
    handle.use(0, 0x1000, 1 << 20)
    places = Place(a), Place(b), Place(out)
    product = plan_product(a.dtype.name, *places)
    handle.multiply(product, *(place.address for place in places))
    host_cupy.Stream.current.synchronize()
    return out, product


def _values(*shape, dtype="float64"):
    return np.random.default_rng(0).standard_normal(shape).astype(dtype)


def _columns(*shape):
    """An array whose columns are contiguous."""
    return np.asarray(_values(*shape).swapaxes(-1, -2).copy()).swapaxes(-1, -2)


CASES = {
    "rows": (_values(3, 4), _values(4, 5)),
    "transposed left": (_columns(3, 4), _values(4, 5)),
    "transposed right": (_values(3, 4), _columns(4, 5)),
    "both transposed": (_columns(3, 4), _columns(4, 5)),
    "part of rows": (_values(7, 9)[2:5, 1:5], _values(8, 9)[1:5, 3:8]),
    "every second row": (_values(6, 4)[::2], _values(4, 5)),
    "one row": (_values(1, 4), _values(4, 5)),
    "one column": (_values(3, 4), _values(4, 1)),
    "inner size 1": (_values(3, 1), _values(1, 5)),
    "inner size 0": (_values(3, 0), _values(0, 5)),
    "a strided column": (_values(3, 4), _values(4, 6)[:, 2:3]),
    "a strided row": (_columns(6, 4)[2:3], _values(4, 5)),
    "vectors": (_values(4), _values(4)),
    "vector left": (_values(4), _values(4, 5)),
    "vector right": (_values(3, 4), _values(4)),
    "strided vectors": (_values(8)[::2], _values(12)[::3]),
    "batch": (_values(6, 3, 4), _values(6, 4, 5)),
    "batch, transposed": (_columns(6, 3, 4), _columns(6, 4, 5)),
    "batch times matrix": (_values(6, 3, 4), _values(4, 5)),
    "batch times transposed": (_values(6, 3, 4), _columns(4, 5)),
    "batch of columns times matrix": (_columns(6, 3, 4), _values(4, 5)),
    "batch of rows times matrix": (_values(6, 1, 4), _values(4, 5)),
    "batch of parts times matrix": (_values(6, 5, 4)[:, 1:4], _values(4, 5)),
    "batch of strided rows times matrix": (_values(6, 4, 2)[:, :, :1].swapaxes(1, 2), _values(4, 5)),
    "matrix times batch": (_values(3, 4), _values(6, 4, 5)),
    "batch times vector": (_values(6, 3, 4), _values(4)),
    "vector times batch": (_values(4), _values(6, 4, 5)),
    "two batch axes": (_values(2, 6, 3, 4), _values(2, 6, 4, 5)),
    "broadcast batches": (_values(2, 1, 3, 4), _values(1, 6, 4, 5)),
    "missing batch axis": (_values(2, 6, 3, 4), _values(6, 4, 5)),
    "heads": (_values(2, 7, 3, 4).transpose(0, 2, 1, 3), _values(2, 7, 3, 4).transpose(0, 2, 3, 1)),
    "float32": (_values(3, 4, dtype="float32"), _values(4, 5, dtype="float32")),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_product_of_any_layout_is_that_of_numpy(library, name):
    a, b = CASES[name]
    out, _ = _multiply(library, a, b)
    np.testing.assert_allclose(out, a @ b, rtol=1e-6 if a.dtype == np.float32 else 1e-13)


@pytest.mark.parametrize(
    ("name", "calls", "count", "rows"),
    [
        ("batch times matrix", 1, 1, 18), ("batch of rows times matrix", 1, 1, 6), ("batch", 1, 6, 3),
        ("batch of parts times matrix", 1, 6, 3), ("two batch axes", 1, 12, 3), ("broadcast batches", 2, 6, 3),
        ("heads", 2, 3, 7),
    ],
)  # fmt: skip
def test_a_batch_takes_as_few_products_as_its_layout_allows(library, name, calls, count, rows):
    _, product = _multiply(library, *CASES[name])
    assert (len(product.offsets), product.count, product.rows, library.calls) == (calls, count, rows, calls)


def test_products_without_results_are_none(library):
    assert _multiply(library, _values(0, 4), _values(4, 5))[1].offsets == ()
    assert _multiply(library, _values(3, 4), _values(4, 0))[1].offsets == ()


def test_what_cublas_cannot_multiply_is_refused():
    a, b = _values(6, 8)[::2, ::2], _values(4, 5)
    with pytest.raises(ValueError, match=r"^a matrix must lie row by row or column by column .* strides \(16, 2\)\.$"):
        plan_product("float64", Place(a), Place(b), Place(np.empty((3, 5))))
    with pytest.raises(ValueError, match=r"^a product of matrices must be of float16, .* got int64\.$"):
        plan_product("int64", Place(b), Place(b.T), Place(np.empty((4, 4))))
    with pytest.raises(ValueError, match=r"^the result of a product must lie row by row .* strides \(1, 4\)\.$"):
        plan_product("float64", Place(b), Place(b.T), Place(np.empty((4, 4)).T))


def _steps(backend, function, *arrays):
    recorder = Recorder(backend)
    result = function(*[recorder.give(array) for array in arrays])
    return print_source(schedule(optimize(recorder.program([result], {}), backend.xp, recorder.dtype))).steps


def test_factors_of_other_types_or_layouts_are_copied_first(tmp_path):
    a, b, c = _values(6, 8), _values(4, 5), _values(4, 5, dtype="float32")
    with host_cupy.installed(tmp_path) as host:
        kinds = [type(step) for step in _steps(host.backend, lambda a, b: a[::2, ::2] @ b, a, b)]
        assert kinds == [Launch, Multiply]
        kinds = [type(step) for step in _steps(host.backend, lambda a, b: a[:, :4] @ b, a, c)]
        assert kinds == [Launch, Multiply]
        kinds = [type(step) for step in _steps(host.backend, lambda a, b: a[:, 2:6] @ b, a, b)]
        assert kinds == [Multiply]


def test_copied_factors_give_the_product_of_numpy(tmp_path):
    pytest.importorskip("cuda_on_host").COMPILER or pytest.skip("no g++ to compile kernels for the processor")
    a, b = _values(6, 8), _values(8, 10)
    with host_cupy.installed(tmp_path) as host:
        recorder = Recorder(host.backend)
        x, y = recorder.give(a), recorder.give(b)
        program = recorder.program([x[::2, ::2] @ y[::2, ::2]], {})
        fused = {compiler.name: compiler for compiler in host.backend.compilers}["fused"]
        given = [host.backend.asarray(array) for array in (a, b)]
        (result,), _ = fused.compile(program, schedule).run([], given, [])
        np.testing.assert_allclose(host.backend.to_numpy(result), a[::2, ::2] @ b[::2, ::2], rtol=1e-13)


def test_a_status_of_cublas_is_an_error_that_names_the_call(library):
    handle = Cublas(library)
    a = _values(3, 4)
    product = plan_product("float64", Place(a), Place(a.T), Place(np.empty((3, 3))))
    with pytest.raises(RuntimeError, match=r"^cublasGemmEx fails with status 7\.$"):  # no workspace yet
        handle.multiply(product, a.ctypes.data, a.ctypes.data, a.ctypes.data)


def test_cublas_is_that_of_cupys_version_of_cuda(monkeypatch):
    asked = []

    def load(name):
        asked.append(name)
        if name == "libcublas.so.13":
            raise OSError(name)
        return name

    monkeypatch.setattr(
        _cublas, "ctypes", type("ctypes", (), {"CDLL": staticmethod(load), "c_void_p": ctypes.c_void_p})
    )
    assert load_cublas(13) == "cublas64_13.dll"
    assert load_cublas(12) == "libcublas.so.12"
    assert asked == ["libcublas.so.13", "cublas64_13.dll", "libcublas.so.12"]


@pytest.mark.parametrize(
    ("left", "right", "is_sum"),
    [
        ((24, 300), (300, 3), True),
        ((24, 255), (255, 3), False),  # too short
        ((40, 300), (300, 40), False),  # too many results
        ((40, 1030), (1030, 40), True),  # of longer sums
        ((5, 6, 300), (5, 300, 7), True),
        ((1, 6, 300), (5, 300, 7), True),
        ((6, 300), (5, 300, 7), False),
        ((300,), (300, 7), False),
    ],
)
@pytest.mark.parametrize("turned", [False, True])
def test_products_with_few_results_and_long_sums_are_sums(tmp_path, left, right, is_sum, turned):
    a, b = _values(*left), _values(*right)
    if turned:
        a, b = (np.ascontiguousarray(x.swapaxes(-1, -2)) if x.ndim > 1 else x for x in (a, b))
    with host_cupy.installed(tmp_path) as host:
        recorder = Recorder(host.backend)
        x, y = recorder.give(a), recorder.give(b)
        sides = (side.mT if turned and side.ndim > 1 else side for side in (x, y))
        program = recorder.program([next(sides) @ next(sides)], {})
        fused = {compiler.name: compiler for compiler in host.backend.compilers}["fused"]
        executor = fused.compile(program, schedule)
        assert any(isinstance(step, Multiply) for step in executor._steps) != is_sum
        (result,), _ = executor.run([], [host.backend.asarray(array) for array in (a, b)], [])
        plain = [x.swapaxes(-1, -2) if turned and x.ndim > 1 else x for x in (a, b)]
        np.testing.assert_allclose(host.backend.to_numpy(result), plain[0] @ plain[1], rtol=1e-12, atol=1e-12)


def test_thin_products_of_half_precision_are_left_to_cublas_which_adds_up_in_float():
    assert not _cuda_thin._is_thin(_product_node("float16"))
    assert _cuda_thin._is_thin(_product_node("float32"))


def _product_node(dtype):
    recorder = Recorder(NUMPY)
    x, y = recorder.give_like((4, 300), dtype), recorder.give_like((300, 4), dtype)
    return (x @ y).node
