"""Several outputs: the loss of each in history and evaluation, and sample weights, class weights, samplers for each."""

import re

import numpy as np
import pytest
from conftest import TESTED

from xpnn import Network, safetensors
from xpnn.callbacks import Callback, CSVLog
from xpnn.data import BalancedSampler, WeightedSampler
from xpnn.errors import ArgumentError, ArgumentTypeError, ShapeError
from xpnn.layers import Dense, Graph, Parallel
from xpnn.losses import CrossEntropy, MeanSquaredError
from xpnn.metrics import MAE
from xpnn.optimizers import SGD

RNG = np.random.default_rng(0)
N = 23
X = RNG.standard_normal((N, 5))
Y = {"age": RNG.standard_normal((N, 1)), "kind": RNG.integers(3, size=N)}
WEIGHTS = {"age": RNG.uniform(0.0, 2.0, N), "kind": RNG.integers(3, size=N)}
NAMES = ["loss", "kind_loss", "age_loss"]
WAYS = [(word, False) for word in TESTED if word != "jax"] + [("numpy", "replay")]
WAYS += [("jax", "jit")] if "jax" in TESTED else []
FACTORS = {"kind": 1.0, "age": 0.3}


def _network(backend="numpy", way=False, **options):
    nodes = {"h": (Dense(4, activation="tanh"), "x"), "age": (Dense(1), "h"), "kind": (Dense(3), "h")}
    options = {"loss": {"age": "mean_squared_error", "kind": "cross_entropy"}, "optimizer": SGD(0.2), **options}
    graph = Graph("x", nodes, ("kind", "age"))
    return Network([graph], loss_weights={"age": 0.3}, dtype="float64", backend=backend, seed=1, compile=way, **options)


def _means(parts, shares):
    return sum(a * b for a, b in zip(parts, shares, strict=True)) / sum(shares)


def _by_pytorch(net, weights, batch_size, epochs):
    """Train a copy of `net` by PyTorch on the samples in their order; parameters, and the losses of each epoch."""
    torch = pytest.importorskip("torch")
    p = {name: torch.tensor(value, requires_grad=True) for name, value in net.parameters.items()}
    x, age, kind = (torch.tensor(a) for a in (X, Y["age"], Y["kind"]))
    weights = {name: torch.tensor(w, dtype=torch.float64) for name, w in weights.items()}
    history = []
    for _ in range(epochs):
        losses, shares = {"kind": [], "age": []}, {"kind": [], "age": []}
        for rows in torch.arange(N).split(batch_size):
            h = torch.tanh(x[rows] @ p["0.h.weight"] + p["0.h.bias"])
            out = {name: h @ p[f"0.{name}.weight"] + p[f"0.{name}.bias"] for name in losses}
            costs = {
                "kind": torch.nn.functional.cross_entropy(out["kind"], kind[rows], reduction="none"),
                "age": ((out["age"] - age[rows]) ** 2)[:, 0],
            }
            means = {name: (costs[name] * weights[name][rows]).sum() / weights[name][rows].sum() for name in losses}
            for name in losses:
                losses[name].append(means[name].item())
                shares[name].append(weights[name][rows].sum().item())
            grads = torch.autograd.grad(sum(FACTORS[name] * means[name] for name in losses), list(p.values()))
            p = {name: (v - 0.2 * g).detach().requires_grad_() for (name, v), g in zip(p.items(), grads, strict=True)}
        history.append({f"{name}_loss": _means(losses[name], shares[name]) for name in losses})
        history[-1]["loss"] = sum(FACTORS[name] * history[-1][f"{name}_loss"] for name in losses)
    return {name: value.detach().numpy() for name, value in p.items()}, history


@pytest.mark.parametrize(
    ("word", "way", "weighted"), [(*way, weighted) for way in WAYS for weighted in {True, way[0] == "jax"}]
)
def test_the_losses_and_weights_of_each_output_are_those_of_pytorch(word, way, weighted):
    net = _network(TESTED[word], way).build(5)
    weights = WEIGHTS if weighted else dict.fromkeys(WEIGHTS, np.ones(N))
    parameters, wanted = _by_pytorch(net, weights, 8, 3)
    options = {"sample_weight": WEIGHTS} if weighted else {}
    validation = (X, Y, WEIGHTS) if weighted else (X, Y)
    history = net.fit(X, Y, batch_size=8, epochs=3, shuffle=False, validation_data=validation, **options)
    assert list(history.history) == [*NAMES, *(f"val_{name}" for name in NAMES)]
    for name in NAMES:
        np.testing.assert_allclose(history[name], [logs[name] for logs in wanted], rtol=1e-11)
    for name, value in net.parameters.items():
        np.testing.assert_allclose(value, parameters[name], rtol=1e-10, atol=1e-13)
    measured = net.evaluate(X, Y, batch_size=7, **options)
    last = {name: values[-1] for name, values in history.history.items() if name.startswith("val_")}
    assert measured == pytest.approx({name.removeprefix("val_"): value for name, value in last.items()}, rel=1e-12)
    predicted = net.predict({"x": X})
    oracle = np.average((predicted["age"] - Y["age"])[:, 0] ** 2, weights=weights["age"])
    assert measured["age_loss"] == pytest.approx(oracle, rel=1e-12)
    assert measured["loss"] == pytest.approx(measured["kind_loss"] + 0.3 * measured["age_loss"], rel=1e-12)


@pytest.mark.parametrize("way", [False, "replay"])
def test_penalties_are_part_of_the_total_alone_and_losses_may_be_sums(way):
    losses = {"age": MeanSquaredError(reduction="sum"), "kind": CrossEntropy(reduction="sum")}
    net, plain = (_network(way=way, loss=losses, optimizer=SGD(1e-4), l2=l2) for l2 in (0.1, 0.0))
    for each in (net, plain):
        each.build(5)
    logs, other = (each.evaluate(X, Y, batch_size=5, sample_weight=WEIGHTS) for each in (net, plain))
    assert {name: logs[name] for name in NAMES[1:]} == {name: other[name] for name in NAMES[1:]}
    weights = [value for name, value in net.parameters.items() if name.endswith("weight")]
    penalty = 0.05 * sum((value**2).sum() for value in weights)
    assert logs["loss"] == pytest.approx(logs["kind_loss"] + 0.3 * logs["age_loss"] + penalty, rel=1e-12)
    squares = (net.predict({"x": X})["age"] - Y["age"])[:, 0] ** 2
    assert logs["age_loss"] == pytest.approx((squares * WEIGHTS["age"]).sum(), rel=1e-12)


def test_one_weight_for_all_outputs_and_weights_for_some_are_as_if_written_out():
    age, ones = WEIGHTS["age"], np.ones(N)
    for given, written in (
        (age, {"age": age, "kind": age}),
        ({"age": age}, {"age": age, "kind": ones}),
        ((None, age), {"age": age, "kind": ones}),
        ({"age": age, "kind": None}, (ones, age)),
    ):
        nets = _network(), _network()
        histories = [
            net.fit(X, Y, batch_size=8, epochs=2, sample_weight=weight, validation_split=0.3)
            for net, weight in zip(nets, (given, written), strict=True)
        ]
        np.testing.assert_allclose(nets[0].flat_parameters, nets[1].flat_parameters, rtol=1e-12)
        for name, values in histories[0].items():
            np.testing.assert_allclose(values, histories[1][name], rtol=1e-12)


def test_steps_gradients_and_metrics_take_the_weights_of_their_outputs():
    net = _network(metrics={"age": MAE(), "kind": "accuracy"}).build(5)
    logs, predicted = net.evaluate(X, Y, sample_weight=WEIGHTS), net.predict({"x": X})
    right = np.argmax(predicted["kind"], axis=1) == Y["kind"]
    assert logs["kind_accuracy"] == pytest.approx(np.average(right, weights=WEIGHTS["kind"]), rel=1e-12)
    error = np.abs(predicted["age"] - Y["age"])[:, 0]
    assert logs["age_mae"] == pytest.approx(np.average(error, weights=WEIGHTS["age"]), rel=1e-12)
    value, grads, _ = net.loss_and_gradients(X, Y, sample_weight=WEIGHTS)
    assert value == pytest.approx(logs["loss"], rel=1e-12)
    before = net.parameters
    assert float(net.train_on_batch(X, Y, sample_weight=WEIGHTS)) == pytest.approx(value, rel=1e-12)
    for name, grad in grads.items():
        np.testing.assert_allclose(net.parameters[name], before[name] - 0.2 * grad, rtol=1e-12)


def test_class_weights_of_outputs_are_the_sample_weights_of_their_classes():
    codes = RNG.integers(2, size=N)
    balanced = np.bincount(Y["kind"])[Y["kind"]] ** -1.0 * N / 3
    for given, sample_weight, written in (
        ({"kind": "balanced"}, None, {"kind": balanced}),
        ({"kind": {1: 3.0}}, None, {"kind": np.where(Y["kind"] == 1, 3.0, 1.0)}),
        ({"kind": "balanced"}, WEIGHTS["age"], {"kind": balanced * WEIGHTS["age"], "age": WEIGHTS["age"]}),
        ({"age": {1: 2.0}}, {"kind": WEIGHTS["age"]}, {"kind": WEIGHTS["age"], "age": 1.0 + codes}),
    ):
        y = {**Y, "age": codes[:, None]}
        nets = _network(), _network()
        nets[0].fit(X, (y["kind"], y["age"]), epochs=2, class_weight=given, sample_weight=sample_weight)
        nets[1].fit(X, y, epochs=2, sample_weight=written)
        np.testing.assert_allclose(nets[0].flat_parameters, nets[1].flat_parameters, rtol=1e-12)


def test_samplers_draw_by_the_classes_of_one_output():
    sampler = BalancedSampler(output="kind", num_samples=30)
    net, other = _network(), _network()
    net.fit(X, Y, batch_size=10, epochs=2, sampler=sampler)
    rng = other.build(5)._learner.streams["shuffle"]
    for _ in range(2):
        drawn = BalancedSampler(num_samples=30).indices(rng, Y["kind"])
        for rows in np.split(drawn, 3):
            other.train_on_batch(X[rows], {name: part[rows] for name, part in Y.items()})
    assert np.array_equal(net.flat_parameters, other.flat_parameters)
    weighted = _network()
    weighted.fit(X, Y, batch_size=4, sampler=WeightedSampler(np.arange(N) == 7, num_samples=8))
    other = _network().build(5)
    for _ in range(2):
        other.train_on_batch(X[[7] * 4], {name: part[[7] * 4] for name, part in Y.items()})
    assert np.array_equal(weighted.flat_parameters, other.flat_parameters)


def test_batches_of_a_generator_may_fill_the_same_arrays_of_several_outputs_again():
    x, y, weight = np.empty((8, 5)), {"kind": np.empty(8, dtype=int), "age": np.empty((8, 1))}, {"age": np.empty(8)}

    def generate():
        for start in (0, 8):
            x[:] = X[start : start + 8]
            for name, part in y.items():
                part[:] = Y[name][start : start + 8]
            weight["age"][:] = WEIGHTS["age"][start : start + 8]
            yield x, y, weight

    nets = _network(), _network()
    nets[0].fit(generate, epochs=2)
    some = {name: part[:16] for name, part in Y.items()}
    nets[1].fit(X[:16], some, sample_weight={"age": WEIGHTS["age"][:16]}, batch_size=8, shuffle=False, epochs=2)
    assert np.array_equal(*(net.flat_parameters for net in nets))
    assert nets[0].history == nets[1].history


class CutOff(Callback):
    """Ends training by an error after a step."""

    def on_batch_end(self, network, step, loss):
        if step == 5:
            raise ZeroDivisionError


@pytest.mark.parametrize("weighted", [False, True])
def test_an_epoch_with_several_losses_is_gone_on_with(weighted, tmp_path):
    options = {"batch_size": 8, "sample_weight": WEIGHTS if weighted else None}
    whole, net = _network(), _network()
    whole.fit(X, Y, epochs=2, **options)
    with pytest.raises(ZeroDivisionError):
        net.fit(X, Y, epochs=2, callbacks=[CutOff()], **options)
    net.save(tmp_path / "net")
    net = Network.load(tmp_path / "net", compile=False)
    net.fit(X, Y, **options)
    assert np.array_equal(net.flat_parameters, whole.flat_parameters)
    assert net.history == whole.history


def test_a_file_from_the_midst_of_an_epoch_before_there_were_losses_of_outputs_goes_on(tmp_path):
    whole, net = _network(), _network()
    whole.fit(X, Y, epochs=2, batch_size=8)
    with pytest.raises(ZeroDivisionError):
        net.fit(X, Y, epochs=2, batch_size=8, callbacks=[CutOff()])
    net.save(tmp_path / "net")
    tensors, metadata = safetensors.read(tmp_path / "net")
    safetensors.write(tmp_path / "net", {**tensors, "epoch/value": tensors["epoch/value"].sum()}, metadata)
    net = Network.load(tmp_path / "net", compile=False)
    net.fit(X, Y, batch_size=8)
    assert np.array_equal(net.flat_parameters, whole.flat_parameters)
    assert np.isnan(net.history["kind_loss"][1])
    assert net.history["kind_loss"][0] == whole.history["kind_loss"][0]


def test_progress_and_logs_show_every_loss(capsys, tmp_path):
    _network().fit(X, Y, verbose=2, callbacks=[CSVLog(tmp_path / "log.csv")])
    assert re.search(r"epoch 1/1  loss \S+  kind_loss \S+  age_loss \S+  ", capsys.readouterr().err)
    assert (tmp_path / "log.csv").read_text().splitlines()[0] == "epoch,loss,kind_loss,age_loss"


def test_outputs_without_names_have_the_losses_of_their_numbers():
    net = Network([Parallel([Dense(2), Dense(3)], merge=None)], loss="mean_squared_error", compile=False)
    history = net.fit(X, (np.ones((N, 2)), np.ones((N, 3))))
    assert list(history) == ["loss", "0_loss", "1_loss"]


def test_nothing_is_read_from_the_device_before_the_end_of_an_epoch(monkeypatch):
    backend = TESTED["strict"]
    net = _network(backend, metrics={"kind": "accuracy"}).build(5)
    reads, counts, read = [], [], type(backend).to_numpy
    monkeypatch.setattr(type(backend), "to_numpy", lambda self, x: reads.append(x) or read(self, x))

    class Count(Callback):
        def on_batch_end(self, network, step, loss):
            counts.append(len(reads))

    net.fit(X, Y, batch_size=4, sample_weight=WEIGHTS, callbacks=[Count()])
    assert len(set(counts)) == 1
    assert 0 < len(reads) - counts[0] <= 4  # the losses, the weights, the metric


def _single():
    return Network([Graph("x", {"y": (Dense(1), "x")}, "y")], loss="mean_squared_error", compile=False)


MESSAGES = [
    (
        lambda: _network().fit(X, Y, sample_weight={"agee": np.ones(N)}),
        "names in sample_weight must be one of age, kind, got 'agee'. Did you mean 'age'?",
    ),
    (
        lambda: _network().fit(X, Y, sample_weight={"age": np.ones(3)}),
        "sample_weight['age'] must have shape (23,), got (3,).",
    ),
    (
        lambda: _network().fit(X, Y, sample_weight={"age": -np.ones(N)}),
        "sample_weight['age'] must hold finite numbers of at least 0, got -1.0.",
    ),
    (
        lambda: _network().fit(X, Y, sample_weight={"kind": np.zeros(N)}),
        "sample_weight['kind'] must hold a number above 0, got zeros alone.",
    ),
    (
        lambda: _network().fit(X, Y, sample_weight=(np.ones(N),)),
        "sample_weight must be a tuple of 2 arrays or a mapping of kind, age, got 1 parts.",
    ),
    (
        lambda: Network([Dense(1)], loss="mse").fit(X, Y["age"], sample_weight={"age": np.ones(N)}),
        "sample_weight must be an array where there is one output, got a mapping.",
    ),
    (
        lambda: _network().fit(X, Y, sample_weight=WEIGHTS, gradient_accumulation_steps=2, batch_size=4),
        "gradient_accumulation_steps must be 1 where outputs have sample weights of their own, unless the losses have "
        "reduction='sum'.",
    ),
    (lambda: _network().fit(X, Y, class_weight={0: 1.0}), "names in class_weight must be one of age, kind, got 0."),
    (
        lambda: _network().fit(X, Y, class_weight={"age": "balanced"}),
        "output 'age': class_weight must be left out where y holds no classes, one label or one-hot row for each "
        "sample, got real numbers in y.",
    ),
    (
        lambda: _network().fit(X, Y, sampler=BalancedSampler()),
        "output must be given to a BalancedSampler for the outputs kind, age, got None.",
    ),
    (
        lambda: _network().fit(X, Y, sampler=BalancedSampler(output="kinds")),
        "output must be one of age, kind, got 'kinds'. Did you mean 'kind'?",
    ),
    (
        lambda: Network([Dense(3)]).fit(X, Y["kind"], sampler=BalancedSampler(output="kind")),
        "output must be left out of a BalancedSampler where there is one output, got 'kind'.",
    ),
    (
        lambda: _network().fit(X, Y, sampler=WeightedSampler([1.0])),
        "weights must have shape (23,), got (1,).",
    ),
    (
        lambda: _network(metrics={"age": MAE(name="loss")}).build(5),
        "metrics must have other names than the losses of the outputs, got 'age_loss'.",
    ),
    *(
        (
            lambda name=name: Network([Graph("x", {"a": (Dense(2), "x"), name: (Dense(2), "x")}, ("a", name))]).build(
                5
            ),
            f"names of outputs must not be 'val' or begin with 'val_', got {name!r}.",
        )
        for name in ("val", "val_a")
    ),
]


@pytest.mark.parametrize(("call", "message"), MESSAGES, ids=[message for _, message in MESSAGES])
def test_what_does_not_fit_gets_one_sentence(call, message):
    with pytest.raises((ArgumentError, ArgumentTypeError, ShapeError)) as caught:
        call()
    assert str(caught.value) == message


def test_one_output_with_a_name_may_have_its_weights_by_it():
    nets = _single(), _single()
    nets[0].fit(X, Y["age"], sample_weight={"y": WEIGHTS["age"]})
    nets[1].fit(X, Y["age"], sample_weight=WEIGHTS["age"])
    assert np.array_equal(*(net.flat_parameters for net in nets))
    assert list(nets[0].history) == ["loss"]


def test_accumulated_sums_take_the_weights_of_each_output():
    losses = {"age": MeanSquaredError(reduction="sum"), "kind": CrossEntropy(reduction="sum")}
    for way in (False, "replay"):
        whole, parts = (_network(way=way, loss=losses, optimizer=SGD(0.01)) for _ in range(2))
        whole.fit(X, Y, batch_size=None, epochs=2, sample_weight=WEIGHTS)
        parts.fit(X, Y, batch_size=8, epochs=2, sample_weight=WEIGHTS, gradient_accumulation_steps=3, shuffle=False)
        np.testing.assert_allclose(parts.flat_parameters, whole.flat_parameters, rtol=1e-11)
