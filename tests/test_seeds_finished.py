"""What the seeds promise in their texts: all of network2's features (S3), and the finished package's lists (S2)."""

import numpy as np
import pytest
from conftest import without_jax

from xpnn import Network, data
from xpnn.callbacks import EarlyStopping, ReduceLROnPlateau
from xpnn.initializers import Normal
from xpnn.layers import Dense, Dropout
from xpnn.losses import BinaryCrossEntropy
from xpnn.optimizers import SGD

RNG = np.random.default_rng(0)
X, LABELS = RNG.random((60, 8)), RNG.integers(3, size=60)
TARGETS = np.eye(3)[LABELS]

# ------------------------------------------------------------------------------------------------------ S3, network2


def _network2(backend, cost, **options):
    """784-30-10 in small: sigmoid, and a cost summed over the outputs and averaged over the batch."""
    last, loss = {
        "quadratic": (Dense(3, activation="sigmoid"), "mean_squared_error"),
        "cross-entropy": (Dense(3), BinaryCrossEntropy()),
    }[cost]
    layers = [Dense(5, activation="sigmoid"), last]
    net = Network(layers, loss=loss, backend=backend, dtype="float64", seed=1, **options).build(8)
    rng = np.random.RandomState(3)
    net.flat_parameters = rng.randn(net.count_parameters())
    return net


def _gradients(cost, w, b, x, y):
    """Backpropagation as network2 does it, summed over the batch: its equations BP1 to BP4."""
    a1 = 1 / (1 + np.exp(-(x @ w[0] + b[0])))
    a2 = 1 / (1 + np.exp(-(a1 @ w[1] + b[1])))
    delta2 = a2 - y if cost == "cross-entropy" else (a2 - y) * a2 * (1 - a2)
    delta1 = delta2 @ w[1].T * a1 * (1 - a1)
    return [x.T @ delta1, a1.T @ delta2], [delta1.sum(axis=0), delta2.sum(axis=0)]


@pytest.mark.parametrize("cost", ["quadratic", "cross-entropy"])
@pytest.mark.parametrize(
    ("l1", "l2", "momentum"), [(0, 0, 0.0), (0, 3.0, 0.0), (3.0, 0, 0.0), (0, 0, 0.9), (1.0, 2.0, 0.5)]
)
@without_jax
def test_s3_the_rules_of_network2_are_options_of_fit(backend, cost, l1, l2, momentum):
    eta, m, n = 0.5, 10, 60
    # our losses are means over outputs too, and the quadratic cost has a factor 1/2: the penalties scale with them
    scale = 3.0 if cost == "cross-entropy" else 1.5
    options = {"l1": l1 / n / scale, "l2": l2 / n / scale, "optimizer": SGD(eta * scale, momentum=momentum)}
    net = _network2(backend, cost, **options)
    p = net.parameters
    w, b = [p["0.weight"], p["1.weight"]], [p["0.bias"], p["1.bias"]]
    speeds = [np.zeros_like(part) for part in (*w, *b)]
    for _ in range(2):
        for start in range(0, n, m):
            grads_w, grads_b = _gradients(cost, w, b, X[start : start + m], TARGETS[start : start + m])
            steps = [g / m + l2 / n * part + l1 / n * np.sign(part) for g, part in zip(grads_w, w, strict=True)]
            steps += [g / m for g in grads_b]  # biases are not regularized
            speeds = [momentum * v - eta * g for v, g in zip(speeds, steps, strict=True)]
            w, b = [w[i] + speeds[i] for i in (0, 1)], [b[i] + speeds[2 + i] for i in (0, 1)]
    net.fit(X, TARGETS, batch_size=m, epochs=2, shuffle=False)
    p = net.parameters
    for given, wanted in zip((p["0.weight"], p["1.weight"], p["0.bias"], p["1.bias"]), (*w, *b), strict=True):
        np.testing.assert_allclose(given, wanted, rtol=1e-9)


@without_jax
def test_s3_cost_and_accuracy_are_monitored_on_training_and_evaluation_data(backend):
    net = Network([Dense(5, activation="sigmoid"), Dense(3)], metrics=["accuracy"], backend=backend, dtype="float64")
    history = net.fit(X[:40], LABELS[:40], batch_size=10, epochs=4, validation_data=(X[40:], LABELS[40:]))
    assert set(history) == {"loss", "accuracy", "val_loss", "val_accuracy"}
    last = net.evaluate(X[40:], LABELS[40:])
    assert (history["val_loss"][-1], history["val_accuracy"][-1]) == pytest.approx((last["loss"], last["accuracy"]))


def test_s3_weights_are_small_or_large_and_biases_normal():
    wide = Dense(400, bias_initializer=Normal(std=1.0), weight_initializer="lecun_normal")
    p = Network([wide, Dense(3, weight_initializer=Normal(std=1.0))]).build(100).parameters
    assert p["0.weight"].std() == pytest.approx(0.1, rel=0.03)
    assert p["0.bias"].std() == pytest.approx(1.0, rel=0.15)
    assert p["1.weight"].std() == pytest.approx(1.0, rel=0.1)


def test_s3_training_stops_without_improvement_in_n_epochs_and_the_rate_is_halved_down_to_a_128th():
    labels = np.random.default_rng(1).permutation(LABELS)  # nothing can be learnt for the evaluation data
    halving = ReduceLROnPlateau("val_loss", factor=0.5, patience=1, min_lr=1.0 / 128)
    net = Network([Dense(5, activation="sigmoid"), Dense(3)], optimizer=SGD(1.0), seed=1)
    stop = EarlyStopping("val_loss", patience=40)
    history = net.fit(
        X[:40], LABELS[:40], epochs=400, validation_data=(X[:40], (labels[:40] + 1) % 3), callbacks=[halving, stop]
    )
    assert net.learning_rate == 1.0 / 128
    assert stop.stopped_epoch == stop.best_epoch + 41 == history.epoch[-1]
    kept = net.evaluate(X[:40], (labels[:40] + 1) % 3)["loss"]
    assert kept == pytest.approx(min(history["val_loss"]), rel=1e-6)


@without_jax
def test_s3_dropout_silences_hidden_units_in_training_alone(backend):
    net = Network([Dense(4, activation="sigmoid"), Dropout(0.5), Dense(3)], backend=backend, dtype="float64", seed=2)
    net.build(8)
    p = net.parameters
    hidden = 1 / (1 + np.exp(-(X @ p["0.weight"] + p["0.bias"])))
    np.testing.assert_allclose(net.predict(X), hidden @ p["2.weight"] + p["2.bias"], rtol=1e-12)
    _, grads, _ = net.loss_and_gradients(X[:1], LABELS[:1])
    rows = np.abs(grads["2.weight"]).sum(axis=1)
    assert set((rows == 0).tolist()) == {True, False}
    kept = rows > 0
    logits = (2 * hidden[:1] * kept) @ p["2.weight"] + p["2.bias"]
    softmax = np.exp(logits) / np.exp(logits).sum()
    np.testing.assert_allclose(grads["2.bias"], softmax[0] - TARGETS[0], rtol=1e-10)


def test_s3_a_network_is_saved_and_goes_on(tmp_path):
    net = _network2("numpy", "cross-entropy", optimizer=SGD(0.5, momentum=0.9), l1=1e-3)
    net.fit(X, TARGETS, batch_size=10, epochs=2)
    net.save(tmp_path / "network2")
    again = Network.load(tmp_path / "network2")
    for one in (net, again):
        one.fit(X, TARGETS, batch_size=10, epochs=2)
    assert np.array_equal(net.flat_parameters, again.flat_parameters)


# ----------------------------------------------------------------------------------------- S2, the finished package

XOR = data.xor(200, seed=0)


@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "elu", "relu", "relu6", "softplus"])
def test_s2_every_activation_learns_by_its_name(activation):
    net = Network(optimizer="adam", metrics=["accuracy", "f1"], seed=1)
    net.add(Dense(24, activation=activation)).add(Dense(24)).add(activation).add("identity").add(Dense(2))
    net.learning_rate = 0.02
    net.fit(*XOR, epochs=60, batch_size=50)
    scores = net.evaluate(*XOR)
    assert scores["accuracy"] > 0.93
    assert scores["f1"] > 0.9


@pytest.mark.parametrize(
    ("optimizer", "rate"),
    [
        ("sgd", 0.5),
        ("momentum", 0.1),
        ("nag", 0.1),
        ("rmsprop", 0.01),
        ("adam", 0.02),
        ("adagrad", 0.1),
        ("adadelta", 5.0),
    ],
)
def test_s2_every_optimizer_learns_by_its_name(optimizer, rate):
    net = Network([Dense(24, activation="relu"), Dense(2)], optimizer=optimizer, metrics=["accuracy"], seed=1)
    net.learning_rate = rate
    history = net.fit(*XOR, epochs=60, batch_size=20, validation_split=0.2)
    assert history["accuracy"][-1] > 0.9
    assert len(history["val_accuracy"]) == 60


@pytest.mark.parametrize(
    ("loss", "last"),
    [
        ("mean_squared_error", "softmax"), ("cross_entropy", None), ("negative_log_likelihood", "log_softmax"),
        ("hinge", None),
    ],
)  # fmt: skip
def test_s2_every_cost_learns_by_its_name(loss, last):
    x, y = data.clusters(200, seed=0)
    targets = np.eye(2)[y] if loss == "mean_squared_error" else y
    net = Network([Dense(24, activation="relu"), Dense(2, activation=last)], loss=loss, optimizer="adam", seed=1)
    net.learning_rate = 0.01
    net.fit(x, targets, epochs=30)
    assert np.mean(net.predict(x).argmax(axis=1) == y) > 0.95


@pytest.mark.parametrize("make", [data.xor, data.two_spirals, data.clusters, data.nine_grid, data.moons, data.circles])
def test_s2_every_generator_makes_classes_that_can_be_learnt(make):
    x, y = make(300, seed=0)
    classes = len(np.unique(y))
    layers = [Dense(48, activation="relu"), Dense(48, activation="relu"), Dense(classes)]
    net = Network(layers, metrics=["accuracy"], seed=1)
    net.learning_rate = 0.01
    (x,) = data.standardize(x)
    net.fit(x, y, epochs=300, batch_size=50)
    assert net.evaluate(x, y)["accuracy"] > 0.9
