import numpy as np
import pytest

from xpnn import Network
from xpnn.callbacks import ReduceLROnPlateau
from xpnn.errors import ArgumentError
from xpnn.layers import Dense
from xpnn.optimizers import SGD
from xpnn.schedules import StepDecay


class Learning:
    """What the callback sees of a network."""

    schedule = None
    measured = ("loss", "val_loss", "val_accuracy")
    learning_rate = 1.0


def watch(callback, values, name="val_loss"):
    network = Learning()
    callback.on_train_begin(network, len(values))
    rates = []
    for epoch, value in enumerate(values):
        callback.on_epoch_end(network, epoch, {name: value})
        rates.append(network.learning_rate)
    return rates


@pytest.mark.parametrize("mode", ["min", "max"])
@pytest.mark.parametrize(
    ("factor", "patience", "min_delta", "cooldown", "min_lr"),
    [
        (0.5, 2, 0.0, 0, 0.0),
        (0.1, 0, 0.1, 0, 1e-3),
        (0.3, 1, 0.05, 3, 0.0),
        (0.5, 3, 0.2, 1, 0.1),
        (0.9, 0, 0.3, 5, 0.5),
    ],
)
def test_the_learning_rate_is_that_of_pytorch(mode, factor, patience, min_delta, cooldown, min_lr):
    torch = pytest.importorskip("torch")
    values = np.abs(np.random.default_rng(0).standard_normal(60)) + np.linspace(1.0, 0.5, 60)
    values[[7, 8, 30]] = np.nan
    oracle = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(
        oracle, mode, factor, patience, min_delta, "abs", cooldown, min_lr, eps=0.0
    )
    expected = []
    for value in values:
        scheduler.step(value)
        expected.append(oracle.param_groups[0]["lr"])
    callback = ReduceLROnPlateau(
        factor=factor, patience=patience, min_delta=min_delta, mode=mode, cooldown=cooldown, min_lr=min_lr
    )
    rates = watch(callback, values)
    np.testing.assert_allclose(rates, expected, rtol=1e-14)
    falls = [epoch for epoch, (a, b) in enumerate(zip([1.0, *rates], rates, strict=False)) if b < a]
    assert callback.reductions == falls != []


def test_the_direction_follows_the_name():
    assert watch(ReduceLROnPlateau("val_accuracy", patience=0), [0.5, 0.6, 0.6], "val_accuracy") == [1.0, 1.0, 0.1]
    assert watch(ReduceLROnPlateau(patience=0), [0.5, 0.6, 0.4]) == [1.0, 0.1, 0.1]


def test_a_new_training_forgets_the_one_before():
    callback = ReduceLROnPlateau(patience=1)
    assert watch(callback, [1.0, 1.0, 1.0]) == [1.0, 1.0, 0.1]
    assert watch(callback, [2.0, 2.0]) == [1.0, 1.0]
    assert callback.reductions == []


def test_a_network_learns_on_with_the_lower_rate():
    x, y = np.random.default_rng(0).standard_normal((20, 3)), np.arange(20) % 2
    net = Network([Dense(2)], optimizer=SGD(0.5))
    callback = ReduceLROnPlateau("loss", factor=0.5, patience=0, min_delta=10.0)
    net.fit(x, y, epochs=4, callbacks=[callback])
    assert net.learning_rate == 0.5 / 8
    assert callback.reductions == [1, 2, 3]


def test_a_schedule_and_a_plateau_do_not_go_together():
    x, y = np.random.default_rng(0).standard_normal((20, 3)), np.arange(20) % 2
    net = Network([Dense(2)], optimizer=SGD(StepDecay(0.5, 10)))
    with pytest.raises(ArgumentError) as caught:
        net.fit(x, y, callbacks=[ReduceLROnPlateau("loss")])
    expected = "learning_rate must be a number where ReduceLROnPlateau shall lower it, got StepDecay(0.5, 10)."
    assert str(caught.value) == expected


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"factor": 1.0}, "factor must be a number above 0 and below 1, got 1.0."),
        ({"factor": 0.0}, "factor must be a finite number above 0, got 0.0."),
        ({"patience": -1}, "patience must be an integer of at least 0, got -1."),
        ({"cooldown": -1}, "cooldown must be an integer of at least 0, got -1."),
        ({"min_lr": -1.0}, "min_lr must be a finite number of at least 0, got -1.0."),
        ({"min_delta": -1.0}, "min_delta must be a finite number of at least 0, got -1.0."),
    ],
)
def test_an_argument_that_breaks_its_rule_is_refused(arguments, message):
    with pytest.raises(ArgumentError) as caught:
        ReduceLROnPlateau(**arguments)
    assert str(caught.value) == message


def test_a_validation_value_that_is_never_measured_is_refused():
    network = Learning()
    network.measured = ("loss",)
    with pytest.raises(ArgumentError, match="monitor must be one of loss, got 'val_loss'"):
        ReduceLROnPlateau().on_train_begin(network, 1)
