"""L-BFGS: the line search, trajectories beside PyTorch's, and networks."""

import numpy as np
import pytest

from xpnn import Network
from xpnn.errors import ArgumentError
from xpnn.layers import Dense, Dropout
from xpnn.optimizers import LBFGS, Adam
from xpnn.optimizers._line_search import Point, strong_wolfe


def rosenbrock(p):
    """The banana valley of n variables, with its minimum at ones."""
    a, b = p[:-1], p[1:]
    gap = b - a * a
    gradient = np.zeros_like(p)
    gradient[:-1] += -2 * (1 - a) - 400 * a * gap
    gradient[1:] += 200 * gap
    return np.sum((1 - a) ** 2 + 100 * gap**2), gradient


def on(backend, function):
    """A function of host arrays as one of arrays of the backend."""

    def moved(p):
        value, gradient = function(np.array(backend.to_numpy(p)))
        return tuple(backend.asarray(np.asarray(a), backend.xp.float64) for a in (value, gradient))

    return moved


def quartic(p):
    scale = np.arange(1.0, p.size + 1)
    return np.sum(scale * p**4 + 0.5 * p**2 + np.sin(p)), 4 * scale * p**3 + p + np.cos(p)


def trajectory(function, first, steps, arguments):
    torch = pytest.importorskip("torch")
    q = torch.nn.Parameter(torch.asarray(first.copy()))
    oracle = torch.optim.LBFGS([q], line_search_fn="strong_wolfe", **arguments)

    def closure():
        value, gradient = function(q.detach().numpy())
        q.grad = torch.asarray(gradient)
        return torch.asarray(value)

    path = []
    for _ in range(steps):
        oracle.step(closure)
        path.append(q.detach().numpy().copy())
    return np.asarray(path)


FAMILIES = {
    "one iteration": (LBFGS(max_iterations=1), {"max_iter": 1, "history_size": 10}, 12),
    "two iterations": (LBFGS(0.5, max_iterations=2), {"lr": 0.5, "max_iter": 2, "history_size": 10}, 8),
    "short memory": (LBFGS(history=2, max_iterations=4), {"lr": 1, "max_iter": 4, "history_size": 2}, 4),
    "long first try": (LBFGS(20.0, max_iterations=5), {"lr": 20, "max_iter": 5, "history_size": 10}, 3),
    "tiny first try": (LBFGS(1e-4, max_iterations=5), {"lr": 1e-4, "max_iter": 5, "history_size": 10}, 3),
    "default": (LBFGS(), {"lr": 1, "history_size": 10}, 2),
}


@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize("function", [rosenbrock, quartic])
def test_a_trajectory_is_that_of_pytorch(backend, name, function):
    optimizer, arguments, steps = FAMILIES[name]
    p = backend.asarray(np.asarray([-1.2, 1.0, 0.7, -0.3]), backend.xp.float64)
    expected = trajectory(function, np.asarray([-1.2, 1.0, 0.7, -0.3]), steps, arguments)
    state = optimizer.init(p)
    for row in expected:
        p, state = optimizer.update(p, on(backend, function), state)
        np.testing.assert_allclose(backend.to_numpy(p), row, rtol=1e-9, atol=1e-10)


def test_the_first_iterations_are_those_of_pytorch_to_rounding():
    optimizer, p = LBFGS(max_iterations=1, history=3), np.asarray([-1.2, 1.0])
    arguments = {"max_iter": 2, "history_size": 3}
    expected = trajectory(rosenbrock, p, 2, arguments)
    state = optimizer.init(p)
    optimizer = LBFGS(max_iterations=2, history=3)
    for row in expected:
        p, state = optimizer.update(p, rosenbrock, state)
        np.testing.assert_allclose(p, row, rtol=1e-12)


@pytest.mark.parametrize("n", [2, 5, 20])
def test_it_finds_the_end_of_the_valley(n):
    optimizer, p = LBFGS(max_iterations=200, tolerance_change=1e-14), np.full(n, -0.5)
    p, _ = optimizer.update(p, rosenbrock, optimizer.init(p))
    np.testing.assert_allclose(p, np.ones(n), atol=1e-6)


def test_where_the_gradient_is_zero_nothing_moves():
    optimizer, p = LBFGS(), np.ones(3)
    q, state = optimizer.update(p, rosenbrock, optimizer.init(p))
    np.testing.assert_array_equal(q, p)
    assert state["numbers"][0] == 0.0


@pytest.mark.parametrize("optimizer", [LBFGS(), Adam()])
def test_a_network_without_parameters_has_nothing_to_learn(optimizer, backend):
    net = Network(["tanh"], loss="mean_squared_error", optimizer=optimizer, backend=backend)
    losses = net.fit(np.ones((4, 3)), np.zeros((4, 3)), epochs=2)["loss"]
    assert losses == pytest.approx([np.tanh(1.0) ** 2] * 2, rel=1e-6)


def test_parameters_may_have_any_shape():
    optimizer, p = LBFGS(max_iterations=3), np.linspace(-1, 1, 6)
    flat, _ = optimizer.update(p, quartic, optimizer.init(p))

    def shaped(q):
        value, gradient = quartic(q.ravel())
        return value, gradient.reshape(q.shape)

    q, _ = optimizer.update(p.reshape(2, 3), shaped, optimizer.init(p.reshape(2, 3)))
    np.testing.assert_array_equal(q.ravel(), flat)


def test_the_memory_drops_the_oldest_pair():
    optimizer, p = LBFGS(0.1, history=2, max_iterations=1), np.asarray([-1.2, 1.0])
    state, gradients, places = optimizer.init(p), [], []
    for _ in range(6):
        gradients.append(quartic(p)[1])
        places.append(p)
        p, state = optimizer.update(p, quartic, state)
    steps = state["steps"].reshape(2, 2)
    np.testing.assert_allclose(steps, [places[4] - places[3], places[5] - places[4]], rtol=1e-9, atol=1e-12)
    changes = state["changes"].reshape(2, 2)
    np.testing.assert_allclose(changes, [gradients[4] - gradients[3], gradients[5] - gradients[4]], rtol=1e-9)
    np.testing.assert_allclose(state["numbers"][3:], 1 / np.sum(steps * changes, axis=1), rtol=1e-9)


LINES = {
    "parabola": (lambda t: (t - 3.0) ** 2, lambda t: 2 * (t - 3.0)),
    "steep": (lambda t: np.exp(t) - 5 * t, lambda t: np.exp(t) - 5),
    "waves": (lambda t: np.sin(3 * t) - 4 * t + 0.2 * t**2, lambda t: 3 * np.cos(3 * t) - 4 + 0.4 * t),
    "kinked": (lambda t: abs(t - 0.1) - 0.1 * t, lambda t: np.sign(t - 0.1) - 0.1),
}


@pytest.mark.parametrize("name", ["parabola", "steep", "waves"])
@pytest.mark.parametrize("first", [1e-3, 0.1, 1.0, 10.0, 100.0])
def test_the_line_search_ends_where_both_wolfe_conditions_hold(name, first):
    value, slope = LINES[name]
    start = Point(0.0, value(0.0), slope(0.0), None)
    assert start.slope < 0
    found, tried = strong_wolfe(lambda t: Point(t, value(t), slope(t), None), start, first, 1e-9, 60)
    assert value(found.t) <= start.value + 1e-4 * found.t * start.slope
    assert abs(slope(found.t)) <= -0.9 * start.slope
    assert 1 <= tried <= 61


def _waves(rng, digits):
    """A random wavy line that falls at 0, with values of so many digits, and its slope."""
    amplitude, frequency, phase = rng.uniform(-1, 1, 4), rng.uniform(0.5, 12, 4), rng.uniform(0, 6, 4)
    bend = rng.uniform(0.0, 0.3)

    def value(t):
        return round(float(np.sum(amplitude * np.sin(frequency * t + phase)) + bend * t * t), digits)

    def slope(t):
        return float(np.sum(amplitude * frequency * np.cos(frequency * t + phase)) + 2.0 * bend * t)

    return (value, slope) if slope(0.0) < 0 else _waves(rng, digits)


@pytest.mark.parametrize("digits", [15, 1])
def test_the_line_search_tries_the_places_that_pytorch_tries(digits):
    """With one digit, neighbours have the same value."""
    torch = pytest.importorskip("torch")
    oracle = pytest.importorskip("torch.optim.lbfgs")._strong_wolfe  # private: tests run with the version that CI pins
    rng, one = np.random.default_rng(0), torch.ones(1, dtype=torch.float64)
    for _ in range(500):
        value, slope = _waves(rng, digits)
        tried, theirs = [], []

        def at(t, value=value, slope=slope, tried=tried):
            tried.append(t)
            return Point(t, value(t), slope(t), None)

        def their_at(x, t, direction, value=value, slope=slope, theirs=theirs):
            theirs.append(float(t))
            return value(theirs[-1]), slope(theirs[-1]) * one

        first, most = 10 ** rng.uniform(-1.5, 1), int(rng.integers(1, 26))
        found, count = strong_wolfe(at, Point(0.0, value(0.0), slope(0.0), None), first, 1e-6, most)
        slopes = slope(0.0) * one, torch.asarray(slope(0.0), dtype=torch.float64)
        loss, _, t, their_count = oracle(
            their_at, 0.0 * one, first, one, value(0.0), *slopes, tolerance_change=1e-6, max_ls=most
        )
        assert tried == pytest.approx(theirs, rel=1e-6)
        assert (found.t, found.value, count) == pytest.approx((float(t), loss, their_count), rel=1e-6)


def test_a_drop_of_a_thousandth_of_the_slope_is_enough():
    falls = {0.0: Point(0.0, 0.0, -1.0, None), 1.0: Point(1.0, -1.01e-4, 0.89, None)}
    assert strong_wolfe(falls.get, falls[0.0], 1.0, 1e-9, 5) == (falls[1.0], 1)


AWAY = {
    "straight": (lambda p: (-np.sum(p), -np.ones_like(p)), 1e9),
    "kinks": (lambda p: (np.sum(np.abs(p)), np.sign(p)), 0.2),
    "overflow": (lambda p: (np.sum(np.exp(p * p)) - 100 * np.sum(p), 2 * p * np.exp(p * p) - 100), -400),
    "no number": (lambda p: (np.sum(p - np.log(p)), 1 - 1 / p), 3.001),
}


@pytest.mark.parametrize("tolerance", [0.0, 1e-9])
@pytest.mark.parametrize("first", [1e-3, 1.0, 1e3])
@pytest.mark.parametrize("name", AWAY)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_straight_lines_overflows_and_nan_end_no_search(name, first, tolerance):
    function, goal = AWAY[name]
    lbfgs = LBFGS(first, tolerance_change=tolerance, tolerance_gradient=tolerance)
    p = np.asarray([0.1, 2.0, 0.7])
    state = lbfgs.init(p)
    for _ in range(3):
        p, state = lbfgs.update(p, function, state)
    assert np.all(np.isfinite(p))
    assert function(p)[0] < (-goal if name == "straight" else goal)


def test_the_line_search_ends_where_two_neighbouring_numbers_are_left():
    def at(t):
        return Point(t, abs(t - 1.0), 1.0 if t > 1.0 else -1.0, None)

    found, tried = strong_wolfe(at, at(0.0), 2.5, 0.0, 10_000)
    assert found.t == 1.0
    assert tried < 200


@pytest.mark.parametrize("most", [0, 1, 3])
def test_the_line_search_keeps_to_its_number_of_evaluations(most):
    calls = []

    def at(t):
        calls.append(t)
        return Point(t, LINES["kinked"][0](t), LINES["kinked"][1](t), None)

    start = at(0.0)
    found, tried = strong_wolfe(at, start, 5.0, 1e-9, most)
    assert len(calls) - 1 == tried <= most + 1
    assert found.value <= start.value


# Networks


def data():
    rng = np.random.default_rng(0)
    return rng.standard_normal((40, 4)), rng.standard_normal((40, 2))


def make(optimizer, **options):
    layers = [Dense(6, activation="tanh"), Dense(2)]
    return Network(layers, loss="mean_squared_error", optimizer=optimizer, dtype="float64", **options)


def test_a_network_takes_the_steps_of_the_optimizer_alone(backend):
    x, y = data()
    net, trial = make(LBFGS(max_iterations=4), l2=0.01, backend=backend), make("sgd", l2=0.01).build(4)
    p, optimizer = net.build(4).flat_parameters, LBFGS(max_iterations=4)
    state = optimizer.init(p)

    def function(q):
        trial.flat_parameters = q
        value, gradients, _ = trial.loss_and_gradients(x, y)
        return value, np.concatenate([g.ravel() for g in gradients.values()])

    for _ in range(3):
        expected = function(p)[0]
        p, state = optimizer.update(p, function, state)
        assert float(net.train_on_batch(x, y)) == pytest.approx(expected, rel=1e-9)
    np.testing.assert_allclose(net.flat_parameters, p, rtol=1e-8, atol=1e-9)
    assert [c.function for c in net.compilations if c.function == "step" and c.mode != "eager"] == []


def test_full_batches_are_learnt_far_faster_than_by_adam():
    x, y = data()
    losses = {}
    for name, optimizer in {"lbfgs": LBFGS(), "adam": Adam(0.01)}.items():
        net = make(optimizer)
        net.fit(x, y, batch_size=None, epochs=20)
        losses[name] = net.evaluate(x, y)["loss"]
    assert losses["lbfgs"] < 0.5 * losses["adam"]


def test_masks_are_the_same_in_all_evaluations_of_a_step_and_new_in_the_next():
    x, y = data()
    nets = [
        Network([Dense(6), Dropout(0.5), Dense(2)], loss="mean_squared_error", optimizer=o, dtype="float64")
        for o in (LBFGS(max_iterations=5), Adam())
    ]
    for net in nets:
        for _ in range(2):
            net.train_on_batch(x, y)
    assert nets[0]._learner.streams.positions == nets[1]._learner.streams.positions


def test_mini_batches_are_accepted_as_by_pytorch():
    x, y = data()
    net = make(LBFGS(max_iterations=2))
    history = net.fit(x, y, batch_size=10, epochs=3)
    assert np.all(np.isfinite(history["loss"]))


def test_one_gradient_cannot_be_applied():
    with pytest.raises(ArgumentError) as caught:
        LBFGS().apply(np, np.ones(2), np.ones(2), {}, {}, None)
    assert str(caught.value) == "LBFGS must be used by `search`, since a step needs the loss at several places."
