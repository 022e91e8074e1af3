"""`check_gradients` finds wrong gradients, names them, and passes right ones, kinks and chance included."""

from dataclasses import dataclass

import numpy as np
import pytest
from conftest import without_jax

from xpnn import Network, check_gradients
from xpnn.errors import ArgumentError
from xpnn.layers import BatchNorm, Dense, Dropout, LayerNorm
from xpnn.losses import MeanSquaredError
from xpnn.testing import check_gradient

X = np.random.default_rng(0).standard_normal((6, 3))
LABELS, TARGETS = np.asarray([0, 1, 2, 2, 1, 0]), np.random.default_rng(1).standard_normal((6, 3))
LOSSES = {
    "cross_entropy": LABELS,
    "binary_cross_entropy": (TARGETS > 0) * 1.0,
    "mean_squared_error": TARGETS,
    "mean_absolute_error": TARGETS,
    "huber": TARGETS,
    "hinge": LABELS,
}


@pytest.mark.parametrize("loss", LOSSES)
@without_jax
def test_networks_pass_with_every_loss_in_training_with_chance(backend, loss):
    layers = [
        Dense(5, activation="relu"),
        BatchNorm(),
        Dropout(0.3),
        Dense(4, activation="tanh"),
        LayerNorm(),
        Dense(3),
    ]
    net = Network(layers, loss=loss, backend=backend, seed=2)
    report = check_gradients(net, X, LOSSES[loss], max_per_array=6)
    assert report.passed, str(report)
    assert report.checked > 20


def test_weights_and_penalties_are_checked_too():
    net = Network([Dense(4, activation="elu"), Dense(3)], l1=0.1, l2=0.2)
    assert check_gradients(net, X, LABELS, sample_weight=np.arange(6.0)).passed


def test_a_check_leaves_the_network_as_it_was():
    net = Network([Dense(4), Dropout(0.5), Dense(3)]).build(3)
    before, positions = net.flat_parameters, net._learner.streams.positions
    check_gradients(net, X, LABELS)
    assert np.array_equal(net.flat_parameters, before)
    assert net.flat_parameters.dtype == np.float32
    assert net._learner.streams.positions == positions


@dataclass(frozen=True, slots=True, repr=False)
class OffByOnePercent(Dense):
    """A layer with one wrong number in its gradient."""

    def backward(self, params, saved, dy, ctx):
        dx, grads = Dense.backward(self, params, saved, dy, ctx)
        weight = grads["weight"] * 1.0
        weight[2, 1] *= 1.01
        return dx, {**grads, "weight": weight}


def test_one_wrong_number_is_found_and_named():
    report = check_gradients(Network([OffByOnePercent(4), Dense(3)], seed=4), X, LABELS)
    assert not report.passed
    assert report.worst == ("0.weight", (2, 1))
    assert 1e-3 < report.max_error < 2e-2
    assert str(report).startswith("gradients are wrong: greatest error ")
    assert " at 0.weight[2, 1] " in str(report)


def test_a_loss_whose_value_and_gradient_disagree_is_found():
    @dataclass(frozen=True, slots=True, repr=False)
    class Halved(MeanSquaredError):
        def terms(self, xp, outputs, targets):
            costs, derivative = MeanSquaredError.terms(self, xp, outputs, targets)
            return costs, derivative * 0.5

    assert not check_gradients(Network([Dense(3)], loss=Halved()), X, TARGETS).passed


def test_points_at_a_kink_are_skipped_and_counted():
    net = Network([Dense(3, activation="relu"), Dense(3)]).build(3)
    report = check_gradients(net, np.zeros((2, 3)), [0, 1])
    assert report.passed, str(report)
    assert report.skipped >= 3


def test_a_nan_never_passes():
    net = Network([Dense(3)]).build(3)
    net.flat_parameters = np.full(12, np.nan)
    assert not check_gradients(net, X, LABELS).passed
    assert not check_gradient(lambda x: (float("nan"), x), np.ones(3)).passed
    for place in range(3):
        spoilt = np.where(np.arange(3) == place, np.nan, 2.0)
        assert not check_gradient(lambda x, spoilt=spoilt: (np.sum(x**2), spoilt), np.ones(3)).passed


def test_the_order_in_memory_does_not_matter():
    net = Network([Dense(4, activation="tanh"), Dense(3)])
    assert check_gradients(net, np.asfortranarray(X), LABELS).passed


@pytest.mark.parametrize("loss", ["mean_absolute_error", "mean_squared_error", "huber"])
def test_a_great_loss_does_not_hide_a_wrong_gradient(loss):
    @dataclass(frozen=True, slots=True, repr=False)
    class NoBias(Dense):
        def backward(self, params, saved, dy, ctx):
            dx, grads = Dense.backward(self, params, saved, dy, ctx)
            return dx, {**grads, "bias": grads["bias"] * 0.0}

    net = Network([NoBias(1)], loss=loss, seed=1)
    assert not check_gradients(net, X, np.abs(TARGETS[:, :1]) * 1e4).passed


def test_many_rectifiers_raise_no_false_alarm():
    x = np.random.default_rng(0).standard_normal((400, 10))
    for seed in range(3):
        net = Network([Dense(60, activation="relu"), Dense(3)], seed=seed)
        report = check_gradients(net, x, np.arange(400) % 3)
        assert report.passed, str(report)


def test_without_samples_there_is_nothing_to_check():
    with pytest.raises(ArgumentError, match=r"^x must hold at least one sample"):
        check_gradients(Network([Dense(3)]), X[:0], LABELS[:0])


def test_a_gradient_of_another_shape_is_refused():
    with pytest.raises(ArgumentError, match=r"^f must return a gradient of shape \(3,\), got \(2,\)\.$"):
        check_gradient(lambda x: (0.0, x[:2]), np.ones(3))


def test_a_kink_very_near_does_not_spoil_a_right_gradient():
    net = Network([Dense(1, activation="relu"), Dense(1)], loss="mse", dtype="float64").build(1)
    net.set_parameters({"0.weight": [[1.0]], "0.bias": [1.3e-5], "1.weight": [[2.0]], "1.bias": [0.0]})
    report = check_gradients(net, [[0.0]], [[1.0]])
    assert report.passed, str(report)
    assert report.skipped == 0
