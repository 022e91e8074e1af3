"""Regularizers and constraints of single parameters: part of the loss, kept by every step, saved, shared, refused."""

import re
from dataclasses import fields

import numpy as np
import pytest
from conftest import without_jax

import xpnn
from xpnn import Network, data
from xpnn.constraints import MaxNorm, NonNegative, UnitNorm, get_constraint
from xpnn.errors import ArgumentError, ArgumentTypeError, ShapeError
from xpnn.layers import (
    GRU,
    LSTM,
    Conv1D,
    Conv1DTranspose,
    Conv2D,
    Conv2DTranspose,
    Dense,
    DepthwiseConv2D,
    Embedding,
    Flatten,
    MultiHeadAttention,
    Residual,
    SeparableConv2D,
    SimpleRNN,
)
from xpnn.optimizers import SGD
from xpnn.regularizers import L1, L1L2, L2, get_regularizer
from xpnn.training.layout import Layout
from xpnn.training.rules import find_rules, rewrite

X, Y = data.spiral(12, arms=3, seed=0)
W = np.asarray([[3.0, 0.0], [-4.0, 0.5]])


@pytest.mark.parametrize(
    ("rule", "value", "gradient"),
    [
        (L1(0.1), 0.75, [[0.1, 0.0], [-0.1, 0.1]]),
        (L2(0.1), 1.2625, [[0.3, 0.0], [-0.4, 0.05]]),
        (L1L2(0.1, 0.2), 3.275, [[0.7, 0.0], [-0.9, 0.2]]),
    ],
)
def test_regularizers_give_the_values_worked_out_by_hand(rule, value, gradient, backend):
    w = backend.asarray(W, backend.xp.float64)
    assert float(rule.value(backend.xp, w)) == pytest.approx(value, rel=1e-15)
    np.testing.assert_allclose(backend.to_numpy(rule.gradient(backend.xp, w)), gradient, rtol=1e-15)


@pytest.mark.parametrize(
    ("rule", "wanted"),
    [
        (MaxNorm(2.5), [[1.5, 0.0], [-2.0, 0.5]]),
        (MaxNorm(2.0, axis=1), [[2.0, 0.0], [-16 / 65**0.5, 2 / 65**0.5]]),
        (MaxNorm(10.0, axis=(0, 1)), W),
        (UnitNorm(), [[0.6, 0.0], [-0.8, 1.0]]),
        (UnitNorm(axis=-1), [[1.0, 0.0], [-8 / 65**0.5, 1 / 65**0.5]]),
        (NonNegative(), [[3.0, 0.0], [0.0, 0.5]]),
    ],
)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_constraints_give_the_values_worked_out_by_hand(rule, wanted, dtype, backend):
    xp = backend.xp
    given = rule.project(xp, backend.asarray(W, getattr(xp, dtype)))
    assert given.dtype == getattr(xp, dtype)
    np.testing.assert_allclose(backend.to_numpy(given), wanted, rtol=1e-15 if dtype == "float64" else 2e-7)


def test_constraints_leave_zeros_and_nan_alone():
    zeros, nan = np.zeros((3, 2)), np.full((3, 2), np.nan)
    for rule in (MaxNorm(), UnitNorm(), NonNegative()):
        assert np.array_equal(rule.project(np, zeros), zeros)
        assert np.all(np.isnan(rule.project(np, nan)))


def test_max_norm_is_that_of_pytorch():
    torch = pytest.importorskip("torch")
    w = np.random.default_rng(0).standard_normal((4, 5, 6))
    wanted = torch.renorm(torch.tensor(w), 2, 2, 3.0).numpy()  # PyTorch adds 1e-7 to the norms
    np.testing.assert_allclose(MaxNorm(3.0, axis=(0, 1)).project(np, w), wanted, rtol=1e-7)


def _network(backend="numpy", **options):
    layers = [
        Dense(6, "tanh", weight_regularizer=L1(0.01), bias_regularizer=L2(0.2)),
        Residual([Dense(6, weight_regularizer=L1L2(0.02, 0.03))]),
        Dense(3, weight_regularizer="l2"),
    ]
    options = {"dtype": "float64", "optimizer": SGD(0.1)} | options
    return Network(layers, backend=backend, **options)


def _penalty(parameters):
    value = 0.01 * np.abs(parameters["0.weight"]).sum() + 0.1 * (parameters["0.bias"] ** 2).sum()
    w = parameters["1.0.weight"]
    value += 0.02 * np.abs(w).sum() + 0.015 * (w**2).sum()
    return value + 0.005 * (parameters["2.weight"] ** 2).sum()


@without_jax
def test_costs_are_part_of_every_reported_loss(backend):
    net = _network(backend, compile=False, l2=0.01).build(2)
    plain = Network([Dense(6, "tanh"), Residual([Dense(6)]), Dense(3)], dtype="float64").build(2)
    plain.flat_parameters = net.flat_parameters
    weights = [p for p in net.parameters.values() if p.ndim == 2]
    wanted = plain.evaluate(X, Y)["loss"] + _penalty(net.parameters) + sum(0.005 * (w**2).sum() for w in weights)
    assert net.evaluate(X, Y)["loss"] == pytest.approx(wanted, rel=1e-13)
    assert net.loss_and_gradients(X, Y)[0] == pytest.approx(wanted, rel=1e-13)
    assert float(net.train_on_batch(X, Y)) == pytest.approx(wanted, rel=1e-13)
    assert net.fit(X, Y, epochs=1, batch_size=None)["loss"][0] < wanted


def test_gradients_are_those_of_the_whole_loss():
    report = xpnn.check_gradients(_network(l1=0.01, l2=0.02).build(2), X, Y)
    assert report.passed, str(report)


@pytest.mark.parametrize("compiled", [False, "replay"])
def test_training_is_that_of_pytorch_with_the_same_costs(compiled):
    torch = pytest.importorskip("torch")
    net = _network(compile=compiled).build(2)
    p = {name: torch.tensor(value, requires_grad=True) for name, value in net.parameters.items()}
    optimizer = torch.optim.SGD(p.values(), 0.1)
    x, y = torch.tensor(X, dtype=torch.float64), torch.tensor(Y)
    for _ in range(10):
        h = torch.tanh(x @ p["0.weight"] + p["0.bias"])
        h = h + h @ p["1.0.weight"] + p["1.0.bias"]
        loss = torch.nn.functional.cross_entropy(h @ p["2.weight"] + p["2.bias"], y)
        loss = loss + 0.01 * p["0.weight"].abs().sum() + 0.1 * (p["0.bias"] ** 2).sum()
        loss = loss + 0.02 * p["1.0.weight"].abs().sum() + 0.015 * (p["1.0.weight"] ** 2).sum()
        loss = loss + 0.005 * (p["2.weight"] ** 2).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        assert float(net.train_on_batch(X, Y)) == pytest.approx(loss.item(), rel=1e-12)
    for name, value in net.parameters.items():
        np.testing.assert_allclose(value, p[name].detach().numpy(), rtol=1e-11, atol=1e-13)


@without_jax
def test_a_regularizer_of_all_weights_is_the_penalty_of_the_network(backend):
    own, whole = Dense(3, weight_regularizer=L1L2(0.1, 0.2)), Dense(3)
    nets = [
        Network([layer], dtype="float64", backend=backend, optimizer="sgd", **options)
        for layer, options in ((own, {}), (whole, {"l1": 0.1, "l2": 0.2}))
    ]
    histories = [net.fit(X, Y, epochs=3, validation_data=(X, Y)) for net in nets]
    for name in ("loss", "val_loss"):
        np.testing.assert_allclose(histories[0][name], histories[1][name], rtol=1e-13)


def test_a_shared_layer_costs_once():
    layer = Dense(2, weight_regularizer=L2(2.0), use_bias=False)
    net = Network([layer, layer], loss="mean_squared_error", dtype="float64").build(2)
    net.flat_parameters = np.ones(4)
    assert net.evaluate(np.zeros((1, 2)), np.zeros((1, 2)))["loss"] == 4.0


@pytest.mark.parametrize("compiled", [False, True])
def test_constraints_hold_after_every_step(backend, compiled):
    if compiled and not getattr(backend, "compilers", ()):
        pytest.skip("the backend has no compilers")
    mode = backend.compilers[0].name if compiled else False
    layers = [
        Dense(6, "tanh", weight_constraint=MaxNorm(0.5), bias_constraint=MaxNorm(0.01)),
        Dense(5, weight_constraint="unit_norm"),
        Dense(3, weight_constraint=NonNegative()),
    ]
    net = Network(layers, optimizer="adam", dtype="float64", backend=backend, compile=mode).build(2)
    free = net.parameters["1.bias"]
    for _ in range(3):
        net.train_on_batch(X, Y)
        p = net.parameters
        norms = np.sqrt((p["0.weight"] ** 2).sum(axis=0))
        assert norms.max() <= 0.5 * (1 + 1e-12)
        assert np.sqrt((p["0.bias"] ** 2).sum()) <= 0.01 * (1 + 1e-12)
        np.testing.assert_allclose((p["1.weight"] ** 2).sum(axis=0), 1.0, rtol=1e-12)
        assert p["2.weight"].min() == 0.0
    assert norms.max() == pytest.approx(0.5, rel=1e-12)
    assert not np.array_equal(free, p["1.bias"])


def test_a_constrained_step_is_the_free_step_and_then_the_projection():
    free, bound = (Network([Dense(3, weight_constraint=c)], dtype="float64").build(2) for c in (None, MaxNorm(0.3)))
    for net in (free, bound):
        net.train_on_batch(X, Y)
    wanted = MaxNorm(0.3).project(np, free.parameters["0.weight"])
    assert np.array_equal(bound.parameters["0.weight"], wanted)
    assert not np.array_equal(wanted, free.parameters["0.weight"])
    assert np.array_equal(bound.parameters["0.bias"], free.parameters["0.bias"])


@pytest.mark.parametrize("word", ["numpy", "torch"])
@pytest.mark.parametrize("compiled", [False, True])
def test_many_members_keep_their_rules(word, compiled):
    if word == "torch":
        pytest.importorskip("torch")
    layers = [
        Dense(5, "tanh", weight_regularizer="l1", weight_constraint=MaxNorm(0.7)),
        Dense(3, bias_regularizer="l2"),
    ]
    net = Network(layers, backend=word, dtype="float64", compile=compiled)
    result = xpnn.train_many(net, X, Y, seeds=[0, 1], epochs=2, batch_size=10, grid={"l2": [0.0, 0.1]})
    for member, setting in zip(result.networks, result.settings, strict=True):
        alone = Network(layers, backend=word, dtype="float64", seed=member.seed, l2=setting["l2"], compile=False)
        history = alone.fit(X, Y, epochs=2, batch_size=10)
        np.testing.assert_allclose(member.flat_parameters, alone.flat_parameters, rtol=1e-10, atol=1e-12)
        np.testing.assert_allclose(member.history["loss"], history["loss"], rtol=1e-10)


def test_rules_are_saved_and_go_on(tmp_path):
    layers = [Dense(3, weight_regularizer=L1L2(0.1, 0.2), weight_constraint=MaxNorm(0.5, axis=(0, 1)))]
    net = Network(layers, dtype="float64")
    net.fit(X, Y, epochs=1)
    net.save(tmp_path / "net.safetensors")
    again = Network.load(tmp_path / "net.safetensors")
    assert repr(again) == repr(net)
    for network in (net, again):
        network.fit(X, Y, epochs=1)
    assert np.array_equal(net.flat_parameters, again.flat_parameters)


def test_a_constraint_along_an_axis_that_is_not_there_is_refused_when_the_network_is_built():
    layers = [Dense(4, weight_constraint=MaxNorm(axis=(0, 1)), bias_constraint=UnitNorm(-1)), Residual([Flatten()])]
    Network(layers).build(2)
    layers[1] = Residual([Dense(4, bias_constraint=UnitNorm(axis=(0, 1)))])
    with pytest.raises(ShapeError) as caught:
        Network(layers).build(2)
    assert str(caught.value) == (
        "parameter 1.0.bias, UnitNorm(axis=(0, 1)): "
        "axis must be among the axes of a parameter of shape (4,), got (0, 1)."
    )


def test_rules_are_found_by_the_names_of_parameters_and_rewrite_only_them():
    layers = [Dense(2, bias_regularizer="l1"), Residual([Dense(2, weight_regularizer="l2")])]
    net = Network(layers).build(2)
    layout: Layout = net._learner.weights.layout
    rules = find_rules(net._layer, layout, "regularizer")
    assert [(leaf.name, rule) for leaf, rule in rules] == [("0.bias", L1()), ("1.0.weight", L2())]
    assert list(find_rules(net._layer, layout, "constraint")) == []
    flat = rewrite(np, np.arange(12.0), rules, lambda rule, w: w * 10.0, lambda rest: -rest)
    assert flat.tolist() == [0, -1, -2, -3, 40, 50, 60, 70, 80, 90, -10, -11]


SEQUENCES = np.random.default_rng(7).standard_normal((6, 5, 4))
IMAGES = np.random.default_rng(8).standard_normal((6, 4, 4, 2))
INDICES = np.random.default_rng(9).integers(7, size=(6, 3))
OTHERS = [
    (Conv1D, (3, 2), SEQUENCES),
    (Conv2D, (3, 2), IMAGES),
    (Conv1DTranspose, (3, 2), SEQUENCES),
    (Conv2DTranspose, (3, 2), IMAGES),
    (DepthwiseConv2D, (2,), IMAGES),
    (SimpleRNN, (3,), SEQUENCES),
    (LSTM, (3,), SEQUENCES),
    (GRU, (3,), SEQUENCES),
    (Embedding, (7, 2), INDICES),
    (SeparableConv2D, (3, 2), IMAGES),
    (MultiHeadAttention, (2, 3), SEQUENCES),
]


def _rule_of(parameter, names):
    """Place in `names` of the parameter, or else of the last word of its name."""
    return names.index(parameter if parameter in names else parameter.split("_")[-1])


@pytest.mark.parametrize(("kind", "sizes", "x"), OTHERS, ids=[kind.__name__ for kind, _, _ in OTHERS])
def test_other_layers_have_rules_too(kind, sizes, x):
    names = [field.name.removesuffix("_regularizer") for field in fields(kind) if field.name.endswith("_regularizer")]
    rules = {f"{name}_regularizer": L2(0.1 * (i + 1)) for i, name in enumerate(names)}
    rules |= {f"{name}_constraint": "non_negative" for name in names}
    plain, ruled = (
        Network([kind(*sizes, **options), Flatten(), Dense(3)], dtype="float64", optimizer="sgd")
        for options in ({}, rules)
    )
    y = np.arange(6) % 3
    plain.build(x.shape[1:]).train_on_batch(x, y)
    ruled.build(x.shape[1:]).train_on_batch(x, y)
    p, free = ruled.parameters, plain.parameters
    assert set(names) <= {name.removeprefix("0.") for name in p if name.startswith("0.")}
    own = {name: _rule_of(name.removeprefix("0."), names) for name in p if name.startswith("0.")}
    assert all(p[name].min() >= 0.0 for name in own)
    assert all(free[name].min() < 0.0 for name in own if "weight" in name)
    plain.set_parameters(p)
    cost = sum(0.05 * (i + 1) * (p[name] ** 2).sum() for name, i in own.items())
    assert ruled.evaluate(x, y)["loss"] == pytest.approx(plain.evaluate(x, y)["loss"] + cost, rel=1e-12)


@pytest.mark.parametrize(
    ("make", "kind", "message"),
    [
        (lambda: L1(-1), ArgumentError, "l1 must be a finite number of at least 0, got -1."),
        (lambda: L2(-1), ArgumentError, "l2 must be a finite number of at least 0, got -1."),
        (lambda: L1L2(-1), ArgumentError, "l1 must be a finite number of at least 0, got -1."),
        (lambda: L1L2(1, -1), ArgumentError, "l2 must be a finite number of at least 0, got -1."),
        (lambda: MaxNorm(0), ArgumentError, "max must be a finite number above 0, got 0."),
        (lambda: MaxNorm(1, axis=1.5), ArgumentError, "axis must be an integer or a tuple of integers, got 1.5."),
        (lambda: UnitNorm(()), ArgumentError, "axis must be an integer or a tuple of integers, got ()."),
        (
            lambda: UnitNorm(2).project(np, W),
            ShapeError,
            "axis must be among the axes of a parameter of shape (2, 2), got 2.",
        ),
        (
            lambda: Dense(2, weight_regularizer="l3"),
            ArgumentError,
            "weight_regularizer must be one of l1, l1_l2, l2, got 'l3'.",
        ),
        (
            lambda: Dense(2, bias_constraint="maxnorm"),
            ArgumentError,
            "bias_constraint must be one of max_norm, non_negative, unit_norm, got 'maxnorm'. Did you mean 'max_norm'?",
        ),
        (
            lambda: get_regularizer("weight_regularizer", 0.1),
            ArgumentTypeError,
            "weight_regularizer must be one of l1, l1_l2, l2, or an object with value, gradient, got 0.1.",
        ),
        (
            lambda: get_constraint("weight_constraint", 0.1),
            ArgumentTypeError,
            "weight_constraint must be one of max_norm, non_negative, unit_norm, or an object with project, got 0.1.",
        ),
    ],
)
def test_wrong_arguments_are_refused_by_their_message(make, kind, message):
    with pytest.raises(kind, match=f"^{re.escape(message)}$"):
        make()
