"""The systems that xpnn descends from: their networks, and the numbers that they must give, on every backend.

Legacy random numbers are drawn here, outside the library, in the order in which the originals draw them.
"""

import random

import numpy as np
import pytest
from conftest import TESTED, without_jax

from xpnn import Network, check_gradients
from xpnn.data import spiral
from xpnn.layers import Dense
from xpnn.losses import BinaryCrossEntropy, CrossEntropy
from xpnn.optimizers import SGD, Adam
from xpnn.testing import check_gradient


def _network(backend, layers, input_shape, **options):
    return Network(layers, backend=backend, dtype="float64", **options).build(input_shape)


def _legacy(seed):
    return np.random.RandomState(seed)


# ------------------------------------------------------------------------- S0, a network in 100 lines of NumPy


def test_s0_a_linear_model_finds_the_weights_that_made_the_data(backend):
    rng = _legacy(0)
    weight = rng.randn(10, 1) * np.sqrt(1 / 10)
    x = rng.randn(100, 10)
    true_weight, true_bias = rng.randn(10, 1), rng.randn(1)
    y = x @ true_weight + true_bias + 0.01 * rng.randn(100, 1)
    net = _network(backend, [Dense(1)], 10, loss="mean_squared_error", optimizer=SGD(0.05))
    net.set_parameters({"0.weight": weight})
    for _ in range(10):
        order = rng.permutation(100)
        for start in range(0, 100, 10):
            rows = order[start : start + 10]
            net.train_on_batch(x[rows], y[rows])
    found = net.parameters
    assert np.linalg.norm(found["0.weight"] - true_weight) == pytest.approx(0.0028663609734486, rel=1e-9)
    assert abs(found["0.bias"] - true_bias)[0] == pytest.approx(0.0016924265365532, rel=1e-9)


@without_jax
def test_s0_a_hidden_layer_learns_a_product_that_a_linear_model_cannot(backend):
    x = np.random.default_rng(0).standard_normal((1000, 2))
    y = x[:, :1] * x[:, 1:]
    hidden = [Dense(10, activation="sigmoid", weight_initializer="lecun_normal"), Dense(1)]
    losses = []
    for layers, rate in ((hidden, 0.3), ([Dense(1)], 0.01)):
        net = _network(backend, layers, 2, loss="mean_squared_error", optimizer=SGD(rate))
        losses.append(net.fit(x, y, batch_size=50, epochs=50)["loss"][-1])
    assert losses[0] < 0.07 * losses[1]


@without_jax
def test_s0_the_cross_entropy_is_right_and_finite(backend):
    outputs = backend.asarray(np.asarray([[1.0, 2.0, 3.0], [0.0, 0.0, 0.0]]), backend.xp.float64)
    value, gradient = CrossEntropy()(outputs, backend.asarray(np.asarray([2, 0])))
    assert float(value) == pytest.approx(0.7531091265562451, rel=1e-12)
    wanted = [[0.04501529, 0.12236424, -0.16737952], [-0.33333333, 0.16666667, 0.16666667]]
    np.testing.assert_allclose(backend.to_numpy(gradient), wanted, atol=5e-9)
    extreme = backend.asarray(np.asarray([[1000.0, -1000.0], [-1000.0, 1000.0]]), backend.xp.float64)
    value, gradient = CrossEntropy()(extreme, backend.asarray(np.asarray([0, 0])))
    assert float(value) == 1000.0
    assert np.all(np.isfinite(backend.to_numpy(gradient)))


@without_jax
def test_s0_tied_weights_accumulate_and_pass_the_gradient_check(backend):
    shared = Dense(3, activation="tanh")
    net = Network([shared, Dense(3), shared, shared, Dense(2)], backend=backend, dtype="float64")
    x, y = np.random.default_rng(0).standard_normal((4, 3)), np.asarray([0, 1, 1, 0])
    report = check_gradients(net, x, y)
    assert report.passed, str(report)
    assert net.count_parameters() == 12 + 12 + 8


# --------------------------------------------------------------------------------------------- S1, the 2-2-1 network

PEOPLE = np.asarray([[-2.0, -1.0], [25.0, 6.0], [17.0, 4.0], [-15.0, -6.0]]), np.asarray([[1.0], [0.0], [0.0], [1.0]])


def _two_two_one(backend, w, b, **options):
    layers = [Dense(2, activation="sigmoid"), Dense(1, activation="sigmoid")]
    net = _network(backend, layers, 2, loss="mean_squared_error", **options)
    net.set_parameters(
        {
            "0.weight": [[w[0], w[2]], [w[1], w[3]]],
            "0.bias": b[:2],
            "1.weight": [[w[4]], [w[5]]],
            "1.bias": b[2:],
        }
    )
    return net


@without_jax
def test_s1_a_neuron_and_a_network_feed_forward(backend):
    neuron = _network(backend, [Dense(1, activation="sigmoid")], 2, loss="mean_squared_error")
    neuron.set_parameters({"0.weight": [[0], [1]], "0.bias": [4]})
    assert neuron.predict([[2, 3]])[0, 0] == pytest.approx(0.9990889488055994, rel=1e-12)
    net = _two_two_one(backend, [0, 1, 0, 1, 0, 1], [0, 0, 0])
    assert net.predict([[2, 3]])[0, 0] == pytest.approx(0.7216325609518421, rel=1e-12)


def test_s1_the_gradients_are_those_worked_out_by_hand(backend):
    net = _two_two_one(backend, [1] * 6, [0] * 3)
    _, grads, _ = net.loss_and_gradients([[-2.0, -1.0]], [[1.0]])
    w13, w24 = 0.02146953526581111, 0.010734767632905555
    np.testing.assert_allclose(grads["0.weight"], [[w13, w13], [w24, w24]], rtol=1e-12)
    np.testing.assert_allclose(grads["0.bias"], [-w24, -w24], rtol=1e-12)
    np.testing.assert_allclose(grads["1.weight"], [[-0.011269220242958155]] * 2, rtol=1e-12)
    np.testing.assert_allclose(grads["1.bias"], [-0.23761755952842809], rtol=1e-12)


@pytest.mark.parametrize("backend", [word for word in ("numpy", "torch") if word in TESTED], indirect=True)
def test_s1_the_network_learns_four_people(backend):
    rng = _legacy(0)
    w, b = [rng.normal() for _ in range(6)], [rng.normal() for _ in range(3)]
    net = _two_two_one(backend, w, b, optimizer=SGD(0.1))
    net.fit(*PEOPLE, batch_size=1, shuffle=False, epochs=1000)
    assert net.evaluate(*PEOPLE)["loss"] == pytest.approx(0.0024030897, abs=5e-11)
    guesses = net.predict([[-7.0, -3.0], [20.0, 2.0]])[:, 0]
    np.testing.assert_allclose(guesses, [0.9461602290, 0.0398503715], atol=5e-11)


# ---------------------------------------------------------------------------------------------------- S2, the spiral

SPIRAL_LOSSES = {
    0: 6.96619246531,
    1: 6.19140839639,
    10: 2.42995443528,
    100: 0.616367127453,
    1000: 0.014951654518,
}


@pytest.mark.parametrize("backend", [word for word in TESTED if "strict" not in word], indirect=True)
def test_s2_the_spiral_has_the_stated_losses_and_is_learnt(backend):
    rng = _legacy(142857)
    x, y = spiral(size=100, arms=7, scale=4, rng=rng)
    layers = [Dense(24, activation="relu"), Dense(24, activation="relu"), Dense(7)]
    net = _network(backend, layers, 2, optimizer=Adam(0.01), metrics=["accuracy"])
    net.set_parameters({f"{i}.weight": rng.randn(*shape) for i, shape in enumerate([(2, 24), (24, 24), (24, 7)])})
    assert net.count_parameters() == 847
    assert net.evaluate(x, y)["loss"] == pytest.approx(SPIRAL_LOSSES[0], rel=1e-9)
    history = net.fit(x, y, batch_size=None, epochs=1000)
    for step in (1, 10, 100):
        assert history["loss"][step] == pytest.approx(SPIRAL_LOSSES[step], rel=1e-9)
    assert net.evaluate(x, y) == pytest.approx({"loss": SPIRAL_LOSSES[1000], "accuracy": 1.0}, rel=1e-6)


# ------------------------------------------------------------------------------------------ S3, after Michael Nielsen


def test_s3_a_network_of_8_15_10_has_295_parameters(backend):
    net = _network(backend, [Dense(15, activation="sigmoid"), Dense(10)], 8)
    assert net.count_parameters() == 295


@without_jax
def test_s3_the_four_equations_of_backpropagation_hold(backend):
    net = _network(
        backend,
        [Dense(15, activation="sigmoid"), Dense(10, activation="sigmoid")],
        8,
        loss="mean_squared_error",
        seed=1,
    )
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((1, 8)), rng.random((1, 10))
    _, grads, _ = net.loss_and_gradients(x, y)
    p = net.parameters
    z1 = x @ p["0.weight"] + p["0.bias"]
    a1 = 1 / (1 + np.exp(-z1))
    a2 = 1 / (1 + np.exp(-(a1 @ p["1.weight"] + p["1.bias"])))
    delta2 = 2 * (a2 - y) / 10 * a2 * (1 - a2)  # BP1
    delta1 = delta2 @ p["1.weight"].T * a1 * (1 - a1)  # BP2
    for name, delta, activation in (("1", delta2, a1), ("0", delta1, x)):
        np.testing.assert_allclose(grads[f"{name}.bias"], delta[0], rtol=1e-10)  # BP3
        np.testing.assert_allclose(grads[f"{name}.weight"], activation.T @ delta, rtol=1e-10)  # BP4


@pytest.mark.parametrize(("start", "wanted"), [((0.6, 0.9), 0.093956), ((2.0, 2.0), 0.202848)])
def test_s3_a_toy_neuron_learns_slowly_when_it_is_badly_wrong(backend, start, wanted):
    net = _network(backend, [Dense(1, activation="sigmoid")], 1, loss="mean_squared_error", optimizer=SGD(0.15 / 2))
    net.set_parameters({"0.weight": [[start[0]]], "0.bias": [start[1]]})
    net.fit([[1.0]], [[0.0]], epochs=300)
    assert net.predict([[1.0]])[0, 0] == pytest.approx(wanted, abs=5e-7)


def test_s3_network2_learns_mnist_digit_by_digit(backend, mnist):
    (x, y), (x_test, y_test) = mnist
    x, y, x_test = x[:1000].reshape(1000, 784) / 256.0, y[:1000], x_test.reshape(-1, 784) / 256.0
    random.seed(12345678)
    rng = _legacy(12345678)
    for _ in range(2):
        biases = [rng.randn(n, 1) for n in (30, 10)]
        weights = [rng.randn(n, m) for m, n in ((784, 30), (30, 10))]
    loss = BinaryCrossEntropy(reduction="sum")
    net = _network(backend, [Dense(30, activation="sigmoid"), Dense(10)], 784, loss=loss, optimizer=SGD(0.5 / 10))
    net.set_parameters({f"{i}.weight": w.T for i, w in enumerate(weights)})
    net.set_parameters({f"{i}.bias": b[:, 0] for i, b in enumerate(biases)})
    targets, order, correct, costs = np.eye(10)[y], np.arange(1000), [], []
    for _ in range(5):
        for i in range(999, 0, -1):
            j = int(random.random() * (i + 1))
            order[i], order[j] = order[j], order[i]
        for start in range(0, 1000, 10):
            rows = order[start : start + 10]
            net.train_on_batch(x[rows], targets[rows])
        correct.append(int((net.predict(x_test).argmax(axis=1) == y_test).sum()))
        costs.append(net.evaluate(x, targets)["loss"] / 1000)
    assert correct == [5887, 6505, 6970, 7271, 7433]
    assert costs[0] == pytest.approx(1.8433647860328504, rel=1e-9)
    assert costs[4] == pytest.approx(0.9046315580572455, rel=1e-9)


# ------------------------------------------------------------------------------------------ S4, CS224n, assignment 1


def test_s4_sigmoid_and_softmax_give_the_stated_values(backend):
    from xpnn.activations import Sigmoid, Softmax
    from xpnn.context import RunContext
    from xpnn.random import Streams

    ctx = RunContext(backend, True, Streams(0))
    x = backend.asarray(np.asarray([[1.0, 2.0], [-1.0, -2.0]]), backend.xp.float64)
    wanted = [[0.73105858, 0.88079708], [0.26894142, 0.11920292]]
    np.testing.assert_allclose(backend.to_numpy(Sigmoid().forward(x, ctx)[0]), wanted, atol=5e-9)
    x = backend.asarray(np.asarray([[1001.0, 1002.0], [3.0, 4.0]]), backend.xp.float64)
    np.testing.assert_allclose(
        backend.to_numpy(Softmax().forward(x, ctx)[0]), [[0.26894142, 0.73105858]] * 2, atol=5e-9
    )
    for function in (Sigmoid(), Softmax()):
        extreme = backend.asarray(np.asarray([[1000.0, -1000.0]]), backend.xp.float64)
        np.testing.assert_allclose(backend.to_numpy(function.forward(extreme, ctx)[0]), [[1.0, 0.0]], atol=1e-300)


@pytest.mark.parametrize(
    ("loss", "wanted"),
    [
        (BinaryCrossEntropy(reduction="sum"), (145.755685890429, 35.175333978794)),
        (CrossEntropy(reduction="sum"), (58.660885215090, 10.544855899161)),
    ],
)
def test_s4_a_flat_vector_of_115_parameters_has_the_stated_cost_and_gradient(backend, loss, wanted):
    random.seed(0)
    rng = _legacy(0)
    x = rng.randn(20, 10)
    y = np.zeros((20, 10))
    for i in range(20):
        y[i, random.randint(0, 9)] = 1
    net = _network(backend, [Dense(5, activation="sigmoid"), Dense(10)], 10, loss=loss)
    net.flat_parameters = rng.randn(115)
    cost, grads, dx = net.loss_and_gradients(x, y)
    norm = np.sqrt(sum((g**2).sum() for g in grads.values()))
    assert (cost, norm) == pytest.approx(wanted, rel=1e-11)
    assert dx.shape == x.shape

    def f(at):
        value, _, gradient = net.loss_and_gradients(at, y)
        return value, gradient

    if backend.name != "jax":  # 400 evaluations, one millisecond each and more
        assert check_gradient(f, x).passed


def test_s4_the_checker_restores_chance_takes_any_shape_and_names_what_is_wrong():
    def noisy(x):
        factor = np.random.rand() + random.random()  # noqa: NPY002
        return factor * np.sum(x**2), 2 * factor * x

    np.random.seed(3)  # noqa: NPY002
    for x in (np.asarray(123.456), np.random.randn(3), np.random.randn(4, 5)):  # noqa: NPY002
        assert check_gradient(noisy, x).passed

    def wrong(x):
        gradient = 2 * x
        gradient[1, 2] *= 1.01
        return np.sum(x**2), gradient

    report = check_gradient(wrong, np.ones((2, 3)))
    assert not report.passed
    assert report.worst == ("x", (1, 2))
    assert report.max_error == pytest.approx(0.01 / 1.01, rel=1e-3)
