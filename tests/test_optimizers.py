import json
import math
from contextlib import contextmanager
from dataclasses import FrozenInstanceError, fields, replace
from functools import cache, partial

import numpy as np
import pytest
from array_api_compat import device
from conftest import without_jax

import xpnn.optimizers
from xpnn.backend import get_backend
from xpnn.errors import ArgumentError, ArgumentTypeError, ShapeError
from xpnn.optimizers import (
    ASGD,
    LBFGS,
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
    Muon,
    Nadam,
    Optimizer,
    RAdam,
    RMSprop,
    Rprop,
    ScheduleFreeAdamW,
    ScheduleFreeSGD,
    get_optimizer,
)

SIZE, STEPS = 12, 100

# name: optimizer here, class in torch.optim, its arguments
TABLE = {
    "sgd": (SGD(), "SGD", {"lr": 0.01}),
    "sgd_decay": (SGD(0.1, weight_decay=0.2), "SGD", {"lr": 0.1, "weight_decay": 0.2}),
    "momentum": (SGD(0.05, 0.9), "SGD", {"lr": 0.05, "momentum": 0.9}),
    "momentum_decay": (SGD(0.05, 0.7, weight_decay=0.1), "SGD", {"lr": 0.05, "momentum": 0.7, "weight_decay": 0.1}),
    "nag": (SGD(0.05, 0.9, True), "SGD", {"lr": 0.05, "momentum": 0.9, "nesterov": True}),
    "nag_decay": (
        SGD(0.05, 0.5, True, 0.3),
        "SGD",
        {"lr": 0.05, "momentum": 0.5, "nesterov": True, "weight_decay": 0.3},
    ),
    "rmsprop": (RMSprop(), "RMSprop", {}),
    "rmsprop_eps": (RMSprop(0.02, 0.8, 0.1), "RMSprop", {"lr": 0.02, "alpha": 0.8, "eps": 0.1}),
    "rmsprop_momentum": (RMSprop(momentum=0.9, eps=1e-3), "RMSprop", {"momentum": 0.9, "eps": 1e-3}),
    "rmsprop_centered": (
        RMSprop(0.02, 0.9, 1e-3, centered=True),
        "RMSprop",
        {"lr": 0.02, "alpha": 0.9, "eps": 1e-3, "centered": True},
    ),
    "rmsprop_all": (
        RMSprop(0.01, 0.95, 1e-2, 0.5, True, 0.1),
        "RMSprop",
        {"alpha": 0.95, "eps": 1e-2, "momentum": 0.5, "centered": True, "weight_decay": 0.1},
    ),
    "adagrad": (Adagrad(), "Adagrad", {}),
    "adagrad_all": (
        Adagrad(0.3, 0.5, 0.1, 0.2),
        "Adagrad",
        {"lr": 0.3, "initial_accumulator_value": 0.5, "eps": 0.1, "weight_decay": 0.2},
    ),
    "adadelta": (Adadelta(), "Adadelta", {}),
    "adadelta_all": (
        Adadelta(0.5, 0.7, 1e-3, 0.2),
        "Adadelta",
        {"lr": 0.5, "rho": 0.7, "eps": 1e-3, "weight_decay": 0.2},
    ),
    "adam": (Adam(), "Adam", {}),
    "adam_eps": (Adam(0.05, 0.8, 0.95, 0.1), "Adam", {"lr": 0.05, "betas": (0.8, 0.95), "eps": 0.1}),
    "adam_no_memory": (Adam(0.05, 0.0, 0.0, 0.1), "Adam", {"lr": 0.05, "betas": (0.0, 0.0), "eps": 0.1}),
    "adam_decay": (Adam(0.05, weight_decay=0.2), "Adam", {"lr": 0.05, "weight_decay": 0.2}),
    "adamax": (Adamax(), "Adamax", {}),
    "adamax_all": (
        Adamax(0.05, 0.8, 0.95, 0.1, 0.3),
        "Adamax",
        {"lr": 0.05, "betas": (0.8, 0.95), "eps": 0.1, "weight_decay": 0.3},
    ),
    "amsgrad": (Adam(0.05, 0.8, 0.9, amsgrad=True), "Adam", {"lr": 0.05, "betas": (0.8, 0.9), "amsgrad": True}),
    "amsgrad_decoupled": (
        AdamW(0.05, 0.8, 0.9, 1e-3, 0.3, amsgrad=True),
        "AdamW",
        {"lr": 0.05, "betas": (0.8, 0.9), "eps": 1e-3, "weight_decay": 0.3, "amsgrad": True},
    ),
    "nadam": (Nadam(), "NAdam", {}),
    "nadam_all": (
        Nadam(0.05, 0.8, 0.95, 0.1, 0.1, 0.3),
        "NAdam",
        {"lr": 0.05, "betas": (0.8, 0.95), "eps": 0.1, "momentum_decay": 0.1, "weight_decay": 0.3},
    ),
    "radam": (RAdam(), "RAdam", {}),
    "radam_all": (
        RAdam(0.05, 0.8, 0.95, 1e-3, 0.3),
        "RAdam",
        {"lr": 0.05, "betas": (0.8, 0.95), "eps": 1e-3, "weight_decay": 0.3},
    ),
    "radam_plain": (RAdam(0.05, 0.8, 0.6), "RAdam", {"lr": 0.05, "betas": (0.8, 0.6)}),
    "rprop": (Rprop(), "Rprop", {"lr": 0.01}),
    "rprop_all": (
        Rprop(0.1, 0.3, 1.7, 0.01, 0.2),
        "Rprop",
        {"lr": 0.1, "etas": (0.3, 1.7), "step_sizes": (0.01, 0.2)},
    ),
    "adamw": (AdamW(), "AdamW", {}),
    "adamw_all": (
        AdamW(0.05, 0.8, 0.95, 1e-3, 0.3),
        "AdamW",
        {"lr": 0.05, "betas": (0.8, 0.95), "eps": 1e-3, "weight_decay": 0.3},
    ),
    "adamw_no_decay": (AdamW(weight_decay=0), "AdamW", {"weight_decay": 0.0}),
}
ALL = pytest.mark.parametrize("name", TABLE)
ELEMENTWISE = (SGD, RMSprop, Adagrad, Adadelta, Adam, AdamW, Adamax, Ftrl, Lion, Nadam, RAdam, Rprop)
BOUNDED = {name: replace(row[0], clip_value=0.9, clip_norm=1.5) for name, row in TABLE.items()}
TOLERANCE = 1e-12


def start():
    return np.random.default_rng(1).standard_normal(SIZE)


@cache
def noise():
    return 0.3 * np.random.default_rng(2).standard_normal((1000, SIZE))


def gradient(p, step):
    """Gradient of a noisy bowl, curved differently along each axis."""
    return np.linspace(0.3, 3.0, SIZE) * (p - 0.5) + noise()[step]


def train(optimizer, backend, steps=STEPS, dtype="float64", decay=None, rates=None, begin=None):
    """Trajectory of `steps` steps as a host array, the last parameters and the last state."""
    bring = partial(backend.asarray, dtype=getattr(backend.xp, dtype))
    p = bring(start() if begin is None else begin)
    state, path, decay = optimizer.init(p), [], None if decay is None else bring(decay)
    for step in range(steps):
        g = gradient(np.asarray(backend.to_numpy(p), dtype="float64"), step)
        rate = None if rates is None else rates(step)
        p, state = optimizer.update(p, bring(g), state, learning_rate=rate, decay=decay)
        path.append(np.array(backend.to_numpy(p)))
    return np.asarray(path), p, state


@contextmanager
def exact_numbers():
    """Let PyTorch keep the numbers of NAdam, which are tensors, in float64."""
    torch = pytest.importorskip("torch")
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        yield torch
    finally:
        torch.set_default_dtype(before)


def train_torch(kind, arguments, steps=STEPS, groups=((slice(None), {}),), clip=None):
    """Trajectory of PyTorch's optimizer; each group is a part of the vector with its own settings."""
    torch = pytest.importorskip("torch")
    parts = [torch.nn.Parameter(torch.asarray(start()[part])) for part, _ in groups]
    settings = [{"params": [p], **extra} for p, (_, extra) in zip(parts, groups, strict=True)]
    optimizer, path = getattr(torch.optim, kind)(settings, **arguments), []
    for step in range(steps):
        g = gradient(torch.cat(parts).detach().numpy(), step)
        for p, (part, _) in zip(parts, groups, strict=True):
            p.grad = torch.asarray(g[part])
        if clip is not None:
            clip(parts)
        with exact_numbers():
            optimizer.step()
        path.append(torch.cat(parts).detach().numpy().copy())
    return np.asarray(path)


train_torch_once = cache(lambda name, steps: train_torch(*TABLE[name][1:], steps))


def assert_agree(actual, expected, tolerance=TOLERANCE):
    assert actual.shape == expected.shape
    assert np.max(np.abs(actual - expected)) <= tolerance * np.max(np.abs(expected))


def host(backend, state):
    return {key: value if key == "step" else np.array(backend.to_numpy(value)) for key, value in state.items()}


@pytest.fixture
def numpy_backend():
    return get_backend("numpy")


# Numbers


@ALL
def test_a_hundred_steps_agree_with_pytorch(name, backend):
    path, _, state = train(TABLE[name][0], backend)
    assert_agree(path, train_torch_once(name, STEPS))
    assert state["step"] == STEPS


@ALL
def test_a_thousand_steps_agree_with_pytorch(name, numpy_backend):
    assert_agree(train(TABLE[name][0], numpy_backend, 1000)[0], train_torch_once(name, 1000))


@ALL
def test_weight_decay_acts_where_the_mask_is_one_alone(name, backend):
    optimizer, kind, arguments = TABLE[name]
    mask = np.asarray([1.0] * 7 + [0.0] * 5)
    groups = ((slice(0, 7), {}), (slice(7, SIZE), {"weight_decay": 0.0}))
    assert_agree(train(optimizer, backend, 20, decay=mask)[0], train_torch(kind, arguments, 20, groups))


@ALL
def test_no_mask_is_a_mask_of_ones(name, numpy_backend):
    with_mask = train(TABLE[name][0], numpy_backend, 20, decay=np.ones(SIZE))[0]
    np.testing.assert_array_equal(train(TABLE[name][0], numpy_backend, 20)[0], with_mask)


@pytest.mark.parametrize("decay", [0.0, 0.3])
def test_lion_agrees_with_optax(backend, decay):
    optax, jnp = pytest.importorskip("optax"), pytest.importorskip("jax.numpy")
    oracle = optax.lion(0.05, 0.8, 0.95, weight_decay=decay)
    p, path = jnp.asarray(start()), []
    state = oracle.init(p)
    for step in range(STEPS):
        updates, state = oracle.update(jnp.asarray(gradient(np.asarray(p), step)), state, p)
        p = optax.apply_updates(p, updates)
        path.append(np.asarray(p))
    assert_agree(train(Lion(0.05, 0.8, 0.95, decay), backend)[0], np.asarray(path))


def follow_the_leader(rate, start_sum, beta, l1, l2, steps=STEPS):
    """FTRL-Proximal as in McMahan et al., Algorithm 1, element by element, from parameters that are 0."""
    n, z, w, path = [start_sum] * SIZE, [0.0] * SIZE, [0.0] * SIZE, []
    for step in range(steps):
        g = gradient(np.asarray(w), step)
        for i in range(SIZE):
            sigma = ((n[i] + g[i] ** 2) ** 0.5 - n[i] ** 0.5) / rate
            z[i] += g[i] - sigma * w[i]
            n[i] += g[i] ** 2
            w[i] = 0.0 if abs(z[i]) <= l1 else -(z[i] - math.copysign(l1, z[i])) / ((beta + n[i] ** 0.5) / rate + l2)
        path.append(list(w))
    return np.asarray(path)


@pytest.mark.parametrize("arguments", [(0.5, 0.1, 0.0, 0.0, 0.0), (0.3, 0.0, 1.0, 0.5, 0.2), (0.1, 0.5, 0.5, 3.0, 0.0)])
def test_ftrl_agrees_with_the_algorithm_of_its_authors(backend, arguments):
    path = train(Ftrl(*arguments), backend, begin=np.zeros(SIZE))[0]
    assert_agree(path, follow_the_leader(*arguments))
    assert (path == 0.0).any() == (arguments[3] > 0.0)


@pytest.mark.parametrize("arguments", [(0.5, 0.1, 0.0, 0.0, 0.0), (0.3, 0.0, 1.0, 0.5, 0.2)])
def test_ftrl_begins_at_the_parameters_that_it_is_given(arguments):
    optimizer, p = Ftrl(*arguments), start()
    q, _ = optimizer.update(p, np.zeros(SIZE), optimizer.init(p))
    np.testing.assert_allclose(q, p, rtol=1e-14)


def test_masked_adamw_agrees_with_optax(numpy_backend):
    optax, jnp = pytest.importorskip("optax"), pytest.importorskip("jax.numpy")
    mask = np.asarray([1.0] * 7 + [0.0] * 5)
    oracle = optax.adamw(0.05, 0.8, 0.95, 1e-3, weight_decay=0.3, mask={"weight": True, "bias": False})
    p = {"weight": jnp.asarray(start()[:7]), "bias": jnp.asarray(start()[7:])}
    state, path = oracle.init(p), []
    for step in range(20):
        g = jnp.asarray(gradient(np.concatenate([p["weight"], p["bias"]]), step))
        updates, state = oracle.update({"weight": g[:7], "bias": g[7:]}, state, p)
        p = optax.apply_updates(p, updates)
        path.append(np.concatenate([p["weight"], p["bias"]]))
    assert_agree(train(AdamW(0.05, 0.8, 0.95, 1e-3, 0.3), numpy_backend, 20, decay=mask)[0], np.asarray(path))


@pytest.mark.parametrize("rate", [0.05, np.float64(0.05), np.float32(0.05)])
def test_a_given_learning_rate_takes_the_place_of_the_own(rate, numpy_backend):
    kinds = SGD, Adam, AdamW, RMSprop, Adagrad, Adadelta, Adamax, Nadam, RAdam, Lion
    for optimizer in (SGD(momentum=0.9), *(kind() for kind in kinds)):
        given = train(optimizer, numpy_backend, 10, rates=lambda step: rate)[0]
        np.testing.assert_array_equal(given, train(replace(optimizer, learning_rate=rate), numpy_backend, 10)[0])


@ALL
def test_a_falling_learning_rate_agrees_with_pytorch(name, backend):
    torch = pytest.importorskip("torch")
    optimizer, kind, arguments = TABLE[name]
    parameter = torch.nn.Parameter(torch.asarray(start()))
    oracle = getattr(torch.optim, kind)([parameter], **arguments)
    path, rates = [], [optimizer.learning_rate / (1 + 0.2 * step) for step in range(20)]
    for step, rate in enumerate(rates):
        oracle.param_groups[0]["lr"] = rate
        parameter.grad = torch.asarray(gradient(parameter.detach().numpy(), step))
        with exact_numbers():
            oracle.step()
        path.append(parameter.detach().numpy().copy())
    assert_agree(train(optimizer, backend, 20, rates=rates.__getitem__)[0], np.asarray(path))


@ALL
@without_jax
def test_float32_follows_float64(name, backend):
    exact = train(TABLE[name][0], backend, 20)[0]
    assert_agree(train(TABLE[name][0], backend, 20, "float32")[0], exact, 2e-5)


@pytest.mark.parametrize(
    "optimizer",
    [
        SGD(0.3),
        SGD(0.1, 0.9),
        SGD(0.1, 0.9, True),
        RMSprop(0.003),
        RMSprop(0.003, momentum=0.5, centered=True),
        Adagrad(0.5),
        Adadelta(eps=1e-3),
        Adam(0.02),
        AdamW(0.02, weight_decay=0.0),
        Adam(0.02, clip_value=1.0, clip_norm=1.0),
        Adam(0.02, amsgrad=True),
        Adamax(0.02),
        Nadam(0.02),
        RAdam(0.02),
        Lion(0.002),
        Rprop(),
        Ftrl(0.5),
    ],
)
def test_every_optimizer_finds_the_bottom_of_a_bowl(optimizer):
    curvature, bottom = np.linspace(0.3, 1.5, SIZE), np.linspace(-1.0, 1.0, SIZE)
    p = np.zeros(SIZE)
    state = optimizer.init(p)
    for _ in range(800):
        p, state = optimizer.update(p, curvature * (p - bottom), state)
    assert np.max(np.abs(p - bottom)) < 0.01


# Clipping


def test_clipping_by_value_agrees_with_pytorch(backend):
    torch = pytest.importorskip("torch")
    clip = partial(torch.nn.utils.clip_grad_value_, clip_value=0.4)
    expected = train_torch("SGD", {"lr": 0.1, "momentum": 0.5}, clip=clip)
    assert_agree(train(SGD(0.1, 0.5, clip_value=0.4), backend)[0], expected)


def test_clipping_by_norm_agrees_with_pytorch_up_to_the_term_in_its_denominator(backend):
    torch = pytest.importorskip("torch")
    g = gradient(start(), 0)
    p = torch.nn.Parameter(torch.zeros(SIZE, dtype=torch.float64))
    p.grad = torch.asarray(g.copy())
    torch.nn.utils.clip_grad_norm_([p], 0.7)
    clipped = backend.to_numpy(SGD(clip_norm=0.7).clip(backend.xp, backend.asarray(g, backend.xp.float64)))
    norm = np.linalg.norm(g)
    assert_agree(clipped * norm / (norm + 1e-6), p.grad.numpy())


@pytest.mark.parametrize("norm", [0.4, 0.6, 50.0])
def test_clipping_by_value_and_then_by_norm_agrees_with_optax(backend, norm):
    optax, jnp = pytest.importorskip("optax"), pytest.importorskip("jax.numpy")
    g = np.asarray([0.3, -0.9, 0.1, 0.7])
    oracle = optax.chain(optax.clip(0.5), optax.clip_by_global_norm(norm))
    expected, _ = oracle.update(jnp.asarray(g), oracle.init(jnp.asarray(g)))
    clipped = SGD(clip_value=0.5, clip_norm=norm).clip(backend.xp, backend.asarray(g, backend.xp.float64))
    assert_agree(backend.to_numpy(clipped), np.asarray(expected))


def test_a_gradient_within_the_bounds_is_left_bit_for_bit(backend):
    g = np.asarray([0.3, -0.4, 0.0])
    clipped = SGD(clip_value=0.4, clip_norm=0.5).clip(backend.xp, backend.asarray(g, backend.xp.float64))
    np.testing.assert_array_equal(backend.to_numpy(clipped), g)


def test_clipping_happens_before_weight_decay(numpy_backend):
    p, _ = SGD(1.0, weight_decay=0.5, clip_norm=1.0).update(np.asarray([2.0]), np.asarray([8.0]), {"step": 0})
    assert p.tolist() == [2.0 - (1.0 + 0.5 * 2.0)]


def test_clipping_by_norm_passes_nan_on_and_turns_an_infinite_norm_into_zeros(backend):
    bring, clip = partial(backend.asarray, dtype=backend.xp.float64), SGD(clip_norm=1.0).clip
    with np.errstate(invalid="ignore", over="ignore"):
        nan = backend.to_numpy(clip(backend.xp, bring(np.asarray([1.0, np.nan]))))
        infinite = backend.to_numpy(clip(backend.xp, bring(np.asarray([1.0, np.inf]))))
        huge = backend.to_numpy(clip(backend.xp, bring(np.asarray([1e200, 1.0]))))
    np.testing.assert_array_equal(nan, [np.nan, np.nan])
    np.testing.assert_array_equal(infinite, [0.0, np.nan])
    np.testing.assert_array_equal(huge, [0.0, 0.0])


# Arrays


@ALL
@without_jax
def test_dtype_and_device_stay_even_where_numbers_are_scalars_of_numpy(name, backend):
    optimizer = BOUNDED[name]
    values = {f.name: getattr(optimizer, f.name) for f in fields(optimizer)}
    strong = {key: np.float64(value) if type(value) is float else value for key, value in values.items()}
    optimizer = type(optimizer)(**strong)
    p = backend.asarray(start(), backend.xp.float32)
    state = optimizer.init(p) | {"step": np.asarray(3)}
    q, state = optimizer.update(p, p, state, learning_rate=np.float64(0.1), decay=p)
    assert type(state["step"]) is int
    for array in (q, *(state[key] for key in optimizer.vectors)):
        assert array.dtype == backend.xp.float32
        assert device(array) == device(p)
        assert array.shape == p.shape


@ALL
def test_arguments_are_left_unmodified(name, backend):
    optimizer, bring = BOUNDED[name], partial(backend.asarray, dtype=backend.xp.float64)
    p, g, decay = bring(start()), bring(gradient(start(), 0)), bring(np.ones(SIZE))
    p, state = optimizer.update(p, g, optimizer.init(p), decay=decay)
    before = [np.array(backend.to_numpy(a)) for a in (p, g, decay)] + [host(backend, state)]
    optimizer.update(p, g, state, decay=decay)
    after = [np.array(backend.to_numpy(a)) for a in (p, g, decay)] + [host(backend, state)]
    np.testing.assert_equal(after, before)


@ALL
def test_results_share_no_memory_with_arguments(name):
    optimizer, p, g = TABLE[name][0], start(), gradient(start(), 0)
    state = optimizer.init(p)
    q, new = optimizer.update(p, g, state)
    results = [q, *(new[key] for key in optimizer.vectors)]
    for result in results:
        others = [p, g, *(state[key] for key in optimizer.vectors), *(r for r in results if r is not result)]
        assert not any(np.shares_memory(result, other) for other in others)
    assert len({id(result) for result in results}) == len(results)


@ALL
def test_blocks_equal_the_whole_bit_for_bit(name, numpy_backend):
    optimizer, xp, rng = TABLE[name][0], numpy_backend.xp, np.random.default_rng(3)
    p, g = rng.standard_normal((2, 103)).astype("float32")
    vectors = {key: rng.random(103, dtype="float32") for key in optimizer.vectors}
    decay = (rng.random(103) < 0.5).astype("float32")
    scalars = optimizer.scalars(7, 0.1)
    whole, new = optimizer.apply(xp, p, g, vectors, scalars, decay)
    for block in (slice(0, 1), slice(1, 32), slice(32, 97), slice(97, 103)):
        parts = {key: vector[block] for key, vector in vectors.items()}
        part, new_part = optimizer.apply(xp, p[block], g[block], parts, scalars, decay[block])
        np.testing.assert_array_equal(part, whole[block])
        for key in optimizer.vectors:
            np.testing.assert_array_equal(new_part[key], new[key][block])


@ALL
def test_numbers_of_a_step_may_be_arrays_on_the_device(name, backend):
    optimizer, xp = TABLE[name][0], backend.xp
    p = backend.asarray(start(), xp.float32)
    g = backend.asarray(gradient(start(), 0), xp.float32)
    vectors, scalars = optimizer.zero_state(xp, p), optimizer.scalars(1, 0.1)
    on_device = {key: backend.asarray(np.asarray(value), xp.float32) for key, value in scalars.items()}
    expected, _ = optimizer.apply(xp, p, g, vectors, scalars, None)
    actual, new = optimizer.apply(xp, p, g, vectors, on_device, None)
    assert actual.dtype == xp.float32
    assert all(array.dtype == xp.float32 for array in new.values())
    assert_agree(backend.to_numpy(actual), backend.to_numpy(expected), 1e-6)


@ALL
def test_the_state_survives_a_round_trip_through_text(name, backend):
    optimizer, bring = TABLE[name][0], partial(backend.asarray, dtype=backend.xp.float64)
    _, p, state = train(optimizer, backend, 5)
    text = json.dumps({"step": state["step"]} | {k: backend.to_numpy(state[k]).tolist() for k in optimizer.vectors})
    read = {key: value if key == "step" else bring(np.asarray(value)) for key, value in json.loads(text).items()}
    expected, new = optimizer.update(p, p, state)
    actual, new_read = optimizer.update(p, p, read)
    np.testing.assert_array_equal(backend.to_numpy(actual), backend.to_numpy(expected))
    np.testing.assert_equal(host(backend, new_read), host(backend, new))


@ALL
def test_the_state_holds_the_step_and_the_vectors_alone(name, backend):
    optimizer = TABLE[name][0]
    p = backend.asarray(start(), backend.xp.float64)
    state = optimizer.init(p)
    fills = {"square_sum": getattr(optimizer, "initial_accumulator_value", 0.0), "step_size": optimizer.learning_rate}
    assert list(state) == ["step", *optimizer.vectors]
    assert state["step"] == 0
    for key in optimizer.vectors:
        np.testing.assert_array_equal(backend.to_numpy(state[key]), np.full(SIZE, fills.get(key, 0.0)))
    _, new = optimizer.update(p, p, state)
    assert list(new) == ["step", *optimizer.vectors]


def test_vectors_are_kept_only_where_they_are_needed():
    assert SGD().vectors == SGD(weight_decay=0.1).vectors == ()
    assert SGD(momentum=0.9).vectors == ("velocity",)
    assert RMSprop().vectors == ("square_sum",)
    assert RMSprop(centered=True).vectors == ("square_sum", "mean")
    assert RMSprop(momentum=0.1).vectors == ("square_sum", "velocity")
    assert RMSprop(momentum=0.1, centered=True).vectors == ("square_sum", "mean", "velocity")


@ALL
@without_jax
def test_any_shape_will_do_and_no_elements_too(name, backend):
    optimizer, bring = BOUNDED[name], partial(backend.asarray, dtype=backend.xp.float64)
    flat, _ = optimizer.update(*[bring(start())] * 2, optimizer.init(bring(start())))
    for shape in ((3, 4), (2, 3, 2)):
        p = bring(start().reshape(shape))
        q, _ = optimizer.update(p, p, optimizer.init(p))
        np.testing.assert_array_equal(backend.to_numpy(q).ravel(), backend.to_numpy(flat))
    for shape in ((0,), (0, 3)):
        p = bring(np.zeros(shape))
        assert optimizer.update(p, p, optimizer.init(p), decay=p)[0].shape == shape
    p = bring(np.asarray(2.0))
    assert optimizer.update(p, p, optimizer.init(p))[0].shape == ()


@ALL
def test_a_strided_gradient_gives_the_same_numbers(name):
    optimizer, p, g = TABLE[name][0], start(), gradient(start(), 0)
    strided = np.stack([g, g], axis=1)[:, 0]
    state = optimizer.init(p)
    np.testing.assert_array_equal(optimizer.update(p, strided, state)[0], optimizer.update(p, g, state)[0])


@ALL
def test_nan_in_the_gradient_reaches_its_own_parameter_alone(name, backend):
    optimizer, bring = replace(TABLE[name][0], clip_value=1.0), partial(backend.asarray, dtype=backend.xp.float64)
    g = gradient(start(), 0)
    g[4] = np.nan
    p = bring(start())
    q, state = optimizer.update(p, bring(g), optimizer.init(p))
    q, state = optimizer.update(q, bring(gradient(start(), 1)), state)
    isnan = np.isnan(backend.to_numpy(q))
    assert isnan[4]
    assert isnan.sum() == 1


@ALL
def test_a_step_never_waits_for_the_device(name):
    torch = pytest.importorskip("torch")
    p = torch.zeros(SIZE, dtype=torch.float32, device="meta")
    optimizer = BOUNDED[name]
    state = optimizer.init(p)
    for _ in range(2):
        p, state = optimizer.update(p, p, state, decay=p)
    assert p.device.type == "meta"
    assert p.dtype == torch.float32


@ALL
def test_a_step_can_be_compiled_by_jax_with_step_and_learning_rate_as_arguments(name):
    if name.startswith("nadam"):
        pytest.skip("the product of the momenta needs a step that is a number of Python")
    jax = pytest.importorskip("jax")
    optimizer = BOUNDED[name]
    p, g = jax.numpy.asarray(start()), jax.numpy.asarray(gradient(start(), 0))
    step = jax.jit(lambda p, g, state, rate: optimizer.update(p, g, state, learning_rate=rate))
    expected, actual = (p, optimizer.init(p)), (p, optimizer.init(p))
    for rate in (0.1, 0.01, 0.02):
        expected = optimizer.update(expected[0], g, expected[1], learning_rate=rate)
        actual = step(actual[0], g, actual[1], rate)
    assert int(actual[1]["step"]) == 3
    assert_agree(np.asarray(actual[0]), np.asarray(expected[0]), 1e-9)


# Edges that the documentation names


def test_schedule_free_adamw_without_a_warm_up_agrees_with_optax():
    contrib, jnp = pytest.importorskip("optax.contrib"), pytest.importorskip("jax.numpy")
    options = {"learning_rate": 0.1, "weight_decay": 0.1, "eps": 1e-2}
    oracle = contrib.schedule_free_adamw(b1=0.8, b2=0.95, **options)
    optimizer = ScheduleFreeAdamW(beta1=0.8, beta2=0.95, **options)
    y = p = jnp.asarray([1.0, -2.0, 3.0])
    theirs, ours = oracle.init(y), optimizer.init(p)
    slope = jnp.asarray([1.0, 3.0, 0.2])
    for _ in range(20):
        change, theirs = oracle.update(slope * y - 0.3, theirs, y)
        y = y + change
        p, ours = optimizer.update(p, lambda at: slope * at - 0.3, ours)
    np.testing.assert_allclose(p, contrib.schedule_free_eval_params(theirs, y), rtol=1e-12)


@pytest.mark.parametrize("momentum_decay", [0.0, 1e-9, 0.004, 0.3, 50.0])
def test_the_product_of_the_momenta_is_known_at_every_step_without_those_before(momentum_decay, monkeypatch):
    nadam, product = Nadam(beta1=0.999, momentum_decay=momentum_decay), 1.0
    for step in range(1, 400):
        product *= nadam._momentum(step)
        assert nadam._product(step) == pytest.approx(product, rel=1e-12, abs=2.0**-60)
    asked, momentum = [], Nadam._momentum
    monkeypatch.setattr(Nadam, "_momentum", lambda self, step: asked.append(step) or momentum(self, step))
    assert all(np.isfinite(value) for value in nadam.scalars(40_000, 0.1).values())
    assert asked == [40_000, 40_001]


def test_rprop_adapts_to_gradients_whose_product_vanishes(backend):
    rprop, p = Rprop(learning_rate=1.0, eta_plus=1.5), backend.asarray(np.asarray([4.0, 4.0], "float32"))
    state = rprop.init(p)
    for g in ([1e-23, 1e-23], [1e-23, -1e-23]):
        p, state = rprop.update(p, backend.asarray(np.asarray(g, "float32")), state)
    assert backend.to_numpy(state["step_size"]).tolist() == [1.5, 0.5]
    assert backend.to_numpy(p).tolist() == [1.5, 3.0]


@pytest.mark.parametrize("kind", [RMSprop, Adagrad, Adadelta, Adam, AdamW, Adamax, Nadam, RAdam])
@without_jax
def test_with_eps_zero_an_element_without_any_gradient_becomes_nan(kind, backend):
    optimizer = kind(eps=0)
    p = backend.asarray(np.ones(2), backend.xp.float64)
    with np.errstate(invalid="ignore"):
        q, _ = optimizer.update(p, backend.asarray(np.asarray([0.0, 1.0]), backend.xp.float64), optimizer.init(p))
    isnan = np.isnan(backend.to_numpy(q))
    assert isnan.tolist() == [True, False]


@ALL
@without_jax
def test_with_the_default_eps_an_element_without_any_gradient_stays(name, backend):
    p = backend.asarray(np.ones(2), backend.xp.float32)
    optimizer = type(TABLE[name][0])()
    optimizer = replace(optimizer, weight_decay=0.0) if hasattr(optimizer, "weight_decay") else optimizer
    q, _ = optimizer.update(p, backend.asarray(np.zeros(2), backend.xp.float32), optimizer.init(p))
    assert backend.to_numpy(q).tolist() == [1.0, 1.0]


def test_an_initial_accumulator_saves_adagrad_from_nan():
    optimizer, p = Adagrad(initial_accumulator_value=1.0, eps=0.0), np.ones(2)
    assert optimizer.update(p, np.zeros(2), optimizer.init(p))[0].tolist() == [1.0, 1.0]


def test_adadelta_with_eps_zero_never_moves():
    optimizer, p = Adadelta(eps=0.0), np.ones(2)
    assert optimizer.update(p, np.ones(2), optimizer.init(p))[0].tolist() == [1.0, 1.0]


def test_centered_rmsprop_survives_a_gradient_that_does_not_change():
    optimizer = RMSprop(centered=True)
    p, g = np.zeros(1000, dtype="float32"), np.linspace(0.1, 3, 1000, dtype="float32")
    state = optimizer.init(p)
    for _ in range(3000):
        p, state = optimizer.update(p, g, state)
        assert np.min(state["square_sum"]) >= 0.0
    assert np.all(np.isfinite(p))


# Arguments


@pytest.mark.parametrize("kind", ELEMENTWISE)
def test_every_argument_that_breaks_its_rule_is_refused(kind):
    rules = {
        "learning_rate": ("be a finite number above 0", [0, -0.1, float("inf"), float("nan"), "0.1", None, True]),
        "momentum": ("be a number in [0, 1)", [1, -0.1, float("nan"), "0.9", None]),
        "rho": ("be a number in [0, 1)", [1.0, -0.1, None]),
        "beta1": ("be a number in [0, 1)", [1.0, -0.1, None]),
        "beta2": ("be a number in [0, 1)", [1.0, -0.1, None]),
        "eps": ("be a finite number of at least 0", [-1e-8, float("inf"), None]),
        "weight_decay": ("be a finite number of at least 0", [-1e-8, float("nan"), "no"]),
        "initial_accumulator_value": ("be a finite number of at least 0", [-1.0, None]),
        "clip_value": ("be a finite number above 0", [0.0, -1.0, "1"]),
        "clip_norm": ("be a finite number above 0", [0.0, -1.0, "1"]),
        "amsgrad": ("be True or False", [1, None, "yes"]),
        "momentum_decay": ("be a finite number of at least 0", [-1.0, None]),
        "eta_minus": ("be a finite number above 0", [0.0, None]),
        "eta_plus": ("be a finite number above 0", [0.0, None]),
        "min_step": ("be a finite number above 0", [0.0, None]),
        "max_step": ("be a finite number above 0", [0.0, None]),
        "beta": ("be a finite number of at least 0", [-1.0, None]),
        "l1": ("be a finite number of at least 0", [-1.0, None]),
        "l2": ("be a finite number of at least 0", [-1.0, None]),
        "centered": ("be True or False", [1, None, "yes"]),
        "nesterov": ("be True or False", [1, None, "yes"]),
    }
    for field in fields(kind):
        rule, values = rules[field.name]
        for value in values:
            with pytest.raises(ArgumentError) as caught:
                kind(**{field.name: value})
            assert str(caught.value) == f"{field.name} must {rule}, got {value!r}."


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"eta_minus": 1.0}, "eta_minus must be a number below 1, got 1.0."),
        ({"eta_plus": 1.0}, "eta_plus must be a number above 1, got 1.0."),
        ({"min_step": 100}, "min_step must be at most max_step, 50.0, got 100.0."),
    ],
)
def test_the_bounds_of_rprop_are_checked(arguments, message):
    with pytest.raises(ArgumentError) as caught:
        Rprop(**arguments)
    assert str(caught.value) == message


def test_nesterov_without_momentum_is_refused():
    with pytest.raises(ArgumentError) as caught:
        SGD(nesterov=True)
    assert str(caught.value) == "nesterov must be False where momentum is 0, got True."


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"gradient": np.ones((3, 1))}, ShapeError, "gradient must have shape (3,), got (3, 1)."),
        ({"gradient": np.ones(3, "float32")}, ArgumentTypeError, "gradient must have dtype float64, got float32."),
        ({"decay": np.ones(1)}, ShapeError, "decay must have shape (3,), got (1,)."),
        ({"decay": np.ones(3, bool)}, ArgumentTypeError, "decay must have dtype float64, got bool."),
        (
            {"state": {"step": 1}},
            ArgumentError,
            "state must have the keys ['step', 'first_moment', 'second_moment'], got ['step'].",
        ),
    ],
)
def test_an_update_with_arguments_that_do_not_fit_is_refused(change, error, message):
    arguments = {"p": np.ones(3), "gradient": np.ones(3), "state": Adam().init(np.ones(3))} | change
    with pytest.raises(error) as caught:
        Adam().update(**arguments)
    assert str(caught.value) == message


def test_integers_cannot_be_optimized():
    with pytest.raises(ArgumentTypeError) as caught:
        SGD().init(np.arange(3))
    assert str(caught.value) == "p must have a real floating-point dtype, got int64."


def test_names_stand_for_optimizers_with_their_defaults():
    expected = {
        "adadelta": Adadelta(),
        "adafactor": Adafactor(),
        "adagrad": Adagrad(),
        "adam": Adam(),
        "adamax": Adamax(),
        "adamw": AdamW(),
        "amsgrad": Adam(amsgrad=True),
        "asgd": ASGD(),
        "ftrl": Ftrl(),
        "lamb": Lamb(),
        "lbfgs": LBFGS(),
        "lion": Lion(),
        "momentum": SGD(momentum=0.9),
        "muon": Muon(),
        "nadam": Nadam(),
        "nag": SGD(momentum=0.9, nesterov=True),
        "radam": RAdam(),
        "rmsprop": RMSprop(),
        "rprop": Rprop(),
        "schedule_free_adamw": ScheduleFreeAdamW(),
        "schedule_free_sgd": ScheduleFreeSGD(),
        "sgd": SGD(),
    }
    assert {name: get_optimizer("optimizer", name) for name in expected} == expected
    adam = Adam()
    assert get_optimizer("optimizer", adam) is adam


def test_what_is_no_optimizer_is_refused():
    names = (
        "adadelta, adafactor, adagrad, adam, adamax, adamw, amsgrad, asgd, ftrl, lamb, lbfgs, lion, momentum, muon, "
        "nadam, nag, radam, rmsprop, rprop, schedule_free_adamw, schedule_free_sgd, sgd"
    )
    with pytest.raises(ArgumentError) as caught:
        get_optimizer("optimizer", "adm")
    assert str(caught.value) == f"optimizer must be one of {names}, got 'adm'. Did you mean 'adam'?"
    for value in (3, None, Adam):
        with pytest.raises(ArgumentTypeError) as refused:
            get_optimizer("optimizer", value)
        rule = f"be one of {names}, or an object with apply, clip, scalars, zero_state"
        assert str(refused.value) == f"optimizer must {rule}, got {value!r}."


def test_optimizers_are_frozen_records_with_plain_numbers():
    assert repr(Adam(0.01, clip_norm=1)) == "Adam(learning_rate=0.01, clip_norm=1.0)"
    assert hash(SGD(momentum=0.9)) == hash(SGD(momentum=np.float64(0.9)))
    with pytest.raises(FrozenInstanceError):
        Adam().eps = 1.0
    for optimizer, *_ in TABLE.values():
        assert all(type(getattr(optimizer, f.name)) in (float, bool, type(None)) for f in fields(optimizer))


def test_an_optimizer_of_a_stranger_needs_the_formula_alone():
    from dataclasses import dataclass

    @dataclass(frozen=True, slots=True, repr=False)
    class SignDescent(Optimizer):
        learning_rate: float = 0.5

        def apply(self, xp, p, g, vectors, scalars, decay):
            return p - scalars["learning_rate"] * xp.sign(g), {}

    optimizer = get_optimizer("optimizer", SignDescent(clip_norm=1.0))
    p, state = optimizer.update(np.asarray([2.0, 2.0]), np.asarray([3.0, -3.0]), optimizer.init(np.zeros(2)))
    assert p.tolist() == [1.5, 2.5]
    assert state == {"step": 1}


def test_the_public_names_are_complete():
    kinds = {name for name, value in vars(xpnn.optimizers).items() if isinstance(value, type)}
    assert set(xpnn.optimizers.__all__) == kinds - {"Callable", "partial"} | {"get_optimizer"}
