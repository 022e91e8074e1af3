"""Callbacks: early stopping, checkpoints, logs, schedules, NaN, and the progress line."""

import csv
import io
import re

import numpy as np
import pytest

from xpnn import Network, data
from xpnn.callbacks import (
    Callback,
    CSVLog,
    EarlyStopping,
    LearningRateSchedule,
    ModelCheckpoint,
    ReduceLROnPlateau,
    TerminateOnNaN,
)
from xpnn.errors import ArgumentError, ArgumentTypeError
from xpnn.layers import BatchNorm, Dense
from xpnn.optimizers import SGD

MOONS = data.moons(60, noise=0.2, seed=0)


def _network(**options):
    return Network([Dense(8, activation="relu"), BatchNorm(), Dense(2)], metrics=["accuracy"], **options)


class Script(Callback):
    """Replaces a value of the logs by a script, to steer callbacks after it."""

    def __init__(self, name, values):
        self.name, self.values, self.seen = name, values, []

    def on_epoch_end(self, network, epoch, logs):
        logs[self.name] = self.values[epoch]
        self.seen.append((network.flat_parameters, network.state))


def _stop(values, epochs=None, **options):
    script, stopping = Script("score", values), EarlyStopping("score", **options)
    net = _network()
    net.fit(*MOONS, epochs=epochs or len(values), callbacks=[script, stopping])
    return net, script, stopping


def test_early_stopping_waits_for_its_patience_and_gives_the_best_network_back(backend):
    script, stopping = Script("loss", [3.0, 2.0, 2.5, 2.5, 2.5, 1.0]), EarlyStopping("loss", patience=2)
    net = _network(backend=backend)
    net.fit(*MOONS, epochs=6, callbacks=[script, stopping])
    assert (stopping.best_epoch, stopping.stopped_epoch) == (1, 4)
    parameters, state = script.seen[1]
    assert np.array_equal(net.flat_parameters, parameters)
    assert all(np.array_equal(net.state[name], value) for name, value in state.items())


def test_early_stopping_knows_which_direction_is_better():
    assert _stop([1.0, 2.0, 3.0, 3.0])[2].best_epoch == 2
    assert _stop([1.0, 2.0, 3.0, 3.0], mode="min")[2].best_epoch == 0
    script, stopping = Script("val_loss", [1.0, 2.0]), EarlyStopping()
    _network().fit(*MOONS, epochs=2, callbacks=[script, stopping], validation_split=0.2)
    assert stopping.best_epoch == 0


def test_early_stopping_asks_for_a_least_change():
    assert _stop([1.0, 1.05, 1.2], min_delta=0.1, patience=5)[2].best_epoch == 2
    assert _stop([1.0, 1.05, 1.09], min_delta=0.1, patience=5)[2].best_epoch == 0


def test_early_stopping_asks_for_more_than_a_baseline():
    assert _stop([0.1, 0.2, 0.3, 0.9], baseline=0.5, patience=1)[2].stopped_epoch == 1
    stopping = _stop([0.1, 0.2, 0.9, 0.8, 0.7], baseline=0.5, patience=2)[2]
    assert (stopping.best_epoch, stopping.stopped_epoch) == (2, None)
    stopping = _stop([0.4, 0.3, 0.2], baseline=0.5, mode="min", patience=0)[2]
    assert (stopping.best_epoch, stopping.stopped_epoch) == (2, None)
    stopping = _stop([0.4, 0.3, 0.2], baseline=0.5, mode="min", min_delta=0.15, patience=0)[2]
    assert (stopping.best_epoch, stopping.stopped_epoch) == (0, 0)


def test_early_stopping_looks_away_at_first():
    net, script, stopping = _stop([9.0, 1.0, 2.0, 3.0, 1.0], start_from_epoch=1)
    assert (stopping.best_epoch, stopping.stopped_epoch) == (3, 4)
    assert np.array_equal(net.flat_parameters, script.seen[3][0])
    stopping = EarlyStopping("score", start_from_epoch=2)
    for _ in range(2):  # each training looks away anew
        net.fit(*MOONS, epochs=3, callbacks=[Script("score", dict(enumerate([1.0] * 20))), stopping])
        assert stopping.stopped_epoch is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"baseline": "0.5"}, "baseline must be a finite number, got '0.5'."),
        ({"start_from_epoch": -1}, "start_from_epoch must be an integer of at least 0, got -1."),
    ],
)
def test_early_stopping_refuses_wrong_arguments_by_their_message(options, message):
    with pytest.raises(ArgumentError, match=f"^{re.escape(message)}$"):
        EarlyStopping(**options)


def test_early_stopping_without_restoring_keeps_the_last_network():
    net, script, stopping = _stop([2.0, 1.0, 1.0], restore_best=False)
    assert stopping.stopped_epoch == 1
    assert np.array_equal(net.flat_parameters, script.seen[-1][0])


def test_early_stopping_names_what_it_can_monitor():
    with pytest.raises(ArgumentError, match=r"^monitor must be one of accuracy, loss, got 'los'\. Did you mean"):
        _network().fit(*MOONS, epochs=1, callbacks=[EarlyStopping("los")])


def test_a_checkpoint_is_the_network_of_its_epoch(tmp_path):
    net = _network()
    net.fit(*MOONS, epochs=4, callbacks=[ModelCheckpoint(tmp_path / "e{epoch}.safetensors", every=2)])
    assert sorted(p.name for p in tmp_path.iterdir()) == ["e1.safetensors", "e3.safetensors"]
    again = Network.load(tmp_path / "e1.safetensors")
    again.fit(*MOONS, epochs=2)
    assert np.array_equal(again.flat_parameters, net.flat_parameters)
    assert again.history == net.history


def test_a_checkpoint_may_keep_the_best_alone(tmp_path):
    script = Script("score", [1.0, 3.0, 2.0])
    path = tmp_path / "best.safetensors"
    _network().fit(*MOONS, epochs=3, callbacks=[script, ModelCheckpoint(path, monitor="score")])
    assert np.array_equal(Network.load(path).flat_parameters, script.seen[1][0])


def test_a_csv_log_has_a_line_per_epoch_and_can_go_on(tmp_path):
    path = tmp_path / "log.csv"
    net = _network()
    net.fit(*MOONS, epochs=2, callbacks=[CSVLog(path)])
    net.fit(*MOONS, epochs=1, callbacks=[CSVLog(path, append=True)])
    rows = list(csv.DictReader(io.StringIO(path.read_text())))
    assert [int(row["epoch"]) for row in rows] == [0, 1, 2]
    assert [float(row["loss"]) for row in rows] == net.history["loss"]
    net.fit(*MOONS, epochs=1, callbacks=[CSVLog(path)])
    assert len(path.read_text().splitlines()) == 2


def test_a_csv_log_that_is_told_of_ends_alone_writes_its_file_anew_too(tmp_path):
    class Inside(Callback):
        def __init__(self, inner):
            self.on_train_begin, self.on_epoch_end = inner.on_train_begin, inner.on_epoch_end

    path = tmp_path / "log.csv"
    path.write_text("old\n")
    _network().fit(*MOONS, epochs=2, callbacks=[Inside(CSVLog(path))])
    assert [line.split(",")[0] for line in path.read_text().splitlines()] == ["epoch", "0", "1"]


def test_a_schedule_sets_the_learning_rate_of_each_epoch():
    seen = []

    class Watch(Callback):
        def on_epoch_end(self, network, epoch, logs):
            seen.append(network.learning_rate)

    net = _network(optimizer="sgd")
    callbacks = [LearningRateSchedule(lambda epoch, rate: 0.1 / (epoch + 1)), Watch()]
    net.fit(*MOONS, epochs=2, callbacks=callbacks)
    net.fit(*MOONS, epochs=1, callbacks=callbacks)
    assert seen == [0.1, 0.05, 0.1 / 3]
    with pytest.raises(
        ArgumentError, match=r"^schedule's learning rate must be a finite number of at least 0, got nan\.$"
    ):
        net.fit(*MOONS, epochs=1, callbacks=[LearningRateSchedule(lambda epoch, rate: float("nan"))])


@pytest.mark.filterwarnings("ignore:overflow", "ignore:invalid")
def test_training_ends_when_the_loss_is_no_number(backend):
    callback = TerminateOnNaN()
    net = Network([Dense(1)], loss="mse", optimizer=SGD(1e12), backend=backend)
    net.fit(*MOONS, batch_size=10, shuffle=False, epochs=50, callbacks=[callback])
    assert 1 < callback.stopped_step <= 6
    assert len(net.history.epoch) == 1
    assert np.isinf(net.history["loss"][0])  # an infinite loss is no number either


def test_a_callback_is_told_each_moment_in_order():
    told = []

    class Tell(Callback):
        def on_train_begin(self, network, epochs):
            told.append(("begin", epochs))

        def on_epoch_begin(self, network, epoch):
            told.append(("epoch", epoch))

        def on_batch_end(self, network, step, loss):
            told.append(("batch", step))

        def on_epoch_end(self, network, epoch, logs):
            told.append(("end of epoch", epoch))

        def on_train_end(self, network):
            told.append(("end", None))

    _network().fit(*MOONS, batch_size=40, epochs=2, callbacks=[Tell()])
    assert told == [
        ("begin", 2),
        ("epoch", 0),
        ("batch", 1),
        ("batch", 2),
        ("end of epoch", 0),
        ("epoch", 1),
        ("batch", 3),
        ("batch", 4),
        ("end of epoch", 1),
        ("end", None),
    ]


def test_a_moment_may_be_given_to_an_object_alone():
    hooks = [name for name in vars(Callback) if name.startswith("on_")]
    callback, told = Callback(), []
    for name in hooks:
        setattr(callback, name, lambda *args, name=name: told.append(name))
    _network().fit(*MOONS, validation_data=MOONS, callbacks=[callback])
    assert list(dict.fromkeys(told)) == hooks


def test_a_callback_without_that_moment_costs_a_step_nothing(monkeypatch):
    def fail(*args):
        raise AssertionError

    monkeypatch.setattr(Callback, "on_batch_end", fail)
    _network().fit(*MOONS, callbacks=[Callback(), EarlyStopping("loss")])


def test_progress_is_silent_away_from_a_terminal_and_one_line_on_it(capsys):
    _network().fit(*MOONS, epochs=2)
    assert capsys.readouterr().err == ""
    _network().fit(*MOONS, epochs=3, verbose=2)
    lines = capsys.readouterr().err.splitlines()
    assert [line.split("  ")[0] for line in lines] == ["epoch 1/3", "epoch 2/3", "epoch 3/3"]
    _network().fit(*MOONS, epochs=3, verbose=1)
    text = capsys.readouterr().err
    assert text.count("\n") == 1
    assert text.rsplit("\r", 1)[1].startswith("epoch 3/3  loss 0.")


def test_early_stopping_stops_on_nan_whatever_its_patience():
    assert _stop([1.0, float("nan"), 2.0], patience=5)[2].stopped_epoch == 1


def test_training_can_go_on_after_it_was_stopped():
    net = _stop([2.0, 1.0, 1.0])[0]
    assert net.stop_training
    assert len(net.fit(*MOONS, epochs=3).epoch) == 3


def test_a_wish_to_stop_before_the_first_step_is_heard():
    class Never(Callback):
        def on_train_begin(self, network, epochs):
            network.stop_training = True

    net = _network().build(2)
    before = net.flat_parameters
    assert net.fit(*MOONS, epochs=3, callbacks=[Never()]).epoch == []
    assert np.array_equal(net.flat_parameters, before)


def test_a_value_that_will_never_be_measured_is_refused_before_anything_is_learnt(tmp_path):
    net = _network().build(2)
    before = net.flat_parameters
    for callback in (EarlyStopping(), ModelCheckpoint(tmp_path / "a", monitor="val_accuracy")):
        with pytest.raises(ArgumentError, match=r"^monitor must be one of accuracy, loss, got 'val_"):
            net.fit(*MOONS, epochs=1, callbacks=[callback])
    assert np.array_equal(net.flat_parameters, before)
    assert net.history.epoch == []


def test_a_checkpoint_fills_in_epoch_and_values_and_keeps_its_best_over_trainings(tmp_path):
    net = _network()
    pattern = tmp_path / "e{epoch:02d}-{loss:.1f}.safetensors"
    checkpoint = ModelCheckpoint(pattern, monitor="loss", mode="max")
    net.fit(*MOONS, epochs=1, callbacks=[checkpoint])
    net.fit(*MOONS, epochs=1, callbacks=[checkpoint])
    assert [p.name for p in tmp_path.iterdir()] == [f"e00-{net.history['loss'][0]:.1f}.safetensors"]


PATHS = [
    *((kind, "no/such/folder/a", "lie in a folder that exists") for kind in (CSVLog, ModelCheckpoint)),
    *((kind, "", "be a file, not a folder") for kind in (CSVLog, ModelCheckpoint)),
    *(
        (ModelCheckpoint, path, "have no other fields in braces than epoch, loss, accuracy")
        for path in ("{epok}", "{epoch.x}", "{epoch[0]}", "{loss:d}", "{}")
    ),
]


@pytest.mark.parametrize(("kind", "path", "rule"), PATHS)
def test_a_path_is_checked_before_anything_is_learnt(kind, path, rule, tmp_path):
    net = _network()
    message = f"path must {rule}, got {str(tmp_path / path)!r}."
    with pytest.raises(ArgumentError, match=f"^{re.escape(message)}$"):
        net.fit(*MOONS, epochs=1, callbacks=[kind(tmp_path / path)])
    assert net.history.epoch == [] and not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: EarlyStopping(None), "monitor must be the name of a value in the history, got None."),
        (lambda: ReduceLROnPlateau(3), "monitor must be the name of a value in the history, got 3."),
        (lambda: ModelCheckpoint("a", monitor=3), "monitor must be the name of a value in the history, got 3."),
        (lambda: ModelCheckpoint(None), "path must be a string or a path, got None."),
        (lambda: ModelCheckpoint(3), "path must be a string or a path, got 3."),
        (lambda: CSVLog(3), "path must be a string or a path, got 3."),
        (lambda: CSVLog("a", append=1), "append must be True or False, got 1."),
    ],
)
def test_wrong_types_are_refused_by_their_message(make, message):
    with pytest.raises((ArgumentError, ArgumentTypeError), match=f"^{re.escape(message)}$"):
        make()


def test_a_csv_log_does_not_lose_columns(tmp_path):
    path = tmp_path / "log.csv"
    net = _network()
    net.fit(*MOONS, epochs=1, callbacks=[CSVLog(path)])
    with pytest.raises(ArgumentError, match=r"^logs must have the columns"):
        net.fit(*MOONS, epochs=1, callbacks=[CSVLog(path, append=True)], validation_split=0.2)


def test_a_network_stays_where_it_is_while_it_trains():
    class Move(Callback):
        def on_epoch_end(self, network, epoch, logs):
            network.to("numpy")

    with pytest.raises(ArgumentError, match="must not be moved"):
        _network().fit(*MOONS, epochs=1, callbacks=[Move()])


def test_an_epoch_that_will_not_run_does_not_begin():
    begun = []

    class Once(Callback):
        def on_epoch_begin(self, network, epoch):
            begun.append(epoch)

        def on_epoch_end(self, network, epoch, logs):
            network.stop_training = True

    _network().fit(*MOONS, epochs=3, callbacks=[Once()])
    assert begun == [0]
