"""Indices: how a network takes them in, what becomes of wrong ones, and the tables that they look up."""

import numpy as np
import pytest
from conftest import without_jax

from xpnn import Network, check_gradients, train_many
from xpnn.context import RunContext
from xpnn.derivatives import hessian_vector_product, jvp
from xpnn.errors import ArgumentError, ArgumentTypeError, ShapeError
from xpnn.layers import Dense, Embedding, Flatten, LearnedPositionalEmbedding, PositionalEncoding, Residual, Sequential
from xpnn.layers._row_sums import row_sums
from xpnn.random import HostRng, ShapeRng, Streams


def _problem(count=6, n=12):
    rng = np.random.default_rng(0)
    return rng.integers(count, size=(n, 4)), rng.integers(3, size=n)


def _network(count=6, **options):
    return Network([Embedding(count, 2, padding_index=1), Flatten(), Dense(3)], dtype="float64", **options)


def test_an_embedding_gives_the_values_worked_out_by_hand(backend):
    ctx = RunContext(backend, True, Streams(0))
    weight = backend.asarray(np.asarray([[1.0, 2.0], [0.0, 0.0], [5.0, 6.0]]))
    x, dy = np.asarray([[2, 0], [2, 1]]), np.asarray([[[1.0, 0.0], [2.0, 2.0]], [[10.0, 3.0], [7.0, 7.0]]])
    layer = Embedding(3, 2, padding_index=1)
    y, saved, _ = layer.forward({"weight": weight}, {}, backend.asarray(x), ctx)
    dx, grads = layer.backward({"weight": weight}, saved, backend.asarray(dy), ctx)
    assert backend.to_numpy(y).tolist() == [[[5, 6], [1, 2]], [[5, 6], [0, 0]]]
    assert dx is None
    assert backend.to_numpy(grads["weight"]).tolist() == [[2, 2], [0, 0], [11, 3]]


@pytest.mark.parametrize("count", [1, 5, 128, 129, 1000])
@pytest.mark.parametrize("n", [0, 1, 31, 32, 33, 64, 1024, 2500])
def test_sums_of_rows_are_those_of_numpy_whatever_the_runs(count, n):
    from xpnn.backend import get_backend

    rng, ctx = np.random.default_rng(n), RunContext(get_backend("numpy"), True, Streams(0))
    for used in (1, 2, count):
        indices, rows = rng.integers(min(used, count), size=n), rng.standard_normal((n, 3))
        wanted = np.zeros((count, 3))
        np.add.at(wanted, indices, rows)
        np.testing.assert_allclose(row_sums(indices, rows, count, ctx), wanted, rtol=1e-12, atol=1e-12)


@without_jax
def test_sums_of_rows_leave_out_what_lies_beyond_the_last(backend):
    ctx = RunContext(backend, True, Streams(0))
    for count, n in ((3, 10), (200, 100)):
        indices = np.full(n, count)
        indices[::2] = count - 1
        sums = row_sums(backend.asarray(indices), backend.asarray(np.ones((n, 1))), count, ctx)
        assert backend.to_numpy(sums).ravel().tolist() == [0.0] * (count - 1) + [n / 2]


def test_the_padding_row_is_zero_and_stays_so():
    x, y = _problem()
    net = _network(optimizer="adam", seed=3)
    net.fit(x, y, epochs=3, verbose=0)
    table = net.parameters["0.weight"]
    assert table[1].tolist() == [0.0, 0.0]
    assert (table[[0, 2, 3, 4, 5]] != 0).all()


def test_the_initial_table_is_normal_and_no_row_is_made_for_shapes_alone():
    params, _, shape = Embedding(2000, 3).init(HostRng(np.random.default_rng(0)), (4,))
    assert shape == (4, 3)
    assert abs(params["weight"].std() - 1.0) < 0.02
    params, _, _ = Embedding(10**9, 10**6, padding_index=5).init(ShapeRng(), (4,))
    assert params["weight"].shape == (10**9, 10**6)
    assert PositionalEncoding().init(ShapeRng(), (10**9, 10**6))[1]["encoding"].shape == (10**9, 10**6)


@pytest.mark.parametrize("kind", [np.int64, np.uint8, np.float32, list])
@without_jax
def test_a_network_takes_indices_of_every_type(backend, kind):
    x, y = _problem()
    given = x.tolist() if kind is list else x.astype(kind)
    nets = [_network(backend=backend, seed=1) for _ in range(2)]
    losses = [float(net.train_on_batch(z, y)) for net, z in zip(nets, (x, given), strict=True)]
    assert losses[0] == losses[1]
    assert np.array_equal(nets[0].predict(x), nets[1].predict(given))
    assert nets[0].evaluate(x, y) == nets[1].evaluate(given, y)
    assert nets[1].fit(given, y, epochs=2, batch_size=5, verbose=0)["loss"][-1] > 0


def test_indices_on_the_device_are_taken_as_they_are(backend):
    x, _ = _problem()
    net = _network(backend=backend)
    placed = backend.asarray(x)
    assert np.array_equal(net.predict(placed), net.predict(x))
    if not isinstance(placed, np.ndarray):
        with pytest.raises(
            ArgumentError, match=r"^x must hold integers from 0 to 5, got an array of dtype .*float64\.$"
        ):
            net.predict(backend.asarray(x.astype(float)))


@pytest.mark.parametrize(
    ("wrong", "shown"), [(6, "6"), (-1, "-1"), (2.5, "2.5"), (np.nan, "nan"), (np.inf, "inf"), (-0.5, "-0.5")]
)
def test_wrong_indices_are_refused_before_anything_runs(wrong, shown):
    x, y = _problem()
    bad = x.astype(type(wrong))
    bad[3, 1] = wrong
    net = _network()
    net.train_on_batch(x, y)
    before = net.flat_parameters
    calls = [
        lambda: net.predict(bad),
        lambda: net.evaluate(bad, y),
        lambda: net.fit(bad, y, verbose=0),
        lambda: net.train_on_batch(bad, y),
        lambda: net.loss_and_gradients(bad, y),
    ]
    for call in calls:
        with pytest.raises(ArgumentError) as caught:
            call()
        assert str(caught.value) == f"x must hold integers from 0 to 5, got {shown}."
    assert np.array_equal(net.flat_parameters, before)


def test_an_embedding_that_does_not_come_first_says_so():
    net = Network([Dense(4), Embedding(3, 2)])
    with pytest.raises(ArgumentTypeError, match=r"^input must hold integers, as it does in a first layer, got dtype "):
        net.predict(np.ones((2, 4)))


def test_the_first_layer_is_found_through_containers():
    inner = Sequential([Embedding(5, 2)])
    assert Sequential([inner, Dense(2)]).index_bound == 5
    assert Sequential([Dense(2), Embedding(5, 2)]).index_bound is None
    assert Sequential([]).index_bound is None
    assert not hasattr(Residual([Dense(2)]), "index_bound")


def test_gradients_of_a_network_with_indices_are_right():
    x, y = _problem()
    net = Network([Embedding(6, 2), Flatten(), Dense(3, activation="tanh"), Dense(3)], dtype="float64")
    report = check_gradients(net, x, y)
    assert report.passed
    assert report.checked == net.count_parameters()
    assert net.loss_and_gradients(x, y)[2] is None


def test_derivatives_pass_through_an_embedding():
    x, y = _problem(count=200, n=20)
    net = Network([Embedding(200, 2), Flatten(), Dense(3)], dtype="float64").build(4)
    direction = np.random.default_rng(1).standard_normal(net.count_parameters())
    start, h = net.flat_parameters, 1e-6
    _, tangent = jvp(net, x, tangent_parameters=direction)
    product = hessian_vector_product(net, x, y, direction)

    def at(shift):
        net.flat_parameters = start + shift * direction
        grads = net.loss_and_gradients(x, y, training=False)[1]
        return net.predict(x), np.concatenate([g.ravel() for g in grads.values()])

    (high, grad_high), (low, grad_low) = at(h), at(-h)
    np.testing.assert_allclose(tangent, (high - low) / (2 * h), atol=1e-8)
    np.testing.assert_allclose(product, (grad_high - grad_low) / (2 * h), atol=1e-8)
    with pytest.raises(ArgumentError, match=r"^tangent_x must be left out where the inputs are indices\.$"):
        jvp(net, x, tangent_x=np.ones(x.shape))


def test_a_saved_network_takes_the_same_indices(tmp_path):
    x, _ = _problem()
    net = Network(
        [Embedding(6, 2, padding_index=1), PositionalEncoding(), LearnedPositionalEmbedding(), Flatten(), Dense(3)]
    )
    wanted = net.predict(x)
    net.save(tmp_path / "net.safetensors")
    again = Network.load(tmp_path / "net.safetensors")
    assert np.array_equal(again.predict(x), wanted)
    with pytest.raises(ArgumentError, match=r"^x must hold integers from 0 to 5, got 9\.$"):
        again.predict(np.full((1, 4), 9))


@pytest.mark.parametrize("count", [6, 150])
def test_many_networks_with_indices_train_at_once(count):
    x, y = _problem(count, n=40)
    net = Network([Embedding(count, 2, padding_index=1), Flatten(), Dense(3)], dtype="float64")
    together = train_many(net, x, y, seeds=[0, 1, 2], batch_size=16, epochs=2)
    for seed, network in zip([0, 1, 2], together.networks, strict=True):
        alone = Network([Embedding(count, 2, padding_index=1), Flatten(), Dense(3)], dtype="float64", seed=seed)
        alone.fit(x, y, batch_size=16, epochs=2, verbose=0)
        np.testing.assert_allclose(network.flat_parameters, alone.flat_parameters, rtol=1e-10, atol=1e-12)


def test_the_encoding_is_that_of_the_paper():
    for time, features in ((1, 1), (7, 6), (5, 3)):
        _, state, shape = PositionalEncoding().init(HostRng(None), (time, features))
        assert shape == (time, features)
        for position in range(time):
            for i in range(features):
                angle = position / 10000 ** (2 * (i // 2) / features)
                wanted = np.cos(angle) if i % 2 else np.sin(angle)
                assert abs(state["encoding"][position, i] - wanted) < 1e-15


def test_the_encoding_of_late_positions_is_exact_in_float32():
    net = Network([PositionalEncoding(max_wavelength=100.0)], loss="mean_squared_error").build((3000, 2))
    y = net.predict(np.zeros((1, 3000, 2)))
    assert np.abs(y[0, :, 0] - np.sin(np.arange(3000.0))).max() < 1e-7
    assert np.abs(y[0, :, 1] - np.cos(np.arange(3000.0))).max() < 1e-7


MESSAGES = [
    (lambda: Embedding(0, 2), "input_dim must be an integer of at least 1, got 0."),
    (lambda: Embedding(2, 1.5), "output_dim must be an integer of at least 1, got 1.5."),
    (lambda: Embedding(3, 2, padding_index=3), "padding_index must be below input_dim=3, got 3."),
    (lambda: Embedding(3, 2, padding_index=-1), "padding_index must be an integer of at least 0, got -1."),
    (lambda: PositionalEncoding(0.0), "max_wavelength must be a finite number above 0, got 0.0."),
    (
        lambda: PositionalEncoding().init(None, (3,)),
        "input must have shape (batch, ..., time, features), got (batch, 3).",
    ),
    (
        lambda: LearnedPositionalEmbedding().init(None, (2, 3, 4)),
        "input must have shape (batch, time, features), got (batch, 2, 3, 4).",
    ),
]


@pytest.mark.parametrize(("call", "message"), MESSAGES, ids=[message for _, message in MESSAGES])
def test_bad_arguments_get_one_sentence(call, message):
    with pytest.raises((ArgumentError, ShapeError)) as caught:
        call()
    assert str(caught.value) == message
