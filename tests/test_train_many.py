"""`train_many`: every member is what training it alone gives, and each wrong argument is refused by its message."""

import re
from dataclasses import dataclass, fields, replace

import numpy as np
import pytest
from conftest import TESTED, without_jax

import xpnn
from xpnn import Network, data, train_many
from xpnn.errors import ArgumentError, ArgumentTypeError, ShapeError
from xpnn.layers import BatchNorm, Dense, Dropout, LayerNorm, Residual, Standardize
from xpnn.optimizers import (
    ASGD,
    SAM,
    SGD,
    Adadelta,
    Adafactor,
    Adagrad,
    Adam,
    Adamax,
    AdamW,
    Ftrl,
    Lamb,
    Lion,
    Lookahead,
    Muon,
    Nadam,
    Optimizer,
    RAdam,
    RMSprop,
    Rprop,
    ScheduleFreeAdamW,
    ScheduleFreeSGD,
)

X, Y = data.spiral(12, arms=3, seed=0)  # 36 samples: with batches of 10 the last has 6
DEEP = [
    Dense(6, activation="relu"),
    BatchNorm(),
    Residual([Dense(6, activation="gelu"), Dropout(0.3)]),
    LayerNorm(),
    Dense(3),
]
SMALL = [Dense(5, activation="tanh"), Dense(3)]
OPTIMIZERS = {
    "SGD": SGD(0.1, weight_decay=0.01),
    "SGD-momentum": SGD(0.1, momentum=0.9, clip_norm=0.2),
    "SGD-nesterov": SGD(0.1, momentum=0.9, nesterov=True, clip_value=0.01),
    "RMSprop": RMSprop(0.01),
    "RMSprop-centered": RMSprop(0.01, centered=True, momentum=0.5, weight_decay=0.01),
    "Adagrad": Adagrad(0.1, initial_accumulator_value=0.1),
    "Adadelta": Adadelta(weight_decay=0.1),
    "Adam": Adam(0.01, clip_norm=0.2),
    "AdamW": AdamW(0.01, weight_decay=0.1),
}
MORE = {
    "Adafactor": Adafactor(0.1, weight_decay=0.1),
    "Adamax": Adamax(0.01, clip_norm=0.2),
    "Ftrl": Ftrl(0.1, l1=0.001),
    "Lamb": Lamb(0.01, weight_decay=0.1),
    "Lion": Lion(0.001, weight_decay=0.1),
    "Lookahead": Lookahead(Adam(0.01), k=3),
    "Muon": Muon(0.02, exclude=("1",)),
    "Nadam": Nadam(0.01),
    "RAdam": RAdam(0.01, beta2=0.8),
    "Rprop": Rprop(0.001, max_step=0.1),
    "SAM": SAM(SGD(0.1, momentum=0.9)),
    "ScheduleFreeAdamW": ScheduleFreeAdamW(0.01, warmup_steps=5),
    "ASGD": ASGD(0.1, lambd=0.1, t0=1.0, weight_decay=0.1),
    "ScheduleFreeSGD": ScheduleFreeSGD(0.5, weight_decay=0.1),
}
VARIED = [
    (SGD(0.1, momentum=0.5), {"momentum": [0.5, 0.9], "weight_decay": [0.0, 0.1]}),
    (RMSprop(0.01), {"rho": [0.9, 0.99], "eps": [1e-8, 1e-3]}),
    (Adagrad(0.1), {"initial_accumulator_value": [0.0, 0.5], "eps": [1e-10, 1e-3]}),
    (Adadelta(), {"rho": [0.8, 0.9], "eps": [1e-6, 1e-4]}),
    (Adam(0.01), {"beta1": [0.8, 0.9], "beta2": [0.9, 0.999]}),
    (AdamW(0.01), {"weight_decay": [0.0, 0.1], "learning_rate": [0.01, 0.02]}),
    (Adam(0.01, amsgrad=True), {"eps": [1e-8, 1e-3], "weight_decay": [0.0, 0.1]}),
    (SGD(0.1, clip_norm=0.1, clip_value=0.1), {"clip_norm": [0.05, 0.5], "clip_value": [0.01, 0.1]}),
]
MORE_VARIED = [
    (Adafactor(0.1, eps1=1e-8), {"decay_power": [0.7, 0.8], "clip_threshold": [0.5, 1.0]}),
    (Adafactor(0.1, eps1=1e-8), {"eps1": [1e-8, 1e-2], "eps2": [1e-3, 1.0]}),
    (Adamax(0.01), {"beta1": [0.8, 0.9], "eps": [1e-8, 1e-3]}),
    (Ftrl(0.1, beta=0.1), {"l1": [0.0, 0.01], "initial_accumulator_value": [0.1, 0.5]}),
    (Ftrl(0.1), {"beta": [0.0, 0.1], "l2": [0.0, 0.1]}),
    (Lamb(0.01), {"beta2": [0.9, 0.999], "weight_decay": [0.0, 0.1]}),
    (Lion(0.001), {"beta1": [0.8, 0.9], "beta2": [0.9, 0.99]}),
    (Lookahead(Adam(0.01), k=3), {"alpha": [0.5, 0.8], "beta1": [0.8, 0.9]}),
    (Muon(0.02), {"momentum": [0.9, 0.95], "adamw_ratio": [0.01, 0.1]}),
    (Muon(0.02, exclude=("1",)), {"beta2": [0.9, 0.95], "weight_decay": [0.0, 0.1]}),
    (Nadam(0.01), {"momentum_decay": [0.004, 0.1], "beta2": [0.9, 0.999]}),
    (RAdam(0.01), {"beta2": [0.5, 0.9], "eps": [1e-8, 1e-3]}),
    (Rprop(0.001), {"eta_minus": [0.4, 0.5], "eta_plus": [1.2, 1.5]}),
    (Rprop(0.001), {"min_step": [1e-6, 1e-3], "max_step": [0.001, 50.0]}),
    (SAM(SGD(0.1, momentum=0.5)), {"rho": [0.05, 0.5], "momentum": [0.5, 0.9]}),
    (ScheduleFreeAdamW(0.01), {"beta2": [0.9, 0.999], "weight_decay": [0.0, 0.1]}),
    (ASGD(0.1, t0=2.0), {"lambd": [0.0, 0.2], "learning_rate": [0.1, 0.5]}),
    (ScheduleFreeSGD(0.5), {"beta1": [0.8, 0.9], "learning_rate": [0.1, 0.5]}),
]
"""Optimizers and fields for which one backend says as much as all do."""

FIT = {"batch_size": 10, "epochs": 3}


def make(backend="numpy", layers=DEEP, dtype="float64", **arguments):
    arguments = {"metrics": ["accuracy"], "optimizer": "adam"} | arguments
    return Network(layers, backend=backend, dtype=dtype, **arguments)


def agree(member, alone, tolerance=1e-10):
    """A member and a network trained alone have the same parameters, state, optimizer, streams, and history."""
    assert member.measured == alone.measured
    assert list(member.history) == list(alone.history)
    assert member.history.epoch == alone.history.epoch
    for name in alone.history:
        np.testing.assert_allclose(member.history[name], alone.history[name], rtol=0, atol=tolerance)
    mine, other = member._taken(), alone._taken()
    assert (mine.step, mine.learning_rate, mine.streams) == (other.step, other.learning_rate, other.streams)
    for kind in ("parameters", "state", "vectors"):
        parts = getattr(other, kind)
        assert getattr(mine, kind).keys() == parts.keys()
        for name, values in parts.items():
            np.testing.assert_allclose(getattr(mine, kind)[name], values, rtol=0, atol=tolerance, err_msg=name)


def compare(net, alone, grid=None, seeds=None, x=X, y=Y, **options):
    """Train together and one by one; `alone` makes a network from the settings of a member."""
    options = FIT | options
    before = net.parameters if net.built else None
    many = train_many(net, x, y, seeds=seeds, grid=grid, **options)
    for member, settings in zip(many.networks, many.settings, strict=True):
        one = alone(**settings)
        one.fit(x, y, verbose=0, **options)
        agree(member, one)
    assert net.built == (before is not None)
    assert not net.history
    return many


def test_seeds_are_what_training_one_by_one_gives(backend):
    options = {"backend": backend, "optimizer": Adam(0.01, clip_norm=0.5), "l1": 0.001, "l2": 0.01}
    many = compare(
        make(**options),
        lambda seed: make(seed=seed, **options),
        seeds=range(2),
        validation_data=(X[:7], Y[:7]),
        sample_weight=np.linspace(0.0, 2.0, len(X)),
    )
    flats = [network.flat_parameters for network in many.networks]
    assert np.abs(flats[0] - flats[1]).max() > 0.1


@pytest.mark.parametrize(("word", "mode"), [("numpy", False), ("numpy", "replay"), ("numpy", "fast"), ("jax", "jit")])
def test_members_are_the_same_however_they_are_compiled(word, mode):
    pytest.importorskip("numba" if mode == "fast" else word)
    options = {"backend": word, "compile": mode, "layers": [*SMALL[:1], Dropout(0.2), *SMALL[1:]], "l2": 0.01}
    compare(
        make(**options),
        lambda learning_rate, seed: make(seed=seed, **(options | {"optimizer": Adam(learning_rate)})),
        grid={"learning_rate": [0.01, 0.02]},
        seeds=[3],
        validation_data=(X[:7], Y[:7], np.arange(7.0)),
    )


@pytest.mark.parametrize("name", OPTIMIZERS)
@without_jax
def test_every_optimizer_updates_members_as_it_does_one(backend, name):
    options = {"backend": backend, "layers": SMALL, "optimizer": OPTIMIZERS[name]}
    compare(make(**options), lambda seed: make(seed=seed, **options), seeds=[0, 1])


@pytest.mark.parametrize("word", ["numpy", "strict"])
@pytest.mark.parametrize("name", MORE)
def test_the_other_optimizers_do_too(word, name):
    options = {"backend": TESTED[word], "layers": SMALL, "optimizer": MORE[name]}
    compare(make(**options), lambda seed: make(seed=seed, **options), seeds=[0, 1])


def test_every_optimizer_has_a_row():
    known = {n for n in xpnn.optimizers.__all__ if n[0].isupper() and n not in ("LBFGS", "Optimizer")}
    assert {name.partition("-")[0] for name in (*OPTIMIZERS, *MORE)} == known
    assert {type(optimizer).__name__ for optimizer, _ in (*VARIED, *MORE_VARIED)} == known


def _ids(rows):
    return [type(optimizer).__name__ + "-" + "-".join(varied) for optimizer, varied in rows]


def _replaced(optimizer, values):
    """Replace fields of an optimizer, or of the one inside it."""
    own = {name: value for name, value in values.items() if name in {field.name for field in fields(optimizer)}}
    if len(own) < len(values):
        own["inner"] = replace(optimizer.inner, **{name: values[name] for name in values if name not in own})
    return replace(optimizer, **own)


def _compare_fields(backend, optimizer, varied):
    def alone(**settings):
        own = {name.removeprefix("optimizer."): value for name, value in settings.items()}
        return make(backend, SMALL, optimizer=_replaced(optimizer, own))

    grid = {f"optimizer.{name}": values for name, values in varied.items()}
    assert len(compare(make(backend, SMALL, optimizer=optimizer), alone, grid=grid, epochs=1, batch_size=9)) == 4


@pytest.mark.parametrize(("optimizer", "varied"), VARIED, ids=_ids(VARIED))
@without_jax
def test_numbers_of_an_optimizer_differ_from_member_to_member(backend, optimizer, varied):
    _compare_fields(backend, optimizer, varied)


@pytest.mark.parametrize("word", ["numpy", "strict"])
@pytest.mark.parametrize(("optimizer", "varied"), MORE_VARIED, ids=_ids(MORE_VARIED))
def test_numbers_of_the_other_optimizers_do_too(word, optimizer, varied):
    _compare_fields(TESTED[word], optimizer, varied)


@without_jax
def test_penalties_differ_from_member_to_member(backend):
    many = compare(
        make(backend, SMALL),
        lambda **settings: make(backend, SMALL, **settings),
        grid={"l1": [0.0, 0.01], "l2": [0.0, 0.1]},
        validation_data=(X[:7], Y[:7]),
    )
    assert [(network.l1, network.l2) for network in many.networks] == [(0.0, 0.0), (0.0, 0.1), (0.01, 0.0), (0.01, 0.1)]


@without_jax
def test_optimizers_of_different_structure_are_trained_too(backend):
    grid = {"optimizer": ["adam", SGD(0.1), SGD(0.1, momentum=0.9), SGD(0.2), AdamW(0.01, clip_norm=1.0)]}
    many = compare(make(backend, SMALL), lambda optimizer: make(backend, SMALL, optimizer=optimizer), grid=grid)
    assert [type(network.optimizer).__name__ for network in many.networks] == ["Adam", "SGD", "SGD", "SGD", "AdamW"]


def test_a_learning_rate_that_was_set_is_that_of_the_members():
    net = make(layers=SMALL)
    net.learning_rate = 0.05

    def alone(seed):
        one = make(layers=SMALL, seed=seed)
        one.learning_rate = 0.05
        return one

    compare(net, alone, seeds=[0, 1])


@pytest.mark.parametrize(
    "options", [{"batch_size": None}, {"shuffle": False}, {"batch_size": 100}, {"epochs": 0}], ids=str
)
@without_jax
def test_batches_are_those_of_fit(backend, options):
    compare(make(backend, SMALL), lambda seed: make(backend, SMALL, seed=seed), seeds=[0, 1], **options)


@without_jax
def test_regression_and_images(backend):
    x, y = np.random.default_rng(0).standard_normal((12, 3, 2)), np.random.default_rng(1).standard_normal((12, 3, 1))
    options = {"layers": [Dense(4, activation="silu"), Dense(1)], "loss": "huber", "metrics": ["mae", "r2"]}
    compare(make(backend, **options), lambda seed: make(backend, seed=seed, **options), seeds=[0, 1], x=x, y=y)


@without_jax
def test_one_member_is_enough(backend):
    compare(make(backend, SMALL), lambda seed: make(backend, SMALL, seed=seed), seeds=[5], validation_data=(X, Y))


@pytest.mark.parametrize("sizes", [(36, 2, [0, 1]), (35, 3, [0])], ids=["even", "uneven"])
@without_jax
def test_folds_learn_from_all_other_parts(backend, sizes):
    n, k, seeds = sizes
    x, y, weight = X[:n], Y[:n], np.linspace(0.5, 1.5, n)
    many = train_many(make(backend, SMALL), x, y, folds=k, seeds=seeds, sample_weight=weight, **FIT)
    assert [s["fold"] for s in many.settings] == [*range(k)] * len(seeds)
    np.testing.assert_array_equal(np.sort(np.concatenate([rows for _, rows in many.folds[:k]])), np.arange(n))
    for member, settings, (learnt, measured) in zip(many.networks, many.settings, many.folds, strict=True):
        assert not set(learnt) & set(measured)
        one = make(backend, SMALL, seed=settings["seed"])
        held_out = (x[measured], y[measured], weight[measured])
        one.fit(x[learnt], y[learnt], sample_weight=weight[learnt], validation_data=held_out, verbose=0, **FIT)
        agree(member, one)


def test_folds_are_dealt_by_the_seed_of_the_network():
    first, same, other = (train_many(make(layers=SMALL, seed=s), X, Y, folds=3, **FIT) for s in (0, 0, 1))
    dealt = [[rows.tolist() for _, rows in many.folds] for many in (first, same, other)]
    assert dealt[0] == dealt[1] != dealt[2]


@without_jax
def test_full_batches_of_folds(backend):
    many = train_many(make(backend, SMALL), X, Y, folds=2, batch_size=None, epochs=2)
    for member, (learnt, measured) in zip(many.networks, many.folds, strict=True):
        one = make(backend, SMALL)
        one.fit(X[learnt], Y[learnt], validation_data=(X[measured], Y[measured]), batch_size=None, epochs=2, verbose=0)
        agree(member, one)


@without_jax
def test_members_go_on_alone_and_are_kept(backend, tmp_path):
    many = train_many(make(backend), X, Y, seeds=[0, 1], **FIT)
    member, one = many.networks[1], make(backend, seed=1)
    one.fit(X, Y, verbose=0, **FIT)
    for network in (member, one):
        network.fit(X, Y, verbose=0, **FIT)
    agree(member, one)
    member.save(tmp_path / "member.safetensors")
    again = Network.load(tmp_path / "member.safetensors", backend=backend)
    np.testing.assert_array_equal(again.predict(X), member.predict(X))
    again.fit(X, Y, verbose=0, **FIT)
    member.fit(X, Y, verbose=0, **FIT)
    np.testing.assert_allclose(again.flat_parameters, member.flat_parameters, atol=1e-12)


@without_jax
def test_members_do_not_share_memory(backend):
    first, second = train_many(make(backend), X, Y, seeds=[0, 1], **FIT).networks
    kept = second.flat_parameters, second._taken()
    first.fit(X, Y, verbose=0, **FIT)
    np.testing.assert_array_equal(second.flat_parameters, kept[0])
    for name, vector in kept[1].vectors.items():
        np.testing.assert_array_equal(second._taken().vectors[name], vector)


@without_jax
def test_the_network_stays_as_it_was(backend):
    net = make(backend, seed=7).build(2)
    before = net._taken()
    train_many(net, X, Y, seeds=[0, 1], **FIT)
    after = net._taken()
    assert (after.step, after.streams) == (0, before.streams)
    for name, values in before.parameters.items():
        np.testing.assert_array_equal(after.parameters[name], values)


@without_jax
def test_state_that_was_set_is_that_of_the_members(backend):
    def standardized(seed=0):
        net = make(backend, [Standardize(), *SMALL], seed=seed).build(2)
        net.set_state({"0.mean": [1.0, 2.0], "0.scale": [3.0, 4.0]})
        return net

    many = train_many(standardized(), X, Y, seeds=[0, 1], **FIT)
    for seed, member in enumerate(many.networks):
        one = standardized(seed)
        one.fit(X, Y, verbose=0, **FIT)
        agree(member, one)


def test_notes_travel_with_every_member():
    net = make(layers=SMALL)
    net.notes["classes"] = ["a", "b", "c"]
    for member in train_many(net, X, Y, seeds=[0, 1], **FIT).networks:
        assert member.notes == net.notes
        assert member.notes is not net.notes


@without_jax
def test_float32_stays_float32(backend):
    many = train_many(make(backend, SMALL, dtype="float32"), X, Y, seeds=[0], grid={"l2": [0.0, 0.1]}, **FIT)
    for member, settings in zip(many.networks, many.settings, strict=True):
        one = make(backend, SMALL, dtype="float32", seed=settings["seed"], l2=settings["l2"])
        one.fit(X, Y, verbose=0, **FIT)
        assert member.flat_parameters.dtype == np.float32
        np.testing.assert_allclose(member.flat_parameters, one.flat_parameters, atol=2e-4)


@without_jax
def test_a_member_that_diverges_harms_no_other(backend):
    grid = {"learning_rate": [1e200, 0.01]}
    with np.errstate(all="ignore"):
        many = train_many(
            make(backend, SMALL, optimizer=SGD(0.01), loss="mse"), X, X @ np.ones((2, 3)), grid=grid, **FIT
        )
    assert not np.isfinite(many.networks[0].flat_parameters).all()
    assert np.isfinite(many.networks[1].flat_parameters).all()
    assert np.isnan(many.last("loss")[0])
    assert many.best("loss") is many.networks[1]


def test_the_comparison_can_fail():
    first, second = train_many(make(), X, Y, seeds=[0, 1], **FIT).networks
    with pytest.raises(AssertionError):
        agree(first, second)


# -------------------------------------------------------------------------------------------------------- the result


def test_the_best_is_the_least_loss_and_the_greatest_accuracy():
    options = FIT | {"validation_data": (X[:9], Y[:9])}
    many = train_many(make(layers=SMALL), X, Y, seeds=range(4), grid={"learning_rate": [0.01, 0.1]}, **options)
    assert len(many) == len(many.histories) == len(many.networks) == 8
    assert list(many.settings[1]) == ["learning_rate", "seed"]
    losses, accuracies = many.last("val_loss"), many.last("accuracy")
    assert losses == [history["val_loss"][-1] for history in many.histories]
    assert many.best() is many.best("val_loss") is many.networks[int(np.argmin(losses))]
    assert many.best("accuracy") is many.networks[int(np.argmax(accuracies))]


def test_the_summary_is_a_table():
    many = train_many(make(layers=SMALL), X, Y, grid={"learning_rate": [0.01, 0.1], "seed": [0, 1]}, **FIT)
    lines = many.summary().splitlines()
    assert lines[0].split() == ["member", "learning_rate", "seed", "loss", "accuracy"]
    assert [line.split()[:3] for line in lines[2:6]] == [
        ["0", "0.01", "0"], ["1", "0.01", "1"], ["2", "0.1", "0"], ["3", "0.1", "1"],
    ]  # fmt: skip
    assert lines[6].split() == ["mean", *(f"{np.mean(many.last(name)):.4g}" for name in ("loss", "accuracy"))]
    assert lines[7].split() == ["std", *(f"{np.std(many.last(name)):.4g}" for name in ("loss", "accuracy"))]
    ordered = many.summary("loss").splitlines()[2:6]
    assert [int(line.split()[0]) for line in ordered] == np.argsort(many.last("loss")).tolist()
    assert repr(many) == f"<4 networks trained together>\n{many.summary()}"


def test_nothing_is_measured_in_no_epochs():
    many = train_many(make(layers=SMALL), X, Y, seeds=[0], epochs=0)
    assert many.summary().splitlines()[0].split() == ["member", "seed"]
    with pytest.raises(ArgumentError, match=r"^metric must have been measured, got 'loss' after 0 epochs\.$"):
        many.best("loss")


# -------------------------------------------------------------------------------------------------------- refusals


@dataclass(frozen=True)
class Threshold(Optimizer):
    """An optimizer that decides by a number: what cannot be done for many members at once."""

    learning_rate: float = 0.1
    cut: float = 0.0

    def apply(self, xp, p, g, vectors, scalars, decay):
        return (p - scalars["learning_rate"] * g if self.cut > 0.5 else p), {}


def trained():
    net = make()
    net.fit(X, Y, verbose=0, **FIT)
    return net


REFUSALS = [
    ({}, ArgumentError, "seeds, grid or folds must be given, got none of them."),
    ({"net": "net", "seeds": [0]}, ArgumentTypeError, "net must be an xpnn.Network, got str."),
    ({"seeds": 3}, ArgumentTypeError, "seeds must be a sequence of values, got 3."),
    ({"seeds": []}, ArgumentError, "seeds must hold at least one value, got none."),
    ({"seeds": [0, -1]}, ArgumentError, "seed must be an integer of at least 0, got -1."),
    ({"seeds": [0], "grid": {"seed": [1]}}, ArgumentError, "seeds must be left out where grid has 'seed', got both."),
    ({"grid": [1]}, ArgumentTypeError, "grid must be a mapping from names to values, got [1]."),
    ({"grid": {}}, ArgumentError, "grid must hold at least one name, got none."),
    ({"grid": {"l2": 0.1}}, ArgumentTypeError, "grid['l2'] must be a sequence of values, got 0.1."),
    ({"grid": {"optimizer": "adam"}}, ArgumentTypeError, "grid['optimizer'] must be a sequence of values, got 'adam'."),
    ({"grid": {"l2": []}}, ArgumentError, "grid['l2'] must hold at least one value, got none."),
    ({"grid": {"l2": [-1]}}, ArgumentError, "l2 must be a finite number of at least 0, got -1."),
    ({"grid": {"optimizer.beta1": [2.0]}}, ArgumentError, "beta1 must be a number in [0, 1), got 2.0."),
    (
        {"grid": {"learning_rates": [0.1]}},
        ArgumentError,
        "names in grid must be one of l1, l2, learning_rate, optimizer, optimizer.<field>, seed, got 'learning_rates'. "
        "Did you mean 'learning_rate'?",
    ),
    (
        {"grid": {"optimizer.beta": [0.1]}},
        ArgumentError,
        "fields of Adam in grid must be one of amsgrad, beta1, beta2, clip_norm, clip_value, eps, learning_rate, "
        "weight_decay, got 'beta'. Did you mean 'beta2'?",
    ),
    *(
        (
            {"grid": {name: [1, 2]}},
            ArgumentError,
            f"grid must leave the layers and what they compute equal for all members, got {name!r}.",
        )
        for name in ("layers", "0.units", "loss", "dtype")
    ),
    (
        {"grid": {"learning_rate": [0.1], "optimizer.learning_rate": [0.2]}},
        ArgumentError,
        "grid must name the learning rate once, got 'learning_rate' and 'optimizer.learning_rate'.",
    ),
    ({"folds": 1}, ArgumentError, "folds must be an integer of at least 2, got 1."),
    ({"folds": 37}, ArgumentError, "folds must be at most the number of samples, 36, got 37."),
    (
        {"folds": 3, "sample_weight": np.arange(36) == 0},
        ArgumentError,
        "sample_weight must hold a number above 0 in each of the 3 folds, got zeros alone in fold 0.",
    ),
    (
        {"folds": 2, "validation_data": (X, Y)},
        ArgumentError,
        "validation_data must be left out where folds are given, got both.",
    ),
    ({"seeds": [0], "batch_size": 0}, ArgumentError, "batch_size must be an integer of at least 1, got 0."),
    ({"seeds": [0], "epochs": -1}, ArgumentError, "epochs must be an integer of at least 0, got -1."),
    ({"seeds": [0], "shuffle": 1}, ArgumentError, "shuffle must be True or False, got 1."),
    ({"seeds": [0], "y": Y[:5]}, ShapeError, "y must have 36 rows like x, got shape (5,)."),
    ({"seeds": [0], "y": Y + 1}, ArgumentError, "y must hold labels from 0 to 2, got 3."),
    (
        {"seeds": [0], "validation_data": X},
        ArgumentTypeError,
        "validation_data must be (x, y) or (x, y, sample_weight), got ndarray.",
    ),
    (
        {"seeds": [0], "validation_data": (X, Y + 1)},
        ArgumentError,
        "validation_data: y must hold labels from 0 to 2, got 3.",
    ),
    (
        {"net": trained, "seeds": [0]},
        ArgumentError,
        "net must not be trained before where its layers have state, got 12 steps.",
    ),
    (
        {"net": lambda: make(optimizer=Threshold(), compile=False), "grid": {"optimizer.cut": [0.1, 0.9]}},
        ArgumentTypeError,
        "a batched array must not be read as one number, got one for each member.",
    ),
]


@pytest.mark.parametrize(("options", "error", "message"), REFUSALS, ids=[message[:60] for _, _, message in REFUSALS])
def test_what_cannot_be_trained_is_refused(options, error, message):
    options = dict(options)
    net, y = options.pop("net", make), options.pop("y", Y)
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        train_many(net() if callable(net) else net, X, y, **options)
