"""Several inputs and outputs in arrays on the disk, in streams of arrays and in batches from elsewhere."""

import re
import tracemalloc

import numpy as np
import pytest
from conftest import TESTED

from xpnn import Network
from xpnn._tree import tree_leaves
from xpnn.callbacks import Callback
from xpnn.data import ArrayStream, BalancedSampler
from xpnn.errors import ArgumentError, ArgumentTypeError, ShapeError
from xpnn.layers import Add, Dense, Embedding, Flatten, Graph
from xpnn.optimizers import SGD
from xpnn.training.sources import array_samples, host_samples

RNG = np.random.default_rng(0)
N = 50
X = {"image": RNG.standard_normal((N, 5)), "word": RNG.integers(7, size=(N, 1))}
Y = {"age": RNG.standard_normal((N, 1)), "kind": RNG.integers(3, size=N)}
WEIGHTS = {"kind": RNG.uniform(0.5, 1.5, N)}
WORDS = pytest.mark.parametrize("word", [word for word in TESTED if word != "jax"])


def _network(backend="numpy", way=False):
    nodes = {
        "a": (Dense(4, activation="tanh"), "image"),
        "b": ([Embedding(7, 4), Flatten()], "word"),
        "sum": (Add(), ("a", "b")),
        "age": (Dense(1), "sum"),
        "kind": (Dense(3), "sum"),
    }
    loss = {"age": "mean_squared_error", "kind": "cross_entropy"}
    graph = Graph(("image", "word"), nodes, ("kind", "age"))
    options = {"optimizer": SGD(0.1, momentum=0.5), "metrics": {"kind": "accuracy"}, "seed": 1, "compile": way}
    return Network([graph], loss=loss, backend=backend, dtype="float64", **options)


def _mapped(folder, arrays):
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array)
    return {name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in arrays}


def _ordered(mapping, names):
    return tuple(mapping[name] for name in names)


def _sources(folder):
    """What is learnt, by all the ways in which it may be given."""
    x, y, weight = _mapped(folder, X), _mapped(folder, Y), _mapped(folder, {"weight": WEIGHTS["kind"]})["weight"]
    inputs, outputs = ("image", "word"), ("kind", "age")
    return {
        "one mapped input": (({"image": x["image"], "word": X["word"].tolist()}, Y), {"sample_weight": WEIGHTS}),
        "tuples": ((_ordered(x, inputs), _ordered(Y, outputs)), {"sample_weight": (list(WEIGHTS["kind"]), None)}),
        "stream": ((ArrayStream(X, Y, WEIGHTS),), {}),
        "mapped stream": ((ArrayStream(x, y, {"kind": weight}),), {}),
        "stream of tuples": ((ArrayStream(_ordered(x, inputs), _ordered(y, outputs), (weight, None)),), {}),
    }


@pytest.mark.parametrize("kind", ["one mapped input", "tuples", "stream", "mapped stream", "stream of tuples"])
@WORDS
def test_streams_are_learnt_like_arrays_on_the_device(word, kind, tmp_path):
    _check_equal(TESTED[word], False, kind, tmp_path)


def test_streams_are_learnt_by_compiled_steps(tmp_path):
    _check_equal(TESTED["numpy"], "replay", "mapped stream", tmp_path)


def test_batches_of_streams_are_those_of_arrays_on_the_device(backend, tmp_path):
    net = _network(backend).build({"image": 5, "word": 1})
    order = np.random.default_rng(1).permutation(N)
    wanted = array_samples(net._ready, X, Y, WEIGHTS).batches(backend, 16, order)
    stream = _sources(tmp_path)["mapped stream"][0][0]
    for batch, other in zip(host_samples(net._ready, stream).batches(backend, 16, order), wanted, strict=True):
        for part, same in zip(tree_leaves(tuple(batch)), tree_leaves(tuple(other)), strict=True):
            assert part.dtype == same.dtype
            assert np.array_equal(backend.to_numpy(part), backend.to_numpy(same))


def _check_equal(backend, way, kind, folder):
    whole, net = _network(backend, way), _network(backend, way)
    wanted = whole.fit(X, Y, batch_size=16, epochs=2, validation_data=(X, Y, WEIGHTS), sample_weight=WEIGHTS)
    args, options = _sources(folder)[kind]
    validation = (ArrayStream(X, Y, WEIGHTS), (args[0], Y, WEIGHTS))[len(args) > 1]
    history = net.fit(*args, batch_size=16, epochs=2, validation_data=validation, **options)
    assert np.array_equal(net.flat_parameters, whole.flat_parameters)
    assert list(history) == list(wanted)
    for name, values in history.items():
        np.testing.assert_allclose(values, wanted[name], rtol=1e-12)


def test_mapped_inputs_are_split_measured_and_predicted(tmp_path):
    x = _mapped(tmp_path, X)
    nets = _network(), _network()
    options = {"validation_split": 0.3, "class_weight": {"kind": "balanced"}, "sampler": BalancedSampler(output="kind")}
    histories = [net.fit(a, Y, epochs=2, **options) for net, a in zip(nets, (X, x), strict=True)]
    assert histories[0] == histories[1]
    measured = nets[1].evaluate({**x, "word": X["word"]}, Y, batch_size=20)
    assert measured == pytest.approx(nets[0].evaluate(X, Y, batch_size=20), rel=1e-13)
    for name, part in nets[1].predict(x, batch_size=7).items():
        np.testing.assert_allclose(part, nets[0].predict(X)[name], rtol=1e-12)
    assert len(nets[1].predict(_ordered(x, ("image", "word")))) == 2


def test_a_sampler_reads_the_classes_of_an_output_of_a_stream():
    nets = _network(), _network()
    sampler = BalancedSampler(output="kind")
    nets[0].fit(X, Y, epochs=2, sampler=sampler)
    nets[1].fit(ArrayStream(X, Y), epochs=2, sampler=sampler)
    assert np.array_equal(*(net.flat_parameters for net in nets))


class CutOff(Callback):
    """Ends training by an error after a step."""

    def on_batch_end(self, network, step, loss):
        if step == 6:
            raise ZeroDivisionError


def _batches():
    for start in range(0, N, 16):
        rows = slice(start, start + 16)
        yield tuple({name: part[rows] for name, part in several.items()} for several in (X, Y, WEIGHTS))


@pytest.mark.parametrize("source", [ArrayStream(X, Y, WEIGHTS), _batches], ids=["stream", "function"])
def test_an_epoch_of_a_stream_is_gone_on_with(source):
    whole, net = _network(), _network()
    whole.fit(source, batch_size=16, epochs=2)
    with pytest.raises(ZeroDivisionError):
        net.fit(source, batch_size=16, epochs=2, callbacks=[CutOff()])
    net.fit(source, batch_size=16)
    assert np.array_equal(net.flat_parameters, whole.flat_parameters)
    assert net.history == whole.history


def test_no_file_is_in_memory_as_a_whole(tmp_path):
    n, width = 20_000, 200  # 32 MB
    x = np.lib.format.open_memmap(tmp_path / "x.npy", mode="w+", dtype=np.float64, shape=(n, width))
    x[:] = RNG.random(width)
    x.flush()
    x = {"image": np.load(tmp_path / "x.npy", mmap_mode="r"), "word": np.zeros((n, 1), dtype=np.int64)}
    y = {"age": np.ones((n, 1)), "kind": np.zeros(n, dtype=np.int64)}
    net = _network().build({"image": width, "word": 1})
    tracemalloc.start()
    net.fit(x, y, batch_size=500)
    net.evaluate(x, y)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < x["image"].nbytes / 4


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (
            lambda: ArrayStream({"image": X["image"], "word": X["word"][:3]}, Y),
            ShapeError,
            "x['word'] must have 50 rows like x['image'], got shape (3, 1).",
        ),
        (
            lambda: ArrayStream(X, {**Y, "age": Y["age"][:3]}),
            ShapeError,
            "y['age'] must have 50 rows like x['image'], got shape (3, 1).",
        ),
        (
            lambda: ArrayStream(X, Y, {"age": np.ones(3)}),
            ShapeError,
            "sample_weight['age'] must have 50 rows like x['image'], got shape (3,).",
        ),
        (lambda: ArrayStream((X["image"], [1]), Y), ArgumentTypeError, "x[1] must be an array with rows, got list."),
        (lambda: ArrayStream({}, Y), ArgumentTypeError, "x must hold at least one array, got none."),
        (
            lambda: _network().fit(ArrayStream({"image": X["image"]}, Y)),
            ArgumentError,
            "x must have an entry 'word', got ['image'].",
        ),
        (
            lambda: _network().fit(ArrayStream(X, {**Y, "kind": Y["kind"] + 1}), shuffle=False),
            ArgumentError,
            "output 'kind': y must hold labels from 0 to 2, got 3.",
        ),
        (
            lambda: _network().fit(ArrayStream(X, Y, {"agee": np.ones(N)})),
            ArgumentError,
            "names in sample_weight must be one of age, kind, got 'agee'. Did you mean 'age'?",
        ),
        (
            lambda: _network().fit(ArrayStream({**X, "word": X["word"] + 1}, Y), shuffle=False),
            ArgumentError,
            "x['word'] must hold integers from 0 to 6, got 7.",
        ),
    ],
)
def test_what_does_not_fit_gets_one_sentence(make, error, message):
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        make()
