"""Batches from arrays on the disk and from iterables, the thread that fetches them, and samplers."""

import re
import threading
import tracemalloc

import numpy as np
import pytest
from conftest import TESTED

from xpnn import Network, data
from xpnn.callbacks import Callback
from xpnn.data import ArrayStream, BalancedSampler, Sampler, WeightedSampler
from xpnn.errors import ArgumentError, ArgumentTypeError, ShapeError
from xpnn.layers import Dense
from xpnn.training.prefetch import prefetch
from xpnn.training.sample_weights import combine_weights

X, Y = data.moons(90, noise=0.2, seed=0)
BATCHES = [(X[i : i + 20], Y[i : i + 20]) for i in range(0, 90, 20)]


def _network(backend="numpy", **options):
    return Network([Dense(8, activation="relu"), Dense(2)], metrics=["accuracy"], backend=backend, seed=1, **options)


def _mapped(folder, name, array):
    np.save(folder / f"{name}.npy", array)
    return np.load(folder / f"{name}.npy", mmap_mode="r")


@pytest.fixture(autouse=True)
def no_thread_is_left_behind():
    yield
    assert [thread.name for thread in threading.enumerate() if thread.name == "xpnn-prefetch"] == []


# ------------------------------------------------------------------------------------------------ arrays on the host


KINDS = [("numpy", kind, way) for kind in ("mapped", "stream", "mapped targets") for way in ("", "shuffle", "sampler")]


@pytest.mark.parametrize(("word", "kind", "way"), KINDS + [(word, "mapped targets", "sampler") for word in TESTED])
def test_arrays_on_the_disk_are_learnt_like_those_on_the_device(word, kind, way, tmp_path):
    backend, options = (
        TESTED[word],
        {"": {}, "shuffle": {"shuffle": False}, "sampler": {"sampler": BalancedSampler()}}[way],
    )
    x, y = (_mapped(tmp_path, name, array) for name, array in (("x", X), ("y", Y)))
    given = {"mapped": (x, Y), "stream": (ArrayStream(X, Y),), "mapped targets": (ArrayStream(x, y),)}[kind]
    nets = [_network(backend), _network(backend)]
    histories = [
        net.fit(*args, batch_size=20, epochs=2, validation_data=validation, **options)
        for net, args, validation in zip(nets, ((X, Y), given), ((X, Y), ArrayStream(x, y)), strict=True)
    ]
    assert np.array_equal(*(net.flat_parameters for net in nets))
    assert histories[0]["loss"] == histories[1]["loss"]
    assert histories[1]["val_loss"] == pytest.approx(histories[0]["val_loss"], rel=1e-6)


def test_mapped_arrays_are_measured_and_split_too(tmp_path):
    x = _mapped(tmp_path, "x", X)
    nets = [_network(), _network()]
    histories = [
        net.fit(a, Y, epochs=2, validation_split=0.25, sample_weight=np.arange(1.0, 91.0), class_weight="balanced")
        for net, a in zip(nets, (X, x), strict=True)
    ]
    assert histories[0] == histories[1]
    assert nets[1].evaluate(x, Y, batch_size=20) == nets[0].evaluate(X, Y, batch_size=20)
    assert np.array_equal(nets[1].predict(x), nets[0].predict(X))


def test_a_file_is_never_in_memory_as_a_whole(tmp_path):
    n, width = 40_000, 200  # 32 MB
    x = np.lib.format.open_memmap(tmp_path / "x.npy", mode="w+", dtype=np.float32, shape=(n, width))
    x[:] = np.random.default_rng(0).random(width, dtype=np.float32)
    x.flush()
    y = np.arange(n) % 2
    net = _network().build(width)
    net.train_on_batch(x[:500], y[:500])
    tracemalloc.start()
    net.fit(np.load(tmp_path / "x.npy", mmap_mode="r"), y, batch_size=500, epochs=1)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < x.nbytes / 6


def test_bad_values_are_found_in_the_thread_and_named_in_fit(tmp_path):
    bad = X.copy()
    bad[70, 1] = np.nan
    with pytest.raises(ArgumentError, match=r"^x must hold finite numbers, got nan at index \(10, 1\)\.$"):
        _network().fit(_mapped(tmp_path, "x", bad), Y, batch_size=20, shuffle=False)
    with pytest.raises(ArgumentError, match=r"^y must "):
        _network().fit(ArrayStream(X, Y + 1), batch_size=20)


class _Seen(Callback):
    def __init__(self):
        self.epochs = []

    def on_epoch_begin(self, network, epoch):
        self.epochs.append(epoch)


@pytest.mark.parametrize(("bad", "epochs"), [(0, []), (70, [0])])
def test_bad_validation_data_are_named_and_the_first_sample_is_checked_before_training(bad, epochs):
    y, seen = Y.copy(), _Seen()
    y[bad] = 50
    with pytest.raises(ArgumentError, match=r"^validation_data: y must hold labels from 0 to \d+, got 50\.$"):
        _network().fit(X, Y, callbacks=[seen], validation_data=ArrayStream(X, y))
    assert seen.epochs == epochs


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: ArrayStream(X, Y[:5]), ShapeError, "y must have 90 rows like x, got shape (5,)."),
        (lambda: ArrayStream([1, 2], Y), ArgumentTypeError, "x must be an array with rows, got list."),
        (
            lambda: _network().fit(ArrayStream(X[:0], Y[:0])),
            ArgumentError,
            "x must hold at least one sample, got none.",
        ),
        (
            lambda: _network().fit(ArrayStream(X, Y), steps_per_epoch=3),
            ArgumentError,
            "steps_per_epoch must be left out for an ArrayStream, got 3.",
        ),
        (
            lambda: _network().fit(X, Y, steps_per_epoch=3),
            ArgumentError,
            "steps_per_epoch must be left out where y is given, got 3.",
        ),
        (
            lambda: _network().fit(BATCHES, sample_weight=np.ones(3)),
            ArgumentError,
            "sample_weight must be left out where y is left out, got ndarray.",
        ),
        (
            lambda: _network().fit(7),
            ArgumentTypeError,
            "x must be an iterable of batches, or a function that makes one, where y is left out, got int.",
        ),
        (lambda: _network().fit([]), ArgumentError, "x must give at least one batch, got none."),
        (
            lambda: _network().fit([X]),
            ArgumentTypeError,
            "x must give batches (x, y) or (x, y, sample_weight), got ndarray.",
        ),
        (
            lambda: _network().fit(iter(BATCHES), epochs=2),
            ArgumentError,
            "x must give at least one batch in each epoch, got 0: an iterator gives its batches once, a function that "
            "makes one gives them in each epoch.",
        ),
        (
            lambda: _network().fit(BATCHES, steps_per_epoch=6),
            ArgumentError,
            "x must give 6 batches in each epoch, got 5: an iterator gives its batches once, a function that makes one "
            "gives them in each epoch.",
        ),
        (
            lambda: _network().fit([(X[:0], Y[:0])]),
            ArgumentError,
            "x must hold at least one sample, got none.",
        ),
    ],
)
def test_what_gives_no_batches_is_refused(make, error, message):
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        make()


# --------------------------------------------------------------------------------------------------------- iterables


KINDS_OF_BATCHES = [("numpy", kind) for kind in ("list", "function", "iterator")]


@pytest.mark.parametrize(("word", "kind"), KINDS_OF_BATCHES + [(word, "generator") for word in TESTED])
def test_batches_of_an_iterable_are_learnt_like_those_of_arrays(word, kind):
    backend = TESTED[word]

    def generate():
        yield from BATCHES

    source, steps = {
        "list": (BATCHES, None),
        "function": (lambda: BATCHES, None),
        "generator": (generate, None),
        "iterator": (iter(BATCHES * 2), 5),
    }[kind]
    nets = [_network(backend, l2=0.01), _network(backend, l2=0.01)]
    nets[0].fit(X, Y, batch_size=20, epochs=2, shuffle=False)
    nets[1].fit(source, epochs=2, steps_per_epoch=steps)
    assert np.array_equal(*(net.flat_parameters for net in nets))
    assert nets[1].history["accuracy"] == nets[0].history["accuracy"]
    assert nets[1].history["loss"] == pytest.approx(nets[0].history["loss"], rel=1e-6)


def test_batches_may_have_weights_and_any_size():
    def generate():
        for start, stop in ((0, 7), (7, 50), (50, 90)):
            yield X[start:stop], Y[start:stop], np.arange(start, stop, dtype=float)

    net = _network()
    net.fit(generate, epochs=1)
    other = _network()
    for x, y, weight in generate():
        other.train_on_batch(x, y, sample_weight=weight)
    assert np.array_equal(net.flat_parameters, other.flat_parameters)


@pytest.mark.parametrize("word", ["numpy", *(["torch"] if "torch" in TESTED else [])])
@pytest.mark.parametrize("own", [False, True])
def test_a_generator_may_fill_one_array_again_and_again(word, own):
    backend = TESTED[word]
    x, y = np.empty((20, 2), dtype="float32"), np.empty(20, dtype="int64")
    given = (backend.asarray(x), backend.asarray(y)) if own else (x, y)  # these share memory with x and y

    def generate():
        for start in range(0, 80, 20):
            x[:], y[:] = X[start : start + 20], Y[start : start + 20]
            yield given

    nets = [_network(backend), _network(backend)]
    nets[0].fit(X[:80], Y[:80], batch_size=20, shuffle=False, epochs=3)
    nets[1].fit(generate, epochs=3)
    assert np.array_equal(*(net.flat_parameters for net in nets))


def test_an_endless_generator_needs_a_number_of_steps_and_goes_on():
    seen = []

    def count():
        i = 0
        while True:
            seen.append(i)
            yield X[i % 9 * 10 : i % 9 * 10 + 10], Y[i % 9 * 10 : i % 9 * 10 + 10]
            i += 1

    net, other = _network(), _network()
    net.fit(count(), steps_per_epoch=3, epochs=3)
    assert seen == list(range(9))  # nobody has taken more than was needed
    other.fit(X, Y, batch_size=10, shuffle=False)
    assert np.array_equal(net.flat_parameters, other.flat_parameters)


# ------------------------------------------------------------------------------------------------------- the thread


def test_the_thread_is_at_most_depth_items_ahead(backend):
    made = []

    def items():
        for i in range(10):
            made.append(i)
            yield i

    fetched = prefetch(items(), backend, depth=2)
    assert next(fetched) == 0
    for _ in range(100):
        if len(made) == 4:
            break
        threading.Event().wait(0.01)
    assert made == [0, 1, 2, 3]  # one here, two in the queue, one in the hand of the thread
    fetched.close()
    assert made == [0, 1, 2, 3]


def test_the_thread_ends_when_training_is_left():
    class Leave(Callback):
        def on_batch_end(self, network, step, loss):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        _network().fit(BATCHES, callbacks=[Leave()])


def test_an_error_of_the_generator_is_that_of_fit_and_what_was_learnt_is_kept():
    def generate():
        yield BATCHES[0]
        yield BATCHES[1]
        raise OSError("the disk is gone")

    net = _network()
    with pytest.raises(OSError, match=r"^the disk is gone$"):
        net.fit(generate)
    assert net.batches_done == 2


def test_a_batch_without_samples_ends_the_training_before_it_is_learnt():
    net, wanted = _network(), _network()
    wanted.fit(BATCHES[:1])
    with pytest.raises(ArgumentError, match=r"^x must hold at least one sample, got none\.$"):
        net.fit([BATCHES[0], (X[:0], Y[:0]), BATCHES[1]])
    assert np.array_equal(net.flat_parameters, wanted.flat_parameters)


# ---------------------------------------------------------------------------------------------------------- samplers


@pytest.mark.parametrize(
    ("y", "found"),
    [
        ([[0, 0, 2], [0, 1, 0], [2, 1, 0], [1, 1, 1]], "the row [0, 0, 2] in y"),
        ([[0.0, 1.0], [0.0, 0.0]], "the row [0.0, 0.0] in y"),
        ([[True, False], [True, True]], "the row [True, True] in y"),
        ([[0.0, 1.0], [0.4, 0.6]], "the row [0.4, 0.6] in y"),
        (np.zeros((2, 3, 4), int), "y of shape (2, 3, 4)"),
        (0, "y of shape ()"),
        ([1.5, 1.0], "real numbers in y"),
    ],
)
def test_sequences_of_labels_and_several_labels_at_once_are_no_classes_of_samples(y, found):
    y, rule = np.asarray(y), "one label or one-hot row for each sample"
    for class_weight in ("balanced", {0: 5.0}):
        with pytest.raises(ArgumentError) as caught:
            combine_weights(y, None, class_weight)
        assert str(caught.value) == f"class_weight must be left out where y holds no classes, {rule}, got {found}."
    with pytest.raises(ArgumentError) as caught:
        BalancedSampler().check(y)
    assert str(caught.value) == f"y must hold classes for a BalancedSampler, {rule}, got {found}."


@pytest.mark.parametrize(
    "y", [[0, 2, 2], [[0], [2], [2]], [[0.0], [2.0], [2.0]], np.eye(3)[[0, 2, 2]], np.eye(3, dtype=bool)[[0, 2, 2]]]
)
def test_labels_columns_of_them_and_one_hot_rows_are_classes(y):
    assert combine_weights(np.asarray(y), np.asarray([1.0, 1.0, 2.0]), {2: 3.0}).tolist() == [1.0, 3.0, 6.0]
    BalancedSampler().check(np.asarray(y))


def test_a_balanced_sampler_draws_each_class_and_each_of_its_samples_equally_often():
    y = np.repeat([3, 5, 9], [900, 90, 10])
    drawn = BalancedSampler(num_samples=60_000).indices(np.random.default_rng(0), y)
    for label, count in ((3, 900), (5, 90), (9, 10)):
        chosen = drawn[y[drawn] == label]
        assert abs(chosen.size - 20_000) < 5 * np.sqrt(60_000 * 2 / 9)
        times = np.bincount(chosen, minlength=1000)[y == label]
        wanted = chosen.size / count
        assert ((times - wanted) ** 2 / wanted).sum() < count + 5 * np.sqrt(2 * count)  # chi-squared
    one_hot = np.eye(10)[y]
    assert np.array_equal(BalancedSampler().indices(np.random.default_rng(1), one_hot),
                          BalancedSampler().indices(np.random.default_rng(1), y))  # fmt: skip


@pytest.mark.parametrize("replacement", [True, False])
def test_a_weighted_sampler_draws_as_that_of_pytorch(replacement):
    torch = pytest.importorskip("torch")
    weights, repeats = np.asarray([0.0, 1.0, 2.0, 4.0, 8.0]), 4000
    ours, rng = WeightedSampler(weights, num_samples=3, replacement=replacement), np.random.default_rng(0)
    torch.manual_seed(0)
    peer = torch.utils.data.WeightedRandomSampler(weights.tolist(), 3, replacement=replacement)
    counts = np.zeros((2, 3, 5))  # how often each sample is drawn at each place
    for _ in range(repeats):
        for i, drawn in enumerate((ours.indices(rng, None), list(peer))):
            counts[i, np.arange(3), drawn] += 1
            assert replacement or len(set(np.asarray(drawn).tolist())) == 3
    assert counts[:, :, 0].sum() == 0
    spread = np.sqrt(counts.mean(axis=0) * 2)
    assert np.all(np.abs(counts[0] - counts[1]) <= 4.5 * spread + 1e-9)
    np.testing.assert_allclose(counts[0, 0] / repeats, weights / 15, atol=0.03)


def test_samplers_draw_from_the_stream_of_the_network_and_the_same_everywhere(backend):
    nets = [_network(b) for b in ("numpy", backend)]
    for net in nets:
        net.fit(X, Y, batch_size=20, epochs=2, sampler=WeightedSampler(np.arange(90.0), num_samples=30))
        assert net._learner.updater.step == 4
    np.testing.assert_allclose(*(net.flat_parameters for net in nets), rtol=1e-4, atol=1e-6)
    drawn = WeightedSampler(np.arange(90.0), num_samples=30).indices(_network().build(2)._learner.streams["shuffle"], Y)
    again = _network()
    for start in (0, 20):
        again.train_on_batch(X[drawn[start : start + 20][:30]], Y[drawn[start : start + 20][:30]])
    one = _network()
    one.fit(X, Y, batch_size=20, sampler=WeightedSampler(np.arange(90.0), num_samples=30))
    assert np.array_equal(one.flat_parameters, again.flat_parameters)


def test_a_sampler_of_ones_own_may_do_what_it_likes():
    class First(Sampler):
        def check(self, y):
            pass

        def indices(self, rng, y):
            return np.asarray([0, 0, 1])

    nets = _network(), _network()
    nets[0].fit(X, Y, batch_size=2, sampler=First())
    for rows in ([0, 0], [1]):
        nets[1].train_on_batch(X[rows], Y[rows])
    assert np.array_equal(*(net.flat_parameters for net in nets))


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: WeightedSampler([[1.0]]), ShapeError, "weights must have shape (n,), got (1, 1)."),
        (
            lambda: WeightedSampler([1.0, -1.0]),
            ArgumentError,
            "weights must hold finite numbers of at least 0, got -1.0.",
        ),
        (lambda: WeightedSampler([0.0, 0.0]), ArgumentError, "weights must hold a number above 0, got none."),
        (
            lambda: WeightedSampler([1, 0, 2], num_samples=3, replacement=False),
            ArgumentError,
            "num_samples must be at most 2, the number of weights above 0, got 3.",
        ),
        (
            lambda: _network().fit(X, Y, sampler=WeightedSampler([1.0])),
            ShapeError,
            "weights must have shape (90,), got (1,).",
        ),
        (
            lambda: Network([Dense(1)], loss="mse").fit(X, X[:, 0], sampler=BalancedSampler()),
            ArgumentError,
            "y must hold classes for a BalancedSampler, one label or one-hot row for each sample, got real numbers "
            "in y.",
        ),
        (
            lambda: _network().fit(X, Y, sampler="balanced"),
            ArgumentTypeError,
            "sampler must be an instance of xpnn.data.Sampler, got 'balanced'.",
        ),
        (
            lambda: _network().fit(BATCHES, sampler=BalancedSampler()),
            ArgumentError,
            "sampler must be left out where y is left out, got BalancedSampler.",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_sampled_is_refused(make, error, message):
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        make()
