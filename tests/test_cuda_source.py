"""Kernels: each operation, reductions over any axes, layouts of memory; nvcc compiles what networks are made of."""

import math
import shutil
import subprocess

import cuda_on_host
import host_cupy
import numpy as np
import pytest
import test_compiled as cases

from xpnn import Network
from xpnn.layers import Dense
from xpnn.namespaces import Recorder
from xpnn.program import optimize, schedule
from xpnn.program.elementwise import ELEMENTWISE
from xpnn.training.recording import record_step
from xpnn_backends import _cuda_source
from xpnn_backends._cuda_axes import Axes
from xpnn_backends._cuda_math import expression, identity, literal
from xpnn_backends._cuda_source import print_source
from xpnn_backends._cuda_steps import Launch
from xpnn_backends._cuda_tiling import Tiling

needs_compiler = pytest.mark.skipif(cuda_on_host.COMPILER is None, reason="no g++ to compile kernels for the processor")
NVCC = shutil.which("nvcc")
REDUCTIONS = frozenset(("sum", "max", "min"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Folder of compiled kernels."""
    return tmp_path_factory.mktemp("kernels")


@pytest.fixture
def host(folder):
    """CuPy over the host."""
    with host_cupy.installed(folder) as parts:
        yield parts


def _record(backend, function, *arrays):
    """Write `function` of arrays like these down."""
    recorder = Recorder(backend)
    results = function(recorder, *[recorder.give(array) for array in arrays])
    return optimize(recorder.program(list(results), {}), backend.xp, recorder.dtype)


def _run(host, function, *arrays):
    """Results of `function(xp, *arrays)` as kernels, and the executor."""
    given = [host.backend.asarray(array) for array in arrays]
    program = _record(host.backend, function, *given)
    fused = {compiler.name: compiler for compiler in host.backend.compilers}["fused"]
    executor = fused.compile(program, schedule)
    results, _ = executor.run([], given, [])
    return [host.backend.to_numpy(result) for result in results], executor


SPECIAL = [0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 3.5, 1e-3, 20.0, -7.0, math.inf, -math.inf, math.nan]
TWO = (
    "add", "atan2", "copysign", "divide", "equal", "floor_divide", "greater", "greater_equal", "hypot", "less",
    "less_equal", "logaddexp", "maximum", "minimum", "multiply", "not_equal", "pow", "remainder", "subtract",
)  # fmt: skip
LOGICAL = ("logical_and", "logical_or", "logical_xor")
ONE = sorted(ELEMENTWISE - {*TWO, *LOGICAL, "logical_not", "where", "astype", "copy"})


@needs_compiler
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_functions_of_one_number_are_those_of_numpy_at_special_values_too(host, dtype):
    x = np.asarray(SPECIAL, dtype=dtype)
    results, _ = _run(host, lambda xp, x: [getattr(xp, name)(x) for name in ONE], x)
    with np.errstate(all="ignore"):
        for name, result in zip(ONE, results, strict=True):
            wanted = getattr(host.backend.xp, name)(x)
            assert result.dtype == wanted.dtype, name
            np.testing.assert_allclose(result, wanted, rtol=4 * np.finfo(dtype).eps, err_msg=name)


@needs_compiler
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_functions_of_two_numbers_are_those_of_numpy_at_special_values_too(host, dtype):
    x, y = np.meshgrid(np.asarray(SPECIAL, dtype=dtype), np.asarray(SPECIAL, dtype=dtype))
    results, _ = _run(host, lambda xp, x, y: [getattr(xp, name)(x, y) for name in TWO], x, y)
    with np.errstate(all="ignore"):
        for name, result in zip(TWO, results, strict=True):
            wanted = np.asarray(getattr(host.backend.xp, name)(x, y))
            np.testing.assert_allclose(result, wanted, rtol=4 * np.finfo(dtype).eps, err_msg=name)


@needs_compiler
@pytest.mark.parametrize("dtype", ["int8", "int32", "int64", "uint8"])
def test_functions_of_whole_numbers_are_those_of_numpy(host, dtype):
    values = np.asarray(
        [0, 1, 2, 3, 5, 7, 100, 127] + ([] if dtype == "uint8" else [-1, -2, -3, -7, -128]), dtype=dtype
    )
    x, y = np.meshgrid(values, values)
    names = ["add", "subtract", "multiply", "maximum", "minimum", "floor_divide", "less", "equal"]

    def function(xp, x, y):
        return [*(getattr(xp, name)(x, y) for name in names), xp.sign(x), xp.square(x), xp.negative(x)]

    results, _ = _run(host, function, x, y)
    with np.errstate(all="ignore"):
        for result, wanted in zip(results, function(host.backend.xp, x, y), strict=True):
            assert np.array_equal(result, wanted)


@needs_compiler
def test_kinds_of_numbers_meet_as_in_the_standard(host):
    x, n, b = np.asarray([-1.5, 0.0, 2.5], np.float32), np.asarray([3, -1, 300]), np.asarray([True, False, True])

    def function(xp, x, n, b):
        return [
            xp.where(b, x, 0.1), xp.where(b, -1.0, x), xp.astype(n, xp.float32), xp.astype(x, xp.int64),
            xp.astype(x, xp.bool), xp.astype(b, xp.float64), xp.logical_and(b, xp.isnan(x)), xp.logical_not(b),
            xp.logical_or(b, x > 0.0), xp.logical_xor(b, n == 3), x * 0.1, 0.1 - x, n + 2, n > 2,
            xp.astype(n, xp.float64) * 0.1, x * math.inf, n * -(2**63),
        ]  # fmt: skip

    results, _ = _run(host, function, x, n, b)
    with np.errstate(all="ignore"):
        for result, wanted in zip(results, function(host.backend.xp, x, n, b), strict=True):
            assert result.dtype == wanted.dtype
            assert np.array_equal(result, wanted, equal_nan=result.dtype.kind == "f")


@needs_compiler
def test_halves_are_rounded_after_each_operation_and_meet_other_types(host):
    rng = np.random.default_rng(0)
    # Every float16 that is no NaN, so that subnormal numbers and infinities are converted too.
    x = np.arange(2**16, dtype=np.uint16).view(np.float16)
    x = x[~np.isnan(x)]
    y = rng.permutation(x)

    def function(xp, x, y):
        single = xp.astype(x, xp.float32)
        return [
            x + y, x * 0.1, x * y, (x + y) - y, x + xp.astype(y, xp.float32), xp.where(x > y, x, 0.3), x * 1e-5,
            xp.astype(single * 1.0001, xp.float16), xp.astype(single * 0.5, xp.float16), xp.astype(x, xp.float64),
        ]  # fmt: skip

    results, _ = _run(host, function, x, y)
    with np.errstate(all="ignore"):
        for result, wanted in zip(results, function(host.backend.xp, x, y), strict=True):
            assert result.dtype == wanted.dtype
            assert np.array_equal(result, wanted, equal_nan=True)


@needs_compiler
def test_products_of_halves_are_added_up_in_single(host):
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((7, 300)).astype("float16"), rng.standard_normal((300, 5)).astype("float16")
    (result,), executor = _run(host, lambda xp, a, b: [a @ b], a, b)
    assert result.dtype == np.float16
    assert [type(step).__name__ for step in executor._steps] == ["Multiply"]
    assert np.array_equal(result, (a.astype("float32") @ b.astype("float32")).astype("float16"))


@needs_compiler
def test_a_chain_is_one_kernel_whose_numbers_have_all_their_digits(host):
    x = np.random.default_rng(0).standard_normal(500).astype(np.float32)
    (result,), executor = _run(host, lambda xp, x: [x * 0.1 + x * 0.7], x)
    assert [type(step) for step in executor._steps] == [Launch]
    assert np.array_equal(result, x * np.float32(0.1) + x * np.float32(0.7))


SHAPES = [
    (7,),
    (1,),
    (3, 5),
    (300, 3),
    (3, 300),
    (1, 40),
    (40, 1),
    (2, 3, 4),
    (5, 1, 6),
    (9000,),
    (9000, 2),
    (2, 9000),
    (17, 5, 33),
]


@needs_compiler
@pytest.mark.parametrize("shape", SHAPES)
def test_reductions_over_any_axes_are_those_of_numpy(host, shape):
    x = np.random.default_rng(1).standard_normal(shape)
    cases_of = [
        (axis, keep)
        for axis in (None, *range(len(shape)), *(((0, 2),) if len(shape) == 3 else ()))
        for keep in (False, True)
    ]

    def function(xp, x):
        y = x * 2.0
        return [
            y,
            *(getattr(xp, op)(y, axis=axis, keepdims=keep) for axis, keep in cases_of for op in ("sum", "max", "min")),
        ]

    results, _ = _run(host, function, x)
    for result, wanted in zip(results, function(np, x), strict=True):
        assert result.shape == wanted.shape
        np.testing.assert_allclose(result, wanted, rtol=1e-12, atol=1e-11)


@needs_compiler
def test_long_reductions_are_divided_among_blocks_and_give_the_same_bits_each_time(host):
    x = np.random.default_rng(2).standard_normal((6000, 5)).astype(np.float32)
    function = lambda xp, x: [xp.sum(x, axis=0), xp.max(x, axis=0), xp.sum(x)]  # noqa: E731
    results, executor = _run(host, function, x)
    assert [step.grid[1] > 1 for step in executor._steps] == [True, False, True, False]
    np.testing.assert_allclose(results[0], x.astype(float).sum(axis=0), rtol=1e-4)
    assert np.array_equal(results[1], x.max(axis=0))
    for a, b in zip(results, _run(host, function, x)[0], strict=True):
        assert np.array_equal(a, b)


@needs_compiler
def test_a_maximum_passes_nan_on_and_a_sum_of_nothing_is_zero(host):
    x = np.asarray([[1.0, math.nan, 3.0], [4.0, 5.0, -math.inf]])
    (rows, columns), _ = _run(host, lambda xp, x: [xp.max(x, axis=1), xp.min(x, axis=0)], x)
    assert np.array_equal(rows, [math.nan, 5.0], equal_nan=True)
    assert np.array_equal(columns, [1.0, math.nan, -math.inf], equal_nan=True)
    (empty, nothing), _ = _run(host, lambda xp, x: [xp.sum(x + 1.0, axis=0), x * 2.0], np.ones((0, 3)))
    assert np.array_equal(empty, np.zeros(3))
    assert nothing.shape == (0, 3)


@needs_compiler
def test_whole_numbers_are_reduced_without_rounding(host):
    x = np.asarray([[2**62, 5, -3], [7, -(2**63), 9]])
    results, _ = _run(host, lambda xp, x: [xp.sum(x, axis=1), xp.max(x, axis=0), xp.min(x)], x)
    for result, wanted in zip(results, (x.sum(axis=1), x.max(axis=0), x.min()), strict=True):
        assert np.array_equal(result, wanted)


@needs_compiler
def test_views_are_read_where_they_lie(host):
    x, y = np.arange(24.0).reshape(4, 6), np.arange(4.0)

    def function(xp, x, y):
        return [
            x[::2, 1:5] * 2.0, x[:, ::-1] + 1.0, xp.permute_dims(x, (1, 0)) + y,
            xp.reshape(x, (2, 2, 6))[1, :, 3] - 1.0,
            xp.broadcast_to(y[:, None], (4, 6)) * x, xp.sum(xp.permute_dims(x, (1, 0)) * y, axis=1),
        ]  # fmt: skip

    results, _ = _run(host, function, x, y)
    for result, wanted in zip(results, function(host.backend.xp, x, y), strict=True):
        assert np.array_equal(result, wanted)


@needs_compiler
def test_what_is_not_contiguous_is_read_as_if_it_were(host):
    x = host.backend.asarray(np.arange(24.0).reshape(4, 6)).T
    program = _record(host.backend, lambda xp, x: [x * 2.0], x)
    fused = {compiler.name: compiler for compiler in host.backend.compilers}["fused"]
    (result,), _ = fused.compile(program, schedule).run([], [x], [])
    assert np.array_equal(host.backend.to_numpy(result), np.arange(24.0).reshape(4, 6).T * 2.0)


@needs_compiler
def test_arrays_with_very_many_elements_are_counted_in_64_bits(host, monkeypatch):
    monkeypatch.setattr(_cuda_source, "_LONG", 10)
    x = np.random.default_rng(3).standard_normal((40, 7))
    (result, total), executor = _run(host, lambda xp, x: [xp.exp(x), xp.sum(x, axis=0)], x)
    assert "typedef long long index_t;" in executor.source
    np.testing.assert_allclose(result, np.exp(x), rtol=1e-15)
    np.testing.assert_allclose(total, x.sum(axis=0), rtol=1e-12, atol=1e-12)


@needs_compiler
def test_reductions_over_different_axes_see_what_the_loop_overwrites(host):
    """The product is computed in place of its factor; both sums read it."""
    x = np.random.default_rng(4).standard_normal((30, 4))

    def function(xp, x):
        y = xp.exp(x)
        z = y * xp.sum(y, axis=0)
        return [xp.sum(z, axis=0), xp.sum(z), xp.sum(y, axis=1), xp.log(z)]

    results, _ = _run(host, function, x)
    for result, wanted in zip(results, function(np, x), strict=True):
        np.testing.assert_allclose(result, wanted, rtol=1e-12)


def test_neighbouring_axes_are_one_where_every_operand_allows_it():
    axes = Axes.of((2, 1, 3, 4), {"a": (12, 0, 4, 1), "b": (12, 12, 4, 1)}, frozenset())
    assert (axes.kept, axes.reduced, axes.position("a", 5)) == ((24,), (), "5 + o")
    axes = Axes.of((2, 3, 4), {"a": (12, 4, 1), "b": (0, 4, 1)}, frozenset())
    assert (axes.kept, axes.position("b", 0)) == ((2, 12), "o1")
    assert axes.names("o") == ["const index_t o0 = o / 12;", "const index_t o1 = o % 12;"]
    axes = Axes.of((2, 3, 4), {"a": (12, 4, 1)}, frozenset((1, 2)))
    assert (axes.kept, axes.reduced, axes.position("a", 0)) == ((2,), (12,), "o * 12 + r")


@pytest.mark.parametrize("is_row", [False, True])
def test_the_threads_of_a_reduction_cover_everything_once(is_row):
    for outputs in (1, 3, 32, 40, 5000):
        for length in (1, 2, 10, 784, 100_000):
            tiling = Tiling.of(outputs, length, is_row)
            assert tiling.threads <= 256
            assert tiling.lanes & (tiling.lanes - 1) == 0
            assert tiling.grid[0] * tiling.tile >= outputs > (tiling.grid[0] - 1) * tiling.tile
            assert tiling.grid[1] * tiling.chunk >= length
            assert tiling.grid[0] * tiling.grid[1] < 2 * 512 + tiling.grid[0]


def test_literals_are_read_back_as_the_same_number():
    assert literal(True, "bool") == "true"
    assert literal(-(2**63), "int64") == "(long long)(-9223372036854775807LL - 1)"
    assert literal(2**64 - 1, "uint64") == "(unsigned long long)18446744073709551615ULL"
    assert (literal(0.1, "float64"), literal(-0.1, "float64"), literal(3, "float64")) == ("0.1", "(-0.1)", "3.0")
    assert (literal(0.1, "float32"), literal(math.inf, "float32")) == ("((float)0.1)", "(float)XPNN_INF")
    assert (literal(-math.inf, "float64"), literal(math.nan, "float64")) == ("(double)-XPNN_INF", "(double)XPNN_NAN")
    assert (identity("max", "bool"), identity("min", "uint8"), identity("max", "uint8")) == (
        "false", "(unsigned char)255LL", "(unsigned char)0LL",
    )  # fmt: skip


def test_what_has_no_kernel_is_refused_by_name():
    with pytest.raises(ValueError, match=r"^argmax must be an elementwise operation to be a kernel\.$"):
        expression("argmax", ["x"], ["float32"])
    with pytest.raises(ValueError, match=r"^add must be given real numbers to be a kernel, got complex64\.$"):
        expression("add", ["x", "y"], ["complex64", "complex64"])


def test_every_elementwise_operation_of_a_program_has_a_kernel():
    for op in ELEMENTWISE:
        count = 3 if op == "where" else 2 if op in TWO or op in LOGICAL else 1
        assert expression(op, list("abc")[:count], ["float32"] * count)


@pytest.mark.skipif(NVCC is None, reason="nvcc is not installed")
def test_nvcc_does_not_fuse_a_product_with_a_sum(host, tmp_path):
    x = np.ones(500, np.float32)
    program = _record(host.backend, lambda xp, x: [x * 0.1 + x * 0.7, xp.sum(x * x)], host.backend.asarray(x))
    text = print_source(schedule(program, REDUCTIONS)).text
    for source, is_fused in ((text, False), (text.replace("__fmul_rn(a, b)", "a * b"), True)):
        (tmp_path / "step.cu").write_text(source)
        done = subprocess.run(
            [NVCC, "--ptx", "-o", "-", str(tmp_path / "step.cu")], capture_output=True, text=True, check=True
        )
        assert ("fma.rn.f32" in done.stdout) is is_fused


@pytest.mark.skipif(NVCC is None, reason="nvcc is not installed")
@pytest.mark.timeout(600)
def test_nvcc_compiles_the_kernels_of_all_layers_losses_and_optimizers(tmp_path):
    """One file with all of them, for a device that every CUDA of today knows."""
    parts, head = [], ""
    problems = [(layers, {}, "labels") for layers in cases.LAYERS.values()]
    for name, (loss, targets) in cases.LOSSES.items():
        activation = "log_softmax" if "likelihood" in name else None
        problems.append(([Dense(3, activation=activation)], {"loss": loss}, targets))
    problems += [
        ([Dense(3, activation="tanh"), Dense(3)], {"optimizer": o, "dtype": "float32"}, "labels")
        for o in cases.OPTIMIZERS.values()
    ]
    for number, (layers, options, targets) in enumerate(problems):
        x, y = cases._problem(targets)
        net = Network(layers, compile=False, **({"dtype": "float64"} | options)).build(5)
        y = y if y.dtype.kind == "i" else y.astype(net.dtype)
        given = cases._inputs(layers, x)
        recording = record_step(net._learner, given.astype(net.dtype if given is x else "int32"), y, None)
        head, kernels = print_source(schedule(recording.program, REDUCTIONS)).text.split("index_t;\n")
        parts.append(
            kernels.replace("void loop", f"void step{number}_loop").replace(
                "void numbers", f"void step{number}_numbers"
            )
        )
    source = tmp_path / "steps.cu"
    source.write_text(f"{head}index_t;\n" + "\n".join(parts))
    command = [
        NVCC,
        "--cubin",
        "-arch=sm_80",
        "--fmad=false",
        "-Werror",
        "all-warnings",
        "-o",
        str(tmp_path / "steps.cubin"),
        str(source),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "steps.cubin").stat().st_size > 100_000
