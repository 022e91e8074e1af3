"""Learning-rate test, gradients layer by layer, dead units; and that a network which is looked at stays as it is."""

import re

import numpy as np
import pytest
from conftest import without_jax

import xpnn
from xpnn import Network, data
from xpnn.diagnostics import dead_units, find_learning_rate, gradient_report
from xpnn.errors import ArgumentError
from xpnn.layers import Activation, BatchNorm, Dense, Dropout, Residual, Sequential
from xpnn.optimizers import SGD

X, Y = data.moons(120, noise=0.1, seed=0)


def _state(net):
    learner = net._learner
    vectors = [np.array(net.backend.to_numpy(v)) for v in learner.updater.vectors.values()]
    return [net.flat_parameters, *net.state.values(), *vectors], learner.streams.positions, learner.updater.step


def _assert_untouched(net, before):
    after = _state(net)
    assert all(np.array_equal(a, b) for a, b in zip(before[0], after[0], strict=True))
    assert (before[1:], net.history.epoch) == (after[1:], [0])


def _network(backend="numpy", **options):
    layers = [Dense(8, activation="relu"), BatchNorm(), Dropout(0.2), Dense(2)]
    return Network(layers, backend=backend, seed=1, **options)


@pytest.mark.parametrize(
    "look",
    [
        lambda net: find_learning_rate(net, X, Y, steps=10),
        lambda net: gradient_report(net, X, Y),
        lambda net: dead_units(net, X),
    ],
    ids=["find_learning_rate", "gradient_report", "dead_units"],
)
@without_jax
def test_a_network_that_is_looked_at_stays_as_it_is(backend, look):
    net = _network(backend)
    net.fit(X, Y)
    before = _state(net)
    assert str(look(net)) == str(look(net))
    _assert_untouched(net, before)


# ------------------------------------------------------------------------------------------------- the learning rate


def test_rates_grow_by_one_factor_and_losses_are_those_of_the_steps():
    net = _network(optimizer="sgd").build(2)
    found = xpnn.find_learning_rate(net, X, Y, low=1e-3, high=1e-1, steps=5, batch_size=200, smoothing=0.0)
    np.testing.assert_allclose(found.rates, [1e-3, 10**-2.5, 1e-2, 10**-1.5, 1e-1])
    assert np.array_equal(found.losses, found.smoothed)
    again, order = net.copy_to("numpy"), net.copy_to("numpy")._learner.streams["shuffle"]
    for rate, loss in zip(found.rates, found.losses, strict=True):
        again.learning_rate = rate
        rows = order.permutation(120)
        assert float(again.train_on_batch(X[rows], Y[rows])) == loss


def test_the_test_ends_where_the_loss_explodes_and_suggests_a_rate_that_learns():
    x = np.random.default_rng(0).standard_normal((64, 3))
    y = x @ np.asarray([[1.0], [-2.0], [0.5]])
    net = Network([Dense(1)], loss="mse", optimizer=SGD(), dtype="float64")
    found = find_learning_rate(net, x, y, low=1e-4, high=1e3, steps=200, batch_size=64, smoothing=0.5)
    bound = 2.0 / np.linalg.eigvalsh(2.0 * np.cov(x.T, bias=True)).max()  # above it, gradient descent diverges
    assert len(found.rates) < 200
    assert found.rates[-1] > bound
    assert bound / 100 < found.suggestion < bound
    assert not net.built


def test_the_running_mean_is_corrected_at_its_beginning():
    found = find_learning_rate(_network(), X, Y, steps=3, smoothing=0.5)
    a, b, c = found.losses
    np.testing.assert_allclose(found.smoothed, [a, (a + 2 * b) / 3, (a + 2 * b + 4 * c) / 7], rtol=1e-12)


def test_nothing_is_suggested_where_the_loss_never_falls():
    net = Network([Dense(1)], loss="mse").build(2)
    net.flat_parameters = np.zeros(3)
    assert find_learning_rate(net, X, np.zeros(120), steps=4).suggestion is None


def test_a_range_test_can_be_drawn():
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("agg")
    ax = find_learning_rate(_network(), X, Y).plot()
    assert ax.get_xscale() == "log"
    assert len(ax.lines) == 3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"low": 0.0}, "low must be a finite number above 0, got 0.0."),
        ({"low": 1.0, "high": 0.5}, "high must be above low=1.0, got 0.5."),
        ({"steps": 1}, "steps must be an integer of at least 2, got 1."),
        ({"smoothing": 1.0}, "smoothing must be a number in [0, 1), got 1.0."),
    ],
)
def test_a_range_that_is_none_is_refused(options, message):
    with pytest.raises(ArgumentError, match=f"^{re.escape(message)}$"):
        find_learning_rate(_network(), X, Y, **options)


# --------------------------------------------------------------------------------------------------------- gradients


def test_the_report_has_the_norms_and_the_size_of_the_update():
    net = Network([Dense(4, activation="tanh"), Dense(2)], optimizer=SGD(0.5), dtype="float64", seed=2).build(2)
    report = gradient_report(net, X, Y)
    loss, gradients, _ = net.loss_and_gradients(X, Y)
    assert report.loss == loss
    for row in report.rows:
        norm = np.linalg.norm(gradients[row.name])
        size = np.linalg.norm(net.parameters[row.name])
        assert (row.gradient_norm, row.parameter_norm) == pytest.approx((norm, size), rel=1e-12)
        if row.name.endswith("bias"):
            assert np.isnan(row.update_ratio)  # it is 0 at the beginning
        else:
            assert row.update_ratio == pytest.approx(0.5 * norm / size, rel=1e-9)
    whole = np.sqrt(sum(np.sum(g**2) for g in gradients.values()))
    assert report.gradient_norm == pytest.approx(whole, rel=1e-12)
    lines = str(report).splitlines()
    assert lines[0].split() == ["parameter", "norm", "gradient", "update", "/", "norm"]
    assert [line.split()[0] for line in lines[2:6]] == ["0.weight", "0.bias", "1.weight", "1.bias"]
    assert lines[6].startswith("loss ")


# -------------------------------------------------------------------------------------------------------- dead units


@without_jax
def test_dead_units_are_found_in_every_container(backend):
    shared = Dense(4, activation="relu")
    layers = [
        Dense(4, activation="relu", name="first"),
        Sequential([Dense(4), Activation("relu")], name="inner"),
        Residual([shared, shared]),
        Dense(3, activation="tanh"),
        Dense(2),
    ]
    net = Network(layers, backend=backend, seed=0).build(2)
    names = list(net.parameters)
    assert "2.0.bias" in names
    assert "2.1.bias" not in names
    net.set_parameters(
        {
            "first.bias": [0.0, -1e3, 0.0, -1e3],
            "inner.0.bias": [1e3, 1e3, 1e3, -1e3],
            "2.0.bias": [1e5, 1e5, 1e5, 1e5],
        }
    )
    report = dead_units(net, X, batch_size=50)
    found = {row.layer: row.dead for row in report.rows}
    assert set(found) == {"first", "inner.1", "2.0", "2.1"}
    assert {1, 3} <= set(found["first"])
    assert found["inner.1"] == (3,)
    assert found["2.0"] == ()
    first = report.rows[0]
    assert (first.units, first.share) == (4, len(first.dead) / 4)
    assert str(report).splitlines()[3].split() == ["inner.1", "4", "1", "25.0%"]


def test_one_active_sample_is_enough_and_inference_counts():
    net = Network([BatchNorm(), Dense(1, activation="relu"), Dense(2)], seed=0).build(1)
    net.set_parameters({"1.weight": [[1.0]], "1.bias": [-2.0]})
    x = np.linspace(0.0, 1.0, 11)[:, None]
    assert dead_units(net, x).rows[0].dead == (0,)
    x[5] = 3.0
    assert dead_units(net, x, batch_size=3).rows[0].dead == ()
