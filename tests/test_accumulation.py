"""Gradient accumulation: k batches of b make the step of one batch of k * b."""

import re

import numpy as np
import pytest
from conftest import TESTED
from test_compiled import MODES

from xpnn import Network
from xpnn.callbacks import Callback
from xpnn.errors import ArgumentError
from xpnn.layers import BatchNorm, Dense, Dropout, LayerNorm
from xpnn.losses import CrossEntropy
from xpnn.optimizers import LBFGS, SAM, SGD, Adam, Lookahead, ScheduleFreeSGD

RNG = np.random.default_rng(0)
X, Y, WEIGHTS = RNG.standard_normal((50, 4)), RNG.integers(3, size=50), RNG.random(50)
LAYERS = [Dense(6, activation="tanh"), LayerNorm(), Dense(3)]
WAYS = [*MODES, *((word, False) for word in TESTED if word in ("numpy", "strict"))]


def _network(word="numpy", compiled=True, layers=LAYERS, **options):
    options = {"optimizer": Adam(0.01, weight_decay=0.01, clip_norm=1.0), "metrics": ["accuracy"], **options}
    return Network(layers, backend=TESTED[word], compile=compiled, dtype="float64", seed=1, **options)


@pytest.mark.parametrize(
    ("word", "mode", "weights", "reduction"),
    [(*way, WEIGHTS, "mean") for way in WAYS]
    + [(*way, *case) for way in WAYS if way[1] in (False, "replay") for case in ((None, "mean"), (WEIGHTS, "sum"))],
)
def test_batches_of_8_five_at_a_time_learn_as_batches_of_40(word, mode, weights, reduction):
    ends = []
    for size, k in ((40, 1), (8, 5)):
        net = _network(word, mode, loss=CrossEntropy(reduction=reduction), l1=1e-3, l2=1e-2)
        history = net.fit(
            X, Y, batch_size=size, gradient_accumulation_steps=k, epochs=3, sample_weight=weights, shuffle=False
        )
        assert net._learner.updater.step == 6  # the last step of an epoch has the 10 samples that are left
        ends.append([net.flat_parameters, *map(np.asarray, history.values())])
    for many, one in zip(ends[1], ends[0], strict=True):
        np.testing.assert_allclose(many, one, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("mode", [False, "replay"])
def test_lookahead_learns_from_two_batches_as_from_one(mode):
    ends = []
    for size, k in ((20, 1), (10, 2)):
        net = _network(compiled=mode, optimizer=Lookahead(Adam(0.01), k=2))
        net.fit(X, Y, batch_size=size, gradient_accumulation_steps=k, epochs=2, shuffle=False)
        ends.append(net.flat_parameters)
    np.testing.assert_allclose(*ends, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize(("word", "mode"), MODES)
@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["unweighted", "weighted"])
def test_compiled_accumulation_gives_the_numbers_of_the_eager_one(word, mode, weights):
    layers, ends = [Dense(6, activation="relu"), BatchNorm(), Dropout(0.3), Dense(3)], []
    for compiled in (False, mode):
        net = _network(word, compiled, layers, l2=0.01, parameter_groups={"0": {"learning_rate_factor": 0.5}})
        net.fit(X, Y, batch_size=7, gradient_accumulation_steps=3, epochs=2, sample_weight=weights)
        functions = {c.function: c.mode for c in net.compilations}
        assert functions == ({"accumulation": mode, "update": mode} if compiled else {})
        ends.append(np.concatenate([net.flat_parameters, *map(np.ravel, net.state.values())]))
    if word == "numpy":
        assert np.array_equal(*ends)
    else:
        np.testing.assert_allclose(*ends, rtol=1e-12, atol=1e-13)


def test_norms_move_with_each_batch_and_callbacks_with_each_step():
    seen = []

    class Watch(Callback):
        def on_batch_end(self, network, step, loss):
            seen.append((step, network.batches_done, float(loss)))

    net = _network(layers=[BatchNorm(momentum=0.5), Dense(3)])
    net.fit(X[:30], Y[:30], batch_size=10, gradient_accumulation_steps=2, shuffle=False, callbacks=[Watch()])
    assert [(step, done) for step, done, _ in seen] == [(1, 2), (2, 3)]
    wanted = np.zeros(4)
    for start in (0, 10, 20):
        wanted = 0.5 * wanted + 0.5 * X[start : start + 10].mean(axis=0)
    np.testing.assert_allclose(net.state["0.running_mean"], wanted, rtol=1e-12)


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_the_loss_of_a_step_is_that_of_its_batches_together(reduction):
    losses = []

    class Watch(Callback):
        def on_batch_end(self, network, step, loss):
            losses.append(float(loss))

    for size, k in ((30, 1), (10, 3)):
        net = _network(loss=CrossEntropy(reduction=reduction), l2=0.1)
        net.fit(X[:30], Y[:30], batch_size=size, gradient_accumulation_steps=k, shuffle=False, callbacks=[Watch()])
    assert losses[1] == pytest.approx(losses[0], rel=1e-12)


def test_samples_without_weight_change_nothing_but_are_no_division_by_zero():
    net = _network(optimizer="sgd").build(4)
    before = net.flat_parameters
    weights = np.zeros(50)
    weights[-1] = 1.0
    net.fit(X[:20], Y[:20], batch_size=5, gradient_accumulation_steps=2, sample_weight=1.0 - weights[-20:])
    assert np.all(np.isfinite(net.flat_parameters))
    net.flat_parameters = before
    accumulator, asarray = net._learner.accumulator, net.backend.asarray
    accumulator.clear()
    accumulator.add(asarray(X), asarray(Y), asarray(np.zeros(50)))
    accumulator.update()
    assert np.array_equal(net.flat_parameters, before)


def test_what_was_added_before_an_error_is_forgotten():
    class Fail(Exception):
        pass

    def batches():
        yield X[:10], Y[:10]
        raise Fail

    failing, clean = _network(), _network()
    with pytest.raises(Fail):
        failing.fit(batches, gradient_accumulation_steps=2)
    for net in (failing, clean):
        net.fit(X, Y, batch_size=10, gradient_accumulation_steps=2, shuffle=False)
    assert np.array_equal(failing.flat_parameters, clean.flat_parameters)


@pytest.mark.parametrize("value", [0, -1, 1.5, True])
def test_what_is_no_number_of_batches_is_refused(value):
    message = f"gradient_accumulation_steps must be an integer of at least 1, got {value!r}."
    with pytest.raises(ArgumentError, match=f"^{re.escape(message)}$"):
        _network().fit(X, Y, gradient_accumulation_steps=value)


@pytest.mark.parametrize("optimizer", [LBFGS(), SAM(SGD(0.1)), Lookahead(SAM(SGD(0.1))), ScheduleFreeSGD(0.1)])
def test_optimizers_that_take_gradients_elsewhere_are_refused(optimizer):
    message = f"gradient_accumulation_steps must be 1 for {optimizer!r}, which takes gradients at points of its own."
    with pytest.raises(ArgumentError, match=f"^{re.escape(message)}$"):
        _network(optimizer=optimizer).fit(X, Y, gradient_accumulation_steps=2)
