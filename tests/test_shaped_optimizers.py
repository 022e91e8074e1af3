"""Optimizers that need each parameter in its own shape: LAMB, Adafactor, Muon."""

from functools import cache, partial

import numpy as np
import pytest
from conftest import without_jax

from xpnn import Network
from xpnn.errors import ArgumentError
from xpnn.layers import Dense, Residual
from xpnn.optimizers import SGD, Adafactor, AdamW, Lamb, Lookahead, Muon
from xpnn.training.layout import Layout
from xpnn.training.parts import Parts, state_sizes

STEPS = 100
SHAPES = {"matrix": (4, 3), "wide": (2, 5), "tensor": (2, 3, 4), "vector": (6,), "row": (1, 5), "one": (1,)}


def begin(shape):
    return np.random.default_rng(1).standard_normal(shape)


def gradient(p, step):
    noise = np.random.default_rng([2, step]).standard_normal(p.shape)
    return np.linspace(0.3, 3.0, p.size).reshape(p.shape) * (p - 0.5) + 0.3 * noise


def train(optimizer, backend, shape, steps=STEPS, dtype="float64", first=None):
    bring = partial(backend.asarray, dtype=getattr(backend.xp, dtype))
    p = bring(begin(shape) if first is None else first)
    state, path = optimizer.init(p), []
    for step in range(steps):
        p, state = optimizer.update(p, bring(gradient(np.asarray(backend.to_numpy(p), dtype="float64"), step)), state)
        path.append(np.array(backend.to_numpy(p)))
    return np.asarray(path)


def train_torch(oracle, parameter, transpose=False, steps=STEPS):
    import torch

    path = []
    for step in range(steps):
        p = parameter.detach().numpy()
        g = gradient(p.T if transpose else p, step)
        parameter.grad = torch.asarray(np.ascontiguousarray(g.T if transpose else g))
        oracle.step()
        p = parameter.detach().numpy()
        path.append((p.T if transpose else p).copy())
    return np.asarray(path)


def assert_agree(actual, expected, tolerance=1e-12):
    assert actual.shape == expected.shape
    assert np.max(np.abs(actual - expected)) <= tolerance * np.max(np.abs(expected))


@cache
def lamb_of_optax(shape, decay):
    optax, jnp = pytest.importorskip("optax"), pytest.importorskip("jax.numpy")
    oracle = optax.lamb(0.05, 0.8, 0.95, 1e-3, weight_decay=decay)
    p, path = jnp.asarray(begin(shape)), []
    state = oracle.init(p)
    for step in range(STEPS):
        updates, state = oracle.update(jnp.asarray(gradient(np.asarray(p), step)), state, p)
        p = optax.apply_updates(p, updates)
        path.append(np.asarray(p))
    return np.asarray(path)


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("decay", [0.0, 0.2])
@without_jax
def test_a_hundred_steps_of_lamb_agree_with_optax(backend, shape, decay):
    assert_agree(train(Lamb(0.05, 0.8, 0.95, 1e-3, decay), backend, shape), lamb_of_optax(shape, decay))


def test_lamb_moves_parameters_that_are_zero_and_stays_where_there_is_no_gradient(backend):
    p = backend.asarray(np.zeros((2, 2)), backend.xp.float64)
    q, _ = Lamb(0.5, eps=0.0).update(p, p + 2.0, Lamb().init(p))
    np.testing.assert_array_equal(backend.to_numpy(q), np.full((2, 2), -0.5))
    q, _ = Lamb().update(p + 1.0, p, Lamb().init(p))
    np.testing.assert_array_equal(backend.to_numpy(q), np.ones((2, 2)))


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize(
    ("optimizer", "arguments"),
    [
        (Adafactor(), {}),
        (
            Adafactor(0.3, 0.5, 0.1, 0.5, 1.2, 0.2),
            {"lr": 0.3, "beta2_decay": -0.5, "eps": (0.1, 0.5), "d": 1.2, "weight_decay": 0.2},
        ),
    ],
)
def test_a_hundred_steps_of_adafactor_agree_with_pytorch(backend, shape, optimizer, arguments):
    torch = pytest.importorskip("torch")
    parameter = torch.nn.Parameter(torch.asarray(begin(shape)))
    expected = train_torch(torch.optim.Adafactor([parameter], **arguments), parameter)
    assert_agree(train(optimizer, backend, shape), expected)


@pytest.mark.parametrize("name", ["matrix", "wide", "row"])
@pytest.mark.parametrize(
    ("optimizer", "arguments"),
    [
        (Muon(0.05), {"lr": 0.05, "weight_decay": 0.0}),
        (
            Muon(0.05, 0.8, False, 0.3, 3),
            {"lr": 0.05, "momentum": 0.8, "nesterov": False, "weight_decay": 0.3, "ns_steps": 3},
        ),
        (
            Muon(0.05, scale="match_rms_adamw"),
            {"lr": 0.05, "weight_decay": 0.0, "adjust_lr_fn": "match_rms_adamw"},
        ),
    ],
)
def test_a_hundred_steps_of_muon_agree_with_pytorch_in_float64(backend, name, optimizer, arguments, monkeypatch):
    torch = pytest.importorskip("torch")
    monkeypatch.setattr(torch.Tensor, "bfloat16", torch.Tensor.clone)  # PyTorch rounds to bfloat16 here
    shape = SHAPES[name]
    parameter = torch.nn.Parameter(torch.asarray(np.ascontiguousarray(begin(shape).T)))
    expected = train_torch(torch.optim.Muon([parameter], **arguments), parameter, transpose=True)
    assert_agree(train(optimizer, backend, shape), expected)


def test_muon_treats_a_tensor_as_the_matrix_of_its_last_axis(backend):
    shape = (2, 3, 4)
    path = train(Muon(0.05), backend, shape, 20)
    flat = Muon(0.05)
    p = begin(shape).reshape(6, 4)
    state = flat.init(p)
    for step in range(20):
        p, state = flat.update(p, gradient(p.reshape(shape), step).reshape(6, 4), state)
    assert_agree(path[-1], p.reshape(shape))


def test_muon_orthogonalises_a_matrix_whatever_its_scale():
    g = np.random.default_rng(0).standard_normal((5, 3))
    changes = []
    for scale in (1e-3, 1.0, 1e3):
        p, _ = Muon(1.0, momentum=0.0, ns_steps=8).update(np.zeros((5, 3)), scale * g, Muon().init(g))
        changes.append(-p)
    assert_agree(changes[0], changes[1], 1e-3)
    assert_agree(changes[2], changes[1])
    values = np.linalg.svd(changes[1], compute_uv=False)
    assert np.all((values > 0.6) & (values < 1.3))
    u, _, v = np.linalg.svd(g, full_matrices=False)
    in_its_axes = u.T @ changes[1] @ v.T
    assert np.max(np.abs(in_its_axes - np.diag(np.diag(in_its_axes)))) < 1e-12


def test_muon_gives_vectors_and_exceptions_to_adamw():
    x, y = np.random.default_rng(0).standard_normal((20, 5)), np.arange(20) % 3
    layers = [Dense(4, activation="tanh", name="first"), Dense(4, name="middle"), Dense(3, name="last")]
    muon = Muon(0.05, weight_decay=0.1, exclude=("first.weight", "last"))
    net = Network(layers, optimizer=muon, dtype="float64").build(5)
    other = Network(layers, optimizer=AdamW(0.05 * 0.015, 0.9, 0.95, 1e-10, 0.1), dtype="float64").build(5)
    for a in (net, other):
        a.train_on_batch(x, y)
    same = [name for name in net.parameters if np.array_equal(net.parameters[name], other.parameters[name])]
    assert same == ["first.weight", "first.bias", "middle.bias", "last.weight", "last.bias"]
    assert {name: v.shape for name, v in net._learner.updater.vectors.items()} == {
        "momentum": (16,),
        "first_moment": (20 + 4 + 4 + 12 + 3,),
        "second_moment": (20 + 4 + 4 + 12 + 3,),
    }


@pytest.mark.parametrize("shape", [(), (3,)])
@pytest.mark.parametrize("wrap", [lambda optimizer: optimizer, Lookahead])
def test_muon_alone_gives_what_is_no_matrix_to_adamw_as_in_a_network(shape, wrap, backend):
    muon, adamw = wrap(Muon(0.1, weight_decay=0.1)), wrap(AdamW(0.0015, 0.9, 0.95, 1e-10, 0.1))
    p = backend.asarray(np.asarray(np.ones(shape)))
    (a, state), (b, other) = ((p, optimizer.init(p)) for optimizer in (muon, adamw))
    assert state.keys() == other.keys()
    for _ in range(6):
        a, state = muon.update(a, a * a, state)
        b, other = adamw.update(b, b * b, other)
    np.testing.assert_allclose(backend.to_numpy(a), backend.to_numpy(b), rtol=1e-12)


@pytest.mark.parametrize("wrap", [lambda muon: muon, Lookahead])
def test_an_exception_of_muon_that_is_not_in_the_network_is_refused_when_it_is_built(wrap):
    layers = [Dense(4, name="first"), Residual([Dense(4)]), Dense(3, name="last")]
    for name in ("first", "1", "1.0", "1.0.weight", "last.bias"):
        Network(layers, optimizer=wrap(Muon(exclude=("last", name)))).build(5)
    with pytest.raises(ArgumentError) as caught:
        Network(layers, optimizer=wrap(Muon(exclude=("last", "fist")))).build(5)
    assert str(caught.value) == (
        "exclude must be one of 1, 1.0, 1.0.bias, 1.0.weight, first, first.bias, first.weight, last, last.bias, "
        "last.weight, got 'fist'. Did you mean 'first'?"
    )


@pytest.mark.parametrize("optimizer", [Lamb(), Adafactor(), Muon(), Lookahead(Muon())])
@without_jax
def test_dtype_and_device_stay_and_float32_follows_float64(backend, optimizer):
    for shape in ((4, 3), (5,)):
        exact = train(optimizer, backend, shape, 10)
        single = train(optimizer, backend, shape, 10, "float32")
        assert single.dtype == np.float32
        assert_agree(single, exact, 1e-4)


@pytest.mark.parametrize("optimizer", [Lamb(), Adafactor(), Muon()])
@pytest.mark.parametrize("shape", [(0,), (0, 3), (2, 0)])
def test_parameters_without_elements_are_no_trouble(optimizer, shape):
    p = np.zeros(shape)
    assert optimizer.update(p, p, optimizer.init(p))[0].shape == shape


@pytest.mark.parametrize("optimizer", [Lamb(), Adafactor(), Muon()])
def test_nan_in_a_gradient_reaches_its_parameter_and_no_other(optimizer):
    net = Network([Dense(3), Dense(2)], optimizer=optimizer, dtype="float64").build(4)
    g = np.ones(net.count_parameters())
    g[1] = np.nan
    net._learner.updater.update(g)
    isnan = {name: bool(np.isnan(value).any()) for name, value in net.parameters.items()}
    assert isnan == {"0.weight": True, "0.bias": False, "1.weight": False, "1.bias": False}


@pytest.mark.parametrize("optimizer", [Lamb(0.1), Adafactor(0.1), Muon(0.1), Lookahead(Lamb(0.1), k=1)])
@without_jax
def test_a_network_is_updated_parameter_by_parameter_and_tied_weights_once(backend, optimizer):
    shared = Dense(4, activation="tanh")
    net = Network([shared, Residual([shared]), Dense(2)], optimizer=optimizer, backend=backend, dtype="float64")
    net.build(4)
    x, y = np.random.default_rng(0).standard_normal((8, 4)), np.arange(8) % 2
    expected = {}
    _, gradients, _ = net.loss_and_gradients(x, y)
    for name, p in net.parameters.items():
        own = optimizer.for_parameter(name, p.shape)
        state = {"step": 0, **own.zero_state(np, p)}
        scalars = optimizer.scalars(1, optimizer.learning_rate)
        del state["step"]
        expected[name], _ = own.apply(np, p, gradients[name], state, scalars, None)
    net.train_on_batch(x, y)
    assert list(net.parameters) == ["0.weight", "0.bias", "2.weight", "2.bias"]
    for name, p in net.parameters.items():
        assert_agree(p, expected[name])


def test_parts_join_what_a_network_without_parameters_has():
    layout = Layout(Dense(3), {}, {})
    parts = Parts(Lamb(), layout)
    p, vectors = parts.apply(np, np.zeros(0), np.zeros(0), parts.zero_state(np, np.zeros(0)), {}, None)
    assert p.shape == vectors["first_moment"].shape == (0,)
    assert state_sizes(SGD(momentum=0.5), layout) == {"velocity": 0}


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Muon(momentum=1.0), "momentum must be a number in [0, 1), got 1.0."),
        (lambda: Muon(ns_steps=0), "ns_steps must be an integer of at least 1, got 0."),
        (lambda: Muon(adamw_ratio=0), "adamw_ratio must be a finite number above 0, got 0."),
        (lambda: Muon(exclude=(1,)), "exclude must be names of layers or parameters, got (1,)."),
        (lambda: Muon(exclude=None), "exclude must be names of layers or parameters, got None."),
        (lambda: Muon(nesterov=1), "nesterov must be True or False, got 1."),
        (lambda: Lamb(beta1=1.0), "beta1 must be a number in [0, 1), got 1.0."),
        (lambda: Lamb(eps=-1.0), "eps must be a finite number of at least 0, got -1.0."),
        (lambda: Adafactor(clip_threshold=0.0), "clip_threshold must be a finite number above 0, got 0.0."),
        (lambda: Adafactor(eps1=0.0), "eps1 must be a finite number above 0, got 0.0."),
        (lambda: Adafactor(decay_power=-1.0), "decay_power must be a finite number of at least 0, got -1.0."),
    ],
)
def test_an_argument_that_breaks_its_rule_is_refused(make, message):
    with pytest.raises(ArgumentError) as caught:
        make()
    assert str(caught.value) == message


def test_an_unknown_scale_of_muon_is_refused():
    with pytest.raises(ArgumentError) as caught:
        Muon(scale="rms")
    assert str(caught.value).startswith("scale must be one of match_rms_adamw, original, got 'rms'.")
    assert Muon(exclude="last").exclude == ("last",)
