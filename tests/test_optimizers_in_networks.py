"""What every optimizer owes a network: exact resumption, moves, many at once, and the wrappers' own rules."""

import numpy as np
import pytest
from conftest import TESTED, without_jax

import xpnn
from xpnn import Network
from xpnn.errors import ArgumentError, ArgumentTypeError
from xpnn.layers import BatchNorm, Dense, Dropout
from xpnn.many.settings import make_network
from xpnn.optimizers import (
    ASGD,
    LBFGS,
    SAM,
    SGD,
    Adadelta,
    Adafactor,
    Adagrad,
    Adam,
    Adamax,
    AdamW,
    Ftrl,
    Lamb,
    Lion,
    Lookahead,
    Muon,
    Nadam,
    RAdam,
    RMSprop,
    Rprop,
    ScheduleFreeAdamW,
    ScheduleFreeSGD,
)
from xpnn.schedules import CosineDecay, PiecewiseConstant, StepDecay

_FALLING = CosineDecay(0.02, 20, warmup_steps=3)

OPTIMIZERS = {
    "ASGD": ASGD(_FALLING, lambd=0.1, t0=8.0, weight_decay=0.1),
    "Adadelta": Adadelta(CosineDecay(1.0, 20)),
    "Adafactor": Adafactor(_FALLING),
    "Adagrad": Adagrad(_FALLING),
    "Adam": Adam(_FALLING, amsgrad=True),
    "Adamax": Adamax(_FALLING),
    "AdamW": AdamW(_FALLING, weight_decay=0.1),
    "Ftrl": Ftrl(StepDecay(0.1, 5), l1=0.01),
    "LBFGS": LBFGS(StepDecay(1.0, 10, 0.9), max_iterations=3, history=2),
    "Lamb": Lamb(_FALLING),
    "Lion": Lion(_FALLING),
    "Lookahead": Lookahead(Adam(_FALLING), k=4),
    "Lookahead, Muon": Lookahead(Muon(_FALLING), k=4),
    "Muon": Muon(_FALLING, exclude=("3",)),
    "Nadam": Nadam(_FALLING),
    "RAdam": RAdam(_FALLING, beta2=0.8),
    "RMSprop": RMSprop(_FALLING, centered=True, momentum=0.5),
    "Rprop": Rprop(StepDecay(0.01, 3)),
    "SAM": SAM(SGD(_FALLING, momentum=0.9)),
    "SGD": SGD(_FALLING, momentum=0.9, nesterov=True),
    "ScheduleFreeAdamW": ScheduleFreeAdamW(0.01, warmup_steps=5),
    "ScheduleFreeSGD": ScheduleFreeSGD(0.5, weight_decay=0.1),
}
ALL = pytest.mark.parametrize("name", OPTIMIZERS)


def data():
    rng = np.random.default_rng(0)
    return rng.standard_normal((30, 5)), rng.integers(3, size=30)


def make(optimizer, **options):
    layers = [Dense(4, activation="tanh"), BatchNorm(), Dropout(0.2), Dense(3)]
    return Network(layers, optimizer=optimizer, **({"dtype": "float64", "seed": 5, "l2": 1e-3} | options))


@ALL
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_ten_epochs_are_five_a_file_and_five_more_bit_for_bit(name, dtype, tmp_path):
    x, y = data()
    whole, half = (make(OPTIMIZERS[name], dtype=dtype) for _ in range(2))
    whole.fit(x, y, batch_size=8, epochs=10)
    half.fit(x, y, batch_size=8, epochs=5)
    half.save(tmp_path / "half")
    read = Network.load(tmp_path / "half")
    assert (read.optimizer, read.schedule) == (OPTIMIZERS[name], whole.schedule)
    read.fit(x, y, batch_size=8, epochs=5)
    np.testing.assert_array_equal(read.flat_parameters, whole.flat_parameters)
    for key, vector in whole._learner.updater.vectors.items():
        np.testing.assert_array_equal(read._learner.updater.vectors[key], vector)
    assert read.history.history == whole.history.history
    assert read.learning_rate == whole.learning_rate


@without_jax
@ALL
def test_a_network_trains_and_moves_from_one_backend_to_another_in_the_middle(name, backend):
    _train_and_move(name, backend)


@pytest.mark.parametrize("name", ["Adam", "LBFGS"])
def test_a_network_trains_and_moves_to_jax_in_the_middle(name):
    if "jax" not in TESTED:
        pytest.skip("JAX does not run here")
    _train_and_move(name, TESTED["jax"])


def _train_and_move(name, backend):
    x, y = data()
    stayed, moved = make(OPTIMIZERS[name]), make(OPTIMIZERS[name])
    before = stayed.build(5).flat_parameters
    for net in (stayed, moved):
        net.fit(x, y, batch_size=10, epochs=1)
        net = net.to(backend) if net is moved else net
        net.fit(x, y, batch_size=10, epochs=1)
    assert moved.backend is backend
    np.testing.assert_allclose(moved.flat_parameters, stayed.flat_parameters, rtol=1e-9, atol=1e-11)
    assert not np.array_equal(before, stayed.flat_parameters)


@ALL
def test_many_networks_at_once_are_each_as_if_alone(name):
    x, y = data()
    net = make(OPTIMIZERS[name])
    if name == "LBFGS":
        with pytest.raises(ArgumentError) as caught:
            xpnn.train_many(net, x, y, seeds=[0, 1])
        expected = f"optimizer must go one step along one gradient in train_many, got {OPTIMIZERS[name]!r}."
        assert str(caught.value) == expected
        return
    many = xpnn.train_many(net, x, y, seeds=[0, 1], grid={"learning_rate": [0.01, 0.02]}, epochs=2, batch_size=8)
    for member, settings in zip(many.networks, many.settings, strict=True):
        alone = make_network(net, settings)
        alone.fit(x, y, epochs=2, batch_size=8)
        assert member.learning_rate == settings["learning_rate"]
        np.testing.assert_allclose(member.flat_parameters, alone.flat_parameters, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(
    ("optimizer", "field", "values"),
    [
        (Muon(0.05), "weight_decay", [0.1, 0.2]),
        (SAM(SGD(0.1)), "rho", [0.1, 0.2]),
        (SAM(SGD(0.1, momentum=0.5)), "momentum", [0.5, 0.9]),
        (ScheduleFreeAdamW(0.01), "beta1", [0.8, 0.9]),
        (Lamb(0.1), "eps", [1e-3, 1e-2]),
    ],
)
def test_a_grid_may_go_over_the_numbers_of_an_optimizer(optimizer, field, values):
    x, y = data()
    net = make(optimizer)
    many = xpnn.train_many(net, x, y, grid={f"optimizer.{field}": values}, epochs=2, batch_size=8)
    for member, settings in zip(many.networks, many.settings, strict=True):
        alone = make_network(net, settings)
        alone.fit(x, y, epochs=2, batch_size=8)
        np.testing.assert_allclose(member.flat_parameters, alone.flat_parameters, rtol=1e-10, atol=1e-12)
    assert len({tuple(member.flat_parameters) for member in many.networks}) == len(values)


def test_a_grid_over_a_number_that_neither_wrapper_nor_inner_optimizer_has_is_refused():
    x, y = data()
    with pytest.raises(ArgumentError, match="fields of SGD in grid must be one of"):
        xpnn.train_many(make(SAM(SGD(0.1))), x, y, grid={"optimizer.beta1": [0.5]})


# Lookahead


def test_lookahead_is_the_algorithm_of_its_authors():
    g = np.random.default_rng(0).standard_normal((20, 6))
    lookahead, inner = Lookahead(SGD(0.1, momentum=0.9), k=3, alpha=0.3), SGD(0.1, momentum=0.9)
    p = slow = fast = np.arange(6.0)
    state, inner_state = lookahead.init(p), inner.init(p)
    for i in range(20):
        p, state = lookahead.update(p, g[i], state)
        fast, inner_state = inner.update(fast, g[i], inner_state)
        if i % 3 == 2:
            slow = fast = slow + 0.3 * (fast - slow)
        np.testing.assert_allclose(p, fast, rtol=1e-13)
        np.testing.assert_allclose(state["slow"], slow, rtol=1e-13)


@pytest.mark.parametrize("k", [1, 6])
def test_lookahead_agrees_with_optax(k):
    optax, jnp = pytest.importorskip("optax"), pytest.importorskip("jax.numpy")
    g = np.random.default_rng(0).standard_normal((100, 6))
    oracle = optax.lookahead(optax.adam(0.05), k, 0.5)
    params = optax.LookaheadParams.init_synced(jnp.arange(6.0))
    oracle_state = oracle.init(params)
    optimizer, p = Lookahead(Adam(0.05), k, 0.5), np.arange(6.0)
    state = optimizer.init(p)
    for i in range(100):
        p, state = optimizer.update(p, g[i], state)
        updates, oracle_state = oracle.update(jnp.asarray(g[i]), oracle_state, params)
        params = optax.apply_updates(params, updates)
        np.testing.assert_allclose(p, params.fast, rtol=1e-12, atol=1e-13)
        np.testing.assert_allclose(state["slow"], params.slow, rtol=1e-12, atol=1e-13)


# SAM


def bowl(p):
    return np.linspace(0.3, 3.0, p.size) * (p - 0.5) + np.sin(3 * p)


def test_sam_is_the_algorithm_of_its_authors():
    optimizer, inner, p = SAM(Adam(0.05), rho=0.2), Adam(0.05), np.arange(5.0)
    state, q = optimizer.init(p), p
    inner_state = inner.init(q)
    for _ in range(50):
        p, state = optimizer.update(p, bowl, state)
        g = bowl(q)
        q, inner_state = inner.update(q, bowl(q + 0.2 * g / np.linalg.norm(g)), inner_state)
        np.testing.assert_allclose(p, q, rtol=1e-13)


def test_sam_agrees_with_optax():
    optax, jax = pytest.importorskip("optax"), pytest.importorskip("jax")
    contrib, jnp = pytest.importorskip("optax.contrib"), jax.numpy

    def slope(p, _):
        return jnp.linspace(0.3, 3.0, 5) * (p - 0.5) + jnp.sin(3 * p)

    ascent = optax.chain(contrib.normalize(), optax.sgd(0.2))
    oracle = contrib.sam(optax.sgd(0.05, momentum=0.9), ascent, opaque_mode=True)
    q, optimizer, p = jnp.arange(5.0), SAM(SGD(0.05, momentum=0.9), rho=0.2), np.arange(5.0)
    state, oracle_state = optimizer.init(p), oracle.init(q)
    for _ in range(30):
        p, state = optimizer.update(p, bowl, state)
        updates, oracle_state = oracle.update(slope(q, 0), oracle_state, q, grad_fn=slope)
        q = optax.apply_updates(q, updates)
    np.testing.assert_allclose(p, q, rtol=1e-12)


def test_sam_stays_where_the_gradient_is_zero():
    p, _ = SAM(SGD(1.0)).update(np.ones(3), np.zeros_like, {"step": 0})
    assert p.tolist() == [1.0, 1.0, 1.0]


@pytest.mark.parametrize("compiled", [False, True])
def test_a_network_with_sam_tells_the_loss_and_the_averages_of_the_first_gradient(backend, compiled):
    x, y = data()
    layers = [Dense(4, activation="tanh"), BatchNorm(), Dense(3)]
    nets = [
        Network(layers, optimizer=o, dtype="float64", l2=0.01, metrics=["accuracy"], backend=backend, compile=compiled)
        for o in (SAM(SGD(0.1), rho=0.5), SGD(0.1))
    ]
    histories = [net.fit(x, y, batch_size=None, epochs=1).history for net in nets]
    for key in histories[0]:
        np.testing.assert_allclose(histories[0][key], histories[1][key], rtol=1e-12)
    for key, value in nets[0].state.items():
        np.testing.assert_allclose(value, nets[1].state[key], rtol=1e-12)
    assert np.max(np.abs(nets[0].flat_parameters - nets[1].flat_parameters)) > 1e-3


# Schedule-free


def schedule_free_sgd(p, g, steps, rate, beta, decay, warmup):
    """The authors' program in plain steps: gradients at y, predictions at x."""
    x = z = p
    total = 0.0
    for k in range(steps):
        gamma = rate * min(1.0, (k + 1) / warmup) if warmup else rate
        y = (1 - beta) * z + beta * x
        z = z - gamma * (g(y) + decay * y)
        total += gamma**2
        x = x + gamma**2 / total * (z - x)
        yield x


@pytest.mark.parametrize("warmup", [0, 1, 7, 100])
def test_schedule_free_sgd_is_the_algorithm_of_its_authors(backend, warmup):
    optimizer, bring = ScheduleFreeSGD(0.2, 0.8, 0.1, warmup), lambda a: backend.asarray(a, backend.xp.float64)
    x = bring(np.arange(5.0))
    state = optimizer.init(x)
    for expected in schedule_free_sgd(np.arange(5.0), bowl, 60, 0.2, 0.8, 0.1, warmup):
        x, state = optimizer.update(x, lambda y: bring(bowl(np.array(backend.to_numpy(y)))), state)
        np.testing.assert_allclose(backend.to_numpy(x), expected, rtol=1e-12, atol=1e-13)


def test_schedule_free_adamw_is_the_algorithm_of_its_authors(backend):
    optimizer = ScheduleFreeAdamW(0.1, 0.8, 0.1, 7, beta2=0.9, eps=1e-3)
    bring = lambda a: backend.asarray(a, backend.xp.float64)  # noqa: E731
    x = bring(np.arange(5.0))
    mean = z = np.arange(5.0)
    state, v, total = optimizer.init(x), np.zeros(5), 0.0
    for k in range(60):
        gamma, y = 0.1 * min(1.0, (k + 1) / 7), 0.2 * z + 0.8 * mean
        v = 0.9 * v + 0.1 * bowl(y) ** 2
        z = z - gamma * (bowl(y) / (np.sqrt(v / (1 - 0.9 ** (k + 1))) + 1e-3) + 0.1 * y)
        total += gamma**2
        mean = mean + gamma**2 / total * (z - mean)
        x, state = optimizer.update(x, lambda y: bring(bowl(np.array(backend.to_numpy(y)))), state)
        np.testing.assert_allclose(backend.to_numpy(x), mean, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("kind", ["sgd", "adamw"])
def test_a_hundred_steps_of_schedule_free_agree_with_optax(kind):
    """At a rate at which the iteration is stable: at 0.2 and ``eps=1e-3`` it is chaotic from step 60 on."""
    optax, jnp = pytest.importorskip("optax"), pytest.importorskip("jax.numpy")
    contrib = pytest.importorskip("optax.contrib")
    if kind == "sgd":
        base, optimizer = optax.chain(optax.add_decayed_weights(0.1), optax.sgd(0.05)), ScheduleFreeSGD(0.05, 0.9, 0.1)
    else:
        base = optax.adamw(0.05, 0.0, 0.95, 1e-2, weight_decay=0.1)
        optimizer = ScheduleFreeAdamW(0.05, 0.9, 0.1, beta2=0.95, eps=1e-2)
    oracle = contrib.schedule_free(base, 0.05, b1=0.9, state_dtype=jnp.float64)
    y, x = jnp.arange(5.0), np.arange(5.0)
    oracle_state, state = oracle.init(y), optimizer.init(x)
    for _ in range(100):
        x, state = optimizer.update(x, bowl, state)
        updates, oracle_state = oracle.update(jnp.asarray(bowl(np.asarray(y))), oracle_state, y)
        y = optax.apply_updates(y, updates)
        np.testing.assert_allclose(x, contrib.schedule_free_eval_params(oracle_state, y), rtol=1e-12, atol=1e-13)


def test_a_network_predicts_with_the_average_and_learns_elsewhere(tmp_path):
    x, y = data()
    optimizer = ScheduleFreeSGD(0.5, 0.8)
    net = Network([Dense(3)], optimizer=optimizer, dtype="float64").build(5)
    point, state = net.flat_parameters, optimizer.init(net.flat_parameters)
    trial = Network([Dense(3)], optimizer="sgd", dtype="float64").build(5)
    losses = []

    def gradient(p):
        trial.flat_parameters = p
        value, gradients, _ = trial.loss_and_gradients(x, y)
        losses.append(value)
        return np.concatenate([g.ravel() for g in gradients.values()])

    for _ in range(5):
        point, state = optimizer.update(point, gradient, state)
        assert float(net.train_on_batch(x, y)) == pytest.approx(losses[-1], rel=1e-12)
    np.testing.assert_allclose(net.flat_parameters, point, rtol=1e-12)
    trial.flat_parameters = point
    np.testing.assert_allclose(net.predict(x), trial.predict(x), rtol=1e-12)
    assert net.evaluate(x, y)["loss"] == pytest.approx(trial.evaluate(x, y)["loss"], rel=1e-12)
    net.save(tmp_path / "net")
    np.testing.assert_array_equal(Network.load(tmp_path / "net").flat_parameters, net.flat_parameters)


# Averaged


@pytest.fixture
def exact_torch():
    """PyTorch, whose ASGD keeps its step sizes in the default type, with float64 as such."""
    torch = pytest.importorskip("torch")
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield torch
    torch.set_default_dtype(before)


@pytest.mark.parametrize(("t0", "decay"), [(1e6, 0.0), (0.0, 0.1), (30.0, 0.1)])
def test_a_hundred_steps_of_asgd_and_their_averages_agree_with_pytorch(backend, exact_torch, t0, decay):
    noise = 0.3 * np.random.default_rng(2).standard_normal((100, 5))
    bring = lambda a: backend.asarray(a, backend.xp.float64)  # noqa: E731
    optimizer, p = ASGD(0.2, 0.05, 0.6, t0, decay), bring(np.arange(5.0))
    state = optimizer.init(p)
    parameter = exact_torch.nn.Parameter(exact_torch.arange(5.0))
    theirs = exact_torch.optim.ASGD([parameter], 0.2, 0.05, 0.6, t0, decay)
    for step in range(100):
        p, state = optimizer.update(p, lambda z: bring(bowl(np.array(backend.to_numpy(z))) + noise[step]), state)  # noqa: B023
        parameter.grad = exact_torch.asarray(bowl(parameter.detach().numpy()) + noise[step])
        theirs.step()
        for given, wanted in ((state["base"], parameter.detach()), (p, theirs.state[parameter]["ax"])):
            scale = np.abs(wanted.numpy()).max()
            assert np.abs(backend.to_numpy(given) - wanted.numpy()).max() <= 1e-12 * scale
    assert np.array_equal(backend.to_numpy(p), backend.to_numpy(state["base"])) == (t0 > 100)


def test_a_network_predicts_with_the_average_of_asgd():
    x, y = data()
    net = Network([Dense(3)], optimizer=ASGD(0.5, t0=1.0), dtype="float64").build(5)
    plain = Network([Dense(3)], optimizer=ASGD(0.5), dtype="float64").build(5)
    points = []
    for _ in range(6):
        assert float(net.train_on_batch(x, y)) == pytest.approx(float(plain.train_on_batch(x, y)), rel=1e-12)
        points.append(plain.flat_parameters)
    np.testing.assert_allclose(net.flat_parameters, np.mean(points[2:], axis=0), rtol=1e-12)


@pytest.mark.parametrize(
    ("make_it", "message"),
    [
        (lambda: ASGD(lambd=-1.0), "lambd must be a finite number of at least 0, got -1.0."),
        (lambda: SGD(10**400), f"learning_rate must be a finite number above 0, got {10**400}."),
        (lambda: ASGD(t0=-(10**400)), f"t0 must be a finite number of at least 0, got {-(10**400)}."),
        (lambda: ASGD(t0=-1.0), "t0 must be a finite number of at least 0, got -1.0."),
        (lambda: SAM("sgd"), "inner must be an optimizer that takes one step along one gradient, got 'sgd'."),
        (lambda: SAM(LBFGS()), "inner must be an optimizer that takes one step along one gradient, got LBFGS()."),
        (lambda: SAM(SGD(), 0), "rho must be a finite number above 0, got 0."),
        (lambda: Lookahead(SGD(), 0), "k must be an integer of at least 1, got 0."),
        (lambda: Lookahead(SGD(), alpha=1.5), "alpha must be a number above 0 and at most 1, got 1.5."),
        (
            lambda: Lookahead(SAM(Lookahead(SGD()))),
            "inner must contain no other Lookahead, got SAM(Lookahead(SGD())).",
        ),
        (lambda: ScheduleFreeSGD(beta1=1.0), "beta1 must be a number in [0, 1), got 1.0."),
        (lambda: ScheduleFreeSGD(warmup_steps=-1), "warmup_steps must be an integer of at least 0, got -1."),
        (
            lambda: ScheduleFreeAdamW(PiecewiseConstant((), (0.1,))),
            "learning_rate must be a number: its warm-up is warmup_steps, got PiecewiseConstant((), (0.1,)).",
        ),
        (lambda: ScheduleFreeAdamW(eps=-1.0), "eps must be a finite number of at least 0, got -1.0."),
        (lambda: LBFGS(history=0), "history must be an integer of at least 1, got 0."),
        (lambda: LBFGS(tolerance_change=-1.0), "tolerance_change must be a finite number of at least 0, got -1.0."),
        (lambda: LBFGS(clip_norm=1.0), "clip_norm must be None, since a clipped gradient is that of no loss, got 1.0."),
    ],
)
def test_an_argument_that_breaks_its_rule_is_refused(make_it, message):
    with pytest.raises(ArgumentError) as caught:
        make_it()
    assert str(caught.value) == message


@pytest.mark.parametrize("optimizer", [SAM(SGD()), Lookahead(ScheduleFreeSGD()), ScheduleFreeAdamW(), ASGD(), LBFGS()])
def test_a_gradient_alone_is_not_enough_for_some(optimizer):
    with pytest.raises(ArgumentTypeError) as caught:
        optimizer.update(np.ones(3), np.ones(3), optimizer.init(np.ones(3)))
    assert str(caught.value) == "gradient must be a function of the parameters for this optimizer, got an array."


def test_wrappers_have_the_learning_rate_and_the_clipping_of_what_they_wrap():
    inner = SGD(0.5, clip_value=0.25, clip_norm=3.0)
    for wrapper in (SAM(inner), Lookahead(inner), Lookahead(SAM(inner))):
        assert (wrapper.learning_rate, wrapper.clip_value, wrapper.clip_norm) == (0.5, 0.25, 3.0)
        p, _ = wrapper.update(np.zeros(2), lambda p: np.asarray([4.0, 0.1]), wrapper.init(np.zeros(2)))
        np.testing.assert_allclose(p, [-0.125, -0.05])
    assert repr(Lookahead(SAM(SGD(0.5)), k=3)) == "Lookahead(SAM(SGD(learning_rate=0.5)), k=3)"


# Weight decay


@pytest.mark.parametrize("kind", [ASGD, Lion, Lamb, Adafactor, Muon, ScheduleFreeSGD, ScheduleFreeAdamW])
def test_weight_decay_acts_where_the_mask_is_one_alone(kind):
    def last(mask, **arguments):
        optimizer, p = kind(0.05, **arguments), np.linspace(-1.0, 2.0, 6).reshape(2, 3)
        state = optimizer.init(p)
        for _ in range(3):
            p, state = optimizer.update(p, lambda q: np.sin(3 * q), state, decay=mask)
        return p

    with_decay, without = last(None, weight_decay=0.3), last(None, weight_decay=0.0)
    assert np.min(np.abs(with_decay - without)) > 0.0
    np.testing.assert_array_equal(last(np.ones((2, 3)), weight_decay=0.3), with_decay)
    np.testing.assert_array_equal(last(np.zeros((2, 3)), weight_decay=0.3), without)
    mixed = last(np.asarray([[1.0, 1.0, 1.0], [0.0, 0.0, 0.0]]), weight_decay=0.3)
    if not kind().per_parameter:
        np.testing.assert_array_equal(mixed, np.concatenate([with_decay[:1], without[1:]]))
