"""Attention: values by hand, masks, queries with nothing to attend to, and what the encoder is made of."""

import numpy as np
import pytest

from xpnn import Network, train_many
from xpnn.backend import get_backend
from xpnn.context import RunContext
from xpnn.derivatives import hessian_vector_product
from xpnn.errors import ArgumentError, ShapeError
from xpnn.layers import Dense, Embedding, Flatten, Graph, MultiHeadAttention, PositionalEncoding, TransformerEncoder
from xpnn.random import HostRng, Streams

CTX = RunContext(get_backend("numpy"), True, Streams(0))


def _start(layer, shape, seed=0):
    return layer.init(HostRng(np.random.default_rng(seed)), shape)[0]


def test_attention_gives_the_values_worked_out_by_hand():
    """One head of size 1 without biases: scores 0 and log 3, so weights 1/4 and 3/4 of the values 8 and 16."""
    params = {"query_weight": np.ones((1, 1)), "value_weight": np.ones((1, 2)), "output_weight": np.asarray([[2.0]])}
    layer = MultiHeadAttention(1, 1, use_bias=False)
    log3 = np.log(3.0)
    query, value = np.asarray([[[1.0]]]), np.asarray([[[0.0], [log3]]])
    y, _, _ = layer.forward(params, {}, (query, value), CTX)
    assert y.ravel() == pytest.approx([2.0 * 0.75 * log3], rel=1e-15)
    _, saved, _ = layer.forward(params, {}, (query, value), CTX)
    (d_query, d_value), grads = layer.backward(params, saved, np.asarray([[[1.0]]]), CTX)
    assert grads["output_weight"].ravel() == pytest.approx([0.75 * log3])
    assert d_query.ravel() == pytest.approx([2.0 * 0.75 * 0.25 * log3**2])
    assert d_value.ravel() == pytest.approx([0.5 - 0.375 * log3, 1.5 + 0.375 * log3])


def test_scores_are_divided_by_the_root_of_the_size_of_a_key():
    layer = MultiHeadAttention(1, 4, value_dim=1, use_bias=False)
    params = {"query_weight": np.ones((1, 4)), "output_weight": np.ones((1, 1))}
    params["value_weight"] = np.concatenate([np.ones((1, 4)), np.ones((1, 1))], axis=1)
    y, _, _ = layer.forward(params, {}, (np.ones((1, 1, 1)), np.asarray([[[0.0], [1.0]]])), CTX)
    assert y.item() == pytest.approx(1.0 / (1.0 + np.exp(-2.0)))


@pytest.mark.parametrize("kind", [bool, np.float64, np.int64])
def test_what_a_mask_hides_has_no_influence(backend, kind):
    layer = MultiHeadAttention(2, 3)
    rng, mask = np.random.default_rng(1), np.asarray([[1, 1, 0, 1], [0, 1, 1, 0]]).astype(kind)
    x = rng.standard_normal((2, 4, 5))
    ctx = RunContext(backend, True, Streams(0))
    params = {k: backend.asarray(v) for k, v in _start(layer, ((4, 5), (4,))).items()}
    other = np.where(mask[:, :, None] != 0, x, 100.0 * rng.standard_normal(x.shape))
    rows = [
        backend.to_numpy(layer.forward(params, {}, (backend.asarray(z), backend.asarray(mask)), ctx)[0])[mask != 0]
        for z in (x, other)
    ]
    np.testing.assert_allclose(rows[0], rows[1], rtol=1e-13, atol=1e-14)


def test_the_past_does_not_see_the_future():
    layer = MultiHeadAttention(2, 3, causal=True)
    params = _start(layer, ((5, 4), (5, 4)))
    x = np.random.default_rng(2).standard_normal((1, 5, 4))
    later = x.copy()
    later[:, 3:] += 1.0
    a, b = (layer.forward(params, {}, (x, z), CTX)[0] for z in (x, later))
    assert np.array_equal(a[:, :3], b[:, :3])
    assert not np.isclose(a[:, 3:], b[:, 3:]).any()


@pytest.mark.parametrize("norm_first", [False, True])
def test_a_causal_encoder_does_not_see_the_future(norm_first):
    layer = TransformerEncoder(4, 2, 5, dropout=0.0, norm_first=norm_first, causal=True)
    params, state, _ = layer.init(HostRng(np.random.default_rng(0)), (5, 4))
    x = np.random.default_rng(2).standard_normal((1, 5, 4))
    later = x.copy()
    later[:, 3:] += np.asarray([1.0, -2.0, 0.5, 0.0])
    a, b = (layer.forward(params, state, z, CTX)[0] for z in (x, later))
    np.testing.assert_allclose(a[:, :3], b[:, :3], rtol=1e-14)
    assert not np.isclose(a[:, 3:], b[:, 3:]).any()


@pytest.mark.parametrize("compiled", [False, True])
def test_encoders_in_a_graph_do_not_look_at_padding(compiled, backend):
    blocks = [TransformerEncoder(4, 2, 5, dropout=0.0, norm_first=first) for first in (False, True)]
    nodes = {"a": (blocks[0], ("x", "mask")), "b": (blocks[1], ("a", "mask")), "out": (Dense(1), "b")}
    graph = Graph(("x", "mask"), nodes, "out")
    net = Network(graph, loss="mean_squared_error", backend=backend, dtype="float64", compile=compiled)
    rng, mask = np.random.default_rng(2), np.asarray([[1.0, 1.0, 0.0], [1.0, 0.0, 0.0], [1.0, 1.0, 1.0]])
    x = rng.standard_normal((3, 3, 4))
    other = np.where(mask[:, :, None] != 0, x, rng.standard_normal(x.shape))
    net.build(((3, 4), (3,)))
    shown, changed = (net.predict((z, mask))[mask != 0] for z in (x, other))
    np.testing.assert_allclose(shown, changed, rtol=1e-12, atol=1e-14)
    assert not np.allclose(net.predict((x, np.ones((3, 3))))[mask != 0], shown)


@pytest.mark.parametrize("norm_first", [False, True])
def test_a_masked_encoder_at_the_beginning_learns_what_its_whole_gradient_says(norm_first):
    rng, mask = np.random.default_rng(3), np.asarray([[1.0, 1.0, 0.0], [0.0, 1.0, 1.0]])
    block = TransformerEncoder(4, 2, 5, dropout=0.0, norm_first=norm_first)
    graph = Graph(("x", "mask"), {"a": (block, ("x", "mask")), "out": ([Flatten(), Dense(2)], "a")}, "out")
    net = Network(graph, optimizer="sgd", dtype="float64", compile=False).build(((3, 4), (3,)))
    x, y, before = (rng.standard_normal((2, 3, 4)), mask), np.asarray([0, 1]), net.parameters
    _, gradients, (dx, d_mask) = net.loss_and_gradients(x, y)
    assert dx.shape == (2, 3, 4) and d_mask is None
    net.train_on_batch(x, y)  # nobody reads the gradient of the input here
    for name, p in net.parameters.items():
        np.testing.assert_allclose(p, before[name] - 0.01 * gradients[name], rtol=1e-12, atol=1e-14)


def test_a_query_with_nothing_to_attend_to_gets_the_bias_of_the_output(backend):
    layer = MultiHeadAttention(2, 3, bias_initializer="ones")
    ctx = RunContext(backend, True, Streams(0))
    params = {k: backend.asarray(v) for k, v in _start(layer, ((4, 5), (4,))).items()}
    x, mask = (
        backend.asarray(a) for a in (np.random.default_rng(3).standard_normal((2, 4, 5)), np.eye(2, 4)[::-1] * 0)
    )
    y, saved, _ = layer.forward(params, {}, (x, mask), ctx)
    assert np.array_equal(backend.to_numpy(y), np.ones((2, 4, 5)))
    (dx, d_mask), grads = layer.backward(params, saved, y, ctx)
    assert d_mask is None
    assert not backend.to_numpy(dx).any()
    assert not backend.to_numpy(grads["weight"]).any()


def test_hidden_scores_are_far_from_all_others_and_nothing_overflows():
    layer = MultiHeadAttention(1, 2)
    params = {k: v.astype("f") for k, v in _start(layer, ((3, 2), (3,))).items()}
    x = 1e8 * np.random.default_rng(4).standard_normal((2, 3, 2)).astype("f")
    with np.errstate(over="raise", invalid="raise"):
        y, saved, _ = layer.forward(params, {}, (x, np.asarray([[1.0, 0.0, 1.0], [0.0, 0.0, 0.0]], "f")), CTX)
        layer.backward(params, saved, y, CTX)
    assert np.isfinite(y).all()


def test_weights_are_dropped_in_training_alone():
    layer = MultiHeadAttention(2, 3, dropout=0.5)
    params = _start(layer, (6, 4))
    x = np.random.default_rng(5).standard_normal((3, 6, 4))
    quiet = RunContext(get_backend("numpy"), False, Streams(0))
    kept = MultiHeadAttention(2, 3).forward(params, {}, x, CTX)[0]
    assert np.array_equal(layer.forward(params, {}, x, quiet)[0], kept)
    draws = np.stack([layer.forward(params, {}, x, CTX)[0] for _ in range(4000)])
    assert np.abs(draws.mean(axis=0) - kept).max() < 0.06
    assert not np.array_equal(draws[0], draws[1])


def test_the_projections_of_one_input_are_one_product():
    layer = MultiHeadAttention(3, 4, value_dim=5)
    shapes = {k: v.shape for k, v in _start(layer, (7, 6)).items()}
    assert shapes == {"weight": (6, 39), "bias": (39,), "output_weight": (15, 6), "output_bias": (6,)}
    shapes = {k: v.shape for k, v in _start(layer, ((7, 6), (2, 8))).items()}
    assert shapes == {
        "query_weight": (6, 12), "query_bias": (12,), "value_weight": (8, 27), "value_bias": (27,),
        "output_weight": (15, 6), "output_bias": (6,),
    }  # fmt: skip


def test_an_encoder_learns_to_tell_an_early_sign_from_a_late_one():
    """Bags of words cannot: the same words in another order have another label."""
    rng = np.random.default_rng(0)
    x = rng.integers(1, 4, size=(400, 6))
    place = rng.integers(6, size=400)
    x[np.arange(400), place] = 0
    y = (place >= 3).astype(int)
    block = TransformerEncoder(16, 2, 32, dropout=0.0, norm_first=True)
    net = Network([Embedding(4, 16), PositionalEncoding(), block, Flatten(), Dense(2)], metrics=["accuracy"], seed=0)
    history = net.fit(x[:300], y[:300], validation_data=(x[300:], y[300:]), batch_size=50, epochs=15, verbose=0)
    assert history["val_accuracy"][-1] > 0.95


def test_a_saved_encoder_goes_on_as_it_would_have(tmp_path):
    rng = np.random.default_rng(1)
    x, y = rng.integers(5, size=(30, 4)), rng.integers(3, size=30)
    layers = [Embedding(5, 6), TransformerEncoder(6, 3, 5, causal=True), Flatten(), Dense(3)]
    whole, first = (Network(layers, seed=2) for _ in range(2))
    whole.fit(x, y, batch_size=8, epochs=4, verbose=0)
    first.fit(x, y, batch_size=8, epochs=2, verbose=0)
    first.save(tmp_path / "a.safetensors")
    second = Network.load(tmp_path / "a.safetensors")
    assert second.layers == whole.layers
    second.fit(x, y, batch_size=8, epochs=2, verbose=0)
    assert np.array_equal(second.flat_parameters, whole.flat_parameters)


def test_derivatives_and_many_networks_at_once_go_through_attention():
    rng = np.random.default_rng(6)
    x, y = rng.standard_normal((20, 3, 4)), rng.integers(3, size=20)
    layers = [TransformerEncoder(4, 2, 5, dropout=0.0, activation="gelu", causal=True), Flatten(), Dense(3)]
    net = Network(layers, dtype="float64", optimizer="sgd").build((3, 4))
    direction, start, h = rng.standard_normal(net.count_parameters()), net.flat_parameters, 1e-5
    product = hessian_vector_product(net, x, y, direction)

    def at(shift):
        net.flat_parameters = start + shift * direction
        return np.concatenate([g.ravel() for g in net.loss_and_gradients(x, y, training=False)[1].values()])

    np.testing.assert_allclose(product, (at(h) - at(-h)) / (2 * h), atol=1e-7)
    together = train_many(net, x, y, seeds=[3, 4], epochs=2)
    alone = Network(layers, dtype="float64", optimizer="sgd", seed=4)
    alone.fit(x, y, epochs=2, verbose=0)
    np.testing.assert_allclose(together.networks[1].flat_parameters, alone.flat_parameters, rtol=1e-10, atol=1e-12)


_ANY = "input must be an array of shape (batch, time, features), (x, mask), (query, value) or (query, value, mask), got"
MESSAGES = [
    (lambda: MultiHeadAttention(0, 2), "num_heads must be an integer of at least 1, got 0."),
    (lambda: MultiHeadAttention(2, 0), "key_dim must be an integer of at least 1, got 0."),
    (lambda: MultiHeadAttention(2, 2, 0), "value_dim must be an integer of at least 1, got 0."),
    (lambda: MultiHeadAttention(2, 2, dropout=1), "dropout must be a number in [0, 1), got 1."),
    (lambda: MultiHeadAttention(2, 2, use_bias=1), "use_bias must be True or False, got 1."),
    (lambda: MultiHeadAttention(2, 2, causal=None), "causal must be True or False, got None."),
    (lambda: MultiHeadAttention(2, 2).init(None, ()), f"{_ANY} samples of shape ()."),
    (lambda: MultiHeadAttention(2, 2).init(None, (3,)), f"{_ANY} samples of shape (3,)."),
    (lambda: MultiHeadAttention(2, 2).init(None, ((3, 2), (4,))), f"{_ANY} samples of shape ((3, 2), (4,))."),
    (
        lambda: MultiHeadAttention(2, 2).init(None, ((3, 2), (4, 2), (2, 4))),
        f"{_ANY} samples of shape ((3, 2), (4, 2), (2, 4)).",
    ),
    (
        lambda: MultiHeadAttention(2, 2).init(None, ((3, 2), (4, 2), (4,), (4,))),
        f"{_ANY} samples of shape ((3, 2), (4, 2), (4,), (4,)).",
    ),
    (lambda: TransformerEncoder(7, 2, 3), "features must be a multiple of num_heads=2, got 7."),
    (lambda: TransformerEncoder(6, 2, 0), "intermediate_dim must be an integer of at least 1, got 0."),
    (lambda: TransformerEncoder(6, 2, 3, norm_first=2), "norm_first must be True or False, got 2."),
    (lambda: TransformerEncoder(6, 2, 3, eps=0.0), "eps must be a finite number above 0, got 0.0."),
    (
        lambda: TransformerEncoder(6, 2, 3).init(None, (4, 5)),
        "input must have samples of shape (time, 6), or of that and (time,) with a mask, got (4, 5).",
    ),
    (
        lambda: TransformerEncoder(6, 2, 3).init(None, ((4, 6), (5,))),
        "input must have samples of shape (time, 6), or of that and (time,) with a mask, got ((4, 6), (5,)).",
    ),
    (
        lambda: TransformerEncoder(6, 2, 3).init(None, ()),
        "input must have samples of shape (time, 6), or of that and (time,) with a mask, got ().",
    ),
]


@pytest.mark.parametrize(("call", "message"), MESSAGES, ids=[message for _, message in MESSAGES])
def test_bad_arguments_get_one_sentence(call, message):
    with pytest.raises((ArgumentError, ShapeError)) as caught:
        call()
    assert str(caught.value) == message
