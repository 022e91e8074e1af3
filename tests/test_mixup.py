"""Mixup: values by hand, training as by a loop, resuming, and what is refused."""

import re

import numpy as np
import pytest
from conftest import TESTED

from xpnn import Network, data, train_many
from xpnn.data import ArrayStream, Mixup
from xpnn.errors import ArgumentError, ArgumentTypeError
from xpnn.layers import Add, Dense, Embedding, Flatten, Graph
from xpnn.losses import TripletSemiHard
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


def test_several_arrays_are_mixed_by_one_share(backend):
    xp = backend.xp
    a, b = (backend.asarray(np.asarray(v), xp.float64) for v in ([[0.0], [4.0]], [[8.0, 0.0], [0.0, 8.0]]))
    labels, weights = backend.asarray(np.asarray([1, 0])), backend.asarray(np.asarray([1.0, 3.0]), xp.float64)
    x, y, weight = Mixup().mix(xp, (a, b), (labels, a), (weights, weights + 1.0), 0.75, ((2,), (1,)))
    wanted = [[[1.0], [3.0]], [[6.0, 2.0], [2.0, 6.0]], [[0.25, 0.75], [0.75, 0.25]], [[1.0], [3.0]]]
    for given, by_hand in zip((*x, *y, *weight), (*wanted, [1.5, 2.5], [2.5, 3.5]), strict=True):
        assert np.array_equal(backend.to_numpy(given), by_hand)


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


@pytest.mark.parametrize("units", [1, 3])
@pytest.mark.parametrize("labels", [Y + 1, Y + 1.0, 4 * Y, np.zeros_like(Y)])
def test_labels_of_groups_are_not_mixed(units, labels):
    net = Network([Dense(units)], loss=TripletSemiHard(2.0))
    message = "augment must be left out with TripletSemiHard(margin=2.0), whose labels cannot be mixed, got Mixup()."
    with pytest.raises(ArgumentError, match=f"^{re.escape(message)}$"):
        net.fit(X, labels, augment=Mixup())
    with pytest.raises(ArgumentError, match=f"^{re.escape(message)}$"):
        train_many(net, X, labels, seeds=[0], augment=Mixup())
    nodes = {"a": (Dense(units), "x"), "b": (Dense(3), "x")}
    several = Network([Graph("x", nodes, ("a", "b"))], loss=(TripletSemiHard(2.0), "cross_entropy"))
    with pytest.raises(ArgumentError, match=f"^{re.escape(message)}$"):
        several.fit(X, (labels, Y), augment=Mixup())


RNG = np.random.default_rng(3)
N = 30
INPUTS = {
    "image": RNG.standard_normal((N, 4)),
    "word": RNG.integers(5, size=(N, 1)),
    "table": RNG.standard_normal((N, 2)),
}
TARGETS = {"age": RNG.standard_normal((N, 1)), "kind": RNG.integers(3, size=N)}
WEIGHTS = {"age": RNG.uniform(0.5, 1.5, N), "kind": np.ones(N)}
WAYS = [(word, False) for word in TESTED if word not in ("jax", "strict:device1")] + [("numpy", "replay")]


def _several(backend="numpy", way=False):
    nodes = {
        "a": (Dense(4, activation="tanh"), "image"),
        "b": ([Embedding(5, 4), Flatten()], "word"),
        "c": (Dense(4), "table"),
        "sum": (Add(), ("a", "b", "c")),
        "age": (Dense(1), "sum"),
        "kind": (Dense(3), "sum"),
    }
    graph = Graph(("image", "word", "table"), nodes, ("age", "kind"))
    loss = {"age": "mean_squared_error", "kind": "cross_entropy"}
    return Network([graph], loss=loss, dtype="float64", backend=backend, compile=way)


@pytest.mark.parametrize(("word", "way"), WAYS)
def test_named_inputs_and_all_targets_are_mixed_by_one_share(word, way):
    mixed = ("image", "table")
    net, other = _several(TESTED[word], way), _several()
    augment = dict.fromkeys(mixed, Mixup(0.4))
    net.fit(INPUTS, TARGETS, epochs=2, batch_size=10, augment=augment, sample_weight=WEIGHTS)
    streams, y = Streams(0), {"age": TARGETS["age"], "kind": np.eye(3)[TARGETS["kind"]]}
    other.build({"image": 4, "word": 1, "table": 2})
    for _ in range(2):
        order = streams["shuffle"].permutation(N)
        for rows in np.split(order, 3):
            share = streams["mixup"].beta(0.4, 0.4)
            parts = [{name: a[rows] for name, a in several.items()} for several in (INPUTS, y, WEIGHTS)]
            x, targets, weights = (
                {name: share * a + (1 - share) * a[::-1] if name != "word" else a for name, a in several.items()}
                for several in parts
            )
            other.train_on_batch(x, targets, sample_weight=weights)
    np.testing.assert_allclose(net.flat_parameters, other.flat_parameters, rtol=1e-11)


def test_one_mixing_is_that_of_all_inputs():
    net, other = (
        Network([Graph(("a", "b"), {"sum": (Add(), ("a", "b")), "out": (Dense(3), "sum")}, "out")]) for _ in range(2)
    )
    net.fit((X, X), Y, epochs=2, augment=Mixup())
    other.fit({"a": X, "b": X}, Y, epochs=2, augment={"a": Mixup(), "b": Mixup()})
    assert np.array_equal(net.flat_parameters, other.flat_parameters)
    single = Network([Graph("x", {"out": (Dense(3), "x")}, "out")])
    single.fit(X, Y, augment={"x": Mixup()})
    plain = Network([Graph("x", {"out": (Dense(3), "x")}, "out")])
    plain.fit(X, Y, augment=Mixup())
    assert np.array_equal(single.flat_parameters, plain.flat_parameters)


def test_streams_of_several_inputs_are_mixed_too():
    nets, augment = [_several(), _several()], {"image": Mixup()}
    nets[0].fit(INPUTS, TARGETS, augment=augment, batch_size=8)
    nets[1].fit(ArrayStream(INPUTS, TARGETS), augment=augment, batch_size=8)
    assert np.array_equal(*(net.flat_parameters for net in nets))


@pytest.mark.parametrize("word", [word for word in TESTED if word not in ("jax", "strict:device1")])
@pytest.mark.parametrize("folds", [None, 3])
def test_members_trained_at_once_are_mixed_as_if_alone(word, folds):
    net = Network([Dense(4, "tanh"), Dense(3)], dtype="float64", backend=TESTED[word], metrics=["accuracy"])
    options = {"batch_size": 8, "epochs": 2, "augment": Mixup(0.4)}
    weight = np.arange(1.0, 37.0)
    many = train_many(net, X, Y, seeds=[3, 4], folds=folds, sample_weight=weight, **options)
    folds = many.folds if folds else [None] * 2
    for member, setting, fold in zip(many.networks, many.settings, folds, strict=True):
        rows = slice(None) if fold is None else fold[0]
        alone = Network([Dense(4, "tanh"), Dense(3)], dtype="float64", metrics=["accuracy"], seed=setting["seed"])
        history = alone.fit(X[rows], Y[rows], sample_weight=weight[rows], **options)
        np.testing.assert_allclose(member.flat_parameters, alone.flat_parameters, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(member.history["loss"], history["loss"], rtol=1e-9)


REFUSALS = [
    (
        Mixup(),
        "augment must leave alone the indices of 'word' in x, got Mixup(): give a mapping from the names of the inputs "
        "to be mixed.",
    ),
    (
        {"word": Mixup()},
        "augment must leave alone the indices of 'word' in x, got {'word': Mixup()}: give a mapping from the names of "
        "the inputs to be mixed.",
    ),
    ({"imag": Mixup()}, "names in augment must be one of image, table, word, got 'imag'. Did you mean 'image'?"),
    (
        {"image": Mixup(0.2), "table": Mixup(0.3)},
        "augment must be one for all inputs, since targets are mixed but once, got {'image': Mixup(), 'table': "
        "Mixup(alpha=0.3)}.",
    ),
    ({"image": "mixup"}, "augment must be a xpnn.data.Mixup, got 'mixup'."),
    ({}, "augment must be a mapping only from names of inputs, got {}."),
]


@pytest.mark.parametrize(("augment", "message"), REFUSALS)
def test_what_cannot_be_mixed_is_refused(augment, message):
    net = _several()
    with pytest.raises((ArgumentError, ArgumentTypeError), match=f"^{re.escape(message)}$"):
        net.fit(INPUTS, TARGETS, augment=augment)
    assert not net.built


def test_indices_of_the_only_input_are_refused_and_so_is_a_mapping_without_names():
    net = Network([Embedding(5, 4), Flatten(), Dense(3)])
    with pytest.raises(ArgumentError, match=r"^augment must leave alone the indices in x, got Mixup\(\)\.$"):
        net.fit(INPUTS["word"], TARGETS["kind"], augment=Mixup())
    message = "augment must be a mapping only from names of inputs, got {'x': Mixup()}."
    with pytest.raises(ArgumentTypeError, match=f"^{re.escape(message)}$"):
        Network([Dense(3)]).fit(X, Y, augment={"x": Mixup()})
    with pytest.raises(ArgumentTypeError, match=r"^augment must be a xpnn\.data\.Mixup, got 'mixup'\.$"):
        train_many(Network([Dense(3)]), X, Y, seeds=[0], augment="mixup")
