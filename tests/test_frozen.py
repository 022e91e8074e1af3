"""Frozen parameters do not move, whatever the optimizer, eager and compiled; the others move as if they were alone."""

import numpy as np
import pytest
from conftest import TESTED

from xpnn import Network, optimizers
from xpnn.callbacks import Callback
from xpnn.errors import ArgumentError, NotBuiltError
from xpnn.layers import BatchNorm, Dense, Sequential
from xpnn.optimizers import SGD, Adam, AdamW

OPTIMIZERS = {
    "AdamW": AdamW(0.05, weight_decay=0.1),
    "SGD, momentum, decay": SGD(0.1, momentum=0.9, weight_decay=0.01),
    "Adam, clip_norm": Adam(0.05, clip_norm=0.1),
}
MODES = [(word, None) for word in TESTED if word != "jax"]
MODES += [(word, compiler.name) for word, backend in TESTED.items() for compiler in getattr(backend, "compilers", ())]
X, Y = np.random.default_rng(0).standard_normal((12, 3)), np.random.default_rng(1).integers(2, size=12)


def _network(word="numpy", mode=None, **options):
    layers = [Dense(4, activation="tanh"), BatchNorm(), Dense(2)]
    return Network(layers, backend=TESTED[word], compile=mode or False, dtype="float64", seed=3, **options).build(3)


def _state(net):
    return {name: net.backend.to_numpy(vector).copy() for name, vector in net._learner.updater.vectors.items()}


@pytest.mark.parametrize(
    ("word", "mode", "name"),
    [(word, mode, name) for word, mode in MODES for name in OPTIMIZERS if mode in (None, "replay") or name == "AdamW"],
)
def test_frozen_parameters_and_their_state_do_not_move(word, mode, name):
    net = _network(word, mode, optimizer=OPTIMIZERS[name], l2=0.1)
    net.train_on_batch(X, Y)
    net.freeze("0", "2.bias")
    before, vectors = net.parameters, _state(net)
    for _ in range(3):
        net.train_on_batch(X, Y)
    after = net.parameters
    assert net.frozen == ("0.weight", "0.bias", "2.bias")
    for key in before:
        assert np.array_equal(before[key], after[key]) == (key in net.frozen), key
    for key, vector in _state(net).items():
        assert np.array_equal(vectors[key][:16], vector[:16])
        assert not np.any(vectors[key][16:32] == vector[16:32])
    net.unfreeze()
    net.train_on_batch(X, Y)
    assert net.frozen == ()
    assert all(not np.array_equal(after[key], net.parameters[key]) for key in after)


@pytest.mark.parametrize("way", [("numpy", None), ("numpy", "replay"), ("strict", None)])
@pytest.mark.parametrize("name", [name for name in optimizers.__all__ if name not in ("Optimizer", "get_optimizer")])
def test_no_optimizer_moves_what_is_frozen(way, name):
    inner = (Adam(0.05),) if name in ("Lookahead", "SAM") else ()
    net = _network(*way, optimizer=getattr(optimizers, name)(*inner))
    net.train_on_batch(X, Y)
    net.freeze("0", "2.bias")
    before = net.parameters
    losses = [float(net.train_on_batch(X, Y)) for _ in range(3)]
    assert np.isfinite(losses).all()
    for key, value in before.items():
        assert np.array_equal(value, net.parameters[key]) == (key in net.frozen), key


@pytest.mark.parametrize(("word", "mode"), [pair for pair in MODES if pair[1]])
def test_a_compiled_step_with_frozen_parameters_gives_the_numbers_of_the_eager_one(word, mode):
    results = []
    for way in (None, mode):
        net = _network(word, way, optimizer=AdamW(0.05, clip_norm=0.1), l1=0.01)
        net.freeze("1", "0.weight")
        results.append(([float(net.train_on_batch(X, Y)) for _ in range(4)], net.flat_parameters, net.state))
    assert [report.mode for report in net.compilations] == [mode]
    for a, b in zip(*results, strict=True):
        if isinstance(a, dict):
            assert all(np.array_equal(a[key], b[key]) for key in a)
        elif word == "numpy":
            assert np.array_equal(a, b)
        else:
            np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("mode", [False, "replay"])
def test_the_norm_is_clipped_over_what_may_move_as_in_pytorch(mode):
    torch = pytest.importorskip("torch")
    layers, optimizer = [Dense(4, activation="tanh"), Dense(2)], SGD(0.5, clip_norm=0.01)
    net = Network(layers, optimizer=optimizer, dtype="float64", compile=mode)
    net.build(3).freeze("0")
    first, second = torch.nn.Linear(3, 4, dtype=torch.float64), torch.nn.Linear(4, 2, dtype=torch.float64)
    with torch.no_grad():
        for layer, index in ((first, 0), (second, 1)):
            layer.weight.copy_(torch.tensor(net.parameters[f"{index}.weight"].T))
            layer.bias.copy_(torch.tensor(net.parameters[f"{index}.bias"]))
    first.requires_grad_(False)
    optimizer = torch.optim.SGD([*first.parameters(), *second.parameters()], lr=0.5)
    for _ in range(5):
        net.train_on_batch(X, Y)
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(second(torch.tanh(first(torch.tensor(X)))), torch.tensor(Y)).backward()
        gradients = [p.grad for p in second.parameters()]
        norm = float(sum((g**2).sum() for g in gradients)) ** 0.5
        for g in gradients:
            g *= 0.01 / max(norm, 0.01)
        optimizer.step()
    np.testing.assert_allclose(net.parameters["1.weight"], second.weight.detach().numpy().T, rtol=1e-12)


def test_a_frozen_batch_norm_normalises_by_its_running_averages_and_leaves_them_alone(backend):
    net = Network([BatchNorm(), Dense(2)], backend=backend, dtype="float64", compile=False).build(3)
    net.train_on_batch(X + 5.0, Y)
    expected = net.evaluate(X, Y)["loss"]
    net.freeze("0")
    before = net.state
    assert float(net.train_on_batch(X, Y)) == pytest.approx(expected, rel=1e-12)
    assert all(np.array_equal(before[name], net.state[name]) for name in before)
    net.unfreeze("0.bias")
    net.train_on_batch(X, Y)
    assert not np.array_equal(before["0.running_mean"], net.state["0.running_mean"])


def test_penalties_are_those_of_what_may_move():
    net = Network([Dense(2, use_bias=False), Dense(2, use_bias=False)], l2=2.0, dtype="float64").build(3)
    weights = net.parameters
    plain = net.evaluate(X, Y)["loss"] - sum(np.sum(w**2) for w in weights.values())
    net.freeze("0")
    assert net.evaluate(X, Y)["loss"] == pytest.approx(plain + np.sum(weights["1.weight"] ** 2), rel=1e-12)


def test_what_is_frozen_is_saved_copied_counted_and_shown(tmp_path):
    net = _network()
    assert str(net.summary()).endswith("\n34 parameters")
    net.freeze("0")
    assert (net.count_parameters(), net.count_parameters(True), net.count_parameters(False)) == (34, 18, 16)
    assert str(net.summary()).endswith("\n34 parameters: 18 trainable, 16 frozen")
    net.save(tmp_path / "net.safetensors")
    loaded = Network.load(tmp_path / "net.safetensors")
    for other in (loaded, net.copy_to("numpy"), net.to("numpy")):
        assert other.frozen == ("0.weight", "0.bias")
        before = other.parameters
        other.train_on_batch(X, Y)
        assert np.array_equal(before["0.weight"], other.parameters["0.weight"])
        assert not np.array_equal(before["2.weight"], other.parameters["2.weight"])


def test_a_callback_may_unfreeze_within_fit():
    class Thaw(Callback):
        def on_epoch_begin(self, network, epoch):
            if epoch == 2:
                network.unfreeze("0")
            seen.append(network.parameters["0.0.weight"])

    seen = []
    net = Network([Sequential([Dense(4)]), Dense(2)], compile="replay").build(3)
    net.freeze("0.0.weight", "0.0.bias")
    net.fit(X, Y, epochs=4, callbacks=[Thaw()])
    assert np.array_equal(seen[0], seen[2])
    assert not np.array_equal(seen[2], seen[3])


def test_what_cannot_be_frozen_gets_one_sentence():
    with pytest.raises(NotBuiltError):
        Network([Dense(2)]).freeze("0")
    with pytest.raises(
        ArgumentError, match=r"^names must be one of 0, 0\.bias, .*, got '0\.wieght'\. Did you mean '0\.weight'\?$"
    ):
        _network().freeze("0.wieght")
    from xpnn import train_many

    net = _network()
    net.freeze("0")
    with pytest.raises(ArgumentError) as caught:
        train_many(net, X, Y, seeds=[0, 1])
    assert str(caught.value) == "net must have no frozen parameters to be trained with others, got '0.weight'."
