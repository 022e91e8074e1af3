"""`Network`: training, measuring, predicting, parameters, and what it says to bad input."""

import re

import numpy as np
import pytest
from conftest import without_jax

import xpnn
from xpnn import Network, data, layers
from xpnn.callbacks import Callback
from xpnn.errors import ArgumentError, ArgumentTypeError, BackendError, NotBuiltError, ShapeError, XpnnError
from xpnn.layers import BatchNorm, Dense, Dropout, Flatten, Residual, Sequential
from xpnn.losses import MeanSquaredError
from xpnn.metrics import Accuracy
from xpnn.optimizers import SGD, Adam


@pytest.fixture
def moons():
    return data.moons(120, noise=0.1, seed=0)


def _classifier(**options):
    return Network([Dense(8, activation="relu"), Dense(2)], metrics=["accuracy"], seed=1, **options)


def test_a_network_learns_to_tell_two_moons_apart(backend, moons):
    net = _classifier(optimizer=Adam(0.02), backend=backend)
    history = net.fit(*moons, batch_size=40, epochs=60)
    assert history["loss"][-1] < 0.5 * history["loss"][0]
    assert net.evaluate(*moons)["accuracy"] > 0.93
    assert all(type(value) is float for value in history["loss"] + history["accuracy"])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_nothing_is_promoted(backend, moons, dtype):
    layers = [Dense(6, activation="gelu"), BatchNorm(), Dropout(0.2), Residual([Dense(6, activation="silu")]), Dense(2)]
    net = Network(layers, optimizer=Adam(0.01, weight_decay=0.1), backend=backend, dtype=dtype, l2=0.01, l1=0.001)
    net.fit(*moons, epochs=2, class_weight="balanced")
    assert {a.dtype for a in [*net.parameters.values(), *net.state.values(), net.predict(moons[0])]} == {
        np.dtype(dtype)
    }
    learner = net._learner
    for array in (learner.weights.flat, *learner.updater.vectors.values()):
        assert array.dtype == getattr(backend.xp, dtype)


def test_train_on_batch_returns_the_loss_before_the_step_as_a_0d_array(backend, moons):
    net = _classifier(backend=backend, optimizer=SGD(0.5))
    before = net.evaluate(*moons)["loss"]
    loss = net.train_on_batch(*moons)
    assert tuple(loss.shape) == ()
    assert float(loss) == pytest.approx(before, rel=1e-5)
    assert net.evaluate(*moons)["loss"] < before


def test_arrays_of_any_library_are_accepted(backend, moons):
    x, y = backend.asarray(moons[0]), backend.asarray(moons[1])
    wanted = _classifier().fit(*moons, epochs=2)["loss"]
    assert _classifier().fit(x, y, epochs=2)["loss"] == wanted
    assert _classifier().fit(moons[0].tolist(), moons[1].tolist(), epochs=2)["loss"] == wanted
    on_device = _classifier(backend=backend)
    on_device.train_on_batch(x, y)
    assert isinstance(on_device.predict(x), np.ndarray)


def test_the_last_short_batch_is_used():
    seen = []

    class Count(Callback):
        def on_batch_end(self, network, step, loss):
            seen.append(step)

    x, y = data.moons(50, seed=0)
    _classifier().fit(x, y, batch_size=20, epochs=2, callbacks=[Count()])
    assert seen == [1, 2, 3, 4, 5, 6]


def test_the_loss_of_an_epoch_is_the_mean_over_samples_not_over_batches(moons):
    class Frozen(Callback):
        def on_train_begin(self, network, epochs):
            network.learning_rate = 0.0

    net = _classifier(dtype="float64")
    history = net.fit(*moons, batch_size=50, epochs=1, callbacks=[Frozen()])
    logs = net.evaluate(*moons)
    assert history["loss"][0] == pytest.approx(logs["loss"], rel=1e-12)
    assert net.evaluate(*moons, batch_size=7) == pytest.approx(logs, rel=1e-12)


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@without_jax
def test_the_loss_with_weights_is_that_of_repeated_samples(backend, reduction):
    x, y = data.regression(12, seed=0)
    counts = np.asarray([1, 2, 3] * 4)
    repeated = np.repeat(x, counts, axis=0), np.repeat(y, counts, axis=0)
    options = {"loss": MeanSquaredError(reduction=reduction), "metrics": ["mae", "r2"], "backend": backend}
    net = Network([Dense(1)], dtype="float64", **options)
    weighted = net.evaluate(x, y, sample_weight=counts, batch_size=5)
    assert weighted == pytest.approx(net.evaluate(*repeated), rel=1e-10)


def test_class_weights_multiply_sample_weights(moons):
    x, y = moons[0][:30], np.asarray([0] * 20 + [1] * 10)
    by_hand = np.where(y == 0, 0.5, 4.0)
    runs = [
        _classifier().fit(x, y, epochs=2, class_weight={0: 0.5, 1: 4.0})["loss"],
        _classifier().fit(x, y, epochs=2, sample_weight=by_hand)["loss"],
        _classifier().fit(x, y, epochs=2, sample_weight=by_hand * 2, class_weight={0: 0.5, 1: 0.5})["loss"],
    ]
    np.testing.assert_allclose(runs, [runs[0]] * 3, rtol=1e-6)
    balanced = _classifier().fit(x, y, epochs=2, class_weight="balanced")["loss"]
    np.testing.assert_allclose(
        balanced, _classifier().fit(x, y, epochs=2, sample_weight=np.where(y == 0, 0.75, 1.5))["loss"], rtol=1e-6
    )


def test_validation_data_and_split_are_measured_and_not_learnt(moons):
    x, y = moons
    split = _classifier().fit(x, y, epochs=3, validation_split=0.25)
    given = _classifier().fit(x[:90], y[:90], epochs=3, validation_data=(x[90:], y[90:]))
    assert split.history == given.history
    assert set(split) == {"loss", "accuracy", "val_loss", "val_accuracy"}


def test_fit_counts_epochs_over_the_life_of_the_network(moons):
    net = _classifier()
    first, second = net.fit(*moons, epochs=2), net.fit(*moons, epochs=3)
    assert (first.epoch, second.epoch, net.history.epoch) == ([0, 1], [2, 3, 4], [0, 1, 2, 3, 4])
    assert net.history["loss"] == first["loss"] + second["loss"]


def test_zero_epochs_change_nothing(moons):
    net = _classifier().build(2)
    before = net.flat_parameters
    assert net.fit(*moons, epochs=0).epoch == []
    assert np.array_equal(net.flat_parameters, before)


@without_jax
def test_penalties_are_part_of_the_loss_and_spare_biases(backend):
    x, y = data.regression(20, seed=0)
    options = {"loss": "mse", "backend": backend, "dtype": "float64"}
    plain = Network([Dense(3, activation="tanh"), Dense(1)], **options).build(x.shape[1])
    penalised = Network([Dense(3, activation="tanh"), Dense(1)], l1=0.1, l2=0.3, **options).build(x.shape[1])
    loss, grads, _ = plain.loss_and_gradients(x, y)
    new_loss, new_grads, _ = penalised.loss_and_gradients(x, y)
    weights = [plain.parameters[f"{i}.weight"] for i in range(2)]
    extra = sum(0.1 * np.abs(w).sum() + 0.15 * (w**2).sum() for w in weights)
    assert new_loss == pytest.approx(loss + extra, rel=1e-12)
    assert penalised.evaluate(x, y)["loss"] == pytest.approx(loss + extra, rel=1e-12)
    for name, value in plain.parameters.items():
        more = 0.1 * np.sign(value) + 0.3 * value if name.endswith("weight") else 0.0
        np.testing.assert_allclose(new_grads[name], grads[name] + more, rtol=1e-11, atol=1e-14)
    assert xpnn.check_gradients(penalised, x, y).passed


def test_looking_at_gradients_changes_nothing(moons):
    net = Network([Dense(4), BatchNorm(), Dropout(0.5), Dense(2)], seed=3)
    twin = net.copy_to("numpy")
    net.loss_and_gradients(*moons)
    assert net.fit(*moons, epochs=2).history == twin.fit(*moons, epochs=2).history


def test_names_are_positions_or_given_and_nest():
    net = Network([Dense(3, name="hidden"), Sequential([Dense(2), BatchNorm(name="norm")]), Flatten()]).build(4)
    assert list(net.parameters) == [
        "hidden.weight",
        "hidden.bias",
        "1.0.weight",
        "1.0.bias",
        "1.norm.weight",
        "1.norm.bias",
    ]
    assert list(net.state) == ["1.norm.running_mean", "1.norm.running_var"]


def test_parameters_can_be_read_and_set_whole_or_in_part(backend):
    net = Network([Dense(3), Dense(2)], backend=backend, dtype="float64").build(2)
    values = {name: np.full(value.shape, 0.5) for name, value in net.parameters.items()}
    net.set_parameters({"0.bias": values["0.bias"]})
    assert np.all(net.parameters["0.bias"] == 0.5)
    assert not np.all(net.parameters["1.weight"] == 0.5)
    net.flat_parameters = np.arange(net.count_parameters())
    assert net.flat_parameters.tolist() == list(range(17))
    assert net.parameters["0.weight"].tolist() == [[0, 1, 2], [3, 4, 5]]
    np.testing.assert_allclose(
        net.predict([[1.0, 1.0]]), [[9 * 9 + 12 * 11 + 15 * 13 + 15, 9 * 10 + 12 * 12 + 15 * 14 + 16]]
    )


def test_parameters_are_copies():
    net = Network([Dense(2)]).build(2)
    net.parameters["0.weight"][...] = 7
    net.flat_parameters[...] = 7
    assert not np.any(net.flat_parameters == 7)


def test_a_summary_shows_shapes_and_counts():
    net = Network([Dense(24, activation="relu"), Residual([Dense(24)]), Dense(3, name="out")]).build(2)
    text = str(net.summary())
    assert text.splitlines()[3:] == [
        "0      Dense(24, activation=ReLU())  (batch, 24)           72",
        "1      Residual                      (batch, 24)          600",
        "1.0    Dense(24)                     (batch, 24)          600",
        "out    Dense(3, name='out')          (batch, 3)            75",
        "-------------------------------------------------------------",
        "747 parameters",
    ]
    assert net.count_parameters() == 747


def test_layers_can_be_added_by_name_until_the_network_is_built():
    net = Network(loss="mse").add(Dense(3)).add("tanh").add(Dense(1))
    assert net.predict(np.zeros((2, 4))).shape == (2, 1)
    with pytest.raises(ArgumentError, match="layers must be added before the network is built"):
        net.add(Dense(2))


def test_predict_proba_applies_the_link_of_the_loss(backend):
    x = np.random.default_rng(0).standard_normal((5, 3))
    net = Network([Dense(4)], backend=backend, dtype="float64").build(3)
    logits = net.predict(x)
    exps = np.exp(logits)
    np.testing.assert_allclose(net.predict_proba(x), exps / exps.sum(axis=1, keepdims=True), rtol=1e-12)
    net = Network([Dense(4)], loss="binary_cross_entropy", backend=backend, dtype="float64").build(3)
    np.testing.assert_allclose(net.predict_proba(x), 1 / (1 + np.exp(-net.predict(x))), rtol=1e-12)
    net = Network([Dense(4)], loss="mse", backend=backend, dtype="float64").build(3)
    assert np.array_equal(net.predict_proba(x), net.predict(x))


@without_jax
def test_predictions_in_batches_are_those_of_one_batch(backend):
    x = np.random.default_rng(0).standard_normal((11, 3))
    net = Network([Dense(4, activation="tanh"), Dense(2)], backend=backend, dtype="float64").build(3)
    np.testing.assert_allclose(net.predict(x, batch_size=4), net.predict(x), rtol=1e-13)
    assert net.predict(x[:0]).shape == (0, 2)


@without_jax
def test_a_shared_layer_is_one_layer(backend):
    shared = Dense(3, activation="tanh", name="shared")
    net = Network([shared, Residual([shared]), Dense(3), shared], backend=backend, dtype="float64", loss="mse").build(3)
    assert list(net.parameters) == ["shared.weight", "shared.bias", "2.weight", "2.bias"]
    x = np.random.default_rng(0).standard_normal((4, 3))
    assert xpnn.check_gradients(net, x, x).passed
    p = net.parameters

    def apply(v, name):
        return v @ p[f"{name}.weight"] + p[f"{name}.bias"]

    h = np.tanh(apply(x, "shared"))
    h = h + np.tanh(apply(h, "shared"))
    np.testing.assert_allclose(net.predict(x), np.tanh(apply(apply(h, "2"), "shared")), rtol=1e-12)


@without_jax
def test_two_networks_on_two_backends_do_not_interfere(backend, moons):
    alone = _classifier(backend=backend, dtype="float64").fit(*moons, epochs=2).history
    nets = [_classifier(backend=b, dtype="float64") for b in (backend, "numpy")]
    runs = [[net.fit(*moons, epochs=1)["loss"] for net in nets] for _ in range(2)]
    assert [run[0][0] for run in runs] == alone["loss"]


def _message(call):
    with pytest.raises(XpnnError) as caught:
        call()
    return type(caught.value), str(caught.value)


X, Y = np.zeros((6, 3)), np.zeros(6, dtype=int)


def _net(**options):
    return Network([Dense(2)], **options)


MESSAGES = [
    (lambda: _net().build(3).fit(np.zeros((8, 4)), Y), ShapeError, "x must have shape (batch, 3), got (8, 4)."),
    (lambda: _net().fit(X, np.zeros(5, int)), ShapeError, "y must have 6 rows like x, got shape (5,)."),
    (lambda: _net().fit(X[:0], Y[:0]), ArgumentError, "x must hold at least one sample, got none."),
    (lambda: _net().fit(X.astype(str), Y), ArgumentError, "x must hold real numbers, got an array of dtype <U32."),
    (lambda: _net().fit(X, None), ArgumentTypeError, None),
    (
        lambda: _net().fit(X, Y, sample_weight=np.zeros(6)),
        ArgumentError,
        "sample_weight must hold a number above 0, got zeros alone.",
    ),
    (lambda: _net().build(None), ArgumentError, "input_shape must be an integer or a tuple of integers, got None."),
    (
        lambda: Network([Dense]),
        ArgumentTypeError,
        "layers must be layers or names of activations, got <class 'xpnn.layers.dense.Dense'>: write Dense(...).",
    ),
    (lambda: Network([Dense(2, name=3)]), ArgumentError, "name must be 1 to 100 letters, digits, '_' and '-', got 3."),
    (
        lambda: _net().build(3).set_parameters([1]),
        ArgumentTypeError,
        "parameters must be a mapping from names to arrays, got list.",
    ),
    (
        lambda: _net().fit(X, Y, class_weight=[1, 2]),
        ArgumentTypeError,
        "class_weight must be a mapping from classes to weights, got [1, 2].",
    ),
    (
        lambda: _net().fit(X, Y, validation_split=0.5, sample_weight=2.0),
        ShapeError,
        "sample_weight must have 6 rows like x, got shape ().",
    ),
    (lambda: _net().fit(X, Y, batch_size=0), ArgumentError, "batch_size must be an integer of at least 1, got 0."),
    (lambda: _net().fit(X, Y, epochs=-1), ArgumentError, "epochs must be an integer of at least 0, got -1."),
    (lambda: _net().fit(X, Y, epochs=2.0), ArgumentError, "epochs must be an integer of at least 0, got 2.0."),
    (lambda: _net().fit(X, Y, shuffle="yes"), ArgumentError, "shuffle must be True or False, got 'yes'."),
    (lambda: _net().fit(X, Y, verbose=7), ArgumentError, "verbose must be one of 0, 1, 2, auto, got '7'."),
    (
        lambda: _net().fit(X, Y, callbacks=[print]),
        ArgumentTypeError,
        "callbacks must be instances of xpnn.callbacks.Callback, got <built-in function print>.",
    ),
    (
        lambda: _net().fit(X, Y, validation_data=X),
        ArgumentTypeError,
        "validation_data must be (x, y) or (x, y, sample_weight), got ndarray.",
    ),
    (
        lambda: _net().fit(X, Y, validation_data=(np.zeros((6, 4)), Y)),
        ShapeError,
        "validation_data: x must have shape (batch, 3), got (6, 4).",
    ),
    (
        lambda: _net().fit(X, Y, validation_data=(X, Y + 7)),
        ArgumentError,
        "validation_data: y must hold labels from 0 to 1, got 7.",
    ),
    (
        lambda: _net().fit(X, Y, validation_data=(X, Y, np.zeros(6))),
        ArgumentError,
        "validation_data: sample_weight must hold a number above 0, got zeros alone.",
    ),
    (
        lambda: _net().fit(X, np.arange(6) // 5 * 7, validation_split=0.2),
        ArgumentError,
        "y must hold labels from 0 to 1, got 7.",
    ),
    (
        lambda: _net().build(3).set_parameters({"0.weight": "abc"}),
        ArgumentTypeError,
        "0.weight must be an array, a table or a rectangular sequence, got str.",
    ),
    (
        lambda: Network([BatchNorm()]).build(3).set_state({"0.running_mean": None}),
        ArgumentTypeError,
        "0.running_mean must be an array, a table or a rectangular sequence, got NoneType.",
    ),
    (
        lambda: _net().fit(X, Y, validation_split=0.1),
        ArgumentError,
        "validation_split must leave samples on both sides, got 0.1 of 6 samples.",
    ),
    (
        lambda: _net().fit(X, Y, validation_split=0.5, validation_data=(X, Y)),
        ArgumentError,
        "validation_split must be 0 when validation_data is given, got 0.5.",
    ),
    (
        lambda: _net().fit(X, Y, sample_weight=np.ones(5)),
        ShapeError,
        "sample_weight must have shape (6,), got (5,).",
    ),
    (
        lambda: _net().fit(X, Y, sample_weight=-np.ones(6)),
        ArgumentError,
        "sample_weight must hold finite numbers of at least 0, got -1.0.",
    ),
    (
        lambda: _net().fit(X, Y, class_weight={3: 1.0}),
        ArgumentError,
        "class_weight must name classes that occur in y, got 3.",
    ),
    (
        lambda: _net().parameters,
        NotBuiltError,
        "the network must be built first: call build(input_shape), fit(x, y) or predict(x).",
    ),
    (lambda: Network().build(3), ArgumentError, "layers must hold at least one layer, got none."),
    (
        lambda: _net().build(3).build(4),
        ArgumentError,
        "input_shape must stay (3,) once the network is built, got (4,).",
    ),
    (lambda: _net().build((3, 0)), ArgumentError, "input_shape must be an integer of at least 1, got 0."),
    (
        lambda: _net(dtype="float16"),
        ArgumentError,
        "dtype must be one of float32, float64, mixed_float16, got 'float16'. Did you mean 'float64'?",
    ),
    (
        lambda: _net(metrics=["accuracy", "accuracy"]),
        ArgumentError,
        "metrics must have different names, got 'accuracy' twice: give one a name of its own.",
    ),
    *(
        (
            lambda name=name: _net(metrics=[Accuracy(name=name)]),
            ArgumentError,
            f"metrics must have names that are strings, not 'epoch', and do not begin with 'val_', got {name!r}.",
        )
        for name in ("epoch", "val_loss", "val_accuracy", 3)
    ),
    (
        lambda: _net(metrics=[Accuracy(name="loss")]),
        ArgumentError,
        "metrics must have different names, got 'loss' twice: give one a name of its own.",
    ),
    (lambda: _net(seed=-1), ArgumentError, "seed must be an integer of at least 0, got -1."),
    (lambda: _net(l2=-1.0), ArgumentError, "l2 must be a finite number of at least 0, got -1.0."),
    (
        lambda: Network([Dense(2, activation="softmax")]),
        ArgumentError,
        "layers must not end in Softmax() when the loss is CrossEntropy(): leave it out; predict_proba gives "
        "probabilities.",
    ),
    (
        lambda: Network([Dense(1), "sigmoid"], loss="binary_cross_entropy"),
        ArgumentError,
        "layers must not end in Sigmoid() when the loss is BinaryCrossEntropy(): leave it out; predict_proba gives "
        "probabilities.",
    ),
    (
        lambda: Network([Dense(3)], loss="negative_log_likelihood"),
        ArgumentError,
        "layers must end in LogSoftmax when the loss is NegativeLogLikelihood(): use 'log_softmax', since this loss "
        "works on log-probabilities.",
    ),
    (
        lambda: Network([Dense(3), "softmax", Flatten()], loss="negative_log_likelihood"),
        ArgumentError,
        "layers must not end in Softmax() when the loss is NegativeLogLikelihood(): use 'log_softmax', since this loss "
        "works on log-probabilities.",
    ),
    (
        lambda: _net().build(3).set_parameters({"0.weigth": X}),
        ArgumentError,
        "names of parameters must be one of 0.bias, 0.weight, got '0.weigth'. Did you mean '0.weight'?",
    ),
    (
        lambda: _net().build(3).set_parameters({"0.bias": np.zeros(2), "0.weight": X}),
        ShapeError,
        "0.weight must have shape (3, 2), got (6, 3).",
    ),
    (
        lambda: setattr(_net().build(3), "flat_parameters", np.zeros(7)),
        ShapeError,
        "flat_parameters must have shape (8,), got (7,).",
    ),
    (
        lambda: setattr(_net().build(3), "learning_rate", -1),
        ArgumentError,
        "learning_rate must be a finite number of at least 0, got -1.",
    ),
    (
        lambda: Network([s := BatchNorm(), Dense(3), s]).build(3),
        ArgumentError,
        "layer 2, BatchNorm(): a layer with state must not be shared, got it twice.",
    ),
    (
        lambda: Network([s := Dense(4), s]).build(3),
        ShapeError,
        "layer 1, Dense(4): weight of a shared layer must have shape (3, 4) as in 0.weight, got (4, 4).",
    ),
]


@pytest.mark.parametrize(("call", "kind", "message"), MESSAGES, ids=[str(message) for *_, message in MESSAGES])
def test_bad_input_gets_one_sentence(call, kind, message):
    found, sentence = _message(call)
    assert found is kind
    assert sentence == message or (message is None and sentence.startswith("y must be an array"))


DOUBLE = [
    [layers.Conv2D(1, 3, activation="sigmoid")],
    [layers.Conv2D(1, 4, activation="sigmoid"), Flatten()],
    [layers.Conv2DTranspose(1, 3, activation="sigmoid"), layers.MaxPool2D(2)],
    [layers.DepthwiseConv2D(4, activation="sigmoid"), layers.GlobalMaxPool2D()],
    [layers.SeparableConv2D(1, 1, activation="sigmoid"), layers.Cropping2D(1)],
    [layers.Reshape((4, 4)), layers.SimpleRNN(1, activation="sigmoid")],
    [layers.Reshape((4, 4)), layers.Conv1D(1, 1, activation="sigmoid"), layers.SpatialDropout1D(0.5)],
    *(
        [layers.Reshape((16,)), Dense(1, activation="sigmoid"), *behind]
        for behind in (
            [layers.Identity()],
            [layers.Activation("identity"), Dropout(0.5)],
            ["identity", layers.RepeatVector(2), layers.Permute((2, 1)), layers.Reshape((2,))],
            [Sequential([layers.Identity()]), layers.Identity()],
        )
    ),
]


@pytest.mark.parametrize("parts", DOUBLE, ids=repr)
def test_a_sigmoid_before_a_loss_that_applies_it_is_refused_whatever_layer_applies_it(parts):
    message = (
        "layers must not end in Sigmoid() when the loss is BinaryCrossEntropy(): leave it out; predict_proba gives"
    )
    with pytest.raises(ArgumentError, match=f"^{re.escape(message)} probabilities.$"):
        Network(parts, loss="binary_cross_entropy")
    Network(parts, loss="mean_squared_error").build((4, 4, 1))


def test_an_activation_inside_a_layer_is_not_its_last_one():
    inner = layers.TransformerEncoder(4, num_heads=2, intermediate_dim=3, activation="sigmoid")
    for parts in ([inner], [Dense(1, activation="sigmoid"), layers.LSTM(2)], [layers.GRU(2)], [layers.Identity()]):
        Network(parts, loss="binary_cross_entropy").build((5, 4))


@pytest.mark.parametrize(
    ("option", "value", "hint"),
    [
        ("loss", "cross_entrpy", "Did you mean 'cross_entropy'?"),
        ("optimizer", "adm", "Did you mean 'adam'?"),
        ("metrics", ["acuracy"], "Did you mean 'accuracy'?"),
    ],
)
def test_an_unknown_name_is_answered_with_the_nearest_match(option, value, hint):
    kind, message = _message(lambda: _net(**{option: value}))
    assert kind is ArgumentError
    assert message.startswith(f"{option} must be one of ")
    assert message.endswith(hint)


def test_labels_out_of_range_are_refused_on_every_backend_before_anything_is_learnt(backend):
    net = _net(backend=backend).build(3)
    before = net.flat_parameters
    for labels in (np.asarray([0, 1, 2, 0, 1, 1]), np.asarray([0, -1, 1, 0, 1, 1]), backend.asarray(np.full(6, 2))):
        with pytest.raises(ArgumentError, match=r"^y must hold labels from 0 to 1, got (2|-1)\.$"):
            net.fit(X, labels)
    assert np.array_equal(net.flat_parameters, before)


def test_an_unknown_backend_is_refused():
    with pytest.raises((ArgumentError, BackendError), match="nunpy"):
        Network([Dense(1)], backend="nunpy")


def test_failed_parameters_leave_the_network_as_it_was():
    net = _net().build(3)
    before = net.flat_parameters
    with pytest.raises(ShapeError):
        net.set_parameters({"0.bias": np.ones(2), "0.weight": np.ones((1, 1))})
    assert np.array_equal(net.flat_parameters, before)


def test_copies_by_the_copy_module_are_independent_and_whole(moons):
    import copy
    import pickle

    net = _classifier()
    net.fit(*moons, epochs=1)
    for twin in (copy.copy(net), copy.deepcopy(net)):
        before = net.predict(moons[0])
        assert np.array_equal(twin.predict(moons[0]), before)
        twin.fit(*moons, epochs=2)
        assert not np.array_equal(twin.predict(moons[0]), before)
        assert np.array_equal(net.predict(moons[0]), before)
    with pytest.raises(ArgumentTypeError, match="cannot be pickled"):
        pickle.dumps(net)


def test_a_subclass_with_arguments_of_its_own_is_copied_and_loaded(tmp_path):
    class Small(Network):
        def __init__(self, hidden=4):
            super().__init__([Dense(hidden), Dense(2)])

    net = Small(3).build(2)
    net.save(tmp_path / "net")
    for again in (net.copy_to("numpy"), Small.load(tmp_path / "net")):
        assert type(again) is Small
        assert np.array_equal(again.flat_parameters, net.flat_parameters)


def test_what_a_network_is_made_of_cannot_be_exchanged_behind_its_back():
    net = _net().build(3)
    for name in ("loss", "optimizer", "metrics", "backend", "dtype", "seed", "l1", "l2", "layers"):
        with pytest.raises(AttributeError):
            setattr(net, name, None)


def test_a_network_shows_what_it_is():
    net = Network([Dense(3, activation="relu"), Dense(2)], metrics=["accuracy"])
    assert repr(net) == (
        "Network([Dense(3, activation=ReLU()), Dense(2)], loss=CrossEntropy(), optimizer=Adam(), metrics=[Accuracy()], "
        "backend='numpy', dtype='float32')"
    )


def test_the_learning_rate_can_be_set_before_the_network_is_built(moons):
    net = Network([Dense(2)], optimizer=SGD(0.5))
    assert net.learning_rate == 0.5
    net.learning_rate = 0.0
    assert net.copy_to("numpy").learning_rate == 0.0
    before = net.build(2).flat_parameters
    net.fit(*moons)
    assert np.array_equal(net.flat_parameters, before)


@pytest.mark.parametrize("dtype", [np.float32, np.dtype("float32"), "float32"])
def test_a_dtype_may_be_that_of_an_array_library(dtype):
    assert Network(dtype=dtype).dtype == "float32"
    assert Network(dtype=float).dtype == "float64"


def test_a_refused_call_leaves_no_trace(moons):
    net = Network([Dense(2)])
    for x, y, options in (
        (np.ones((5, 7)), moons[1][:4], {}),
        (*moons, {"validation_data": (np.ones((3, 5)), [0, 1, 1])}),
        (moons[0], moons[1] + 5, {}),
    ):
        with pytest.raises(XpnnError):
            net.fit(x, y, **options)
        assert not net.built
    net.fit(*moons)


@pytest.mark.parametrize("name", ["train_on_batch", "loss_and_gradients"])
def test_a_batch_without_samples_is_refused_and_changes_nothing(backend, name, moons):
    net, (x, y) = _classifier(backend=backend), moons
    own = net.backend.asarray(np.empty((0, 2), "float32"))
    for empty in (x[:0], own):
        with pytest.raises(ArgumentError, match=r"^x must hold at least one sample, got none\.$"):
            getattr(net, name)(empty, y[:0])
    assert not net.built
    before = net.build(2).flat_parameters
    with pytest.raises(ArgumentError, match="at least one sample"):
        getattr(net, name)(x[:0], y[:0], sample_weight=np.ones(0))
    assert np.array_equal(net.flat_parameters, before)
    assert net.predict(x[:0]).shape == (0, 2)


def test_a_metric_that_does_not_fit_is_refused_before_anything_is_learnt(moons):
    net = Network([Dense(2)], metrics=["mse"]).build(2)
    before = net.flat_parameters
    with pytest.raises(XpnnError):
        net.fit(*moons)
    assert np.array_equal(net.flat_parameters, before)
    assert net.history.epoch == []


@pytest.mark.parametrize("bad", [np.nan, np.inf, 1e300])
def test_inputs_that_are_no_finite_numbers_are_refused(backend, moons, bad):
    x = moons[0].copy()
    x[3, 1] = bad
    with pytest.raises(ArgumentError, match=r"^x must hold finite numbers, got (nan|inf) at index \(3, 1\)\.$"):
        _classifier(backend=backend).fit(x, moons[1])


def test_weights_that_are_all_0_are_refused(backend, moons):
    for call in (_classifier(backend=backend).fit, _classifier(backend=backend).evaluate):
        with pytest.raises(ArgumentError, match=r"^sample_weight must hold a number above 0, got zeros alone\.$"):
            call(*moons, sample_weight=np.zeros(120))


def test_masked_values_are_refused(moons):
    with pytest.raises(ArgumentError, match=r"^x must have no masked values"):
        _classifier().predict(np.ma.masked_array(moons[0], mask=moons[0] > 1))


def test_class_weights_do_not_weigh_the_validation(moons):
    order = np.random.default_rng(0).permutation(120)
    x, y = moons[0][order], moons[1][order]
    options = {"epochs": 1, "class_weight": {0: 100.0, 1: 0.0}}
    net = _classifier()
    logs = net.fit(x, y, validation_split=0.5, **options)
    assert logs["val_loss"][0] == pytest.approx(net.evaluate(x[60:], y[60:])["loss"], rel=1e-6)


def test_a_penalty_counts_once_in_the_loss_of_an_epoch(moons):
    from xpnn.losses import CrossEntropy

    for reduction in ("sum", "mean"):
        net = Network([Dense(2)], loss=CrossEntropy(reduction=reduction), l2=1.0, dtype="float64")
        net.learning_rate = 0.0
        history = net.fit(*moons, batch_size=7)
        assert history["loss"][0] == pytest.approx(net.evaluate(*moons)["loss"], rel=1e-12)


def test_biases_and_norms_neither_decay_nor_are_penalised(moons):
    from xpnn.layers import LayerNorm
    from xpnn.optimizers import AdamW

    layers = [Dense(4), LayerNorm(), BatchNorm(), Dense(2)]
    nets = [Network(layers, optimizer=AdamW(0.1, weight_decay=d), dtype="float64").build(2) for d in (0.0, 1.0)]
    for net in nets:
        net.flat_parameters = np.linspace(-1.0, 1.0, net.count_parameters())
        net.train_on_batch(*moons)
    first, second = (net.parameters for net in nets)
    for name, value in first.items():
        assert np.array_equal(value, second[name]) == (value.ndim < 2), name
    spared = Network(layers, l2=1.0, dtype="float64").build(2)
    spared.set_parameters({name: np.ones(v.shape) for name, v in spared.parameters.items() if v.ndim == 1})
    plain = spared.copy_to("numpy")
    plain._penalty = type(plain._penalty)(0.0, 0.0)
    plain = plain.copy_to("numpy")
    differences = spared.loss_and_gradients(*moons)[0] - plain.loss_and_gradients(*moons)[0]
    weights = [v for v in spared.parameters.values() if v.ndim == 2]
    assert differences == pytest.approx(0.5 * sum((w**2).sum() for w in weights), rel=1e-9)


def test_an_assigned_vector_stays_the_callers():
    net = Network([Dense(2)], dtype="float64").build(2)
    mine = np.ones(6)
    net.flat_parameters = mine
    net.train_on_batch(np.ones((3, 2)), [0, 1, 1])
    assert mine.tolist() == [1.0] * 6


def test_a_network_may_begin_with_a_residual(moons):
    net = Network([Residual([Dense(2, activation="tanh")]), Dense(2)], optimizer=Adam(0.05))
    history = net.fit(*moons, epochs=20)
    assert history["loss"][-1] < 0.8 * history["loss"][0]
    assert xpnn.check_gradients(net, *moons).passed


def test_a_history_draws_its_curves():
    from xpnn.training.history import History

    class Axes:
        def __init__(self):
            self.drawn = []

        def plot(self, x, y, label):
            self.drawn.append((x, y, label))

        def set_xlabel(self, text):
            self.text = text

        def legend(self):
            self.has_legend = True

    history = History([0, 1], {"loss": [2.0, 1.0], "val_loss": [3.0, 2.0]})
    axes = history.plot(Axes())
    assert axes.drawn == [([1, 2], [2.0, 1.0], "loss"), ([1, 2], [3.0, 2.0], "val_loss")]
    pyplot = pytest.importorskip("matplotlib.pyplot")
    pyplot.switch_backend("agg")
    assert len(history.plot().lines) == 2
    pyplot.close("all")
