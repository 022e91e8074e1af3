"""What callbacks remember is saved with the network: a training that was cut off ends as if it had never stopped."""

import re

import numpy as np
import pytest
from conftest import TESTED

from xpnn import Network, data, safetensors
from xpnn.callbacks import (
    Callback,
    CSVLog,
    EarlyStopping,
    ExponentialMovingAverage,
    ModelCheckpoint,
    ReduceLROnPlateau,
    StochasticWeightAverage,
)
from xpnn.errors import ArgumentTypeError, CheckpointError
from xpnn.layers import BatchNorm, Dense
from xpnn.optimizers import SGD

X, Y = data.moons(60, noise=0.3, seed=0)
WAYS = [(word, False) for word in TESTED if word != "jax"] + [("numpy", "replay")]
WAYS += [("jax", "jit")] if "jax" in TESTED else []
EPOCHS = 8


class Longest(Callback):
    """A callback of a user's own."""

    def __init__(self):
        self.steps, self.vector, self.infinite = 0, np.zeros(2), float("inf")

    def on_batch_end(self, network, step, loss):
        self.steps += 1
        self.vector[:] = step

    def state_dict(self):
        return {"steps": self.steps, "vector": self.vector, "names": ["a", None], "infinite": -self.infinite}

    def load_state_dict(self, state):
        assert state["names"] == ["a", None]
        self.steps, self.vector, self.infinite = state["steps"], state["vector"], -state["infinite"]


class CutOff(Callback):
    """Ends training by an error, after a step or after an epoch."""

    def __init__(self, step=None, epoch=None):
        self.step, self.epoch = step, epoch

    def on_batch_end(self, network, step, loss):
        if step == self.step:
            raise ZeroDivisionError

    def on_epoch_end(self, network, epoch, logs):
        if epoch == self.epoch:
            raise ZeroDivisionError


def _network(backend="numpy", way=False):
    layers = [Dense(8, "tanh"), BatchNorm(), Dense(2)]
    return Network(layers, optimizer=SGD(0.9, momentum=0.9), backend=backend, compile=way, seed=3)


def _callbacks():
    return [
        ExponentialMovingAverage(0.9, install=False),
        StochasticWeightAverage(1, every=2, install=False, validate=False),
        EarlyStopping("val_loss", patience=3, start_from_epoch=1),
        ReduceLROnPlateau("val_loss", factor=0.5, patience=0, cooldown=1),
        ReduceLROnPlateau("loss", factor=0.7, patience=0),
        Longest(),
    ]


def _fit(net, epochs, callbacks, **options):
    validation = X[::3], Y[::3]
    return net.fit(X, Y, batch_size=16, epochs=epochs, validation_data=validation, callbacks=callbacks, **options)


def _assert_same(net, callbacks, other, others):
    assert np.array_equal(net.flat_parameters, other.flat_parameters)
    assert all(np.array_equal(net.state[name], value) for name, value in other.state.items())
    assert (net.history, net.learning_rate) == (other.history, other.learning_rate)
    for average, wanted in zip(callbacks[:2], others[:2], strict=True):
        assert np.array_equal(average.average, wanted.average)
        assert average.count == wanted.count > 1
    assert [getattr(callbacks[2], name) for name in ("best_epoch", "stopped_epoch", "_waited")] == [
        getattr(others[2], name) for name in ("best_epoch", "stopped_epoch", "_waited")
    ]
    assert [c.reductions for c in callbacks[3:5]] == [c.reductions for c in others[3:5]]
    assert (callbacks[5].steps, callbacks[5].infinite) == (others[5].steps, others[5].infinite)
    assert np.array_equal(callbacks[5].vector, others[5].vector)


@pytest.mark.parametrize(("word", "way"), WAYS)
def test_a_training_loaded_from_a_checkpoint_ends_like_one_that_was_never_stopped(word, way, tmp_path):
    whole, others = _network(TESTED[word], way), _callbacks()
    saving = [ModelCheckpoint(tmp_path / "{epoch}-{step}", every_steps=5), ModelCheckpoint(tmp_path / "{epoch}")]
    _fit(whole, EPOCHS, [*saving, *others])  # which stand before the callbacks whose states they save
    assert others[2].best_epoch < others[2].stopped_epoch < EPOCHS - 1
    assert all(callback.reductions for callback in others[3:5])
    paths = sorted(tmp_path.iterdir())
    assert [path.name for path in paths][:6] == ["0", "1", "1-5", "2", "2-10", "3"]
    for path in paths if word == "numpy" else paths[2 : 3 if word == "jax" else 4]:
        net, callbacks = Network.load(path, backend=TESTED[word], compile=way), _callbacks()
        _fit(net, EPOCHS - net.history.epoch[-1] - 1, callbacks)
        _assert_same(net, callbacks, whole, others)


@pytest.mark.parametrize("moment", [{"step": 10}, {"epoch": 2}])
@pytest.mark.parametrize("way", ["same objects", "new objects", "copy", "file", "file of the copy"])
def test_a_training_cut_off_by_an_error_goes_on(moment, way, tmp_path):
    whole, others = _network(), _callbacks()
    _fit(whole, EPOCHS, others)
    net, callbacks = _network(), _callbacks()
    with pytest.raises(ZeroDivisionError):
        _fit(net, EPOCHS, [*callbacks, CutOff(**moment)])
    if "copy" in way:
        net = net.copy_to("numpy")
    if "file" in way:
        net.save(tmp_path / "a")
        net = Network.load(tmp_path / "a", compile=False)
        net.save(tmp_path / "b")
        assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    callbacks = callbacks if way == "same objects" else _callbacks()
    _fit(net, EPOCHS - net.history.epoch[-1] - 1, callbacks)
    _assert_same(net, callbacks, whole, others)


@pytest.mark.parametrize("way", ["object", "copy", "file"])
def test_what_callbacks_install_at_a_stop_in_the_middle_is_taken_back_to_go_on(way, tmp_path):
    def callbacks():
        return [ExponentialMovingAverage(0.5), EarlyStopping("val_loss", patience=9)]

    whole, others = _network(), callbacks()
    _fit(whole, EPOCHS, others)
    net, stopped = _network(), callbacks()
    _fit(net, EPOCHS, [*stopped, Stop(10)])
    assert net.batches_done == 2
    best = net.flat_parameters
    assert np.array_equal(best, stopped[1].state_dict()["parameters"])
    if way == "copy":
        net = net.copy_to("numpy")
    elif way == "file":
        net.save(tmp_path / "net")
        net = Network.load(tmp_path / "net", compile=False)
        assert np.array_equal(net.flat_parameters, best)
        net.save(tmp_path / "again")
        assert (tmp_path / "net").read_bytes() == (tmp_path / "again").read_bytes()
        tensors, metadata = safetensors.read(tmp_path / "net")
        safetensors.write(tmp_path / "again", {**tensors, "epoch/own/0.bias": np.zeros(3)}, metadata)
        with pytest.raises(CheckpointError, match=r"parameters of the epoch must hold '0\.bias' of shape \(8,\)"):
            Network.load(tmp_path / "again")
    news = callbacks()
    _fit(net, EPOCHS - 2, news)
    assert np.array_equal(net.flat_parameters, whole.flat_parameters)
    assert net.history == whole.history
    assert news[1].best_epoch == others[1].best_epoch
    assert np.array_equal(news[0].average, others[0].average)


class Stop(Callback):
    """Ends training after a step."""

    def __init__(self, step):
        self.step = step

    def on_batch_end(self, network, step, loss):
        network.stop_training |= step == self.step


class Heard(Callback):
    """Notes what it is told about ends, and remembers nothing."""

    def __init__(self):
        self.ends = []

    def on_validation_begin(self, network, epoch):
        self.ends.append(f"validation of {epoch}")

    def on_epoch_end(self, network, epoch, logs):
        self.ends.append((epoch, dict(logs)))


def _watching(path):
    return [
        StochasticWeightAverage(1, install=False),
        EarlyStopping("val_loss", patience=2),
        ReduceLROnPlateau("loss", factor=0.5, patience=0),
        CSVLog(path),
    ]


@pytest.mark.parametrize("way", ["same objects", "new objects", "file"])
@pytest.mark.parametrize("stops", [(1,), (2, 3), (6,), (9, 11), (14,), (15, 17, 18), (22,)])
def test_a_training_stopped_in_the_middle_of_epochs_tells_callbacks_what_one_without_stops_does(stops, way, tmp_path):
    whole, others, heard = _network(), _watching(tmp_path / "whole.csv"), Heard()
    _fit(whole, EPOCHS, [*others, heard])
    assert others[1].best_epoch < others[1].stopped_epoch < EPOCHS - 1 and others[2].reductions and others[0].count > 2
    net, callbacks, ends = _network(), _watching(tmp_path / "log.csv"), Heard()
    for stop in (*stops, None):
        done = len(net.history.epoch) - (net.batches_done > 0)
        _fit(net, EPOCHS - done, [*callbacks, ends, Stop(stop)])
        if stop is not None and net.batches_done:
            assert np.isnan(net.history["val_loss"][-1]) and np.isfinite(net.history["loss"][-1])
        if way == "file" and stop is not None:
            net.save(tmp_path / "net")
            net = Network.load(tmp_path / "net", compile=False)
        if way != "same objects" and stop is not None:
            callbacks = _watching(tmp_path / "log.csv")
    assert np.array_equal(net.flat_parameters, whole.flat_parameters)
    assert (net.history, net.learning_rate, ends.ends) == (whole.history, whole.learning_rate, heard.ends)
    assert np.array_equal(callbacks[0].average, others[0].average) and callbacks[0].count == others[0].count
    assert (callbacks[1].best_epoch, callbacks[1].stopped_epoch) == (others[1].best_epoch, others[1].stopped_epoch)
    assert callbacks[2].reductions == others[2].reductions
    assert (tmp_path / "log.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()


def test_a_log_that_is_gone_on_with_loses_the_lines_of_epochs_that_are_learnt_again_and_no_others(tmp_path):
    path = tmp_path / "log.csv"
    _fit(_network(), 2, [CSVLog(path)])
    before = path.read_text().splitlines()
    _fit(_network(), 3, [CSVLog(path, append=True), ModelCheckpoint(tmp_path / "{epoch}")])
    whole = path.read_text()
    for append in (True, False):
        _fit(Network.load(tmp_path / "0", compile=False), 2, [CSVLog(path, append=append)])
        assert path.read_text() == whole
    net = _network()
    _fit(net, 3, [CSVLog(path, append=True), Stop(2)])
    assert path.read_text() == whole
    _fit(net, 1, [CSVLog(path, append=True)])
    assert path.read_text().splitlines() == [*whole.splitlines(), before[1]]
    _fit(Network.load(tmp_path / "0", compile=False), 1, [CSVLog(path)], resume=False)
    assert len(path.read_text().splitlines()) == 2
    _fit(Network.load(tmp_path / "0", compile=False), 1, [CSVLog(tmp_path / "other.csv")])
    assert len((tmp_path / "other.csv").read_text().splitlines()) == 2


def test_an_epoch_whose_validation_was_cut_off_is_averaged_once(tmp_path, monkeypatch):
    from xpnn.training import loop

    whole, wanted = _network(), StochasticWeightAverage(0, install=False)
    _fit(whole, 3, [wanted])
    net, evaluate = _network(), loop.evaluate

    def fail(*args):
        if net.history.epoch == [0]:
            raise ZeroDivisionError
        return evaluate(*args)

    monkeypatch.setattr(loop, "evaluate", fail)
    with pytest.raises(ZeroDivisionError):
        _fit(net, 3, [StochasticWeightAverage(0, install=False)])
    monkeypatch.undo()
    net.save(tmp_path / "net")
    swa = StochasticWeightAverage(0, install=False)
    _fit(Network.load(tmp_path / "net", compile=False), 2, [swa])
    assert swa.count == wanted.count == 3
    assert np.array_equal(swa.average, wanted.average)


def test_averages_of_a_training_that_came_to_its_end_go_on_from_a_file_and_patience_does_not(tmp_path):
    net, callbacks = _network(), _callbacks()
    _fit(net, EPOCHS, callbacks)
    net.save(tmp_path / "net")
    metadata = safetensors.read(tmp_path / "net")[1]
    assert sorted(metadata["training"]["callbacks"]) == [
        "ExponentialMovingAverage.0", "Longest.0", "StochasticWeightAverage.0"
    ]  # fmt: skip
    again, news = Network.load(tmp_path / "net", compile=False), _callbacks()
    for network, several in ((net, callbacks), (again, news)):
        assert len(_fit(network, 2, several).epoch) == 2  # the same objects in one program, new ones in the other
    _assert_same(again, news, net, callbacks)


def test_a_new_object_starts_afresh_after_the_end_and_so_does_everything_without_resume(tmp_path):
    net = _network()
    _fit(net, 3, [ExponentialMovingAverage(0.9), ModelCheckpoint(tmp_path / "{epoch}")])
    ema = ExponentialMovingAverage(0.9)
    _fit(net, 1, [ema])
    assert ema.count == 4
    net, callbacks = Network.load(tmp_path / "1", compile=False), _callbacks()
    _fit(net, 1, callbacks, resume=False)
    assert callbacks[0].count == callbacks[5].steps == 4
    _fit(net, 1, [])  # which drops what nobody takes
    net.save(tmp_path / "net")
    assert "callbacks" not in safetensors.read(tmp_path / "net")[1]["training"]


def test_the_best_value_of_a_checkpoint_is_that_of_its_path(tmp_path):
    losses = np.asarray([3.0, 2.0, 4.0, 5.0])

    class Losses(Callback):
        def on_epoch_end(self, network, epoch, logs):
            logs["loss"] = losses[epoch]

    def best(path):
        return [Losses(), ModelCheckpoint(path, monitor="loss"), ModelCheckpoint(tmp_path / "{epoch}")]

    net = _network()
    _fit(net, 2, best(tmp_path / "best"))
    (tmp_path / "best").unlink()
    _fit(Network.load(tmp_path / "1"), 2, best(tmp_path / "best"))
    assert not (tmp_path / "best").exists()
    net = Network.load(tmp_path / "1")
    _fit(net, 1, best(tmp_path / "other"))
    assert (tmp_path / "other").exists()


def test_a_state_of_another_monitor_is_not_taken(tmp_path):
    net = _network()
    _fit(net, 3, [EarlyStopping("val_loss"), ReduceLROnPlateau("loss"), ModelCheckpoint(tmp_path / "{epoch}")])
    net = Network.load(tmp_path / "1")
    early, plateau = EarlyStopping("loss"), ReduceLROnPlateau("loss", mode="max")
    with pytest.raises(ZeroDivisionError):
        _fit(net, 3, [early, plateau, CutOff(step=9)])
    assert early.state_dict() | {"best": 0.0} == {
        "monitor": "loss", "sign": -1.0, "best": 0.0, "waited": 0, "seen": 0, "best_epoch": None, "stopped_epoch": None
    }  # fmt: skip
    assert early.state_dict()["best"] == plateau.state_dict()["best"] == -np.inf


def test_a_file_without_states_loads_as_before(tmp_path):
    net = _network()
    _fit(net, 1, None)
    net.save(tmp_path / "net")
    tensors, metadata = safetensors.read(tmp_path / "net")
    assert "callbacks" not in metadata["training"]
    assert not [name for name in tensors if name.startswith("callback")]
    _fit(Network.load(tmp_path / "net"), 1, _callbacks())


class Strange(Callback):
    """Remembers what no file can hold."""

    def __init__(self, state):
        self.state = state

    def state_dict(self):
        return self.state

    def load_state_dict(self, state):
        state["missing"]


@pytest.mark.parametrize(
    ("state", "found"),
    [([1], "list"), ({"a": {1}}, "set at 'a'"), ({1: 2}, "int at 1"), ({"a": [float("nan")]}, "list at 'a'")],
)
def test_a_state_that_cannot_be_saved_is_refused(state, found, tmp_path):
    net = _network()
    _fit(net, 1, [Strange(state)])
    message = f"state_dict of callback Strange must be a dict from names to JSON data and host arrays, got {found}."
    with pytest.raises(ArgumentTypeError, match=f"^{re.escape(message)}$"):
        net.save(tmp_path / "net")
    assert list(tmp_path.iterdir()) == []


def test_a_state_that_its_callback_cannot_read_is_one_sentence_before_anything_is_learnt(tmp_path):
    net = _network()
    _fit(net, 1, [Strange({"a": 1})])
    net.save(tmp_path / "net")
    net = Network.load(tmp_path / "net")
    before = net.flat_parameters
    message = "callback Strange cannot go on from its saved state, KeyError: 'missing'; resume=False begins anew."
    for _ in range(2):
        with pytest.raises(CheckpointError, match=f"^{re.escape(message)}$"):
            _fit(net, 1, [Strange({})])
    assert np.array_equal(net.flat_parameters, before)
    _fit(net, 1, [Strange({})], resume=False)


@pytest.mark.parametrize(
    "change",
    [
        lambda t, m: m["training"].update(callbacks=[1]),
        lambda t, m: m["training"]["callbacks"].pop("ExponentialMovingAverage.0"),
        lambda t, m: m["training"]["callbacks"].update(a=7),
        lambda t, m: m["training"]["callbacks"]["Longest.0"].update(infinite={"float": "x"}),
    ],
)
def test_a_file_with_broken_states_gives_the_one_error_of_files(change, tmp_path):
    net = _network()
    _fit(net, 1, _callbacks())
    net.save(tmp_path / "net")
    tensors, metadata = safetensors.read(tmp_path / "net")
    change(tensors, metadata)
    safetensors.write(tmp_path / "net", tensors, metadata)
    with pytest.raises(CheckpointError, match="holds no network that this version can read"):
        Network.load(tmp_path / "net")
