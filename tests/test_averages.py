"""Averaged parameters: PyTorch's numbers, validation with them, going on, and running averages estimated anew."""

import re
from contextlib import contextmanager

import numpy as np
import pytest
from conftest import TESTED

from xpnn import Network, data
from xpnn.callbacks import (
    Callback,
    EarlyStopping,
    ExponentialMovingAverage,
    ModelCheckpoint,
    StochasticWeightAverage,
)
from xpnn.errors import ArgumentError, ArgumentTypeError, NotBuiltError
from xpnn.layers import BatchNorm, Dense, Dropout, Residual, Standardize
from xpnn.optimizers import SGD

WORDS = pytest.mark.parametrize("word", [word for word in TESTED if word != "jax"])  # which would compile for seconds
MOONS = data.moons(60, noise=0.2, seed=0)


class Notes(Callback):
    """Keeps the parameters after each step and each epoch."""

    def __init__(self):
        self.steps, self.epochs = [], []

    def on_batch_end(self, network, step, loss):
        self.steps.append(network.flat_parameters)

    def on_epoch_end(self, network, epoch, logs):
        self.epochs.append(network.flat_parameters)


def _network(backend="numpy", layers=None, **options):
    return Network(
        layers or [Dense(8, "tanh"), Dense(2)], dtype="float64", backend=backend, metrics=["accuracy"], **options
    )


def _averaged(vectors, average):
    """PyTorch's AveragedModel after all vectors."""
    torch = pytest.importorskip("torch")
    model = torch.nn.Linear(1, vectors[0].size - 1, dtype=torch.float64)
    model.weight, model.bias = torch.nn.Parameter(torch.tensor(vectors[0])), None
    averaged = torch.optim.swa_utils.AveragedModel(model, **average)
    for vector in vectors:
        with torch.no_grad():
            model.weight.copy_(torch.tensor(vector))
        averaged.update_parameters(model)
    return averaged.module.weight.detach().numpy()


@pytest.mark.parametrize("compiled", [False, True])
def test_exponential_averages_are_those_of_pytorch(backend, compiled):
    pytest.importorskip("torch")
    if compiled and (backend.name == "jax" or not getattr(backend, "compilers", ())):
        pytest.skip("not compiled here")
    mode = backend.compilers[0].name if compiled else False
    notes, ema, sparse = Notes(), ExponentialMovingAverage(0.9), ExponentialMovingAverage(0.5, every=4, install=False)
    net = _network(backend, compile=mode)
    net.fit(*MOONS, batch_size=16, epochs=3, callbacks=[notes, ema, sparse])
    import torch

    for callback, vectors in ((ema, notes.steps), (sparse, notes.steps[3::4])):
        assert callback.count == len(vectors)
        average = torch.optim.swa_utils.get_ema_multi_avg_fn(callback.decay)
        wanted = _averaged(vectors, {"multi_avg_fn": average})
        np.testing.assert_allclose(callback.average, wanted, rtol=1e-12, atol=1e-15)
    assert np.array_equal(net.flat_parameters, ema.average)


def test_equal_averages_are_those_of_pytorch(backend):
    notes, swa = Notes(), StochasticWeightAverage(2, every=2)
    net = _network(backend, compile=False)
    net.fit(*MOONS, batch_size=16, epochs=7, callbacks=[notes, swa])
    assert swa.count == 3
    np.testing.assert_allclose(swa.average, _averaged(notes.epochs[2::2], {}), rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(swa.average, np.mean(notes.epochs[2::2], axis=0), rtol=1e-12, atol=1e-15)
    assert np.array_equal(net.flat_parameters, swa.average)


def test_every_third_epoch_is_counted_from_the_first_one_on():
    notes, swa = Notes(), StochasticWeightAverage(1, every=3)
    _network(compile=False).fit(*MOONS, batch_size=50, epochs=8, callbacks=[notes, swa])
    assert swa.count == 3
    np.testing.assert_allclose(swa.average, np.mean(notes.epochs[1::3], axis=0), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("word", ["numpy", "torch", "jax"])
def test_averaging_does_not_disturb_the_training(word):
    pytest.importorskip(word)
    runs = []
    for callbacks in ([], [ExponentialMovingAverage(0.9, install=False), StochasticWeightAverage(1, install=False)]):
        net = _network(word, [Dense(4, "tanh"), BatchNorm(), Dropout(0.2), Dense(2)])
        history = net.fit(*MOONS, epochs=3, validation_data=MOONS, callbacks=callbacks)
        runs.append((history["loss"], net.flat_parameters))
    assert runs[0][0] == runs[1][0]
    assert np.array_equal(runs[0][1], runs[1][1])


@pytest.mark.parametrize("word", ["numpy", "torch", "jax"])
def test_validation_sees_the_average_and_training_does_not(word):
    pytest.importorskip(word)
    notes, swa = Notes(), StochasticWeightAverage(1, install=False)
    net = _network(word, compile=word != "jax")
    history = net.fit(*MOONS, batch_size=16, epochs=4, validation_data=MOONS, callbacks=[swa, notes])
    other = _network()
    for epoch in range(4):
        other.build(2).flat_parameters = np.mean(notes.epochs[1 : epoch + 1] or notes.epochs[:1], axis=0)
        assert history["val_loss"][epoch] == pytest.approx(other.evaluate(*MOONS)["loss"], rel=1e-12)
    assert np.array_equal(net.flat_parameters, notes.epochs[-1])
    own = net.evaluate(*MOONS)["loss"]
    with swa.swap(net):
        assert net.evaluate(*MOONS)["loss"] == pytest.approx(history["val_loss"][-1], rel=1e-12)
    assert net.evaluate(*MOONS)["loss"] == own
    assert np.array_equal(net.flat_parameters, notes.epochs[-1])


def test_validation_may_see_the_parameters_in_training():
    ema = ExponentialMovingAverage(0.99, validate=False, install=False)
    net = _network()
    history = net.fit(*MOONS, epochs=2, validation_data=MOONS, callbacks=[ema])
    assert history["val_loss"][-1] == net.evaluate(*MOONS)["loss"]


@pytest.mark.parametrize("moment", ["measurement", "on_validation_begin", "on_validation_end"])
def test_a_failing_validation_gives_the_parameters_back(moment):
    class Failing(Callback):
        def on_validation_begin(self, network, epoch):
            network.seen = network.flat_parameters
            if moment == "measurement":
                network._learner.measure = None
            elif moment == "on_validation_begin":
                raise TypeError

        def on_validation_end(self, network, epoch):
            if moment == "on_validation_end":
                raise TypeError

    notes, ema, net = Notes(), ExponentialMovingAverage(0.5), _network()
    with pytest.raises(TypeError):
        net.fit(*MOONS, batch_size=16, validation_data=MOONS, callbacks=[notes, ema, Failing()])
    assert np.array_equal(net.flat_parameters, notes.steps[-1])
    assert not np.array_equal(net.seen, notes.steps[-1])


def test_averages_go_on_in_the_next_training_or_in_another_process(tmp_path):
    whole, parts, other = (ExponentialMovingAverage(0.9, install=False) for _ in range(3))
    net = _network()
    net.fit(*MOONS, epochs=4, callbacks=[whole])
    half = _network()
    half.fit(*MOONS, epochs=2, callbacks=[parts])
    half.save(tmp_path / "half.safetensors")
    other.average, other.count = parts.average, parts.count
    half.fit(*MOONS, epochs=2, callbacks=[parts])
    assert np.array_equal(parts.average, whole.average)
    Network.load(tmp_path / "half.safetensors").fit(*MOONS, epochs=2, callbacks=[other])
    assert np.array_equal(other.average, whole.average)
    assert other.count == whole.count
    other.reset()
    assert (other.average, other.count) == (None, 0)


AVERAGES = {
    "ema": lambda install: ExponentialMovingAverage(0.7, install=install),
    "swa": lambda install: StochasticWeightAverage(1, install=install),
    "swa with running averages": lambda install: StochasticWeightAverage(1, install=install, inputs=MOONS[0]),
    "both": lambda install: (
        ExponentialMovingAverage(0.7, install=install),
        StochasticWeightAverage(1, install=install),
    ),
}


def _wild(backend="numpy", callbacks=(), epochs=8, net=None, layers=None, **options):
    """A training whose best epoch is not its last."""
    net = net or _network(backend, layers, optimizer=SGD(2.0, momentum=0.9), compile=False)
    validation = MOONS[0][::3], MOONS[1][::3]
    net.fit(*MOONS, batch_size=16, epochs=epochs, validation_data=validation, callbacks=callbacks, **options)
    return net, validation


def _in_order(average, others, is_first):
    several = average if isinstance(average, tuple) else (average,)
    return [*several, *others] if is_first else [*others, *several]


@pytest.mark.parametrize("average", AVERAGES)
@pytest.mark.parametrize("install", [False, True])
@pytest.mark.parametrize("is_first", [False, True])
@pytest.mark.parametrize("word", [word for word in TESTED if word != "jax"])
def test_the_best_parameters_are_those_that_were_measured(average, install, is_first, word):
    notes, alone = Notes(), Notes()
    stopping = EarlyStopping("val_loss", patience=99)
    callbacks = _in_order(AVERAGES[average](install), [stopping, notes], is_first)
    net, validation = _wild(TESTED[word], callbacks)
    best = int(np.argmin(net.history["val_loss"]))
    assert stopping.best_epoch == best < 7
    assert net.evaluate(*validation)["loss"] == pytest.approx(net.history["val_loss"][best], rel=1e-12)
    assert best == 0 or not np.array_equal(net.flat_parameters, notes.epochs[best])
    _wild(TESTED[word], [alone])
    assert all(np.array_equal(a, b) for a, b in zip(notes.steps, alone.steps, strict=True))


@pytest.mark.parametrize("average", AVERAGES)
@pytest.mark.parametrize("is_first", [False, True])
@pytest.mark.parametrize(("monitor", "validate"), [("loss", True), ("val_loss", False)])
def test_what_was_measured_with_the_parameters_in_training_keeps_those(average, is_first, monitor, validate):
    notes, stopping = Notes(), EarlyStopping(monitor, patience=99)
    several = _in_order(AVERAGES[average](True), [], True)
    for callback in several:
        callback.validate = validate
    net, _ = _wild(callbacks=_in_order(tuple(several), [stopping, notes], is_first))
    assert np.array_equal(net.flat_parameters, notes.epochs[stopping.best_epoch])


@pytest.mark.parametrize("average", ["ema", "swa", "both"])
@pytest.mark.parametrize("is_first", [False, True])
@pytest.mark.parametrize("word", [word for word in TESTED if word != "jax"])
def test_a_best_checkpoint_predicts_as_it_was_measured_and_goes_on_as_it_was_trained(average, is_first, word, tmp_path):
    def callbacks(*others):
        return _in_order(AVERAGES[average](False), [*others, EarlyStopping("val_loss", patience=99)], is_first)

    path, notes = tmp_path / "best", Notes()
    saved, several = ModelCheckpoint(path, monitor="val_loss"), callbacks(notes)
    whole, validation = _wild(TESTED[word], [saved, *several])
    best = int(np.argmin(whole.history["val_loss"]))
    assert 0 < best < 7
    net = Network.load(path, backend=TESTED[word], compile=False)
    assert net.evaluate(*validation)["loss"] == pytest.approx(min(whole.history["val_loss"]), rel=1e-12)
    measured, others = net.flat_parameters, Notes()
    again = callbacks(others)
    net.save(tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == path.read_bytes()
    _wild(callbacks=again, epochs=7 - best, net=net)
    assert np.array_equal(net.flat_parameters, whole.flat_parameters) and net.history == whole.history
    assert np.array_equal(others.epochs[0], notes.epochs[best + 1])
    assert all(
        np.array_equal(a.average, b.average) and a.count == b.count
        for a, b in zip(again, several, strict=True)
        if hasattr(a, "average")
    )
    for options in ({"callbacks": []}, {"callbacks": callbacks(), "resume": False}):
        net, begin = Network.load(path, backend=TESTED[word], compile=False), Begin()
        _wild(net=net, epochs=1, **options | {"callbacks": [*options["callbacks"], begin]})
        assert np.array_equal(begin.parameters, measured)


class Begin(Callback):
    """Keeps the parameters from which training begins."""

    def on_epoch_begin(self, network, epoch):
        self.parameters = network.flat_parameters


def test_parameters_that_are_lent_are_not_lent_again():
    class Looking(Callback):
        def on_validation_begin(self, network, epoch):
            lent = network.flat_parameters
            with network.as_validated():
                assert np.array_equal(network.flat_parameters, lent)
            assert np.array_equal(network.flat_parameters, lent)

    ema, notes = ExponentialMovingAverage(0.5, install=False), Notes()
    net, _ = _wild(callbacks=[ema, Looking(), notes], epochs=2)
    assert np.array_equal(net.flat_parameters, notes.steps[-1]) and not np.array_equal(ema.average, notes.steps[-1])
    with net.as_validated():
        assert np.array_equal(net.flat_parameters, notes.steps[-1])  # the training is over


@pytest.mark.parametrize("lends", [0, 1])
def test_only_what_was_lent_for_an_epoch_is_kept_as_its_best(lends):
    class Zeros(Callback):
        """Lends parameters of 0 in some epochs."""

        def on_validation_begin(self, network, epoch):
            self.own = network.flat_parameters
            if epoch % 2 == lends:
                network.flat_parameters, network.lender = 0.0 * self.own, self

        def on_validation_end(self, network, epoch):
            network.flat_parameters = self.own

        @contextmanager
        def swap(self, network):
            self.on_validation_begin(network, lends)
            yield
            self.on_validation_end(network, lends)

        def on_epoch_end(self, network, epoch, logs):
            logs["val_loss"] = [3.0, 2.0, 4.0][epoch]

    notes, stopping = Notes(), EarlyStopping("val_loss", patience=9)
    net, _ = _wild(callbacks=[Zeros(), stopping, notes], epochs=3)
    assert stopping.best_epoch == 1
    assert np.array_equal(net.flat_parameters, notes.epochs[1] * (lends != 1))


@pytest.mark.parametrize("kind", ["ema", "swa"])
@pytest.mark.parametrize("units", [3, 8])
def test_another_network_begins_an_average_of_its_own(kind, units):
    used, new = (AVERAGES[kind](False) for _ in range(2))
    _wild(callbacks=[used], epochs=3)
    nets = [_wild(callbacks=[average], epochs=3, layers=[Dense(units), Dense(2)])[0] for average in (used, new)]
    assert used.count == new.count
    assert np.array_equal(used.average, new.average)
    _wild(callbacks=[used], epochs=1, net=nets[0])
    assert used.count > new.count  # but the same network goes on
    count, used.average = used.count, new.average
    _wild(callbacks=[used], epochs=3, layers=[Dense(units), Dense(2)])
    assert used.count == count + new.count  # and an average that is assigned is that of the next one


def test_a_copy_of_a_network_goes_on_with_the_average_of_the_network():
    ema, other = (ExponentialMovingAverage(0.9, install=False) for _ in range(2))
    net, _ = _wild(callbacks=[ema], epochs=2)
    copy = net.copy_to("numpy")
    _wild(callbacks=[ema], epochs=2, net=copy)
    _wild(callbacks=[other], epochs=4)
    assert np.array_equal(ema.average, other.average) and ema.count == other.count


@pytest.mark.parametrize(
    ("value", "kind", "message"),
    [
        ("a", ArgumentTypeError, "average must be an array, a table or a rectangular sequence, got str."),
        (3.0, ArgumentError, "average must be one vector of real numbers, got an array of shape () and dtype float64."),
        (
            np.ones((2, 21)),
            ArgumentError,
            "average must be one vector of real numbers, got an array of shape (2, 21) and dtype float64.",
        ),
        (["a"], ArgumentError, "average must be one vector of real numbers, got an array of shape (1,) and dtype <U1."),
    ],
)
def test_an_average_that_is_no_vector_is_refused(value, kind, message):
    with pytest.raises(kind, match=f"^{re.escape(message)}$"):
        ExponentialMovingAverage().average = value


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"average": np.zeros(3)}, "average must have the shape (42,), got (3,)."),
        ({"own": np.zeros(3)}, "own parameters must have the shape (42,), got (3,)."),
        ({"average": "a"}, "average must be an array, a table or a rectangular sequence, got str."),
    ],
)
def test_a_saved_average_that_does_not_fit_is_refused_before_anything_is_learnt(change, message):
    net, _ = _wild(callbacks=[ExponentialMovingAverage()], epochs=1)
    copy = net.copy_to("numpy")
    copy.callback_states.take()["ExponentialMovingAverage.0"].update(change)
    with pytest.raises((ArgumentError, ArgumentTypeError), match=f"^{re.escape(message)}$"):
        _wild(callbacks=[ExponentialMovingAverage()], net=copy)
    assert np.array_equal(copy.flat_parameters, net.flat_parameters)


@WORDS
def test_an_average_moves_along_with_the_network(word):
    ema = ExponentialMovingAverage(0.9, install=False)
    net = _network(compile=False)
    net.fit(*MOONS, epochs=1, callbacks=[ema])
    first = ema.average
    net.to(TESTED[word])
    with ema.swap(net):
        assert np.array_equal(net.flat_parameters, first)
    net.fit(*MOONS, epochs=1, callbacks=[ema])
    assert not np.array_equal(ema.average, first)


def test_the_learning_rate_is_that_of_the_average_from_its_start_on():
    class Rates(Callback):
        seen = ()

        def on_epoch_end(self, network, epoch, logs):
            self.seen += (network.learning_rate,)

    rates = Rates()
    _network(optimizer="sgd").fit(*MOONS, epochs=4, callbacks=[StochasticWeightAverage(2, learning_rate=0.5), rates])
    assert rates.seen[2:] == (0.5, 0.5)
    assert 0.5 not in rates.seen[:2]


LAYERS = (
    Standardize(),
    Dense(4, "tanh"),
    BatchNorm(momentum=0.3),
    Residual([Dense(4), BatchNorm(momentum=1.0)]),
    Dense(2),
)


@WORDS
def test_running_averages_are_estimated_anew_as_by_pytorch(word):
    torch = pytest.importorskip("torch")
    net = _network(TESTED[word], LAYERS, compile=False)
    net.fit(*MOONS, epochs=1)
    p, before = net.parameters, net.state
    net.update_batch_norm(MOONS[0], batch_size=20)
    norms = [torch.nn.BatchNorm1d(4, momentum=None, dtype=torch.float64) for _ in range(2)]
    x = torch.tensor(MOONS[0], dtype=torch.float64)  # the mean and scale of Standardize are 0 and 1
    with torch.no_grad():
        for rows in x.split(20):
            h = norms[0](torch.tanh(rows @ torch.tensor(p["1.weight"]) + torch.tensor(p["1.bias"])))
            h = h * torch.tensor(p["2.weight"]) + torch.tensor(p["2.bias"])
            norms[1](h @ torch.tensor(p["3.0.weight"]) + torch.tensor(p["3.0.bias"]))
    for name, norm in (("2", norms[0]), ("3.1", norms[1])):
        for key in ("running_mean", "running_var"):
            np.testing.assert_allclose(net.state[f"{name}.{key}"], getattr(norm, key).numpy(), rtol=1e-11, atol=1e-12)
            assert not np.allclose(net.state[f"{name}.{key}"], before[f"{name}.{key}"], rtol=1e-3)
    assert np.array_equal(net.state["0.mean"], before["0.mean"])
    assert all(np.array_equal(net.parameters[name], p[name]) for name in p)


def test_running_averages_weigh_batches_by_their_size_and_draw_nothing():
    net = _network(layers=[Dropout(0.5), BatchNorm(), Dense(2)])
    net.build(2)
    x = np.arange(6.0).reshape(3, 2)
    positions = net._learner.streams.positions
    net.update_batch_norm(x, batch_size=2)
    first = net.state
    net.update_batch_norm(x, batch_size=2)
    assert net._learner.streams.positions == positions
    assert all(np.array_equal(first[name], value) for name, value in net.state.items())
    plain = _network(layers=[BatchNorm(), Dense(2)])
    plain.update_batch_norm(x, batch_size=2)
    np.testing.assert_allclose(plain.state["0.running_mean"], x.mean(axis=0), rtol=1e-14)
    np.testing.assert_allclose(plain.state["0.running_var"], 2 / 3 * np.var(x[:2], axis=0, ddof=1), rtol=1e-14)


def test_an_average_in_a_network_with_running_averages_says_what_is_needed():
    layers = [Dense(4, "tanh"), BatchNorm(), Dense(2)]
    message = "^The running averages of BatchNorm belong to other parameters than the averaged ones: call network"
    with pytest.warns(UserWarning, match=message):
        _network(layers=layers).fit(*MOONS, epochs=2, callbacks=[StochasticWeightAverage(1)])
    net = _network(layers=layers)
    net.fit(*MOONS, epochs=2, callbacks=[StochasticWeightAverage(1, inputs=MOONS[0])])
    state = net.state
    net.update_batch_norm(MOONS[0])
    assert all(np.array_equal(state[name], value) for name, value in net.state.items())
    _network(layers=layers).fit(*MOONS, epochs=1, callbacks=[StochasticWeightAverage(1)])  # nothing was averaged


def test_the_vector_on_the_device_can_be_read_and_assigned(backend):
    net = _network(backend).build(2)
    vector = net.device_parameters
    assert tuple(vector.shape) == (net.count_parameters(),)
    twice = vector * 2.0
    net.device_parameters = twice
    assert np.array_equal(net.flat_parameters, net.backend.to_numpy(twice))
    wanted = net.flat_parameters
    twice += 1.0
    assert np.array_equal(net.flat_parameters, wanted)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ExponentialMovingAverage(1.0), "decay must be a number in [0, 1), got 1.0."),
        (lambda: ExponentialMovingAverage(0.9, every=0), "every must be an integer of at least 1, got 0."),
        (lambda: ExponentialMovingAverage(0.9, install=1), "install must be True or False, got 1."),
        (lambda: StochasticWeightAverage(-1), "start_epoch must be an integer of at least 0, got -1."),
        (lambda: StochasticWeightAverage(1, every=0), "every must be an integer of at least 1, got 0."),
        (
            lambda: StochasticWeightAverage(1, learning_rate=0),
            "learning_rate must be a finite number above 0, got 0.",
        ),
        (lambda: StochasticWeightAverage(1, validate=1), "validate must be True or False, got 1."),
    ],
)
def test_wrong_arguments_are_refused_by_their_message(make, message):
    with pytest.raises(ArgumentError, match=f"^{re.escape(message)}$"):
        make()


def test_an_average_that_does_not_fit_is_refused():
    ema = ExponentialMovingAverage()
    net = _network()
    message = "the average must exist before it is swapped in: train with this callback first."
    with pytest.raises(NotBuiltError, match=f"^{re.escape(message)}$"), ema.swap(net):
        pass
    ema.average = [0.0] * 3
    message = "average must have the shape (42,), got (3,)."
    with pytest.raises(ArgumentError, match=f"^{re.escape(message)}$"):
        net.fit(*MOONS, callbacks=[ema])
    ema = ExponentialMovingAverage()
    _network(layers=[Dense(2, use_bias=False)]).fit(*MOONS, callbacks=[ema])
    message = "average must have the shape (42,), got (4,)."
    with pytest.raises(ArgumentError, match=f"^{re.escape(message)}$"), ema.swap(net):
        pass
