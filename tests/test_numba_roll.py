"""Long steps are rolled up: what is done again elsewhere in memory is compiled once, and to the same bits."""

import numpy as np
import pytest
from printed_step import PrintedStep

from xpnn import Network
from xpnn.backend import get_backend
from xpnn.layers import GRU, LSTM, Dense
from xpnn.namespaces import Recorder
from xpnn.program import optimize
from xpnn_backends._cblas import find_blas
from xpnn_backends._numba_roll import roll

NUMPY = get_backend("numpy")
needs_blas = pytest.mark.skipif(find_blas() is None, reason="the BLAS of NumPy is not found")


def test_rows_name_a_branch_and_its_addresses():
    add, double = ("add(p0, p1)", "more"), ("double(p0)",)
    instructions = [(add, [(0, 8), (1, 0)]), (double, [(0, 16)]), (add, [(0, 24), (2, 0)]), (double, [(1, 8)])]
    rolled = roll(instructions)
    assert rolled.rows == [[0, 0, 8, 1, 0], [1, 0, 16, 0, 0], [0, 0, 24, 2, 0], [1, 1, 8, 0, 0]]
    assert rolled.lines("rows") == [
        "for row in range(4):",
        "    branch = rows[row, 0]",
        "    if branch == 0:",
        "        p0 = table[rows[row, 1]] + rows[row, 2]",
        "        p1 = table[rows[row, 3]] + rows[row, 4]",
        "        add(p0, p1)",
        "        more",
        "    elif branch == 1:",
        "        p0 = table[rows[row, 1]] + rows[row, 2]",
        "        double(p0)",
    ]


def test_what_seldom_comes_again_is_not_rolled_up():
    assert roll([((f"line {i // 2}",), []) for i in range(9)]) is None
    assert roll([((f"line {i // 2}",), []) for i in range(10)]) is not None


def _program(steps):
    """A recurrence whose every step reads what is given, what is held, and the state."""
    recorder = Recorder(NUMPY)
    x, w = (np.random.default_rng(0).standard_normal(shape) for shape in ((steps, 3, 4), (4, 4)))
    given, weight = recorder.give(x), recorder.hold(w)
    h = given[0, ...]
    for t in range(1, steps):
        h = recorder.tanh(h @ weight + given[t, ...])
    return (
        optimize(recorder.program([h, recorder.sum(h, axis=0)], {weight: weight * 0.9}), NUMPY.xp, recorder.dtype),
        x,
        w,
    )


@needs_blas
def test_a_rolled_step_gives_the_bits_of_numpy_and_does_not_grow_with_the_steps():
    texts = {}
    for steps in (30, 45):
        program, x, w = _program(steps)
        wanted, held = program.evaluate(NUMPY.xp, np.dtype, [w.copy()], [x], [])
        executor = PrintedStep(program)
        texts[steps] = executor.text
        weight = w.copy()
        executor.prepare([weight])
        outputs, moved = executor.run([weight], [x], [])
        for a, b in zip([*outputs, *moved], [*wanted, *held], strict=True):
            assert np.array_equal(a, b)
    assert texts[30].count("\n") == texts[45].count("\n") < 120


@needs_blas
@pytest.mark.parametrize("layer", [LSTM(5, return_sequences=True), GRU(5, mask_value=0.0)], ids=["LSTM", "GRU"])
def test_a_long_recurrent_step_is_compiled_to_the_bits_of_the_eager_one(layer):
    pytest.importorskip("numba")
    rng = np.random.default_rng(0)
    x = rng.standard_normal((4, 14, 3)) * (rng.random((4, 14, 1)) < 0.7)
    y = rng.integers(2, size=(4, 14) if layer.return_sequences else 4)
    results = {}
    for mode in (False, "fast"):
        net = Network([layer, Dense(2)], loss="cross_entropy", compile=mode, seed=1).build((14, 3))
        losses = [float(net.train_on_batch(x, y)) for _ in range(3)]
        results[mode] = [np.asarray(losses), net.flat_parameters]
    for a, b in zip(results[False], results["fast"], strict=True):
        assert np.array_equal(a, b)
