"""An epoch that is left in its middle is gone on with, bit for bit."""

import os
import re
import signal

import numpy as np
import pytest
from conftest import TESTED

from xpnn import Network, data, safetensors
from xpnn.callbacks import Callback, LearningRateSchedule, ModelCheckpoint
from xpnn.data import ArrayStream, BalancedSampler
from xpnn.errors import ArgumentError, CheckpointError
from xpnn.layers import BatchNorm, Dense, Dropout

X, Y = data.moons(100, noise=0.2, seed=0)
WAYS = {
    "plain": {},
    "weighted": {"sample_weight": np.arange(100.0)},
    "accumulated": {"gradient_accumulation_steps": 2},
    "in order": {"shuffle": False},
    "sampled": {"sampler": BalancedSampler(num_samples=150)},
}


def _network(backend="numpy", **options):
    layers = [Dense(8, activation="relu"), BatchNorm(), Dropout(0.2), Dense(2)]
    return Network(layers, metrics=["accuracy", "f1"], backend=backend, l2=0.01, seed=1, **options)


class StopAt(Callback):
    """Leaves training after a step, by `how`."""

    def __init__(self, step, how):
        self.step, self.how = step, how

    def on_batch_end(self, network, step, loss):
        if step == self.step:
            self.how(network)


def _stop(network):
    network.stop_training = True


def _interrupt(network):
    os.kill(os.getpid(), signal.SIGINT)


def _raise(network):
    raise ZeroDivisionError


def _assert_equal(a, b):
    assert np.array_equal(a.flat_parameters, b.flat_parameters)
    assert all(np.array_equal(a.state[name], value) for name, value in b.state.items())
    assert a.history == b.history
    assert a._learner.streams.positions == b._learner.streams.positions
    assert a._learner.updater.step == b._learner.updater.step
    assert a.batches_done == b.batches_done == 0


@pytest.mark.parametrize(("word", "way"), [*(("numpy", way) for way in WAYS), *((w, "weighted") for w in TESTED)])
def test_a_checkpoint_in_the_midst_of_an_epoch_ends_as_if_nothing_had_happened(word, way, tmp_path):
    backend = TESTED[word]
    whole = _network(backend)
    whole.fit(X, Y, batch_size=16, epochs=3, validation_data=(X, Y), **WAYS[way])
    part = _network(backend)
    callbacks = [ModelCheckpoint(tmp_path / "{epoch}-{step}", every_steps=5), StopAt(10, _stop)]
    part.fit(X, Y, batch_size=16, epochs=3, callbacks=callbacks, validation_data=(X, Y), **WAYS[way])
    for path in sorted(tmp_path.iterdir()):
        resumed = Network.load(path, backend=backend)
        done = resumed.batches_done
        assert done > 0
        epochs = 3 - int(path.name.partition("-")[0])
        history = resumed.fit(X, Y, batch_size=16, epochs=epochs, validation_data=(X, Y), **WAYS[way])
        assert len(history.epoch) == epochs
        _assert_equal(resumed, whole)
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("how", [_stop, _interrupt, _raise], ids=["stop_training", "Ctrl-C", "an error"])
@pytest.mark.parametrize("keep", [lambda net: net, lambda net: net.copy_to("numpy")], ids=["same", "copy"])
def test_fit_goes_on_where_it_was_left(how, keep):
    whole = _network()
    whole.fit(X, Y, batch_size=16, epochs=3)
    net = _network()
    try:
        net.fit(X, Y, batch_size=16, epochs=3, callbacks=[StopAt(9, how)])
    except (KeyboardInterrupt, ZeroDivisionError):
        assert net.history.epoch == [0]
    else:
        assert net.history.epoch == [0, 1]
    assert net.batches_done == 2
    net = keep(net)
    net.fit(X, Y, batch_size=16, epochs=2)
    _assert_equal(net, whole)


def test_ctrl_c_waits_for_the_end_of_the_step_and_python_has_its_handler_back():
    before = signal.getsignal(signal.SIGINT)
    net = _network().build(2)
    step = net._learner._compiled_step.run

    def interrupted(*args):
        os.kill(os.getpid(), signal.SIGINT)
        return step(*args)

    net._learner._compiled_step.run = interrupted
    with pytest.raises(KeyboardInterrupt):
        net.fit(X, Y, batch_size=16)
    assert (net.batches_done, net._learner.updater.step) == (1, 1)
    assert signal.getsignal(signal.SIGINT) is before


def test_the_end_of_an_epoch_is_no_middle():
    net = _network()
    net.fit(X, Y, batch_size=16, epochs=2, callbacks=[StopAt(7, _stop)])
    assert (net.batches_done, net.history.epoch) == (0, [0])


def test_an_interrupted_validation_is_done_again(monkeypatch):
    from xpnn.training import loop

    whole = _network()
    whole.fit(X, Y, batch_size=16, epochs=2, validation_data=(X, Y))
    net, evaluate = _network(), loop.evaluate

    def fail(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(loop, "evaluate", fail)
    with pytest.raises(KeyboardInterrupt):
        net.fit(X, Y, batch_size=16, epochs=2, validation_data=(X, Y))
    monkeypatch.setattr(loop, "evaluate", evaluate)
    assert net.batches_done == 7
    net.fit(X, Y, batch_size=16, epochs=2, validation_data=(X, Y))
    _assert_equal(net, whole)


def test_a_schedule_is_not_asked_twice_for_one_epoch():
    def schedule(epoch, rate):
        return rate / 2

    whole, net = _network(), _network()
    whole.fit(X, Y, batch_size=16, epochs=3, callbacks=[LearningRateSchedule(schedule)])
    net.fit(X, Y, batch_size=16, epochs=3, callbacks=[LearningRateSchedule(schedule), StopAt(9, _stop)])
    net.fit(X, Y, batch_size=16, epochs=2, callbacks=[LearningRateSchedule(schedule)])
    assert net.learning_rate == whole.learning_rate == 0.001 / 8
    _assert_equal(net, whole)


@pytest.mark.parametrize("kind", ["stream", "function", "list"])
def test_batches_from_elsewhere_are_resumed_too(kind):
    batches = [(X[i : i + 20], Y[i : i + 20]) for i in range(0, 100, 20)]
    source = {"stream": ArrayStream(X, Y), "function": lambda: iter(batches), "list": batches}[kind]
    whole, net = _network(), _network()
    whole.fit(source, batch_size=20, epochs=3)
    net.fit(source, batch_size=20, epochs=3, callbacks=[StopAt(7, _stop)])
    assert net.batches_done == 2
    net.fit(source, batch_size=20, epochs=2)
    _assert_equal(net, whole)


def test_another_plan_in_the_middle_is_refused_with_the_cure():
    net = _network()
    net.fit(X, Y, batch_size=16, epochs=2, callbacks=[StopAt(9, _stop)])
    before = net.flat_parameters
    for change, message in (
        ({"batch_size": 8}, "batch_size=16 to go on in the middle of epoch 1, got 8"),
        ({"batch_size": 16, "shuffle": False}, "shuffle=True to go on in the middle of epoch 1, got False"),
    ):
        message = f"fit must have {message}: resume=False begins a new epoch."
        with pytest.raises(ArgumentError, match=f"^{re.escape(message)}$"):
            net.fit(X, Y, **change)
    assert np.array_equal(net.flat_parameters, before)
    assert net.fit(X[:60], Y[:60], batch_size=8, resume=False).epoch == [2]
    assert net.batches_done == 0


def test_the_file_of_an_epoch_under_way_is_the_same_again_and_its_faults_are_found(tmp_path):
    net = _network()
    net.fit(X, Y, batch_size=16, epochs=2, callbacks=[StopAt(9, _stop)])
    net.save(tmp_path / "a")
    Network.load(tmp_path / "a").save(tmp_path / "b")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    tensors, metadata = safetensors.read(tmp_path / "a")
    assert {name for name in tensors if name.startswith("epoch/")} == {
        "epoch/count", "epoch/metric.2.0", "epoch/metric.2.1", "epoch/penalty", "epoch/value"
    }  # fmt: skip
    for fault in (
        {"batches": -1}, {"position": [1, 2]}, {"position": [1, 2, 3, "x"]}, {"plan": 7}, {"more": 1}, {"samples": None}
    ):  # fmt: skip
        epoch = metadata["training"]["epoch"] | fault
        safetensors.write(tmp_path / "c", tensors, metadata | {"training": metadata["training"] | {"epoch": epoch}})
        with pytest.raises(CheckpointError, match="holds no network that this version can read"):
            Network.load(tmp_path / "c")
    del tensors["epoch/value"]
    safetensors.write(tmp_path / "c", tensors, metadata)
    with pytest.raises(CheckpointError, match="value"):
        Network.load(tmp_path / "c")


def test_monitoring_in_the_midst_of_an_epoch_is_refused(tmp_path):
    with pytest.raises(ArgumentError, match=r"^monitor must be left out where every_steps is given, got 'loss'\.$"):
        ModelCheckpoint(tmp_path / "a", monitor="loss", every_steps=5)
    with pytest.raises(ArgumentError, match=r"^path must have no other fields in braces than epoch, step, got"):
        _network().fit(X, Y, callbacks=[ModelCheckpoint(tmp_path / "{loss}", every_steps=5)])
