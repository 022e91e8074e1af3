"""Two precisions: every layer in the mixed namespace, the factor of the loss, skipped steps, what is refused."""

import numpy as np
import pytest
import test_layers
from strict_backend import open_backend

from xpnn import Network, train_many
from xpnn._tree import map_shapes, map_tree, named_parts, tree_leaves
from xpnn.backend import float_dtype, get_backend
from xpnn.context import RunContext
from xpnn.errors import ArgumentError, BackendError
from xpnn.layers import AveragePool2D, BatchNorm, Conv2D, Dense, Dropout, Flatten, GlobalMaxPool2D, LayerNorm, MaxPool2D
from xpnn.namespaces import MixedNamespace
from xpnn.namespaces.mixed import Mixed
from xpnn.optimizers import LBFGS, SGD, Adam, Lookahead
from xpnn.random import HostRng, Streams
from xpnn.training import loss_scale
from xpnn.training.in_half import HALF_RANGE, InHalf
from xpnn.training.layout import leaves

X = np.random.default_rng(0).standard_normal((48, 6)).astype(np.float32)
Y = (X[:, 0] * X[:, 1] > 0) + (X[:, 2] > 0) * 1


def _both_ways(layer, base, input_shape, backend, draw, dtype="float64", factor=1.0):
    """Output, gradients and new state of `layer`, with the parameters of `base`; inputs are multiplied by `factor`."""

    def place(a):
        return backend.asarray(np.array(a), None if np.asarray(a).dtype.kind in "ib" else getattr(backend.xp, dtype))

    params, state, _ = base.init(HostRng(np.random.default_rng(1)), input_shape)
    rng = np.random.default_rng(2)
    x = draw(rng, 3) if draw else map_shapes(lambda shape: rng.standard_normal((3, *shape)), input_shape)
    x = map_tree(lambda a: a if np.asarray(a).dtype.kind in "ib" else a * factor, x)
    ctx = RunContext(backend, True, Streams(3))
    y, saved, new = layer.forward(map_tree(place, params), map_tree(place, state), map_tree(place, x), ctx)
    dy = map_tree(lambda a: place(rng.standard_normal(tuple(a.shape))), y)
    dx, grads = layer.backward(map_tree(place, params), saved, dy, ctx)
    arrays = {**named_parts("y", y), **named_parts("dx", dx), **dict(leaves(grads)), **dict(leaves(new))}
    assert not any(isinstance(array, Mixed) for array in arrays.values())
    return {name: backend.to_numpy(array) for name, array in arrays.items()}


@pytest.mark.parametrize("row", test_layers.ROWS)
@pytest.mark.parametrize("word", ["numpy", "strict"])
def test_every_layer_runs_in_two_precisions_and_gives_its_numbers(row, word):
    # float32 stands for half precision and float64 for single: the rules are the same, and every backend has both.
    backend = open_backend(None) if word == "strict" else get_backend(word)
    layer, input_shape = test_layers.ROWS[row]
    draw = test_layers.DRAWS.get(row)
    wanted = _both_ways(layer, layer, input_shape, backend, draw)
    given = _both_ways(InHalf(layer, "float32", "float64", (2.0**-126, 3e38)), layer, input_shape, backend, draw)
    assert given.keys() == wanted.keys()
    for name, array in given.items():
        assert array.dtype == wanted[name].dtype, name
        scale = max(np.abs(wanted[name]).max(initial=0.0), 1e-3)
        assert np.abs(array - wanted[name]).max(initial=0.0) <= 2e-5 * scale, name


OVERFLOWS = ("attention", "encoder", "graph", "multiply")
"""Products of two inputs: of 300 by 300 and more they may be above 65504."""


@pytest.mark.parametrize("factor", [1.0, 300.0])
@pytest.mark.parametrize("row", test_layers.ROWS)
@pytest.mark.filterwarnings("ignore:overflow encountered in cast")
def test_every_layer_keeps_to_the_range_of_half_precision(row, factor):
    if factor > 1.0 and row.startswith(OVERFLOWS):
        pytest.skip("multiplies inputs with each other")
    layer, input_shape = test_layers.ROWS[row]
    others = input_shape, get_backend("numpy"), test_layers.DRAWS.get(row)
    wanted = _both_ways(layer, layer, *others, factor=factor)
    given = _both_ways(InHalf(layer, "float16", "float32", HALF_RANGE), layer, *others, "float32", factor)
    for name, array in given.items():
        scale = max(np.abs(wanted[name]).max(initial=0.0), 1e-3)
        assert np.abs(array - wanted[name]).max(initial=0.0) <= 0.1 * scale, name


def _half(layer, x):
    """Output of `layer` in two precisions, and its gradient for a `dy` of ones."""
    ctx, layer = RunContext(get_backend("numpy"), True, Streams(0)), InHalf(layer, "float16", "float32", HALF_RANGE)
    y, saved, _ = layer.forward({}, {}, x, ctx)
    return y, layer.backward({}, saved, np.ones_like(y), ctx)[0]


def test_a_maximum_is_found_among_more_places_than_half_precision_counts():
    x = np.zeros((1, 64, 64, 1), np.float32)
    x[0, 50, 7, 0] = x[0, 50, 8, 0] = 1.0
    _, dx = _half(GlobalMaxPool2D(), x)
    assert np.argwhere(dx).tolist() == [[0, 50, 7, 0]]


@pytest.mark.parametrize("padding", ["valid", "same"])
def test_means_of_great_numbers_do_not_overflow(padding):
    y, dx = _half(AveragePool2D(16, padding=padding), np.full((1, 40, 40, 1), 60000.0, np.float32))
    assert y == pytest.approx(60000.0, rel=2e-3)
    assert dx.sum() == pytest.approx(y.size, rel=2e-3)


def test_uniform_draws_stay_below_1():
    draw = RunContext(get_backend("numpy"), True, Streams(0))
    mixed = InHalf(Dropout(0.5), "float16", "float32", HALF_RANGE)._context(draw)
    u = mixed.uniform((100_000,), mixed.xp.half)
    assert u.dtype == np.float32
    assert np.max(u.array) < 1.0


def _namespace(half="float16", single="float32"):
    xp = get_backend("numpy").xp
    return MixedNamespace(xp, getattr(xp, half), getattr(xp, single), HALF_RANGE)


def test_each_function_is_computed_in_its_precision():
    xp = _namespace()
    a, b = xp.lower(np.ones((2, 2), np.float32)), xp.wrap(np.ones((2, 2), np.float32))
    assert a.dtype == np.float16
    assert b.dtype == np.float32
    half = [a @ b, b @ a, a + a, a * 2.0, 2.0 - a, -a, xp.maximum(a, 0.0), xp.reshape(a, (4,)), a[0, ...], a.T, a.mT]
    half += [xp.concat([a, a]), xp.where(a > 0.0, a, 0.0), xp.where(a > 0.0, a, -float("inf")), abs(a), 1.0 / a]
    assert {x.dtype for x in half} == {np.dtype("float16")}
    single = [xp.exp(a), xp.sum(a), xp.sqrt(a), a**2.0, a + b, b - a, xp.concat([a, b]), xp.max(a, axis=0)]
    single += [xp.where(a > 0.0, a, b), a + 1e-8, xp.minimum(a, 1e30), xp.tanh(a), xp.lower(np.ones(2, np.float32)) * b]
    assert {x.dtype for x in single} == {np.dtype("float32")}
    assert {x.dtype for x in (a > 0.0, a == b, xp.isnan(a), ~(a > 0.0), (a > 0.0) & (b > 0.0))} == {np.dtype("bool")}
    assert float(xp.lift(xp.sum(xp.lower(np.full(300, 300.0, np.float32))))) == 90000.0
    assert xp.lift(a).dtype == np.float32
    assert xp.lower(np.arange(3)).dtype == np.int64
    assert len(a) == 2
    assert (a.ndim, a.shape) == (2, (2, 2))
    assert a.__array_namespace__() is xp


LAYERS = [
    Dense(16, activation="relu"),
    BatchNorm(),
    Dense(16, activation="gelu"),
    LayerNorm(),
    Dropout(0.2),
    Dense(3),
]


@pytest.fixture(params=["torch", "jax"])
def word(request):
    """A backend that has float16 on the processor."""
    pytest.importorskip(request.param)
    return request.param


def _net(word, dtype="mixed_float16", layers=LAYERS, **options):
    options = {"optimizer": Adam(1e-2), "metrics": ["accuracy"], "compile": True, **options}
    return Network(layers, backend=word, dtype=dtype, **options)


@pytest.mark.parametrize("compile", [False, True])
def test_a_network_learns_as_in_float32(word, compile):  # noqa: A002
    nets = [_net(word, dtype, compile=compile) for dtype in ("float32", "mixed_float16")]
    losses = [net.fit(X, Y, batch_size=16, epochs=8, verbose=0)["loss"] for net in nets]
    assert losses[0] == pytest.approx(losses[1], rel=0.02)
    assert losses[0] != losses[1]
    assert losses[1][-1] < 0.7 * losses[1][0]
    assert nets[1].dtype == "mixed_float16"
    assert nets[1].predict(X).dtype == np.float32
    assert {a.dtype for a in (*nets[1].parameters.values(), *nets[1].state.values())} == {np.dtype("float32")}
    assert nets[1].evaluate(X, Y)["loss"] == pytest.approx(nets[0].evaluate(X, Y)["loss"], rel=0.02)


def test_images_learn_too():
    pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    x, y = rng.random((32, 8, 8, 1)).astype(np.float32), rng.integers(0, 3, 32)
    layers = [Conv2D(4, 3, padding="same", activation="relu"), MaxPool2D(2), Flatten(), Dense(3)]
    losses = [
        _net("torch", dtype, layers).fit(x, y, batch_size=8, epochs=4, verbose=0)["loss"]
        for dtype in ("float32", "mixed_float16")
    ]
    assert losses[0] == pytest.approx(losses[1], rel=0.01)


def test_what_a_step_keeps_is_in_half_precision():
    pytest.importorskip("torch")
    net = _net("torch", layers=[Dense(16, activation="relu"), Dense(3)]).build(6)
    learner, backend = net._built, net.backend
    x = backend.asarray(X, float_dtype(backend, "float32"))
    _, saved, _ = learner.layer.forward(
        learner.weights.tree, learner.weights.state, x, RunContext(backend, True, Streams(0))
    )
    kept = [a for a in tree_leaves(saved[1:]) if isinstance(a, Mixed)]
    assert len(kept) >= 6
    assert {str(a.dtype) for a in kept if a.dtype.is_floating_point} == {"torch.float16"}


def test_gradients_that_float16_cannot_hold_arrive():
    pytest.importorskip("torch")
    tiny = 1e-7 * X

    net = _net("torch", layers=[Dense(1, name="last")], loss="mean_squared_error", metrics=()).build(6)
    net.set_parameters({"last.weight": np.zeros((6, 1)), "last.bias": [0.0]})
    grads = net.loss_and_gradients(X, np.sum(tiny, axis=1))[1]
    plain = net.copy_to("torch", dtype="float32").loss_and_gradients(X, np.sum(tiny, axis=1))[1]
    assert np.abs(plain["last.weight"]).max() < 1e-6
    assert grads["last.weight"] == pytest.approx(plain["last.weight"], rel=5e-3, abs=1e-10)


@pytest.mark.parametrize("error", [9.6, 5e4, 1e7])
def test_gradients_that_overflow_at_the_factor_in_use_are_taken_at_a_smaller_one(error):
    pytest.importorskip("torch")
    net = _net("torch", layers=[Dropout(0.5), Dense(1)], loss="mean_squared_error", metrics=()).build(6)
    y = net.predict(X)[:, 0] + error
    loss, grads, dx = net.loss_and_gradients(X, y)
    plain = net.copy_to("torch", dtype="float32").loss_and_gradients(X, y)
    assert loss == pytest.approx(plain[0], rel=2e-3)
    for given, wanted in ((dx, plain[2]), *((grads[name], plain[1][name]) for name in grads)):
        assert np.abs(wanted).max() > 0.01 * error
        assert np.abs(given - wanted).max() < 5e-3 * np.abs(wanted).max()
    assert _scale(net) == [2.0**15, 0.0]
    assert not np.isfinite(net.loss_and_gradients(1e6 * X, y)[0])


def _scale(net):
    return net.backend.to_numpy(net._built.updater.vectors[loss_scale.NAME]).tolist()


@pytest.mark.parametrize("optimizer", [Adam(1e-2), SGD(0.1, momentum=0.9), Lookahead(SGD(0.1))])
@pytest.mark.parametrize("compile", [False, True])
def test_a_step_that_overflows_is_left_out_and_the_factor_halved(word, compile, optimizer):  # noqa: A002
    net = _net(word, layers=[Dense(4), Dense(3)], compile=compile, optimizer=optimizer)
    for _ in range(3):
        net.train_on_batch(X, Y)
    assert _scale(net) == [2.0**15, 3.0]
    before, vectors = net.parameters, dict(net._taken().vectors)
    huge = np.where(X == X, 1e5, X).astype(np.float32)  # beyond float16: infinite
    net.train_on_batch(huge, Y)
    assert _scale(net) == [2.0**14, 0.0]
    for name, value in net.parameters.items():
        assert np.array_equal(value, before[name]), name
    for name, vector in net._taken().vectors.items():
        assert name == loss_scale.NAME or np.array_equal(vector, vectors[name]), name
    net.train_on_batch(X, Y)
    assert _scale(net) == [2.0**14, 1.0]
    assert not np.array_equal(net.flat_parameters, np.concatenate([a.ravel() for a in before.values()]))


def test_the_factor_is_doubled_after_many_good_steps_and_stays_between_1_and_its_greatest_value():
    xp = get_backend("numpy").xp
    yes, no = np.asarray(True), np.asarray(False)
    last, most = float(loss_scale.GROWTH_INTERVAL - 1), loss_scale.MAX_SCALE
    cases = {
        ((8.0, 5.0), True): (8.0, 6.0),
        ((8.0, last), True): (16.0, 0.0),
        ((8.0, last - 1.0), True): (8.0, last),
        ((8.0, last), False): (4.0, 0.0),
        ((1.0, 5.0), False): (1.0, 0.0),
        ((most / 2, last), True): (most, 0.0),
        ((most, last), True): (most, 0.0),
        ((2.0**127, last), True): (most, 0.0),
        ((float("inf"), 5.0), False): (most / 2, 0.0),
    }
    for (vector, finite), wanted in cases.items():
        given = loss_scale.advance(xp, np.asarray(vector, np.float32), yes if finite else no)
        assert given.tolist() == list(wanted)
        assert given.dtype == np.float32


def test_several_batches_with_one_that_overflows_are_one_step_that_is_left_out():
    pytest.importorskip("torch")
    x = np.concatenate([X[:8], np.full((8, 6), 1e5, np.float32)])
    for compile in (False, True):  # noqa: A001
        net = _net("torch", layers=[Dense(3)], compile=compile).build(6)
        before = net.flat_parameters
        net.fit(x, Y[:16], batch_size=8, gradient_accumulation_steps=2, shuffle=False, epochs=1, verbose=0)
        assert np.array_equal(net.flat_parameters, before)
        assert _scale(net) == [2.0**14, 0.0]
        net.fit(X[:16], Y[:16], batch_size=8, gradient_accumulation_steps=2, epochs=2, verbose=0)
        assert _scale(net) == [2.0**14, 2.0]


def test_training_goes_on_bit_for_bit_from_a_file(word, tmp_path):
    nets = [_net(word) for _ in range(2)]
    nets[0].fit(X, Y, batch_size=16, epochs=4, verbose=0)
    nets[1].fit(X, Y, batch_size=16, epochs=2, verbose=0)
    nets[1].save(tmp_path / "net.safetensors")
    loaded = Network.load(tmp_path / "net.safetensors", backend=word)
    assert loaded.dtype == "mixed_float16"
    loaded.fit(X, Y, batch_size=16, epochs=2, verbose=0)
    assert np.array_equal(loaded.flat_parameters, nets[0].flat_parameters)
    assert _scale(loaded) == _scale(nets[0])


def test_a_network_changes_its_precision_with_a_copy(tmp_path):
    pytest.importorskip("torch")
    net = _net("torch")
    net.fit(X, Y, batch_size=16, epochs=1, verbose=0)
    plain = net.copy_to("numpy", dtype="float32")
    assert np.array_equal(plain.flat_parameters, net.flat_parameters)
    plain.fit(X, Y, batch_size=16, epochs=1, verbose=0)
    back = plain.copy_to("torch", dtype="mixed_float16")
    assert _scale(back) == [2.0**15, 0.0]
    assert back.predict(X) == pytest.approx(plain.predict(X), abs=0.02)
    net.save(tmp_path / "net.safetensors")
    with pytest.raises(BackendError, match="cannot compute in mixed_float16"):
        Network.load(tmp_path / "net.safetensors")
    loaded = Network.load(tmp_path / "net.safetensors", dtype="float32")
    assert np.array_equal(loaded.flat_parameters, net.flat_parameters)


def test_a_step_in_two_precisions_waits_for_nothing():
    pytest.importorskip("torch")
    net = _net("torch:meta", compile=False)
    assert net.build(6).train_on_batch(X, Y).device.type == "meta"


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: Network(dtype="mixed_float16"),
            BackendError,
            "Backend 'numpy' cannot compute in mixed_float16: NumPy computes float16 number by number in software, far "
            "slower than float32. Use dtype='float32'.",
        ),
        (
            lambda: Network(backend=open_backend(None), dtype="mixed_float16"),
            BackendError,
            "Backend 'strict' cannot compute in mixed_float16: it does not say that it has products of float16. Use "
            "dtype='float32'.",
        ),
        (
            lambda: Network(backend="torch", dtype="mixed_float16", optimizer=LBFGS()),
            ArgumentError,
            "optimizer must take one step along one gradient with dtype='mixed_float16', got LBFGS().",
        ),
        (
            lambda: train_many(_net("torch"), X, Y, seeds=[0, 1]),
            ArgumentError,
            "dtype must be 'float32' or 'float64' in train_many, got 'mixed_float16'.",
        ),
    ],
)
def test_what_cannot_be_is_refused(call, error, message):
    pytest.importorskip("torch")
    with pytest.raises(error) as caught:
        call()
    assert str(caught.value) == message
