import math
import warnings

import numpy as np
import pytest

from xpnn import Network, schedules
from xpnn.callbacks import LearningRateSchedule
from xpnn.errors import ArgumentError, CheckpointError
from xpnn.layers import Dense
from xpnn.optimizers import SGD, Adam
from xpnn.schedules import (
    ConstantRate,
    CosineDecay,
    CosineRestarts,
    ExponentialDecay,
    InverseTimeDecay,
    OneCycle,
    PiecewiseConstant,
    PolynomialDecay,
    Schedule,
    StepDecay,
    Warmup,
    as_learning_rate,
    rate_at,
)

STEPS = 40

TORCH = {
    "step": (StepDecay(0.3, 7, 0.5), lambda lr, o: lr.StepLR(o, 7, 0.5)),
    "piecewise": (PiecewiseConstant([5, 11], [0.3, 0.03, 0.003]), lambda lr, o: lr.MultiStepLR(o, [5, 11], 0.1)),
    "exponential": (ExponentialDecay(0.3, 1, 0.9), lambda lr, o: lr.ExponentialLR(o, 0.9)),
    "polynomial": (PolynomialDecay(0.3, 25, power=1.7), lambda lr, o: lr.PolynomialLR(o, 25, 1.7)),
    "cosine": (CosineDecay(0.3, STEPS, 0.01), lambda lr, o: lr.CosineAnnealingLR(o, STEPS, 0.01)),
    "restarts": (
        CosineRestarts(0.3, 6, 2.0, end_learning_rate=0.02),
        lambda lr, o: lr.CosineAnnealingWarmRestarts(o, 6, 2, 0.02),
    ),
    "restarts_equal": (CosineRestarts(0.3, 6, 1.0), lambda lr, o: lr.CosineAnnealingWarmRestarts(o, 6)),
    "one_cycle": (OneCycle(0.3, STEPS), lambda lr, o: lr.OneCycleLR(o, 0.3, STEPS, cycle_momentum=False)),
    "one_cycle_linear": (
        OneCycle(0.3, STEPS, 0.25, 10.0, 50.0, "linear"),
        lambda lr, o: lr.OneCycleLR(
            o, 0.3, STEPS, pct_start=0.25, div_factor=10, final_div_factor=50, anneal_strategy="linear"
        ),
    ),
    "one_cycle_three": (
        OneCycle(0.3, STEPS, 0.4, three_phase=True),
        lambda lr, o: lr.OneCycleLR(o, 0.3, STEPS, pct_start=0.4, three_phase=True),
    ),
    "warmup": (
        Warmup(ExponentialDecay(0.3, 1, 0.9), 5, 0.1),
        lambda lr, o: lr.SequentialLR(o, [lr.LinearLR(o, 0.1, 1.0, 5), lr.ExponentialLR(o, 0.9)], [5]),
    ),
}

OPTAX = {
    "constant": (ConstantRate(0.3), lambda s: s.constant_schedule(0.3)),
    "piecewise": (
        PiecewiseConstant([5, 11], [0.3, 0.03, 0.003]),
        lambda s: s.piecewise_constant_schedule(0.3, {5: 0.1, 11: 0.1}),
    ),
    "exponential": (ExponentialDecay(0.3, 7, 0.5), lambda s: s.exponential_decay(0.3, 7, 0.5)),
    "staircase": (ExponentialDecay(0.3, 7, 0.5, True), lambda s: s.exponential_decay(0.3, 7, 0.5, staircase=True)),
    "polynomial": (PolynomialDecay(0.3, 25, 0.01, 2.5), lambda s: s.polynomial_schedule(0.3, 0.01, 2.5, 25)),
    "cosine": (CosineDecay(0.3, 25, 0.03), lambda s: s.cosine_decay_schedule(0.3, 25, 0.1)),
    "cosine_warmup": (
        CosineDecay(0.3, 25, 0.03, 8, 0.1),
        lambda s: s.warmup_cosine_decay_schedule(0.1, 0.3, 8, 33, 0.03),
    ),
    "warmup": (
        Warmup(CosineDecay(0.3, 25), 8, 0.5),
        lambda s: s.join_schedules([s.linear_schedule(0.15, 0.3, 8), s.cosine_decay_schedule(0.3, 25)], [8]),
    ),
}

ALL = {**{f"torch_{k}": v[0] for k, v in TORCH.items()}, **{f"optax_{k}": v[0] for k, v in OPTAX.items()}}
ALL |= {"inverse_time": InverseTimeDecay(0.3, 7, 0.5), "peaks": CosineRestarts(0.3, 6, 1.5, 0.5)}


@pytest.mark.parametrize("name", TORCH)
def test_a_schedule_is_that_of_pytorch(name):
    torch = pytest.importorskip("torch")
    schedule, make = TORCH[name]
    oracle = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.3, momentum=0.9)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scheduler = make(torch.optim.lr_scheduler, oracle)
        expected = []
        for _ in range(STEPS):
            expected.append(oracle.param_groups[0]["lr"])
            oracle.step()
            if len(expected) < STEPS:
                scheduler.step()
    np.testing.assert_allclose([schedule(step) for step in range(STEPS)], expected, rtol=1e-12, atol=1e-17)


@pytest.mark.parametrize("name", OPTAX)
def test_a_schedule_is_that_of_optax(name):
    optax, jnp = pytest.importorskip("optax"), pytest.importorskip("jax.numpy")
    schedule, make = OPTAX[name]
    expected = np.asarray(make(optax.schedules)(jnp.arange(60.0)), dtype="float64") * np.ones(60)
    np.testing.assert_allclose([schedule(step) for step in range(60)], expected, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("staircase", [False, True])
def test_inverse_time_decay_is_the_formula(staircase):
    schedule = InverseTimeDecay(0.3, 4, 0.5, staircase)
    assert [schedule(step) for step in (0, 2, 4, 10)] == [
        0.3,
        0.3 if staircase else 0.3 / 1.25,
        0.3 / 1.5,
        0.3 / (2.0 if staircase else 2.25),
    ]


def test_a_polynomial_decay_may_go_on_over_longer_cycles():
    schedule = PolynomialDecay(1.0, 10, 0.2, cycle=True)
    values = [schedule(step) for step in (0, 5, 10, 11, 15, 20, 25, 30)]
    expected = [0.2 + 0.8 * (1 - share) for share in (0, 0.5, 1, 11 / 20, 15 / 20, 1, 25 / 30, 1)]
    np.testing.assert_allclose(values, expected, rtol=1e-12)


def test_each_restart_may_be_lower_and_longer_than_the_one_before():
    schedule = CosineRestarts(0.8, 4, 1.5, 0.5)
    assert [schedule(step) for step in (0, 4, 10)] == [0.8, 0.4, 0.2]
    assert schedule(2) == pytest.approx(0.4, rel=1e-12)
    assert schedule(7) == pytest.approx(0.2, rel=1e-12)


@pytest.mark.parametrize("name", ALL)
def test_after_its_end_a_schedule_still_returns_a_plain_number(name):
    for step in (0, 1, 7, 1000, 10**6):
        rate = rate_at(ALL[name], step)
        assert type(rate) is float
        assert 0.0 <= rate < math.inf


def test_a_schedule_that_returns_nonsense_is_refused_at_its_step():
    from dataclasses import dataclass

    @dataclass(frozen=True, slots=True, repr=False)
    class Falling(Schedule):
        def __call__(self, step):
            return 1.0 - step

    assert rate_at(Falling(), 1) == 0.0
    with pytest.raises(ArgumentError) as caught:
        rate_at(Falling(), 2)
    assert str(caught.value) == "learning rate of Falling() at step 2 must be a finite number of at least 0, got -1.0."


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ConstantRate(0.0), "learning_rate must be a finite number above 0, got 0.0."),
        (lambda: StepDecay(0.1, 0), "step_size must be an integer of at least 1, got 0."),
        (lambda: StepDecay(0.1, 1, -1.0), "factor must be a finite number above 0, got -1.0."),
        (lambda: PiecewiseConstant(3, [1.0]), "boundaries must be a sequence of numbers, got 3."),
        (lambda: PiecewiseConstant([3, 3], [1.0, 2.0, 3.0]), "boundaries must rise, got (3, 3)."),
        (lambda: PiecewiseConstant([3], [1.0]), "learning_rates must hold 2 numbers, got (1.0,)."),
        (lambda: ExponentialDecay(0.1, 1, 0.0), "decay_rate must be a finite number above 0, got 0.0."),
        (lambda: ExponentialDecay(0.1, 1, 0.5, 1), "staircase must be True or False, got 1."),
        (lambda: InverseTimeDecay(0.1, 1, -0.5), "decay_rate must be a finite number of at least 0, got -0.5."),
        (lambda: PolynomialDecay(0.1, 10, power=0.0), "power must be a finite number above 0, got 0.0."),
        (lambda: CosineDecay(0.1, 0), "decay_steps must be an integer of at least 1, got 0."),
        (lambda: CosineDecay(0.1, 1, warmup_steps=-1), "warmup_steps must be an integer of at least 0, got -1."),
        (lambda: CosineRestarts(0.1, 3, 0.5), "period_factor must be a finite number of at least 1, got 0.5."),
        (lambda: OneCycle(0.1, 1), "total_steps must be an integer of at least 2, got 1."),
        (lambda: OneCycle(0.1, 10, 0.1), "rising * total_steps must be above 1 and below 11.0, got 1.0."),
        (
            lambda: OneCycle(0.1, 10, 0.6, three_phase=True),
            "rising * total_steps must be above 1 and below 5.5, got 6.0.",
        ),
        (
            lambda: OneCycle(0.1, 10, shape="sine"),
            "shape must be one of cosine, linear, got 'sine'. Did you mean 'cosine'?",
        ),
        (lambda: Warmup(-1.0, 5), "schedule must be a finite number above 0, got -1.0."),
        (lambda: Warmup(0.1, 5, 1.0), "start_factor must be a number in [0, 1), got 1.0."),
        (lambda: as_learning_rate("fast"), "learning_rate must be a finite number of at least 0, got 'fast'."),
        (lambda: Adam("fast"), "learning_rate must be a finite number above 0, got 'fast'."),
    ],
)
def test_an_argument_that_breaks_its_rule_is_refused(make, message):
    with pytest.raises(ArgumentError) as caught:
        make()
    assert str(caught.value) == message


def test_the_public_names_are_complete_and_found_in_files():
    from xpnn.training.codec import known_types

    kinds = {name for name, value in vars(schedules).items() if isinstance(value, type)}
    assert set(schedules.__all__) == kinds | {"as_learning_rate", "rate_at"}
    assert kinds <= known_types().keys()


# In optimizers and networks


def _data():
    rng = np.random.default_rng(0)
    return rng.standard_normal((20, 3)), rng.integers(2, size=20)


def _net(optimizer, **options):
    return Network([Dense(4, activation="tanh"), Dense(2)], optimizer=optimizer, dtype="float64", seed=3, **options)


def test_an_optimizer_alone_follows_its_schedule():
    optimizer = SGD(PiecewiseConstant([1, 2], [1.0, 0.5, 0.25]))
    p = np.asarray([4.0])
    state = optimizer.init(p)
    for expected in (3.0, 2.5, 2.25, 2.0):
        p, state = optimizer.update(p, np.ones(1), state)
        assert p.tolist() == [expected]
    assert optimizer.update(p, np.ones(1), state, learning_rate=2.0)[0].tolist() == [0.0]


@pytest.mark.parametrize("compiled", [False, True])
def test_a_network_follows_a_schedule_as_if_each_rate_were_set_by_hand(backend, compiled):
    x, y = _data()
    schedule = CosineDecay(0.1, 6, warmup_steps=3)
    scheduled = _net(Adam(schedule), backend=backend, compile=compiled).build(3)
    by_hand = _net(Adam(0.1), backend=backend, compile=False).build(3)
    for step in range(8):
        assert scheduled.learning_rate == schedule(step)
        by_hand.learning_rate = schedule(step)
        scheduled.train_on_batch(x, y)
        by_hand.train_on_batch(x, y)
    np.testing.assert_allclose(scheduled.flat_parameters, by_hand.flat_parameters, rtol=1e-12, atol=1e-14)


def test_the_learning_rate_is_a_number_and_the_schedule_what_it_comes_from():
    schedule = StepDecay(0.5, 2, 0.5)
    net = _net(SGD(schedule))
    assert (net.learning_rate, net.schedule) == (0.5, schedule)
    x, y = _data()
    net.fit(x, y, batch_size=10, epochs=2)
    assert (net.learning_rate, net.schedule) == (0.125, schedule)
    net.learning_rate = 0.01
    assert (net.learning_rate, net.schedule) == (0.01, None)
    net.fit(x, y, batch_size=10)
    assert net.learning_rate == 0.01
    net.learning_rate = schedule
    assert (net.learning_rate, net.schedule) == (0.5 * 0.5**3, schedule)


def test_a_callback_that_sets_the_learning_rate_ends_the_schedule():
    x, y = _data()
    net = _net(SGD(StepDecay(0.5, 1, 0.5)))
    net.fit(x, y, batch_size=None, epochs=3, callbacks=[LearningRateSchedule(lambda epoch, rate: rate / 2)])
    assert (net.learning_rate, net.schedule) == (0.5 / 8, None)


@pytest.mark.parametrize("name", ALL)
def test_a_schedule_survives_the_file_and_training_goes_on_bit_for_bit(name, tmp_path):
    x, y = _data()
    whole = _net(Adam(ALL[name]))
    whole.fit(x, y, batch_size=8, epochs=4)
    half = _net(Adam(ALL[name]))
    half.fit(x, y, batch_size=8, epochs=2)
    half.save(tmp_path / "half")
    read = Network.load(tmp_path / "half")
    assert (read.optimizer, read.schedule, read.learning_rate) == (half.optimizer, ALL[name], half.learning_rate)
    read.fit(x, y, batch_size=8, epochs=2)
    np.testing.assert_array_equal(read.flat_parameters, whole.flat_parameters)
    assert read.history.history == whole.history.history


def test_a_number_in_the_place_of_a_schedule_survives_copies_and_files(tmp_path):
    x, y = _data()
    net = _net(SGD(StepDecay(0.5, 2, 0.5)))
    net.fit(x, y)
    net.learning_rate = 0.03
    net.save(tmp_path / "net")
    for other in (Network.load(tmp_path / "net"), net.copy_to("numpy")):
        assert (other.learning_rate, other.schedule) == (0.03, None)


def test_a_file_whose_learning_rate_is_something_else_is_refused(tmp_path):
    from xpnn import safetensors

    net = _net(SGD(0.1)).build(3)
    net.save(tmp_path / "net")
    tensors, metadata = safetensors.read(tmp_path / "net")
    metadata["training"]["learning_rate"] = {"type": "SGD"}
    safetensors.write(tmp_path / "bad", tensors, metadata)
    with pytest.raises(CheckpointError, match="learning_rate must be a finite number of at least 0, got SGD"):
        Network.load(tmp_path / "bad")
