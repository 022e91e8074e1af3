"""Parameter groups: learning rates and weight decay of their own, compared with the groups of PyTorch."""

import re

import numpy as np
import pytest
from conftest import TESTED
from test_compiled import MODES

from xpnn import Network, ParameterGroup
from xpnn.errors import ArgumentError, ArgumentTypeError
from xpnn.layers import BatchNorm, Dense, Sequential
from xpnn.optimizers import LBFGS, SGD, Adadelta, Adagrad, Adam, AdamW, Muon, RMSprop

RNG = np.random.default_rng(0)
X, Y = RNG.standard_normal((30, 4)), RNG.integers(3, size=30)
GROUPS = {
    "0": {"learning_rate_factor": 0.1, "weight_decay_factor": 0.0},
    "1.bias": {"weight_decay_factor": 2.0},
    "2.*": {"learning_rate_factor": 0.0},
}
ALIKE = {
    "Adadelta": (Adadelta(0.5, rho=0.9, weight_decay=0.1), {"lr": 0.5, "rho": 0.9, "eps": 1e-6}),
    "Adagrad": (Adagrad(0.1, weight_decay=0.1), {"lr": 0.1}),
    "Adam": (Adam(0.01, weight_decay=0.1), {"lr": 0.01}),
    "AdamW": (AdamW(0.01, weight_decay=0.1), {"lr": 0.01}),
    "RMSprop": (RMSprop(0.01, momentum=0.9, weight_decay=0.1), {"lr": 0.01, "momentum": 0.9}),
    "SGD": (SGD(0.1, momentum=0.9, weight_decay=0.1), {"lr": 0.1, "momentum": 0.9}),
}


def _network(groups=GROUPS, backend="numpy", **options):
    layers = [Dense(5, activation="tanh"), Dense(4, activation="tanh"), Dense(3)]
    return Network(layers, backend=backend, dtype="float64", seed=1, parameter_groups=groups, **options).build(4)


@pytest.mark.parametrize("name", ALIKE)
def test_groups_are_those_of_pytorch(backend, name):
    torch = pytest.importorskip("torch")
    optimizer, options = ALIKE[name]
    net = _network(optimizer=optimizer, backend=backend)
    values = {key: torch.tensor(value, requires_grad=True) for key, value in net.parameters.items()}
    rates = {"0": 0.1, "1": 1.0, "2": 0.0}
    decays = {"1.weight": 1.0, "1.bias": 2.0, "2.weight": 1.0}
    groups = [
        {"params": [p], "lr": options["lr"] * rates[key[0]], "weight_decay": 0.1 * decays.get(key, 0.0)}
        for key, p in values.items()
    ]
    peer = getattr(torch.optim, name)(groups, **options)
    x, y = torch.tensor(X), torch.tensor(Y)
    for _ in range(20):
        net.train_on_batch(X, Y)
        peer.zero_grad()
        hidden = torch.tanh(x @ values["0.weight"] + values["0.bias"])
        hidden = torch.tanh(hidden @ values["1.weight"] + values["1.bias"])
        torch.nn.functional.cross_entropy(hidden @ values["2.weight"] + values["2.bias"], y).backward()
        peer.step()
    for key, value in net.parameters.items():
        np.testing.assert_allclose(value, values[key].detach().numpy(), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize(("word", "mode"), MODES)
@pytest.mark.parametrize("l2", [0.0, 0.01])
def test_a_compiled_step_with_groups_gives_the_numbers_of_the_eager_one(word, mode, l2):
    ends = []
    for compiled in (False, mode):
        net = _network(optimizer=AdamW(0.01, weight_decay=0.1), backend=TESTED[word], compile=compiled, l2=l2)
        for _ in range(4):
            net.train_on_batch(X, Y)
        assert {report.mode for report in net.compilations} == ({mode} if compiled else set())
        ends.append(net.flat_parameters)
    if word == "numpy":
        assert np.array_equal(*ends)
    else:
        np.testing.assert_allclose(*ends, rtol=1e-12, atol=1e-14)


def test_a_factor_of_0_freezes_and_groups_of_1_change_nothing():
    frozen, plain, neutral = (
        _network(groups) for groups in (GROUPS, (), [ParameterGroup("*", learning_rate_factor=1.0)])
    )
    before = frozen.parameters
    for net in (frozen, plain, neutral):
        net.fit(X, Y, epochs=3)
    assert np.array_equal(before["2.weight"], frozen.parameters["2.weight"])
    assert not np.array_equal(before["0.weight"], frozen.parameters["0.weight"])
    np.testing.assert_allclose(plain.flat_parameters, neutral.flat_parameters, rtol=1e-13)


def test_nothing_is_kept_for_factors_that_nobody_uses():
    assert _network(())._learner.updater.masks.arrays == []
    assert len(_network((), l2=0.1)._learner.updater.masks.arrays) == 1
    assert len(_network((), l2=0.1, optimizer="adamw")._learner.updater.masks.arrays) == 1
    assert len(_network(GROUPS)._learner.updater.masks.arrays) == 1  # Adam has no weight decay that could be scaled
    assert len(_network(GROUPS, l2=0.1, optimizer="adamw")._learner.updater.masks.arrays) == 3


def test_penalties_are_not_the_business_of_groups():
    x, y = np.zeros((2, 4)), np.asarray([0, 1])
    with_group, without = (
        _network(groups, optimizer=SGD(0.1), l2=0.5) for groups in ({"0": {"weight_decay_factor": 0.0}}, ())
    )
    for net in (with_group, without):
        net.train_on_batch(x, y)
    assert np.array_equal(with_group.flat_parameters, without.flat_parameters)


def test_the_later_group_counts_factor_by_factor():
    groups = [
        ParameterGroup("*", learning_rate_factor=0.5, weight_decay_factor=0.25),
        ParameterGroup("1", learning_rate_factor=2.0),
    ]
    masks = _network(groups, optimizer="adamw")._learner.updater.masks
    layout = _network()._learner.weights.layout
    rate = {leaf.name: float(masks.rate[leaf.start]) for leaf in layout}
    assert rate == {"0.weight": 0.5, "0.bias": 0.5, "1.weight": 2.0, "1.bias": 2.0, "2.weight": 0.5, "2.bias": 0.5}
    assert set(masks.decay.tolist()) == {0.25}


def test_a_network_with_groups_is_saved_copied_and_moved(backend, tmp_path):
    net = _network(backend=backend, optimizer="adamw")
    net.fit(X, Y, epochs=2)
    net.save(tmp_path / "net")
    loaded = Network.load(tmp_path / "net", backend=backend)
    copy = net.copy_to(backend)
    assert loaded.parameter_groups == copy.parameter_groups == net.parameter_groups
    for other in (net, loaded, copy):
        other.fit(X, Y, epochs=2)
        assert np.array_equal(other.flat_parameters, net.flat_parameters)


def test_many_networks_take_groups_along():
    from xpnn import train_many

    net = Network(
        [Dense(5, activation="tanh"), BatchNorm(), Dense(3)], dtype="float64", parameter_groups={"0": GROUPS["0"]}
    )
    result = train_many(net, X, Y, seeds=[0, 1], epochs=3)
    alone = Network(net.layers, dtype="float64", parameter_groups=net.parameter_groups, seed=1)
    alone.fit(X, Y, epochs=3)
    np.testing.assert_allclose(result.networks[1].flat_parameters, alone.flat_parameters, rtol=1e-11, atol=1e-12)


def test_names_reach_into_containers():
    net = Network([Sequential([Dense(3), Dense(2)], name="body"), Dense(3)], parameter_groups={"body.1": GROUPS["0"]})
    rate = net.build(4)._learner.updater.masks.rate
    assert [float(rate[i]) for i in (0, 15, 22, 23)] == pytest.approx([1.0, 0.1, 0.1, 1.0])


@pytest.mark.parametrize(
    ("groups", "error", "message"),
    [
        (
            {"3": {"learning_rate_factor": 0.1}},
            ArgumentError,
            "names of a parameter group must be one of 0, 0.bias, 0.weight, 1, 1.bias, 1.weight, 2, 2.bias, 2.weight, "
            "got '3'.",
        ),
        ({"0": {"lr": 1}}, ArgumentError, "factors in parameter_groups['0'] must be one of learning_rate_factor, "),
        ({"0": {}}, ArgumentError, "parameter_groups['0'] must be a mapping of factors, got {}."),
        ({"": {"learning_rate_factor": 1}}, ArgumentError, "names must be a name or a pattern of names, got ''."),
        ("0", ArgumentTypeError, "parameter_groups must be a mapping or a sequence of ParameterGroup, got '0'."),
        (["0"], ArgumentTypeError, "parameter_groups must hold instances of ParameterGroup, got '0'."),
        (
            {"0": {"learning_rate_factor": -1}},
            ArgumentError,
            "learning_rate_factor must be a finite number of at least 0, got -1.",
        ),
    ],
)
def test_what_is_no_group_is_refused(groups, error, message):
    with pytest.raises(error, match=f"^{re.escape(message)}"):
        _network(groups)


@pytest.mark.parametrize("mode", [False, "replay"])
def test_optimizers_that_see_shapes_have_groups_too(mode):
    nets = [_network(groups, optimizer=Muon(0.01), compile=mode) for groups in (GROUPS, ())]
    before = nets[0].parameters
    for net in nets:
        net.train_on_batch(X, Y)
    given, wanted = (net.parameters for net in nets)
    for name, factor in (("0.weight", 0.1), ("1.weight", 1.0), ("2.weight", 0.0)):
        np.testing.assert_allclose(given[name] - before[name], factor * (wanted[name] - before[name]), atol=1e-15)


def test_an_optimizer_that_searches_has_no_learning_rates_of_single_parameters():
    with pytest.raises(ArgumentError, match=r"^parameter_groups must set no learning_rate_factor for LBFGS\("):
        _network({"0": {"learning_rate_factor": 0.1}}, optimizer=LBFGS())
