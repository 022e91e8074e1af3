"""Compiled code on NumPy: what is printed, what is left to the replay, threads, the cache, and the same bits."""

import os
import sys
from importlib.util import find_spec
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from printed_step import PrintedStep
from random_programs import NUMPY, Writer, bits, check_same

from xpnn.namespaces import Number, Recorder
from xpnn.program import Node, optimize, schedule
from xpnn_backends import _blas_threads, _numba_text, _numpy
from xpnn_backends._blas_threads import LARGE, threads_of
from xpnn_backends._cblas import find_blas
from xpnn_backends._numba_plan import APART, MOST_AXES, SIMPLE
from xpnn_backends._numba_text import print_step
from xpnn_backends._numpy_parts import cut
from xpnn_backends._numpy_replay import NumpyLibrary
from xpnn_backends._replay import Part, Replay
from xpnn_backends._ufunc_loops import find_loop

needs_numba = pytest.mark.skipif(find_spec("numba") is None, reason="numba is not installed")
needs_blas = pytest.mark.skipif(find_blas() is None, reason="the symbols of NumPy's BLAS cannot be seen")
quiet = pytest.mark.filterwarnings("ignore::RuntimeWarning")


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XPNN_CACHE", str(tmp_path))
    return tmp_path / "steps"


def record(function, *arrays, held=()):
    recorder = Recorder(NUMPY)
    held = [recorder.hold(array) for array in held]
    result = function(recorder, *held, *(recorder.give(array) for array in arrays))
    outputs, updates = result if isinstance(result, tuple) else (result, {})
    return recorder.program(outputs if isinstance(outputs, list) else [outputs], updates)


def compiled(program):
    from xpnn_backends._numba_step import NumbaStep

    return NumbaStep(print_step(program, schedule), NumpyLibrary(16384))


def functions(step):
    return [part.function for part in step._parts if part.function is not None]


def reals(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


# --------------------------------------------------------------------------------------------------------------- text


@needs_blas
def test_a_small_program_is_printed_as_loads_expressions_stores_and_calls():
    def step(xp, a, x):
        return [xp.sum(xp.exp(x @ a + 1.0), axis=0)], {a: a - a * Number.named("rate")}

    printed = print_step(record(step, reals(5, 3), held=[reals(3, 4)]), schedule)
    assert [(fits, threads) for _, fits, threads in printed.groups] == [(True, None)]
    assert printed.text == (
        "from math import inf, sqrt\n"
        "import numpy as np\n"
        "from xpnn_backends import _numba_intrinsics as c\n"
        "opaque = c.opaque\n"
        "get_float64 = c.get['float64']\n"
        "put_float64 = c.put['float64']\n"
        "float64 = np.float64\n"
        "k0 = float64(1.0)\n"
        "exp_float64 = c.run_loop(c.register_loop('exp', 'float64'), 2)\n"
        "gemm_float64 = c.gemm_float64\n"
        "gemv_float64 = c.gemv_float64\n"
        "\n"
        "def part0(table, numbers, given0):\n"
        "    p0 = given0.ctypes.data\n"
        "    p1 = table[1]\n"
        "    p2 = table[0] + 192\n"
        "    p3 = table[0]\n"
        "    n0 = numbers[0]\n"
        "    gemm_float64(111, 111, 5, 4, 3, p0, 3, p1, 4, p2, 4)\n"
        "    for i in range(20):\n"
        "        t0 = get_float64(p2, i)\n"
        "        t1 = t0 + k0\n"
        "        put_float64(p2, i, t1)\n"
        "    exp_float64(20, p2, 8, p3, 8)\n"
        "    gemv_float64(101, 5, 4, p3, 4, table[3], 1, p2, 1)\n"
        "    for i in range(12):\n"
        "        t0 = get_float64(p1, i)\n"
        "        t1 = t0 * n0\n"
        "        t2 = t0 - t1\n"
        "        put_float64(p1, i, t2)\n"
    )


def test_axes_that_all_run_through_memory_in_one_stride_are_one_loop_and_what_a_row_shares_is_read_once():
    text = print_step(record(lambda xp, x, y: x + y, reals(2, 3, 4), reals(2, 3, 1)), schedule).text
    assert "    for i in range(opaque(6)):\n        t1 = get_float64(p1, i)\n        for j in range(4):\n" in text
    text = print_step(record(lambda xp, x, y: x + y, reals(2, 3), reals()), schedule).text
    assert "    t1 = get_float64(p1, 0)\n    for i in range(6):\n" in text


def test_literals_have_the_type_of_the_array_and_keep_their_sign():
    program = record(lambda xp, x: xp.maximum(x + -0.0, float("-inf")) * float("nan") + 0.1, reals(3).astype("float32"))
    text = print_step(program, schedule).text
    for line in ("k0 = float32(-0.0)", "k1 = float32(-inf)", "k2 = float32(float('nan'))", "k3 = float32(0.1)"):
        assert line in text


def test_expressions_and_whole_functions_do_not_overlap():
    assert not APART & SIMPLE.keys()


# ---------------------------------------------------------------------------------------------------- what is left out


def left_out(function, *arrays):
    """Operations that the replay must run."""
    groups = print_step(record(function, *arrays), schedule).groups
    return [node.op for group, fits, _ in groups if not fits for instruction in group for node in instruction.nodes]


@needs_blas
@pytest.mark.parametrize(
    ("function", "arrays", "ops"),
    [
        (lambda xp, x: xp.exp(x) @ x.mT, [reals(3, 4)], []),
        (lambda xp, x: x @ x.mT, [reals(3, 4)], ["matmul"]),  # NumPy calls another function of BLAS for it
        (lambda xp, x, y: x @ y, [reals(5, 3, 4), reals(4, 2)], ["matmul"]),
        (lambda xp, x, y: x @ y, [reals(4), reals(4, 2)], ["matmul"]),
        (lambda xp, x, y: x @ y[:, ::2], [reals(3, 4), reals(4, 4)], ["matmul"]),
        (lambda xp, x: xp.flip(x, axis=0) + 1.0, [reals(3, 4)], ["call"]),
        (lambda xp, x: x**2.5 + 1.0, [reals(3, 4) ** 2], ["pow"]),
        (lambda xp, x: xp.sum(x, axis=(0, 2)) + 1.0, [reals(2, 3, 4)], ["sum"]),
        (lambda xp, i: i // 2, [np.arange(3)], ["floor_divide"]),
        (lambda xp, i: i + i, [np.arange(3, dtype="int32")], ["add"]),
        (lambda xp, i: xp.max(i, axis=0), [np.arange(3)], ["max"]),
    ],
)
def test_what_has_no_form_in_compiled_code_is_left_to_the_replay(function, arrays, ops):
    assert left_out(function, *arrays) == ops
    program = record(function, *arrays)
    wanted = program.evaluate(NUMPY.xp, np.dtype, [], arrays, [])
    check_same((PrintedStep(program).run([], arrays, [])[0], []), wanted, program)


@pytest.mark.parametrize(
    "function",
    [
        lambda xp, x: xp.max(xp.astype(xp.astype(x, xp.int32), xp.float64), axis=1),
        lambda xp, x: xp.max(xp.argmax(xp.reshape(x, (3, 2, 2)), axis=2) + 1, axis=0),
        lambda xp, x: [xp.max(x > 0.0), xp.min(x, axis=0), xp.max(x + 1.0)],
    ],
)
def test_a_maximum_whose_loop_cannot_be_compiled_is_replayed_alone(function):
    x = reals(3, 4)
    program = record(function, x)
    wanted = program.evaluate(NUMPY.xp, np.dtype, [], [x], [])
    check_same((PrintedStep(program).run([], [x], [])[0], []), wanted, program)


def test_a_loop_over_too_many_axes_is_replayed():
    n = MOST_AXES + 1
    x = reals(*[2] * n)
    turned = tuple(reversed(range(n)))
    assert left_out(lambda xp, x: xp.permute_dims(x, turned) + x, x) == ["add"]
    assert left_out(lambda xp, x: xp.permute_dims(x, turned[1:]) + x, reals(*[2] * (n - 1))) == []


def test_without_the_symbols_of_a_blas_products_and_sums_are_replayed_and_the_numbers_are_the_same(monkeypatch):
    monkeypatch.setattr(_numba_text, "find_blas", lambda: None)
    x, y = reals(5, 3), reals(3, 4)
    program = record(lambda xp, x, y: xp.sum(xp.exp(x @ y + 1.0), axis=0) * 2.0, x, y)
    step = PrintedStep(program)
    assert [fits for _, fits, _ in step.groups] == [False, True, False, True]
    wanted = program.evaluate(NUMPY.xp, np.dtype, [], [x, y], [])
    check_same((step.run([], [x, y], [])[0], []), wanted, program)


def test_loops_of_numpy_are_found_by_type_or_not_at_all():
    for dtype in ("float32", "float64"):
        address, _ = find_loop("exp", dtype)
        assert address
    assert find_loop("exp", "float32") != find_loop("exp", "float64")
    assert find_loop("exp", "int64") is None
    assert find_loop("isnan", "float64") is None  # it returns booleans
    assert find_loop("frexp", "float64") is None  # it returns two arrays


# --------------------------------------------------------------------------------------------------------- cut, threads


def instruction(m, k=4, p=4):
    a, b = Node("input", (), (m, k), "float32"), Node("input", (), (k, p), "float32")
    return SimpleNamespace(nodes=(Node("matmul", (a, b), (m, p), "float32"),))


def other(fits=True):
    return SimpleNamespace(nodes=(Node("exp", (Node("input", (), (3,), "float32"),), (3,), "float32"),), fits=fits)


def shown(groups, instructions):
    return [([instructions.index(part) for part in group], fits, threads) for group, fits, threads in groups]


def test_instructions_are_cut_around_what_cannot_be_compiled():
    row = [other(), other(), other(False), other(), other(False), other(False)]
    groups = cut(row, 1, lambda part: part.fits)
    assert shown(groups, row) == [([0, 1], True, None), ([2], False, None), ([3], True, None), ([4, 5], False, None)]
    assert cut([], 1) == []
    assert shown(cut(row, 1), row) == [([0, 1, 2, 3, 4, 5], False, None)]


def test_small_products_have_one_thread_large_ones_all_and_the_number_is_as_before_at_the_end():
    sizes = LARGE // 16 - 1, LARGE // 16, LARGE // 16, 3
    small, large, larger, last = (instruction(m) for m in sizes)
    row = [other(), small, other(), large, larger, last, other()]
    assert shown(cut(row, 4), row) == [
        ([0], False, None),
        ([1, 2], False, 1),
        ([3, 4], False, 4),
        ([5, 6], False, 1),
        ([], False, 4),
    ]
    row = [small, large, other()]
    assert shown(cut(row, 4, lambda part: part is not large), row) == [
        ([0], True, 1),
        ([1], False, 4),
        ([2], True, None),
    ]
    assert shown(cut(row, 1), row) == [([0, 1, 2], False, None)]
    assert [threads_of(part.nodes[0], 4) for part in row] == [1, 4, None]


def test_an_executor_sets_the_threads_of_its_products_and_puts_them_back():
    calls = []

    class Library(NumpyLibrary):
        def set_threads(self, count):
            calls.append(count)

    x, small = reals(256, 256), reals(256, 3)
    program = record(lambda xp, x, s: [xp.sum(x @ s), xp.sum(x @ xp.exp(x))], x, small)
    steps = schedule(program)
    parts = [Part(group, None, threads) for group, _, threads in cut(steps.instructions, 8)]
    executor = Replay(steps, Library(16384), parts)
    given = executor.run([], [x, small], [])[0]
    assert sorted(calls[:2]) == [1, 8]
    assert calls[-1] == 8
    check_same((given, []), program.evaluate(NUMPY.xp, np.dtype, [], [x, small], []), program)


def test_threads_are_counted_and_set_where_they_can_be(monkeypatch):
    library = SimpleNamespace(count=3)
    library.get_num_threads, library.set_num_threads = lambda: library.count, lambda n: setattr(library, "count", n)
    monkeypatch.setattr(_blas_threads, "_controllers", lambda: (library,))
    assert _blas_threads.allowed_threads() == 3
    _blas_threads.set_threads(2)
    assert library.count == 2
    monkeypatch.setattr(_blas_threads, "_controllers", lambda: ())
    assert _blas_threads.allowed_threads() == 1
    _blas_threads.set_threads(5)


@pytest.mark.parametrize("allowed", [1, 4])
def test_with_several_threads_the_backend_cuts_its_programs(monkeypatch, allowed):
    monkeypatch.setattr(_numpy, "allowed_threads", lambda: allowed)
    monkeypatch.setattr(_numba_text, "allowed_threads", lambda: allowed)
    program = record(lambda xp, x, y: xp.exp(x @ y), reals(5, 3), reals(3, 4))
    executor = NUMPY.compilers[0].compile(program, schedule)
    threads = [None] if allowed == 1 else [1, 4]
    assert [part.threads for part in executor._parts] == threads
    assert [group[2] for group in print_step(program, schedule).groups] == threads


# ---------------------------------------------------------------------------------------------------------- same bits


@quiet
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@settings(max_examples=200, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_what_is_printed_for_random_programs_gives_the_bits_of_numpy(dtype, data):
    writer = Writer(data, dtype, steps=8)
    program = optimize(writer.program(), NUMPY.xp, writer.recorder.dtype)
    check_same(writer.run(PrintedStep(program), program), writer.evaluate(program), program)


SPECIAL = [0.0, -0.0, 1.0, -2.5, np.inf, -np.inf, np.nan, 1e300, 5e-324, 3.0]


def everything(xp, x, y, i):
    """Each elementwise function that compiled code has a form for, of two arrays with every pair of special values."""
    ones = {
        "abs", "isfinite", "isinf", "isnan", "negative", "positive", "sign", "sqrt", "square", "exp", "log", "tanh",
        "floor", "round", "sin", "log1p", "expm1", "trunc", "ceil", "reciprocal", "cosh", "log2",
    }  # fmt: skip
    twos = {
        "add", "subtract", "multiply", "divide", "maximum", "minimum", "equal", "not_equal", "greater", "less",
        "greater_equal", "less_equal", "hypot", "atan2", "logaddexp", "copysign", "pow", "remainder", "floor_divide",
    }  # fmt: skip
    results = [getattr(xp, name)(x) for name in sorted(ones)]
    results += [getattr(xp, name)(x, y) for name in sorted(twos)]
    a, b = x > y, y > 0.0
    results += [a & b, a | b, a ^ b, ~a, xp.where(a, x, y), xp.astype(a, x.dtype), xp.astype(x, xp.bool), i * 2 - i]
    matrix = xp.reshape(x, (10, 10))
    results += [xp.max(matrix, axis=k) + 0.0 for k in (0, 1, None)] + [xp.min(matrix, axis=1, keepdims=True) + 0.0]
    results += [xp.sum(matrix, axis=0), xp.sum(matrix, axis=1), xp.sum(x), xp.maximum(x, 0.0), xp.maximum(x, -0.0)]
    return results


@needs_numba
@quiet
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_nan_infinity_and_the_sign_of_zero_pass_through_compiled_code_as_through_numpy(cache, dtype):
    with np.errstate(all="ignore"):
        pairs = np.asarray(np.meshgrid(SPECIAL, SPECIAL)).reshape(2, 100).astype(dtype)
    arrays = [pairs[0], pairs[1], np.arange(-3, 4)]
    program = record(everything, *arrays)
    wanted = program.evaluate(NUMPY.xp, np.dtype, [], arrays, [])
    check_same((PrintedStep(program).run([], arrays, [])[0], []), wanted, program)
    check_same((compiled(program).run([], arrays, [])[0], []), wanted, program)


@needs_numba
def test_rows_of_a_copy_are_not_unrolled(cache):
    """LLVM would write each of 28 rows down, and then take seconds to order the instructions."""
    x = np.zeros((28, 2048), np.float32)
    (part,) = functions(compiled(record(lambda xp, x: xp.concat([x[:, :1792], x[:, 128:1920]], axis=1), x)))
    (assembly,) = part.inspect_asm().values()
    assert assembly.count("\n") < 2500  # 13,000 otherwise


@needs_numba
@needs_blas
def test_compiled_products_sums_and_updates_have_the_bits_of_numpy(cache):
    def step(xp, a, m, x):
        h = xp.tanh(x @ a)
        gradient = x.mT @ (h * 0.1) + xp.broadcast_to(xp.sum(h, axis=0), (30, 20))
        outer = xp.reshape(xp.sum(x, axis=1), (70, 1)) @ xp.reshape(xp.sum(h, axis=0), (1, 20))
        row, column = x[:1] @ a, h @ xp.reshape(h[0], (20, 1))
        moved = m * 0.9 + gradient
        outputs = [xp.sum(h), xp.max(h, axis=1), outer, row, column, xp.concat([h, h[:, :3]], axis=1), a]
        return outputs, {a: a - moved * Number.named("rate"), m: moved}

    for dtype in ("float64", "float32"):
        held, x = (
            [reals(30, 20).astype(dtype), reals(30, 20, seed=1).astype(dtype)],
            reals(70, 30, seed=2).astype(dtype),
        )
        program = record(step, x, held=held)
        wanted = program.evaluate(NUMPY.xp, np.dtype, held, [x], [np.asarray(0.01, dtype)])
        arrays = [array.copy() for array in held]
        given = compiled(program).run(arrays, [x], [0.01])[0]
        check_same((given, arrays), wanted, program)


# --------------------------------------------------------------------------------------------------------------- cache


@needs_numba
def test_a_step_is_compiled_once_and_read_from_the_cache_afterwards(cache):
    from xpnn_backends._numba_cache import is_kept

    x = reals(3)
    program = record(lambda xp, x: x * 3.0 + 0.1234, x)
    text = print_step(program, schedule).text
    assert not is_kept(text)
    (first,) = functions(compiled(program))
    assert is_kept(text)
    assert (sum(first.stats.cache_hits.values()), sum(first.stats.cache_misses.values())) == (0, 1)
    (file,) = cache.glob("step_*.py")
    assert file.read_text() == text
    del sys.modules[f"xpnn_{file.stem}"]  # as in another process
    step = compiled(program)
    (second,) = functions(step)
    assert (sum(second.stats.cache_hits.values()), sum(second.stats.cache_misses.values())) == (1, 0)
    assert np.array_equal(step.run([], [x], [])[0][0], x * 3.0 + 0.1234)


@needs_numba
def test_a_damaged_file_is_written_anew_and_a_good_one_is_left_alone(cache):
    from xpnn_backends._numba_cache import load_text

    text = "value = 1\n"
    module, is_kept = load_text(text)
    assert (module.value, is_kept) == (1, True)
    (file,) = cache.iterdir()
    os.utime(file, (1, 1))
    load_text(text)
    assert file.stat().st_mtime == 1
    file.write_text("value = ")
    load_text(text)
    assert file.read_text() == text
    assert list(cache.iterdir()) == [file]


@needs_numba
@pytest.mark.parametrize(("ending", "number"), [("nbi", 0.777), ("nbc", 0.778)])  # two programs: numba knows modules
def test_what_cannot_be_read_from_the_cache_is_compiled_again(cache, ending, number):
    x = reals(3)
    program = record(lambda xp, x: x * 3.0 + number, x)
    compiled(program)
    (file,) = cache.rglob(f"*.{ending}")
    file.write_bytes(b"garbage")
    step = compiled(program)
    assert bits(step.run([], [x], [])[0][0]) == bits(x * 3.0 + number)
    assert file.read_bytes() != b"garbage"
    (function,) = functions(compiled(program))
    assert sum(function.stats.cache_hits.values()) == 1


@needs_numba
def test_a_cache_that_cannot_be_written_is_none(tmp_path, monkeypatch):
    from xpnn_backends._numba_cache import is_kept

    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    monkeypatch.setenv("XPNN_CACHE", str(blocked))
    x = reals(3)
    program = record(lambda xp, x: x * 3.0 - 0.4321, x)
    step = compiled(program)
    assert not is_kept(print_step(program, schedule).text)
    assert bits(step.run([], [x], [])[0][0]) == bits(x * 3.0 - 0.4321)
    assert blocked.read_text() == "not a folder"
