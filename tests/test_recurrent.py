"""Recurrent layers: values by hand, masks, states, truncation, messages, and what a network makes of them."""

import numpy as np
import pytest
from conftest import without_jax
from phrases import TEST, TRAIN

from xpnn import Network, check_gradients
from xpnn.backend import get_backend
from xpnn.context import RunContext
from xpnn.errors import ArgumentError, ArgumentTypeError, ShapeError
from xpnn.initializers import Normal
from xpnn.layers import GRU, LSTM, Bidirectional, Dense, Sequential, SimpleRNN
from xpnn.optimizers import SGD, Adam
from xpnn.random import HostRng, Streams

ONES = {"weight": np.ones((1, 1)), "recurrent": np.ones((1, 1))}
"""Parameters of a layer that adds its inputs up."""


def _run(layer, x, dy, params):
    ctx = RunContext(get_backend("numpy"), True, Streams(0))
    y, saved, _ = layer.forward(params, {name: {} for name in params}, x, ctx)
    return y, *layer.backward(params, saved, dy, ctx)


def _sum(x, dy=None, state=None, mask=None, **options):
    """A running sum of one sequence of numbers; returns the output and the gradients as lists."""
    layer = SimpleRNN(1, "identity", use_bias=False, masked=mask is not None, **options)
    parts = [np.asarray(x, float)[None, :, None]]
    parts += [] if state is None else [np.asarray([[state]])]
    parts += [] if mask is None else [np.asarray([mask], float)]
    ctx = RunContext(get_backend("numpy"), True, Streams(0))
    y, saved, _ = layer.forward(ONES, {}, tuple(parts) if len(parts) > 1 else parts[0], ctx)
    outputs = [part.ravel().tolist() for part in (y if isinstance(y, tuple) else (y,))]
    if dy is None:
        return outputs
    shape = (1, -1, 1) if layer.return_sequences else (1, 1)
    dx, _ = layer.backward(ONES, saved, np.asarray(dy, float).reshape(shape), ctx)
    return [part.ravel().tolist() for part in (dx if isinstance(dx, tuple) else (dx,)) if part is not None]


def test_simple_rnn_gives_the_values_worked_out_by_hand():
    params = {"weight": np.ones((1, 1)), "recurrent": np.full((1, 1), 2.0), "bias": np.ones(1)}
    x = np.asarray([[[1.0], [2.0]]])
    y, dx, grads = _run(SimpleRNN(1, "identity"), x, np.ones((1, 1)), params)
    assert y.tolist() == [[7]]  # 1 + 1 = 2, then 2 + 2 * 2 + 1
    assert dx.tolist() == [[[2], [1]]]
    assert {name: grad.ravel().tolist() for name, grad in grads.items()} == {
        "weight": [4],
        "recurrent": [2],
        "bias": [3],
    }


@pytest.mark.parametrize(("layer", "width"), [(SimpleRNN(5), 5), (LSTM(5), 20), (GRU(5), 15)])
def test_the_recurrent_weight_starts_with_orthonormal_rows(layer, width):
    params, _, _ = layer.init(HostRng(np.random.default_rng(0)), (4, 3))
    assert params["recurrent"].shape == (5, width)
    np.testing.assert_allclose(params["recurrent"] @ params["recurrent"].T, np.eye(5), atol=1e-14)
    glorot = params["weight"]
    assert np.abs(glorot).max() < (6.0 / (3 + width)) ** 0.5


def test_the_gates_of_lstm_are_input_forget_cell_output():
    x = np.zeros((1, 2, 1))
    params = {"weight": np.zeros((1, 4)), "recurrent": np.zeros((1, 4)), "bias": np.asarray([0, 0, np.log(3) / 2, 0])}
    (y, h, c), _, _ = _run(LSTM(1, return_state=True), x, (np.ones((1, 1)), None, None), params)
    assert c[0, 0] == pytest.approx(0.375)  # half of 0.25, which is half of g = 0.5, and half of g
    assert y[0, 0] == h[0, 0] == pytest.approx(0.5 * np.tanh(0.375))
    for gate, wanted in ((0, 0.75), (1, 0.5), (3, 0.375)):
        opened = {**params, "bias": params["bias"] + 100.0 * (np.arange(4) == gate)}
        (y, _, c), _, _ = _run(LSTM(1, return_state=True), x, (np.ones((1, 1)), None, None), opened)
        assert c[0, 0] == pytest.approx(wanted)
        assert y[0, 0] == pytest.approx(np.tanh(wanted) * (1.0 if gate == 3 else 0.5))


@pytest.mark.parametrize("reset_after", [True, False])
def test_the_gates_of_gru_are_reset_update_new(reset_after):
    layer, x = GRU(1, reset_after=reset_after), (np.zeros((1, 1, 1)), np.asarray([[0.8]]))
    params = {"weight": np.zeros((1, 3)), "recurrent": np.asarray([[0.0, 0.0, 2.0]]), "bias": np.zeros(3)}
    if reset_after:
        params["recurrent_bias"] = np.asarray([0.0, 0.0, 0.3])
    new = np.tanh(0.5 * (2.0 * 0.8 + 0.3)) if reset_after else np.tanh(2.0 * (0.5 * 0.8))
    full = np.tanh(2.0 * 0.8 + 0.3) if reset_after else np.tanh(2.0 * 0.8)
    for bias, wanted in (([0, 0, 0], 0.5 * 0.8 + 0.5 * new), ([0, 100, 0], 0.8), ([100, -100, 0], full)):
        y, _, _ = _run(layer, x, np.ones((1, 1)), {**params, "bias": np.asarray(bias, float)})
        assert y[0, 0] == pytest.approx(wanted, rel=1e-14)


def test_steps_can_be_taken_backwards():
    assert _sum([1, 2, 4], return_sequences=True) == [[1, 3, 7]]
    assert _sum([1, 2, 4], return_sequences=True, go_backwards=True) == [[4, 6, 7]]
    assert _sum([1, 2, 4], [1, 10, 100], return_sequences=True, go_backwards=True) == [[100, 110, 111]]


def test_a_masked_step_keeps_the_state_and_repeats_the_output():
    options = {"mask": [0, 1, 0], "return_sequences": True}
    assert _sum([1, 2, 4], **options) == [[0, 2, 2]]
    assert _sum([1, 2, 4], state=10.0, return_state=True, **options) == [[0, 12, 12], [12]]
    assert _sum([1, 2, 4], state=10.0, return_state=True, zero_output_for_mask=True, **options) == [[0, 12, 0], [12]]
    assert _sum([1, 2, 4], [1, 10, 100], state=10.0, **options) == [[0, 110, 0], [110]]
    assert _sum([1, 2, 4], [1, 10, 100], state=10.0, zero_output_for_mask=True, **options) == [[0, 10, 0], [10]]
    assert _sum([1, 2, 4], mask=[1, 1, 0], zero_output_for_mask=True) == [[3]]
    assert _sum([1, 2, 4], state=10.0, mask=[0, 0, 0], return_state=True) == [[0], [10]]
    assert _sum([1, 2, 4], mask=[0, 1, 0], return_sequences=True, go_backwards=True) == [[0, 2, 2]]
    assert _sum([1, 2, 4], mask=[1, 0, 0], state=1.0, return_sequences=True, go_backwards=True) == [[0, 0, 2]]


def test_a_step_full_of_the_mask_value_is_padding():
    layer = LSTM(3, mask_value=-1.0)
    params, _, _ = layer.init(HostRng(np.random.default_rng(0)), (5, 2))
    x = np.random.default_rng(1).standard_normal((2, 5, 2))
    x[0, 3:], x[1, 0, 0] = -1.0, -1.0  # one feature alone is no padding
    dy = np.ones((2, 3))
    y, dx, _ = _run(layer, x, dy, params)
    short, dshort, _ = _run(LSTM(3), x[:1, :3], dy[:1], params)
    full, dfull, _ = _run(LSTM(3), x[1:], dy[1:], params)
    np.testing.assert_allclose(y, np.concatenate([short, full]), rtol=1e-14)
    np.testing.assert_allclose(dx[1:], dfull, rtol=1e-13, atol=1e-16)
    np.testing.assert_allclose(dx[0, :3], dshort[0], rtol=1e-13, atol=1e-16)
    assert not dx[0, 3:].any()


def test_truncation_cuts_every_k_steps_from_the_end():
    assert _sum([1, 2, 4], 1, truncate=2) == [[0, 1, 1]]
    assert _sum([1, 2, 4], [1, 1, 1], return_sequences=True) == [[3, 2, 1]]
    assert _sum([1, 2, 4], [1, 1, 1], return_sequences=True, truncate=2) == [[1, 2, 1]]
    assert _sum([1, 2, 4], [1, 1, 1], return_sequences=True, truncate=1, state=5.0) == [[1, 1, 1], [1]]
    assert _sum([1, 2, 4], 1, truncate=2, state=5.0) == [[0, 1, 1], [0]]
    assert _sum([1, 2, 4], 1, truncate=2, go_backwards=True) == [[1, 1, 0]]
    assert _sum([1, 2, 4], 1, truncate=3, state=5.0) == [[1, 1, 1], [1]]


def test_both_directions_are_merged():
    options = {"use_bias": False, "return_sequences": True}
    params = {"forward": ONES, "backward": ONES}
    x = np.asarray([[[1.0], [2.0], [4.0]]])
    wanted = {"concat": [1, 7, 3, 6, 7, 4], "sum": [8, 9, 11], "mul": [7, 18, 28], "ave": [4, 4.5, 5.5]}
    for mode, values in wanted.items():
        layer = Bidirectional(SimpleRNN(1, "identity", **options), merge_mode=mode)
        y, _, _ = _run(layer, x, np.ones((1, 3, 2 if mode == "concat" else 1)), params)
        assert y.ravel().tolist() == values
    layer = Bidirectional(SimpleRNN(1, "identity", return_state=True, **options), merge_mode=None)
    outputs, dx, _ = _run(layer, x, (np.ones((1, 3, 1)), None, None, None), params)
    assert [part.ravel().tolist() for part in outputs] == [[1, 3, 7], [7, 6, 4], [7], [7]]
    assert dx.ravel().tolist() == [3, 2, 1]


def test_the_layer_that_runs_backward_may_be_another_one():
    back = GRU(2, go_backwards=True, reset_after=False, name="other")
    net = Network([Bidirectional(GRU(2), backward_layer=back)], loss="mean_squared_error", seed=1).build((3, 2))
    assert "0.forward.recurrent_bias" in net.parameters
    assert "0.backward.recurrent_bias" not in net.parameters


MESSAGES = [
    (lambda: LSTM(0), "units must be an integer of at least 1, got 0."),
    (lambda: LSTM(2, unit_forget_bias=1), "unit_forget_bias must be True or False, got 1."),
    (lambda: SimpleRNN(2, activation="glu"), "activation must keep the number of features, got GLU()."),
    (lambda: GRU(2, reset_after=None), "reset_after must be True or False, got None."),
    (lambda: GRU(2, return_sequences=0), "return_sequences must be True or False, got 0."),
    (lambda: GRU(2, truncate=0), "truncate must be an integer of at least 1, got 0."),
    (lambda: GRU(2, mask_value="x"), "mask_value must be a finite number, got 'x'."),
    (
        lambda: GRU(2, mask_value=1, masked=True),
        "mask_value must be None where a mask is given (masked=True), got 1.0.",
    ),
    (lambda: GRU(2).init(None, (3,)), "input must have shape (batch, time, features), got (batch, 3)."),
    (lambda: GRU(2).init(None, ()), "input must have shape (batch, time, features), got (batch,)."),
    (
        lambda: LSTM(2).init(None, ((4, 3), (2,))),
        "inputs must be a sequence, 2 initial states or none, got 2 arrays.",
    ),
    (
        lambda: GRU(2, masked=True).init(None, (4, 3)),
        "inputs must be a sequence, an initial state or none and a mask, got 1 arrays.",
    ),
    (lambda: GRU(2).init(None, ((4, 3), (5,))), "initial state must have shape (batch, 2), got (batch, 5)."),
    (lambda: GRU(2, masked=True).init(None, ((4, 3), (5,))), "mask must have shape (batch, 4), got (batch, 5)."),
    (lambda: Bidirectional(Dense(2)), "layer must be a recurrent layer, got Dense(2)."),
    (
        lambda: Bidirectional(GRU(2, go_backwards=True)),
        "layer must have go_backwards=False, got GRU(2, go_backwards=True).",
    ),
    (
        lambda: Bidirectional(GRU(2), backward_layer=GRU(2)),
        "backward_layer must have go_backwards=True, got GRU(2).",
    ),
    (
        lambda: Bidirectional(GRU(2), backward_layer=GRU(3, go_backwards=True)),
        "backward_layer must have units = 2 like layer, got 3.",
    ),
    (lambda: Bidirectional(GRU(2), merge_mode="max"), "merge_mode must be one of ave, concat, mul, sum, got 'max'."),
    (
        lambda: Bidirectional(GRU(2)).init(None, (3,)),
        "layer forward, GRU(2): input must have shape (batch, time, features), got (batch, 3).",
    ),
]


@pytest.mark.parametrize(("call", "message"), MESSAGES, ids=[message for _, message in MESSAGES])
def test_bad_input_gets_one_sentence(call, message):
    with pytest.raises((ArgumentError, ArgumentTypeError, ShapeError)) as caught:
        call()
    assert str(caught.value) == message


@without_jax
def test_a_network_learns_which_half_holds_the_pulse(backend):
    rng = np.random.default_rng(0)
    y = np.arange(32) % 2
    x = 0.1 * rng.standard_normal((32, 6, 2))
    x[np.arange(32), 3 * y + rng.integers(3, size=32), 0] += 2.0
    layers = [LSTM(8, return_sequences=True), Bidirectional(GRU(4)), Dense(2)]
    net = Network(layers, optimizer=Adam(0.03), metrics=["accuracy"], backend=backend, seed=0)
    net.fit(x, y, batch_size=16, epochs=12 if backend.name.startswith("strict") else 25, verbose=False)
    assert net.evaluate(x, y)["accuracy"] == 1.0


def test_sequences_may_have_another_length_than_the_first():
    layer = Sequential([GRU(3), Dense(2)])
    params, state, _ = layer.init(HostRng(np.random.default_rng(0)), (4, 2))
    x = np.random.default_rng(0).standard_normal((3, 7, 2))
    y, _, _ = layer.forward(params, state, x, RunContext(get_backend("numpy"), False, Streams(0)))
    first = layer.forward(params, state, x[:, :4], RunContext(get_backend("numpy"), False, Streams(0)))[0]
    assert y.shape == first.shape == (3, 2)
    assert not np.allclose(y, first)


def test_a_saved_recurrent_network_goes_on_as_it_was(tmp_path):
    x, y = np.random.default_rng(0).standard_normal((6, 4, 2)), np.arange(6) % 2
    layers = [Bidirectional(LSTM(3, return_sequences=True, truncate=2)), SimpleRNN(3, "relu", mask_value=0), Dense(2)]
    net = Network(layers, seed=2)
    net.fit(x, y, epochs=1, verbose=False)
    net.save(tmp_path / "net.safetensors")
    again = Network.load(tmp_path / "net.safetensors")
    assert repr(again) == repr(net)
    for model in (net, again):
        model.fit(x, y, epochs=1, verbose=False)
    assert np.array_equal(net.flat_parameters, again.flat_parameters)


# ------------------------------------------------------------------------------------------------ S1, the RNN


def _one_hot(phrases, words, time=10):
    """Rows of words, the padding in front; one-hot words are never all 0, so that 0 marks it."""
    x = np.zeros((len(phrases), time, len(words)))
    for row, phrase in zip(x, phrases, strict=True):
        for place, word in enumerate(reversed(phrase.split())):
            row[time - 1 - place, words.index(word)] = 1.0
    return x, np.asarray(list(phrases.values()))


def test_s1_an_rnn_learns_whether_a_phrase_is_good():
    words = sorted({word for phrase in TRAIN for word in phrase.split()})
    assert (len(TRAIN), len(TEST), len(words)) == (58, 20, 18)
    x, y = _one_hot(TRAIN, words)
    small = Normal(std=0.001)
    net = Network(
        [
            SimpleRNN(64, mask_value=0.0, weight_initializer=small, recurrent_initializer=small),
            Dense(2, weight_initializer=small),
        ],
        optimizer=SGD(0.02, clip_value=1.0),
        metrics=["accuracy"],
        dtype="float64",
        seed=0,
    )
    for _ in range(20):
        net.fit(x, y, batch_size=1, epochs=25, verbose=False)
        if net.evaluate(*_one_hot(TEST, words))["accuracy"] == 1.0:
            break
    assert net.evaluate(*_one_hot(TEST, words))["accuracy"] == 1.0
    assert net.evaluate(x, y)["accuracy"] > 0.9
    full = x.any(axis=2).all(axis=1)  # at padding, the derivative by the input does not exist
    report = check_gradients(net, x[full], y[full])
    assert report.passed, str(report)
    assert report.max_error <= 1e-6
