"""Moving, copying, saving, loading: nothing is lost, and training goes on as if it had never stopped."""

import json
from dataclasses import dataclass

import numpy as np
import pytest
from conftest import TESTED

from xpnn import Network, data, safetensors
from xpnn.callbacks import LearningRateSchedule
from xpnn.errors import ArgumentError, ArgumentTypeError, CheckpointError, NotBuiltError, XpnnError
from xpnn.layers import Activation, BatchNorm, Dense, Dropout, LayerNorm, Residual, Sequential, Standardize
from xpnn.optimizers import SGD, Adam
from xpnn.training.codec import decode, encode, known_types

MOONS = data.moons(60, noise=0.1, seed=0)


def _network(backend="numpy", **options):
    shared = Dense(6, activation="tanh", name="shared")
    layers = [Dense(6), BatchNorm(), "relu", shared, Dropout(0.3), Residual([LayerNorm(), shared]), Dense(2)]
    options = {"optimizer": SGD(0.1, momentum=0.9), "metrics": ["accuracy"], "seed": 5, **options}
    return Network(layers, backend=backend, l2=1e-3, **options)


def _fit(net, epochs):
    schedule = LearningRateSchedule(lambda epoch, rate: rate * 0.8)
    return net.fit(*MOONS, batch_size=16, epochs=epochs, callbacks=[schedule], validation_split=0.2)


def _everything(net):
    learner = net._learner
    vectors = {name: np.array(learner.backend.to_numpy(v)) for name, v in learner.updater.vectors.items()}
    return (
        {**net.parameters, **net.state, **vectors},
        learner.streams.positions,
        learner.updater.step,
        net.learning_rate,
    )


def _assert_equal(first, second):
    (arrays, *rest), (others, *other_rest) = _everything(first), _everything(second)
    assert rest == other_rest
    assert arrays.keys() == others.keys()
    assert all(np.array_equal(arrays[name], others[name]) for name in arrays)
    assert first.history == second.history


@pytest.mark.parametrize(
    "optimizer", ["sgd", SGD(0.1, momentum=0.9, nesterov=True), "adam", "adamw", "rmsprop", "adadelta", "adagrad"]
)
def test_training_interrupted_by_a_file_is_bit_identical(tmp_path, optimizer):
    whole, parts = _network(optimizer=optimizer), _network(optimizer=optimizer)
    _fit(whole, 10)
    _fit(parts, 5)
    parts.save(tmp_path / "half.safetensors")
    parts = Network.load(tmp_path / "half.safetensors")
    _fit(parts, 5)
    _assert_equal(whole, parts)


def test_training_interrupted_by_a_file_is_bit_identical_on_every_backend(tmp_path, backend):
    whole, parts = _network(backend), _network(backend)
    _fit(whole, 4)
    _fit(parts, 2)
    parts.save(tmp_path / "half.safetensors")
    parts = Network.load(tmp_path / "half.safetensors", backend=backend)
    _fit(parts, 2)
    _assert_equal(whole, parts)


@pytest.mark.parametrize(
    ("word", "other"),
    [(a, b) for a in TESTED for b in TESTED if "jax" not in (a, b) or "numpy" in (a, b)],  # JAX compiles for each pair
)
def test_moving_in_the_middle_of_training_changes_no_number(word, other):
    backend = TESTED[word]
    stayed, moved = _network(backend, dtype="float64"), _network(backend, dtype="float64")
    _fit(stayed, 2)
    _fit(moved, 2)
    before = _everything(moved)
    assert moved.to(TESTED[other]) is moved
    assert moved.backend is TESTED[other]
    _assert_equal(stayed, moved)
    assert before[1:] == _everything(moved)[1:]
    moved.fit(*MOONS, epochs=1)
    stayed.fit(*MOONS, epochs=1)
    np.testing.assert_allclose(moved.flat_parameters, stayed.flat_parameters, rtol=1e-9, atol=1e-12)


def test_a_copy_is_independent(backend):
    net = _network(backend)
    _fit(net, 1)
    net.notes["classes"] = ["a", "b"]
    copy = net.copy_to(backend)
    _assert_equal(net, copy)
    before = net.flat_parameters
    copy.notes["classes"].append("c")
    _fit(copy, 1)
    assert np.array_equal(net.flat_parameters, before)
    assert net.notes == {"classes": ["a", "b"]}
    assert len(net.history.epoch) == 1


def test_a_copy_in_float64_has_the_same_values():
    net = _network()
    _fit(net, 1)
    copy = net.copy_to("numpy", dtype="float64")
    assert copy.flat_parameters.dtype == np.float64
    assert np.array_equal(copy.flat_parameters, net.flat_parameters)


@pytest.mark.parametrize("other", list(TESTED))
def test_a_file_can_be_read_on_every_other_backend(tmp_path, backend, other):
    net = _network(backend)
    _fit(net, 1)
    net.save(tmp_path / "a.safetensors")
    loaded = Network.load(tmp_path / "a.safetensors", backend=TESTED[other])
    _assert_equal(net, loaded)
    loaded.save(tmp_path / "b.safetensors")
    assert (tmp_path / "a.safetensors").read_bytes() == (tmp_path / "b.safetensors").read_bytes()


def test_a_file_holds_parameters_under_their_own_names(tmp_path):
    safetensors_numpy = pytest.importorskip("safetensors.numpy")
    net = _network()
    _fit(net, 1)
    net.save(tmp_path / "net.safetensors")
    tensors = safetensors_numpy.load_file(tmp_path / "net.safetensors")
    for name, value in {**net.parameters, **net.state}.items():
        assert np.array_equal(tensors[name], value)


def test_tied_weights_stay_tied(tmp_path):
    net = _network()
    net.build(2).save(tmp_path / "net.safetensors")
    for again in (Network.load(tmp_path / "net.safetensors"), net.copy_to("numpy")):
        assert again.layers[3] is again.layers[5].layers[1]
        assert again.count_parameters() == net.count_parameters()


def test_all_arguments_come_back(tmp_path):
    net = Network(
        [
            Standardize(name="scaler"),
            Dense(3, activation="gelu_tanh", weight_initializer="he_normal"),
            Sequential([Dense(1)]),
        ],
        loss="huber",
        optimizer=Adam(0.02, weight_decay=0.1, clip_norm=1.0),
        metrics=["mae", "r2"],
        dtype="float64",
        seed=9,
        l1=0.5,
        l2=0.25,
    ).build(2)
    net.notes = {"target": "y", "list": [1, 2.5, None, True]}
    net.save(tmp_path / "net.safetensors")
    again = Network.load(tmp_path / "net.safetensors")
    for name in ("loss", "optimizer", "metrics", "dtype", "seed", "l1", "l2", "notes"):
        assert getattr(again, name) == getattr(net, name)
    assert repr(again.layers) == repr(net.layers)


def test_histories_with_nan_and_infinity_come_back(tmp_path):
    net = _network().build(2)
    net.history.append(0, {"loss": float("nan")})
    net.history.append(1, {"loss": float("inf"), "late": 1.0})
    net.save(tmp_path / "net.safetensors")
    again = Network.load(tmp_path / "net.safetensors").history
    np.testing.assert_array_equal(again["loss"], net.history["loss"])
    np.testing.assert_array_equal(again["late"], [np.nan, 1.0])


def test_an_unbuilt_network_cannot_be_saved(tmp_path):
    with pytest.raises(NotBuiltError):
        _network().save(tmp_path / "net.safetensors")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("path", [None, 3, b"net"])
def test_what_is_no_path_is_refused(path):
    for call in (_network().build(2).save, Network.load):
        with pytest.raises(ArgumentTypeError) as caught:
            call(path)
        assert str(caught.value) == f"path must be a string or a path, got {path!r}."


@pytest.mark.parametrize(
    ("notes", "message"),
    [
        (
            {"good": [1], "mean": np.zeros(1)},
            "notes['mean'] must be JSON data, got array([0.]): Object of type",
        ),
        ({"list": [float("nan")]}, "notes['list'] must be JSON data, got [nan]: Out of range float values"),
        ({3: 1}, "notes[3] must be JSON data, got 1: its keys must be strings, not 3."),
        ({"deep": json.loads("[" * 126 + "]" * 126)}, "notes['deep'] must be JSON data, got ["),
        ([1, 2], "notes must be a dict, got [1, 2]."),
        (None, "notes must be a dict, got None."),
    ],
)
def test_notes_that_a_file_cannot_hold_are_named(tmp_path, notes, message):
    net = _network().build(2)
    net.notes = notes
    with pytest.raises((ArgumentError, ArgumentTypeError)) as caught:
        net.save(tmp_path / "net.safetensors")
    assert str(caught.value).startswith(message)
    assert list(tmp_path.iterdir()) == []
    net.notes = {"deep": json.loads("[" * 125 + "]" * 125)}
    net.save(tmp_path / "net.safetensors")
    assert Network.load(tmp_path / "net.safetensors").notes == net.notes


@dataclass(frozen=True, slots=True, repr=False)
class Twice(Activation):
    """A caller's own layer."""

    factor: float = 2.0

    def forward(self, params, state, x, ctx):
        y, saved, state = Activation.forward(self, params, state, x, ctx)
        return y * self.factor, saved, state

    def backward(self, params, saved, dy, ctx):
        return Activation.backward(self, params, saved, dy * self.factor, ctx)


def test_a_layer_of_the_callers_own_needs_to_be_handed_in(tmp_path):
    net = Network([Dense(2), Twice("tanh", factor=3.0)], loss="mse").build(2)
    net.save(tmp_path / "net.safetensors")
    with pytest.raises(CheckpointError, match=r"type must be one of .*, or be given in custom_types, got 'Twice'\.$"):
        Network.load(tmp_path / "net.safetensors")
    again = Network.load(tmp_path / "net.safetensors", custom_types=[Twice])
    assert np.array_equal(again.predict([[1.0, 2.0]]), net.predict([[1.0, 2.0]]))


def test_a_part_that_is_no_record_is_refused_before_anything_is_written(tmp_path):
    class Strange:
        def forward(self, x, ctx):
            return x, None

        def backward(self, saved, dy, ctx):
            return dy

    net = Network([Dense(2, activation=Strange())]).build(2)
    with pytest.raises(ArgumentTypeError, match="must consist of records"):
        net.save(tmp_path / "net.safetensors")
    assert list(tmp_path.iterdir()) == []


def _tampered(tmp_path, change):
    net = _network()
    _fit(net, 1)
    path = tmp_path / "net.safetensors"
    net.save(path)
    tensors, metadata = safetensors.read(path)
    change(tensors, metadata)
    safetensors.write(path, tensors, metadata)
    return path


def _set(*keys, value):
    def change(tensors, metadata):
        place = metadata
        for key in keys[:-1]:
            place = place[key]
        place[keys[-1]] = value

    return change


FAULTS = {
    "another schema": (_set("schema", value=99), "schema must be 1, got 99"),
    "no architecture": (lambda t, m: m.pop("network"), "'network' is missing"),
    "no training": (lambda t, m: m.pop("training"), "'training' is missing"),
    "an unknown layer": (_set("network", "layers", 0, "type", value="os.system"), "got 'os.system'"),
    "an unknown field": (_set("network", "layers", 0, "evil", value=1), "fields of Dense must be among"),
    "a huge layer": (_set("network", "layers", 0, "units", value=10**9), "1000000000"),
    "an impossible layer": (_set("network", "layers", 0, "units", value=10**18), "array is too big"),
    "a ridiculous layer": (_set("network", "layers", 0, "units", value=10**40), ""),
    "a bad size": (_set("network", "layers", 0, "units", value=-3), "units must be an integer of at least 1, got -3"),
    "a layer that is a list": (_set("network", "layers", 0, value=[[]]), "layers must be layers"),
    "a missing parameter": (
        lambda t, m: t.pop("0.weight"),
        "parameters must hold '0.weight' of shape (2, 6), got none",
    ),
    "a strange parameter": (
        lambda t, m: t.update(extra=np.zeros(2)),
        "parameters must hold no array that the layers do not use, got 'extra'",
    ),
    "a parameter of another shape": (
        lambda t, m: t.update({"0.bias": np.zeros(3)}),
        "parameters must hold '0.bias' of shape (6,), got shape (3,)",
    ),
    "a missing state": (lambda t, m: m["training"]["state"].remove("1.running_var"), "1.running_var"),
    "a short optimizer vector": (
        lambda t, m: t.update({next(n for n in t if n.startswith("optimizer/")): np.zeros(3)}),
        "optimizer state must hold",
    ),
    "a negative step": (_set("training", "step", value=-1), "step must be an integer of at least 0, got -1"),
    "a stream without position": (_set("training", "streams", "init", value=[1, 2]), "streams"),
    "a stream with text": (_set("training", "streams", "init", value=["a", 1, 1, 1]), "streams"),
    "a huge stream position": (_set("training", "streams", "init", value=[2**200, 1, 0, 0]), ""),
    "a history of another length": (_set("training", "history", 0, value=["loss", [1, 2, 3]]), "one value per epoch"),
    "a history of text": (_set("training", "history", 0, value=["loss", ["x"]]), ""),
    "an unknown shared layer": (
        _set("network", "layers", 0, value={"type": "shared", "layer": 7}),
        "a shared layer must name one of",
    ),
    "an unknown dtype": (_set("network", "dtype", value="float16"), "dtype must be one of float32, float64"),
    "an unknown argument": (_set("network", "backend_path", value="x"), ""),
    "notes that are a list": (_set("notes", value=[]), "notes must be a mapping"),
    "an input shape of text": (_set("network", "input_shape", value=["2"]), "input_shape"),
    "another input shape": (_set("network", "input_shape", value=[3]), "'0.weight' of shape (3, 6)"),
    "a loss that is a layer": (_set("network", "loss", value={"type": "Flatten"}), "loss must be"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_bad_file_gives_one_clear_error(tmp_path, fault):
    change, text = FAULTS[fault]
    path = _tampered(tmp_path, change)
    with pytest.raises(CheckpointError) as caught:
        Network.load(path)
    message = str(caught.value)
    assert message.startswith(f"{path} holds no network that this version can read: ")
    assert text in message
    assert "\n" not in message


def test_a_file_nests_no_deeper_than_its_reader_goes(tmp_path):
    layers = [Dense(2)]
    for _ in range(100):
        layers = [Sequential(layers)]
    net = Network(layers).build(2)
    with pytest.raises(XpnnError):
        net.save(tmp_path / "net.safetensors")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("seed", range(40))
def test_random_changes_of_the_architecture_raise_nothing_but_a_checkpoint_error(tmp_path, seed):
    rng = np.random.default_rng(seed)

    def mutate(value):
        if rng.random() < 0.08:
            return [None, -1, 3, 1e308, "relu", [], {}, True, 2**70][rng.integers(9)]
        if isinstance(value, dict):
            return {k: mutate(v) for k, v in value.items() if rng.random() > 0.02}
        return [mutate(v) for v in value] if isinstance(value, list) else value

    def change(tensors, metadata):
        mutated = mutate(json.loads(json.dumps(metadata)))
        metadata.clear()
        metadata.update(mutated if isinstance(mutated, dict) else {})

    path = _tampered(tmp_path, change)
    try:
        Network.load(path)
    except CheckpointError as error:
        assert "\n" not in str(error)


def test_loading_keeps_the_parts_of_this_library_apart_by_name():
    types = known_types()
    assert {"Dense", "ReLU", "Adam", "CrossEntropy", "Accuracy", "GlorotUniform"} <= set(types)
    for name, kind in types.items():
        assert kind.__name__ == name


def test_encoding_is_plain_data():
    data = encode((Dense(3, activation="relu"), 1.5, None))
    assert json.loads(json.dumps(data)) == data
    assert encode(decode(data, known_types())) == data
