"""Repetitions in programs become loops, and the loops give the bits of the program."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xpnn import Network
from xpnn.backend import get_backend
from xpnn.layers import GRU, LSTM, Bidirectional, Conv2D, Dense, DepthwiseConv2D, Flatten, SimpleRNN
from xpnn.namespaces import Recorder
from xpnn.program import loops, optimize
from xpnn.program.loops import Loop, find_loops
from xpnn.training.recording import record_outputs, record_step

NUMPY = get_backend("numpy")
ANY = settings(
    max_examples=200, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)


def scan(body, carried, given, length):
    """The loop that JAX has, in Python."""
    results = []
    assert all(len(stack) == length for stack in given)
    for number in range(length):
        before, (carried, found) = carried, body(carried, [stack[number, ...] for stack in given])
        assert [(a.shape, a.dtype) for a in carried] == [(a.shape, a.dtype) for a in before]
        results.append(found)
    return carried, [np.stack(values) for values in zip(*results, strict=True)]


def check(program, rng):
    """Compare with the program node by node; return the nodes outside of loops, and the sizes of the loops."""
    values = [rng.uniform(0.1, 1.0, node.shape) for node in program.inputs]
    values = [(v * 3).astype(node.dtype) for v, node in zip(values, program.inputs, strict=True)]
    n, m = len(program.held), len(program.held) + len(program.given)
    parts = values[:n], values[n:m], values[m:]
    wanted = program.evaluate(NUMPY.xp, np.dtype, *parts)
    looped = program.evaluate(NUMPY.xp, np.dtype, *parts, scan)
    for a, b in zip([*wanted[0], *wanted[1]], [*looped[0], *looped[1]], strict=True):
        assert a.dtype == b.dtype
        assert np.array_equal(a, b, equal_nan=True)
    parts = find_loops(program.nodes)
    found = [(len(part.passes), len(part.passes[0])) for part in parts if isinstance(part, Loop)]
    return [part for part in parts if not isinstance(part, Loop)], found


def record(function, *shapes):
    """A program of `function(xp, *arrays)`, which returns a list of outputs."""
    recorder = Recorder(NUMPY)
    outputs = function(recorder, *(recorder.give_like(shape, "float64") for shape in shapes))
    return optimize(recorder.program(outputs, {}), NUMPY.xp, recorder.dtype)


LAYERS = {
    "SimpleRNN": [SimpleRNN(4)],
    "LSTM": [LSTM(4)],
    "LSTM, backwards": [LSTM(4, go_backwards=True)],
    "LSTM, masked, padded with zeros": [LSTM(4, mask_value=0.0, zero_output_for_mask=True, return_sequences=True)],
    "LSTM, truncated": [LSTM(4, truncate=15, return_sequences=True)],
    "GRU": [GRU(4)],
    "GRU of the paper": [GRU(4, reset_after=False, mask_value=0.0)],
    "stacked": [LSTM(4, return_sequences=True), GRU(3)],
    "bidirectional": [Bidirectional(LSTM(4, return_sequences=True)), Bidirectional(GRU(3))],
}


@pytest.mark.parametrize("name", LAYERS)
def test_steps_of_recurrent_layers_become_loops_of_the_same_bits(name):
    left = {}
    for time in (70, 90):
        net = Network([*LAYERS[name], Flatten(), Dense(3)], dtype="float64", compile=False).build((time, 5))
        x, y = np.zeros((4, time, 5)), np.zeros(4, int)
        for kind, recording in (
            ("step", record_step(net._learner, x, y, None)),
            ("outputs", record_outputs(net._learner, x)),
        ):
            outside, found = check(recording.program, np.random.default_rng(0))
            assert found
            assert all(time - 2 <= length or name == "LSTM, truncated" for length, _ in found)
            left[kind, time] = [node.op for node in outside if node.op not in ("slice", "reshape")]
    if name != "LSTM, truncated":  # each stretch is a loop of its own
        assert left["step", 70] == left["step", 90]
    assert left["outputs", 70] == left["outputs", 90]


@pytest.mark.parametrize("layers", [[DepthwiseConv2D(5), Flatten()], [Conv2D(3, 5), Conv2D(2, 3), Flatten()]])
def test_what_is_short_stays_as_it_is(layers):
    net = Network([*layers, Dense(3)], dtype="float64", compile=False).build((12, 12, 2))
    program = record_step(net._learner, np.zeros((4, 12, 12, 2)), np.zeros(4, int), None).program
    assert check(program, np.random.default_rng(0)) == (list(program.nodes), [])


@pytest.fixture
def short(monkeypatch):
    """Let loops be short."""
    monkeypatch.setattr(loops, "LEAST_PASSES", 4)
    monkeypatch.setattr(loops, "LEAST_NODES", 8)


RNG = np.random.default_rng(0)


def test_what_is_carried_given_and_the_same_is_told_apart(short):
    def sums(xp, x, w):
        h, seen = w, []
        for t in range(6):
            h = xp.tanh(h * w + x[5 - t, ...])
            seen.append(h)
        return [h, seen[2], xp.concat(seen, axis=0)]

    program = record(sums, (6, 3), (3,))
    (loop,) = [part for part in find_loops(program.nodes) if isinstance(part, Loop)]
    assert [node.op for node in loop.passes[0]] == ["multiply", "reshape", "add", "tanh"]
    assert (list(loop.carried), len(loop.given), len(loop.same)) == ([3], 1, 1)
    assert check(program, RNG)[1] == [(6, 4)]


def test_a_later_loop_reads_what_an_earlier_one_kept_forwards_and_backwards(short):
    def there_and_back(xp, x):
        h, seen = x[0, ...], []
        for t in range(1, 7):
            h = xp.tanh(h + x[t, ...])
            seen.append(h)
        for kept in seen[::-1]:
            h = xp.sin(h) * kept
        for one, other in pairwise(seen):
            h = h - one * other
        return [h]

    assert check(record(there_and_back, (7, 3)), RNG)[1] == [(6, 3), (6, 2), (5, 2)]


def test_all_passes_may_read_one_value_of_an_earlier_loop(short):
    def stay(xp, x):
        seen = [x]
        for _ in range(6):
            seen.append(xp.tanh(seen[-1] * 2.0))
        return [_repeat(x, lambda h, t: xp.sin(h + seen[-1]))]

    assert check(record(stay, (3,)), RNG)[1] == [(6, 2), (8, 2)]


def _repeat(h, function):
    for t in range(8):
        h = function(h, t)
    return h


def _two_back(xp, h):
    before = h * 2.0
    for _ in range(8):
        h, before = xp.tanh(h) + before, h
    return h


def _two_starts(xp, h):
    first = xp.tanh(h) * (h + 1.0)
    return _repeat(first, lambda h, t: xp.tanh(h) * h)


IRREGULAR = {
    "two passes back": _two_back,
    "two starts": _two_starts,
    "a start that is broadcast": lambda xp, h: _repeat(h[0, ...], lambda a, t: xp.tanh(a + h)),
    "another number": lambda xp, h: _repeat(h, lambda h, t: xp.tanh(h) * (2.0 if t == 3 else 3.0)),
    "another operation": lambda xp, h: _repeat(h, lambda h, t: xp.exp(h) if t == 3 else xp.tanh(h)),
    "another axis": lambda xp, h: _repeat(h, lambda h, t: h + xp.sum(h, axis=int(t == 3))),
    "another type": lambda xp, h: _repeat(h, lambda h, t: xp.tanh(_rounded(xp, h, "float16" if t == 3 else "float32"))),
    "another argument": lambda xp, h: _repeat(h, lambda h, t: _mixed(xp.tanh(h), xp.sin(h), t == 3)),
    "another slice of what is carried": lambda xp, h: _repeat(h, lambda h, t: xp.tanh(h + h[t % 3 : t % 3 + 1, ...])),
    "growing": lambda xp, h: _repeat(h, lambda h, t: xp.concat([h, xp.tanh(h)], axis=0)),
    "growing without being carried": lambda xp, h: _repeat(
        xp.sum(h), lambda s, t: s + xp.sum(xp.broadcast_to(h, (t + 1, 3, 3)))
    ),
}


def _mixed(a, b, is_other):
    return a * b + (a if is_other else b)


def _rounded(xp, h, dtype):
    return xp.astype(xp.astype(h, getattr(xp, dtype)), xp.float64)


@pytest.mark.parametrize("name", IRREGULAR)
def test_irregular_passes_are_right_too(name, short):
    check(record(lambda xp, h: [IRREGULAR[name](xp, h)], (3, 3)), RNG)


@ANY
@given(data=st.data())
def test_random_recurrences_give_the_bits_of_their_programs(data, short):
    """Several recurrences whose operations read whatever there is: this pass, the last, others, inputs."""

    def write(xp, x, w):
        memory, carried = [[x[t, ...] for t in range(6)]], [w, w * 2.0]
        for _ in range(data.draw(st.integers(1, 3))):
            length, size = data.draw(st.integers(4, 6)), data.draw(st.integers(2, 5))
            n = len(carried) + len(memory) + 1
            plan = [
                (data.draw(st.sampled_from("+-*x")), *(data.draw(st.integers(0, n + i - 1)) for _ in range(2)))
                for i in range(size)
            ]
            forwards = [data.draw(st.booleans()) for _ in memory]
            results = []
            for t in range(length):
                around = [m[t % len(m)] if f else m[-1 - t % len(m)] for m, f in zip(memory, forwards, strict=True)]
                now = [*carried, *around, w]
                for op, a, b in plan:
                    a, b = now[a], now[b]
                    now.append({"+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b,
                                "x": xp.maximum}[op](a, b))  # fmt: skip
                carried = [now[-1], now[-data.draw(st.just(min(2, size)))]]
                results.append(now[-1])
            memory.append(results)
        picked = [data.draw(st.sampled_from(data.draw(st.sampled_from(memory)))) for _ in range(3)]
        return [carried[0], xp.concat(memory[-1], axis=0), *picked]

    check(record(write, (6, 3), (3,)), np.random.default_rng(1))


def test_jax_compiles_a_loop():
    pytest.importorskip("jax")
    texts = []
    for time in (30, 60):
        net = Network([LSTM(4), Dense(3)], backend="jax").build((time, 5))
        recording = record_step(net._learner, np.zeros((4, time, 5), "f4"), np.zeros(4, int), None)
        program = recording.program
        (compiler,) = net.backend.compilers
        jit = compiler.compile(program, None)
        held = [np.zeros(node.shape, node.dtype) for node in program.held]
        lowered = jit._run.lower(*jit._split(held), jit._given, np.zeros(len(program.numbers), "f4"))
        texts.append(lowered.as_text())
    assert [text.count("stablehlo.while") for text in texts] == [2, 2]
    assert texts[0].count("stablehlo.dot_general") == texts[1].count("stablehlo.dot_general")
