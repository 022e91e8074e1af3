"""Networks with several inputs and outputs: fit, predict, losses and metrics by name, files, compiled steps."""

import numpy as np
import pytest
from conftest import TESTED, without_jax

from xpnn import Network, check_gradients, train_many
from xpnn.derivatives import hessian_vector_product
from xpnn.errors import ArgumentError, ArgumentTypeError, ShapeError
from xpnn.layers import LSTM, Add, Bidirectional, Dense, Embedding, Flatten, Graph, Parallel
from xpnn.losses import CrossEntropy, Hinge, MeanSquaredError, WeightedLosses

RNG = np.random.default_rng(0)
N = 23
X = {"image": RNG.standard_normal((N, 5)), "table": RNG.standard_normal((N, 2))}
Y = {"age": RNG.standard_normal((N, 1)), "kind": RNG.integers(3, size=N)}
PAIRS = (X["image"], X["table"]), (Y["kind"], Y["age"])
MODES = [(word, compiler.name) for word, backend in TESTED.items() for compiler in getattr(backend, "compilers", ())]


def _graph():
    nodes = {
        "a": (Dense(4, activation="tanh"), "image"),
        "b": (Dense(4), "table"),
        "sum": (Add(), ("a", "b")),
        "age": (Dense(1), "sum"),
        "kind": (Dense(3), "sum"),
    }
    return Graph(("image", "table"), nodes, ("kind", "age"))


def _network(**options):
    return Network(
        [_graph()],
        **{
            "loss": {"age": "mean_squared_error", "kind": "cross_entropy"},
            "loss_weights": {"age": 0.3},
            "metrics": {"kind": "accuracy", "age": ["mae", "mse"]},
            "dtype": "float64",
            "seed": 1,
            "compile": False,
            **options,
        },
    )


@without_jax
def test_mappings_and_tuples_train_the_same_network(backend):
    by_name, in_order = _network(backend=backend), _network(backend=backend)
    history = by_name.fit(X, Y, batch_size=8, epochs=2, validation_data=(X, Y), sample_weight=np.arange(N))
    in_order.fit(*PAIRS, batch_size=8, epochs=2, sample_weight=np.arange(N))
    assert np.array_equal(by_name.flat_parameters, in_order.flat_parameters)
    names = ["loss", "kind_loss", "age_loss", "kind_accuracy", "age_mae", "age_mse"]
    assert list(history.history) == [*names, *(f"val_{name}" for name in names)]


def test_all_inputs_and_targets_are_shuffled_by_one_permutation():
    net = Network(
        [Graph(("a", "b"), {"out": (Add(), ("a", "b"))}, ("out", "a"))], loss="mean_squared_error", compile=False
    )
    x = np.arange(10.0)[:, None]
    net.build({"a": 1, "b": 1})
    seen = []
    net._learner.step = lambda x, y, weight: seen.append((x, y)) or step(x, y, weight)
    step = type(net._learner).step.__get__(net._learner)
    net.fit({"a": x, "b": x + 100}, {"out": x + 200, "a": x + 300}, batch_size=3)
    order = np.concatenate([np.ravel(x[0]) for x, _ in seen])
    assert sorted(order) == list(range(10))
    assert order.tolist() != list(range(10))
    for (a, b), (out, same) in seen:
        assert np.array_equal(b, a + 100)
        assert np.array_equal(out, a + 200)
        assert np.array_equal(same, a + 300)


@without_jax
def test_the_loss_is_the_weighted_sum_and_agrees_with_pytorch(backend):
    torch = pytest.importorskip("torch")
    net = _network(backend=backend).build({"image": 5, "table": 2})
    value, grads, dx = net.loss_and_gradients(X, Y)
    p = {name: torch.tensor(value, requires_grad=True) for name, value in net.parameters.items()}
    image, table = (torch.tensor(X[name], requires_grad=True) for name in ("image", "table"))
    a = torch.tanh(image @ p["0.a.weight"] + p["0.a.bias"])
    total = a + table @ p["0.b.weight"] + p["0.b.bias"]
    kind, age = (total @ p[f"0.{name}.weight"] + p[f"0.{name}.bias"] for name in ("kind", "age"))
    loss = torch.nn.functional.cross_entropy(kind, torch.tensor(Y["kind"]))
    loss = loss + 0.3 * torch.nn.functional.mse_loss(age, torch.tensor(Y["age"]))
    loss.backward()
    assert value == pytest.approx(loss.item(), rel=1e-13)
    pairs = [(grads[name], p[name].grad) for name in p] + [(dx["image"], image.grad), (dx["table"], table.grad)]
    for given, wanted in pairs:
        np.testing.assert_allclose(given, wanted.numpy(), rtol=1e-11, atol=1e-14)
    assert net.evaluate(X, Y, batch_size=7)["loss"] == pytest.approx(loss.item(), rel=1e-13)
    np.testing.assert_allclose(net.evaluate(*PAIRS)["age_mse"], np.mean((age.detach().numpy() - Y["age"]) ** 2))


def test_predictions_have_the_form_of_the_inputs(backend):
    net = _network(backend=backend).build(((5,), (2,)))
    named, ordered = net.predict(X, batch_size=6), net.predict(PAIRS[0])
    assert {name: part.shape for name, part in named.items()} == {"kind": (N, 3), "age": (N, 1)}
    np.testing.assert_allclose(named["kind"], ordered[0], rtol=1e-12)
    np.testing.assert_allclose(named["age"], ordered[1], rtol=1e-12)
    chances = net.predict_proba(X)
    np.testing.assert_allclose(chances["kind"].sum(axis=1), 1.0)
    assert np.array_equal(chances["age"], net.predict(X)["age"])


@pytest.mark.parametrize(("word", "mode"), MODES)
def test_compiled_steps_predictions_and_measurements_give_the_numbers_of_the_eager_ones(word, mode):
    results = []
    for way in (False, mode):
        net = _network(backend=TESTED[word], compile=way)
        history = net.fit(X, Y, batch_size=8, epochs=2).history
        results.append([*history.values(), net.flat_parameters, *net.predict(PAIRS[0]), net.evaluate(X, Y)["loss"]])
    assert {(report.function, report.mode) for report in net.compilations} == {
        (function, mode) for function in ("step", "outputs", "measurement")
    }
    for eager, compiled in zip(*results, strict=True):
        np.testing.assert_allclose(
            compiled, eager, rtol=0 if word == "numpy" else 1e-11, atol=0 if word == "numpy" else 1e-13
        )


def test_a_network_with_several_outputs_is_saved_and_goes_on(tmp_path):
    net = _network()
    net.fit(X, Y, epochs=1)
    net.save(tmp_path / "net")
    loaded, copy = Network.load(tmp_path / "net", compile=False), net.copy_to("numpy", compile=False)
    for other in (net, loaded, copy):
        other.fit(X, Y, epochs=1)
        assert np.array_equal(other.flat_parameters, net.flat_parameters)
    assert loaded.loss == net.loss
    assert loaded.metrics == net.metrics


def test_backpropagation_agrees_with_difference_quotients():
    net = _network()
    report = check_gradients(net, X, Y)
    assert report.passed, str(report)
    assert report.checked == net.count_parameters() + 40 + 40
    direction = np.random.default_rng(1).standard_normal(net.count_parameters())
    start, step, grads = net.flat_parameters, 1e-5, []
    for sign in (1, -1):
        net.flat_parameters = start + sign * step * direction
        grads.append(np.concatenate([g.ravel() for g in net.loss_and_gradients(X, Y, training=False)[1].values()]))
    net.flat_parameters = start
    product = hessian_vector_product(net, X, Y, direction)
    np.testing.assert_allclose(product, (grads[0] - grads[1]) / (2 * step), rtol=1e-5, atol=1e-7)


def test_part_of_the_samples_can_be_kept_for_validation():
    split, by_hand = _network(), _network()
    split.fit(X, Y, epochs=1, validation_split=0.2, shuffle=False)
    kept = {name: part[:19] for name, part in X.items()}, {name: part[:19] for name, part in Y.items()}
    rest = {name: part[19:] for name, part in X.items()}, {name: part[19:] for name, part in Y.items()}
    by_hand.fit(*kept, epochs=1, validation_data=rest, shuffle=False)
    assert split.history.history == by_hand.history.history


def test_the_summary_shows_what_each_node_makes():
    text = str(_network().build(((5,), (2,))).summary())
    assert "input                        (batch, 5), (batch, 2)" in text
    assert "0.sum   Add()                        (batch, 4)" in text


def test_the_summary_of_a_container_whose_children_all_read_its_input():
    rows = Network([Bidirectional(LSTM(3)), Parallel([Dense(2), Dense(4)])]).build((4, 6)).summary().rows
    shapes = [(row.name, row.output_shape) for row in rows]
    assert shapes[:3] == [("0", (6,)), ("0.forward", (3,)), ("0.backward", (3,))]
    assert shapes[3:] == [("1", (6,)), ("1.0", (2,)), ("1.1", (4,)), ("1.merge", (6,))]


@without_jax
def test_an_input_of_a_graph_may_hold_indices(backend):
    nodes = {"e": ([Embedding(5, 3), Flatten()], "word"), "sum": (Add(), ("e", "table")), "y": (Dense(1), "sum")}
    net = Network([Graph(("word", "table"), nodes, "y")], loss="mean_squared_error", backend=backend, compile=False)
    x = {"word": RNG.integers(5, size=(8, 1)), "table": RNG.standard_normal((8, 3))}
    net.fit(x, RNG.standard_normal((8, 1)))
    dx = net.loss_and_gradients(x, np.ones((8, 1)))[2]
    assert dx["word"] is None
    assert dx["table"].shape == (8, 3)
    with pytest.raises(ArgumentError, match=r"^x\['word'\] must hold integers from 0 to 4, got 7\.$"):
        net.predict({"word": np.full((1, 1), 7), "table": np.ones((1, 3))})


def test_layers_without_names_take_tuples():
    net = Network([Add(), Parallel([Dense(2), Dense(3)], merge=None)], loss="mean_squared_error").build(((4,), (4,)))
    x, y = (RNG.standard_normal((6, 4)), RNG.standard_normal((6, 4))), (np.ones((6, 2)), np.ones((6, 3)))
    net.fit(x, y)
    assert [part.shape for part in net.predict(x)] == [(6, 2), (6, 3)]


def test_weighted_losses_say_what_fits():
    loss = WeightedLosses({"a": MeanSquaredError(), "b": CrossEntropy()}, {"b": 2.0})
    assert loss.arranged(("b", "a")) == WeightedLosses((CrossEntropy(), MeanSquaredError()), (2.0, 1.0), ("b", "a"))
    assert repr(loss) == "WeightedLosses((MeanSquaredError(), CrossEntropy()), weights=(1.0, 2.0), outputs=('a', 'b'))"


def test_a_metric_by_name_has_the_threshold_of_the_loss_of_its_output():
    net = _network(loss={"kind": Hinge(), "age": "mean_squared_error"}, metrics={"kind": "accuracy"}, loss_weights=None)
    assert net.metrics[0].metric.threshold == Hinge.threshold


def _without(name, mapping):
    return {key: value for key, value in mapping.items() if key != name}


MESSAGES = [
    (lambda: _network().fit(_without("table", X), Y), "x must have an entry 'table', got ['image']."),
    (
        lambda: _network().fit({**X, "tabel": 1}, Y),
        "names in x must be one of image, table, got 'tabel'. Did you mean 'table'?",
    ),
    (
        lambda: _network().fit(X["image"], Y),
        "x must be a tuple of 2 arrays or a mapping of image, table, got ndarray.",
    ),
    (
        lambda: _network().fit(PAIRS[0][:1], Y),
        "x must be a tuple of 2 arrays or a mapping of image, table, got 1 parts.",
    ),
    (
        lambda: _network().fit({**X, "table": X["table"][:3]}, Y),
        "x['table'] must have 23 rows like x['image'], got shape (3, 2).",
    ),
    (
        lambda: _network().build(((5,), (2,))).predict({**X, "table": X["image"]}),
        "x['table'] must have shape (batch, 2), got (23, 5).",
    ),
    (
        lambda: _network().fit(X, Y["age"]),
        "y must be a tuple of 2 arrays or a mapping of kind, age, got ndarray.",
    ),
    (lambda: _network().fit(X, {**Y, "kind": np.full(N, 3)}), "output 'kind': y must hold labels from 0 to 2, got 3."),
    (
        lambda: _network().fit(X, {**Y, "age": np.ones((3, 1))}),
        "output 'age': y must have 23 rows like x, got shape (3, 1).",
    ),
    (
        lambda: _network().fit(X, Y, class_weight="balanced"),
        "class_weight must be a mapping from the outputs kind, age to weights of classes, got 'balanced'.",
    ),
    (
        lambda: _network(loss={"age": "mse"}).build(((5,), (2,))),
        "loss must have one loss for each of the outputs kind, age, got age.",
    ),
    (
        lambda: _network(loss="mse"),
        "loss_weights must be left out where loss is no mapping or tuple, got {'age': 0.3}.",
    ),
    (
        lambda: _network(loss_weights={"agee": 1.0}),
        "names in loss_weights must be one of age, kind, got 'agee'. Did you mean 'age'?",
    ),
    (
        lambda: _network(loss_weights=(1.0,)),
        "loss_weights must be a mapping, or a tuple of 2 numbers, got (1.0,).",
    ),
    (
        lambda: _network(loss={"age": MeanSquaredError(reduction="sum"), "kind": "cross_entropy"}),
        "losses of several outputs must have one reduction, got 'mean' and 'sum'.",
    ),
    (
        lambda: _network(metrics=["accuracy"]).build(((5,), (2,))),
        "metrics must be a mapping from the outputs kind, age, got Accuracy().",
    ),
    (
        lambda: train_many(_network(), X, Y, seeds=[0]),
        "net must have one input and one output to be trained with others at once, got several.",
    ),
    (
        lambda: Network([Graph("x", {"out": (["tanh", Dense(3), "softmax"], "x")}, "out")]),
        "layers must not end in Softmax() when the loss is CrossEntropy(): leave it out; predict_proba gives "
        "probabilities.",
    ),
]


@pytest.mark.parametrize(("call", "message"), MESSAGES, ids=[message for _, message in MESSAGES])
def test_what_does_not_fit_gets_one_sentence(call, message):
    with pytest.raises((ArgumentError, ArgumentTypeError, ShapeError)) as caught:
        call()
    assert str(caught.value) == message


@pytest.mark.parametrize("way", [False, "replay"])
def test_accumulated_steps_of_several_outputs_are_those_of_the_whole_batch_and_keep_what_is_frozen(way):
    whole, parts = _network(compile=way), _network(compile=way)
    for net, options in ((whole, {"batch_size": None}), (parts, {"batch_size": 8, "gradient_accumulation_steps": 3})):
        net.build({"image": 5, "table": 2})
        net.fit(X, Y, shuffle=False, epochs=2, **options)
        net.freeze("0.a")
        before = net.parameters
        net.fit(X, Y, shuffle=False, epochs=2, **options)
        moved = {name for name, value in net.parameters.items() if not np.array_equal(value, before[name])}
        assert moved == {name for name in before if not name.startswith("0.a.")}
    np.testing.assert_allclose(parts.flat_parameters, whole.flat_parameters, rtol=1e-10)
