"""Mixup: values by hand, training as by a loop, resuming, and what is refused."""

import re

import numpy as np
import pytest
from conftest import TESTED

from xpnn import Network, data
from xpnn.data import Mixup
from xpnn.errors import ArgumentError, ArgumentTypeError
from xpnn.layers import Add, Dense, Graph
from xpnn.random import Streams

X, Y = data.spiral(12, arms=3, seed=0)


def test_mixup_gives_the_values_worked_out_by_hand(backend):
    xp = backend.xp
    x = backend.asarray(np.asarray([[0.0, 4.0], [8.0, 8.0], [4.0, 0.0]]), xp.float64)
    weight = backend.asarray(np.asarray([1.0, 2.0, 3.0]), xp.float64)
    given = Mixup().mix(xp, x, backend.asarray(np.asarray([2, 1, 0])), weight, 0.75, (3,))
    wanted = (
        [[1.0, 3.0], [8.0, 8.0], [3.0, 1.0]],
        [[0.25, 0.0, 0.75], [0.0, 1.0, 0.0], [0.75, 0.0, 0.25]],
        [1.5, 2.0, 2.5],
    )
    for a, b in zip(given, wanted, strict=True):
        assert a.dtype == xp.float64
        assert np.array_equal(backend.to_numpy(a), b)
    x, y, weight = Mixup().mix(xp, x, x, None, 0.5, (2,))
    assert np.array_equal(backend.to_numpy(y), [[2, 2], [8, 8], [2, 2]])
    assert weight is None


@pytest.mark.parametrize("word", [word for word in TESTED if word not in ("jax", "strict:device1")])
def test_training_is_that_of_batches_mixed_by_hand(word):
    net, other = (Network([Dense(3)], dtype="float64", backend=TESTED[word], metrics=["accuracy"]) for _ in range(2))
    net.fit(X, Y, epochs=2, batch_size=8, augment=Mixup(0.4))
    streams = Streams(0)
    other.build(2)
    for _ in range(2):
        order = streams["shuffle"].permutation(36)
        for start in range(0, 36, 8):
            rows = order[start : start + 8]
            share, x, y = streams["mixup"].beta(0.4, 0.4), X[rows], np.eye(3)[Y[rows]]
            other.train_on_batch(*(share * a + (1 - share) * a[::-1] for a in (x, y)))
    np.testing.assert_allclose(net.flat_parameters, other.flat_parameters, rtol=1e-12)


def test_a_mixed_training_is_resumed_bit_for_bit(tmp_path):
    nets = [Network([Dense(3)], dtype="float64", metrics=["accuracy"]) for _ in range(2)]
    nets[0].fit(X, Y, epochs=4, batch_size=8, augment=Mixup())
    nets[1].fit(X, Y, epochs=2, batch_size=8, augment=Mixup())
    nets[1].save(tmp_path / "net.safetensors")
    again = Network.load(tmp_path / "net.safetensors")
    again.fit(X, Y, epochs=2, batch_size=8, augment=Mixup())
    assert np.array_equal(nets[0].flat_parameters, again.flat_parameters)


def test_regressions_and_weights_are_mixed_too():
    x = np.random.default_rng(0).standard_normal((30, 2))
    y = x @ np.asarray([[1.0], [2.0]]) + 3.0
    net = Network([Dense(1)], loss="mean_squared_error", optimizer="adam", dtype="float64")
    net.learning_rate = 0.1
    net.fit(x, y, epochs=200, sample_weight=np.arange(1.0, 31.0), augment=Mixup(1.0))
    np.testing.assert_allclose(net.parameters["0.weight"].ravel(), [1.0, 2.0], atol=1e-2)  # a line stays a line


def test_shares_are_those_of_the_beta_distribution():
    rng = np.random.default_rng(0)
    shares = np.asarray([Mixup(0.5).draw(rng) for _ in range(20000)])
    assert shares.mean() == pytest.approx(0.5, abs=0.01)
    assert shares.var() == pytest.approx(1 / (4 * (2 * 0.5 + 1)), rel=0.02)


@pytest.mark.parametrize(
    ("augment", "kind", "message"),
    [
        (lambda: Mixup(0), ArgumentError, "alpha must be a finite number above 0, got 0."),
        (lambda: "mixup", ArgumentTypeError, "augment must be a xpnn.data.Mixup, got 'mixup'."),
        (lambda: Mixup, ArgumentTypeError, "augment must be a xpnn.data.Mixup, got <class 'xpnn.data.mixup.Mixup'>."),
    ],
)
def test_wrong_arguments_are_refused_by_their_message(augment, kind, message):
    with pytest.raises(kind, match=f"^{re.escape(message)}$"):
        Network([Dense(3)]).fit(X, Y, augment=augment())


def test_losses_that_want_sides_refuse_mixed_targets():
    for loss, y in (("hinge", Y), ("hinge", np.eye(3)[Y])):
        net = Network([Dense(3)], loss=loss)
        with pytest.raises(ArgumentError, match=r"y must hold -1 and 1, or 0 and 1, got 0\.[27]5"):
            net.fit(X, y, augment=Mixup())
        assert not net.built


def test_several_inputs_are_not_mixed():
    net = Network(Graph(("a", "b"), {"sum": (Add(), ("a", "b")), "out": (Dense(3), "sum")}, "out"))
    message = "augment must be left out for several inputs or outputs, got Mixup()."
    with pytest.raises(ArgumentError, match=f"^{re.escape(message)}$"):
        net.fit((X, X), Y, augment=Mixup())
    assert not net.built
