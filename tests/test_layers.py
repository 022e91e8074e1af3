"""Every layer is a row: the shared harness on every backend, PyTorch's numbers, values by hand, messages."""

import convolution_rows
import numpy as np
import pytest
import recurrent_rows
from agreement.case import compute, types_on_jax
from conftest import TESTED, without_jax

from xpnn import activations, get_backend
from xpnn._tree import map_shapes, map_tree, named_parts
from xpnn.context import RunContext
from xpnn.errors import ArgumentError, ArgumentTypeError, ShapeError
from xpnn.layers import (
    GRU,
    LSTM,
    Activation,
    Add,
    AlphaDropout,
    Average,
    BatchNorm,
    Bidirectional,
    Concatenate,
    Dense,
    Dot,
    Dropout,
    Embedding,
    Flatten,
    GaussianDropout,
    GaussianNoise,
    Graph,
    GroupNorm,
    Identity,
    InstanceNorm,
    LayerNorm,
    LearnedPositionalEmbedding,
    Maximum,
    Minimum,
    MultiHeadAttention,
    Multiply,
    Parallel,
    Permute,
    PositionalEncoding,
    PReLU,
    RandomBrightness,
    RandomContrast,
    RandomCrop,
    RandomErasing,
    RandomFlip,
    RandomTranslation,
    RepeatVector,
    Reshape,
    Residual,
    RMSNorm,
    RReLU,
    Sequential,
    SimpleRNN,
    SpatialDropout1D,
    SpatialDropout2D,
    Split,
    Standardize,
    Subtract,
    TransformerEncoder,
)
from xpnn.random import HostRng, Streams
from xpnn.testing import check_layer
from xpnn.training.layout import leaves


def _normal(rng, n, *shapes):
    return [rng.standard_normal((n, *shape)) for shape in shapes]


def _mask(rng, n, *shape):
    return np.where(rng.random((n, *shape)) < 0.6, 1.0, 0.0)


ROWS = {
    "dense": (Dense(4), (3,)),
    "dense without bias": (Dense(4, use_bias=False, activation="tanh"), (3,)),
    "dense on sequences": (Dense(2, activation="sigmoid"), (4, 3)),
    "dense of one unit": (Dense(1), (1,)),
    "activation": (Activation("softplus"), (2, 3)),
    "activation that halves": (Activation("glu"), (3, 4)),
    "activation that sorts": (Activation("sparsemax"), (2, 4)),
    "dense with glu": (Dense(6, activation="glu"), (3,)),
    "dropout": (Dropout(0.4), (6,)),
    "dropout of nothing": (Dropout(0.0), (3,)),
    "embedding": (Embedding(7, 3), (4,)),
    "embedding of scalars": (Embedding(1, 2), ()),
    "embedding with padding": (Embedding(7, 3, padding_index=2), (2, 3)),
    "large embedding": (Embedding(600, 2), (40,)),
    "alpha dropout": (AlphaDropout(0.3), (6,)),
    "gaussian dropout": (GaussianDropout(0.3), (2, 3)),
    "gaussian noise": (GaussianNoise(0.5), (2, 3)),
    "spatial dropout 1d": (SpatialDropout1D(0.4), (4, 3)),
    "spatial dropout 2d": (SpatialDropout2D(0.4), (3, 2, 4)),
    "random brightness": (RandomBrightness(0.2), (2, 3, 2)),
    "random contrast": (RandomContrast(0.5), (2, 3, 2)),
    "random crop": (RandomCrop(2, 2), (3, 2, 1)),
    "random crop of a border": (RandomCrop(2, 2, padding=3, fill_mode="nearest"), (3, 2, 1)),
    "random translation, reflected": (RandomTranslation(2, 1, "reflect"), (2, 2, 1)),
    "random erasing": (RandomErasing(0.8, value=-1.0), (2, 3, 1)),
    "random flip": (RandomFlip(), (2, 3, 1)),
    "random translation": (RandomTranslation(1, 0), (2, 2, 1)),
    "flatten": (Flatten(), (2, 3, 2)),
    "flatten of scalars": (Flatten(), ()),
    "reshape": (Reshape((3, -1)), (2, 6)),
    "batch norm": (BatchNorm(), (3,)),
    "batch norm of images": (BatchNorm(momentum=0.3, eps=1e-3), (2, 2, 3)),
    "batch norm without parameters": (BatchNorm(scale=False, center=False), (3,)),
    "group norm": (GroupNorm(2), (3, 4)),
    "group norm of images": (GroupNorm(3, eps=1e-3, center=False), (2, 3, 6)),
    "group norm of features": (GroupNorm(2, scale=False), (6,)),
    "instance norm": (InstanceNorm(eps=1e-3), (4, 2)),
    "instance norm of images": (InstanceNorm(scale=False, center=False), (3, 2, 2)),
    "layer norm": (LayerNorm(), (5,)),
    "layer norm without parameters": (LayerNorm(scale=False, center=False), (5,)),
    "rms norm": (RMSNorm(), (5,)),
    "rms norm without parameters": (RMSNorm(1e-2, scale=False), (3, 4)),
    "layer norm on sequences": (LayerNorm(eps=1e-3), (3, 4)),
    "positional encoding": (PositionalEncoding(), (5, 3)),
    "learned positional embedding": (LearnedPositionalEmbedding(), (5, 3)),
    "attention": (MultiHeadAttention(2, 3, value_dim=2), (4, 5)),
    "attention to the past": (MultiHeadAttention(2, 3, dropout=0.3, use_bias=False, causal=True), (4, 5)),
    "attention with padding": (MultiHeadAttention(2, 3), ((4, 5), (4,))),
    "attention to others": (MultiHeadAttention(2, 3), ((4, 5), (3, 6))),
    "attention with a mask": (MultiHeadAttention(1, 2, value_dim=3, causal=True), ((4, 5), (3, 6), (4, 3))),
    "encoder": (TransformerEncoder(6, 2, 7), (4, 6)),
    "encoder, norm first": (
        TransformerEncoder(6, 3, 5, dropout=0.0, activation="gelu", norm_first=True, causal=True),
        (4, 6),
    ),
    "encoder with padding": (TransformerEncoder(4, 2, 5, norm_first=True), ((3, 4), (3,))),
    "prelu": (PReLU(), (2, 3)),
    "prelu of scalars": (PReLU(), ()),
    "prelu of images": (PReLU((1, 2)), (2, 3, 2)),
    "rrelu": (RReLU(), (2, 3)),
    "standardize": (Standardize(), (3,)),
    "sequential": (Sequential([Dense(4, activation="elu"), BatchNorm(), Dropout(0.3), Dense(2)]), (3,)),
    "empty sequential": (Sequential([]), (3,)),
    "nested": (
        Sequential([Sequential([Dense(3), "tanh"]), Residual([LayerNorm(), Dense(3, activation="gelu")])]),
        (2,),
    ),
    "residual": (Residual([Dense(4, activation="softsign"), Dense(3)]), (3,)),
    **convolution_rows.ROWS,
    **recurrent_rows.ROWS,
    "simple rnn": (SimpleRNN(3), (4, 2)),
    "simple rnn backwards with states": (
        SimpleRNN(3, "softplus", use_bias=False, return_sequences=True, return_state=True, go_backwards=True),
        ((3, 2), (3,)),
    ),
    "lstm": (LSTM(2, return_sequences=True, unit_forget_bias=False), (3, 2)),
    "lstm with states": (LSTM(2, return_state=True), ((3, 2), (2,), (2,))),
    "lstm with a mask": (LSTM(2, masked=True, return_sequences=True), ((4, 2), (2,), (2,), (4,))),
    "gru": (GRU(2, return_sequences=True), (3, 2)),
    "gru of the paper": (GRU(2, reset_after=False), (3, 2)),
    "gru with a mask": (
        GRU(2, masked=True, return_sequences=True, zero_output_for_mask=True, go_backwards=True),
        ((4, 2), (4,)),
    ),
    "bidirectional": (Bidirectional(GRU(2, return_sequences=True), merge_mode="mul"), (3, 2)),
    "bidirectional with a mask": (
        Bidirectional(SimpleRNN(1, masked=True, return_state=True), merge_mode=None),
        ((3, 2), (1,), (1,), (3,)),
    ),
    "stack of recurrent layers": (Sequential([LSTM(2, return_sequences=True), SimpleRNN(2)]), (3, 2)),
    "add": (Add(), ((3,), (3,))),
    "add of three with broadcasting": (Add(), ((2, 3), (3,), (2, 1))),
    "average": (Average(), ((3,), (3,), ())),
    "concatenate": (Concatenate(), ((3,), (2,))),
    "concatenate along time": (Concatenate(axis=1), ((3, 2), (1, 2), (2, 2))),
    "dot": (Dot(), ((3,), (3,))),
    "dot of matrices, normalized": (Dot(axes=(1, -1), normalize=True), ((3, 2, 2), (2, 3))),
    "graph": (
        Graph(
            ("image", "table"),
            {
                "out": (Dense(3), "sum"),
                "a": (Dense(4, activation="tanh"), "image"),
                "b": (Dense(4), "table"),
                "sum": (Add(), ("a", "b")),
            },
            ("out", "a"),
        ),
        ((5,), (2,)),
    ),
    "graph with skips and pieces": (
        Graph(
            "x",
            {
                "h": (Dense(3), "x"),
                "g": (["tanh", Dense(3)], "h"),
                "sum": (Add(), ("h", "g", "h")),
                "pieces": (Split(3), "sum"),
                "product": (Multiply(), ("pieces.0", "pieces.2")),
                "out": (Concatenate(), ("product", "sum")),
            },
            "out",
        ),
        (2,),
    ),
    "graph in a graph": (
        Graph(
            ("a", "b"),
            {
                "pair": (Graph("ab", {"d": (Dot(), "ab"), "m": (Multiply(), "ab")}, ("m", "d")), ("a", "b")),
                "out": (Concatenate(), ("pair.1", "pair.0")),
            },
            "out",
        ),
        ((2,), (2,)),
    ),
    "identity": (Identity(), (2,)),
    "maximum": (Maximum(), ((3,), (3,), (1,))),
    "minimum": (Minimum(), ((2, 3), (3,))),
    "multiply": (Multiply(), ((2, 3), (2, 3), (1, 3))),
    "parallel": (Parallel([[Dense(3), "tanh"], Dense(2), Identity()]), (2,)),
    "parallel, added": (Parallel([Dense(2), BatchNorm()], merge="add"), (2,)),
    "parallel of two outputs": (Parallel([Dense(3), "tanh"], merge=None), (2,)),
    "permute": (Permute((2, 3, 1)), (2, 3, 4)),
    "repeat vector": (RepeatVector(3), (2,)),
    "split": (Split(2), (4,)),
    "split along time": (Split((1, 3), axis=1), (4, 2)),
    "subtract": (Subtract(), ((3,), (2, 3))),
}
HIDES_NAN = ("dropout", *convolution_rows.HIDES_NAN, *recurrent_rows.HIDES_NAN)
DRAWS = {
    "attention with a mask": lambda rng, n: (*_normal(rng, n, (4, 5), (3, 6)), _mask(rng, n, 4, 3)),
    "attention with padding": lambda rng, n: (*_normal(rng, n, (4, 5)), _mask(rng, n, 4)),
    "embedding": lambda rng, n: rng.integers(7, size=(n, 4)),
    "embedding of scalars": lambda rng, n: rng.integers(1, size=n),
    "embedding with padding": lambda rng, n: rng.choice([0, 1, 3, 4, 5, 6], size=(n, 2, 3)),
    "encoder with padding": lambda rng, n: (*_normal(rng, n, (3, 4)), _mask(rng, n, 3)),
    "large embedding": lambda rng, n: rng.integers(600, size=(n, 40)),
    **recurrent_rows.DRAWS,
}
"""Functions of a generator and a number of samples: inputs of the rows for which normal ones will not do."""


@without_jax
@pytest.mark.parametrize("row", ROWS)
def test_a_layer_keeps_what_every_layer_owes(row, backend):
    _check(row, backend)


@pytest.mark.parametrize("row", ["batch norm", "dense", "dropout", "embedding", "parallel of two outputs"])
def test_a_layer_keeps_on_jax_what_every_layer_owes(row):
    if "jax" not in TESTED:
        pytest.skip("JAX does not run here")
    _check(row, TESTED["jax"])


def _check(row, backend):
    layer, input_shape = ROWS[row]
    report = check_layer(layer, input_shape, backend=backend, nan_safe=row in HIDES_NAN, draw=DRAWS.get(row))
    assert report.passed, str(report)


@pytest.mark.parametrize("row", ROWS)
def test_a_layer_behind_one_of_several_outputs_runs_or_is_refused_before_it_runs(row):
    layer, shape = ROWS[row]
    ctx = RunContext(get_backend("numpy"), True, Streams(0))
    for several in ((shape,), (shape, shape), ((shape, shape), (shape, shape))):
        both = Sequential([Identity(), layer])
        try:
            params, state, output_shape = both.init(HostRng(np.random.default_rng(0)), several)
        except ShapeError as error:
            assert str(error).startswith(f"layer 1, {layer!r}: ")
            continue
        x = map_shapes(lambda part: np.ones((2, *part)), several)
        y, saved, _ = both.forward(params, state, x, ctx)
        assert map_tree(lambda part: list(part.shape), y) == map_shapes(lambda part: [2, *part], output_shape)
        dx = both.backward(params, saved, y, ctx)[0]
        map_tree(lambda part, like: np.testing.assert_equal(part.shape, like.shape), dx, x)


@pytest.mark.parametrize("row", ROWS)
def test_a_layer_gives_the_same_numbers_on_every_backend(row, backend):
    wanted, given = (compute(on, *_both_ways(row, on), seed=3) for on in (TESTED["numpy"], backend))
    assert given.keys() == wanted.keys()
    for name, exact in wanted.items():
        scale = max(np.max(np.abs(exact), initial=0.0), 1e-300)
        assert np.max(np.abs(given[name] - exact), initial=0.0) <= 1e-12 * scale, name


@pytest.mark.parametrize("row", ROWS)
def test_a_layer_has_the_types_and_shapes_of_numpy_on_jax(row):
    if "jax" not in TESTED:
        pytest.skip("JAX does not run here")
    for dtype, batch, training in (("float32", 3, True), ("float64", 0, False)):
        wanted = compute(TESTED["numpy"], *_both_ways(row, TESTED["numpy"], dtype, batch), training=training)
        given = types_on_jax(TESTED["jax"], *_both_ways(row, TESTED["jax"], dtype, batch), training=training)
        assert given == {name: (a.shape, a.dtype.name) for name, a in wanted.items()}
        assert {name for _, name in given.values()} == {dtype}


def _both_ways(row, backend, dtype="float64", batch=3):
    """Forward and backward of a row as a function of a context and of arrays on the backend, and these arrays."""
    layer, input_shape = ROWS[row]

    def place(a):
        return backend.asarray(np.array(a), None if np.asarray(a).dtype.kind == "i" else getattr(backend.xp, dtype))

    def both_ways(ctx, params, state, x, dy):
        y, saved, state = layer.forward(params, state, x, ctx)
        dx, grads = layer.backward(params, saved, dy, ctx)
        news = {f"new {name}": a for name, a in leaves(state)}
        return named_parts("y", y) | named_parts("dx", dx) | dict(leaves(grads)) | news

    params, state, output_shape = layer.init(HostRng(np.random.default_rng(1)), input_shape)
    rng, draw = np.random.default_rng(2), DRAWS.get(row)
    x = draw(rng, batch) if draw else map_shapes(lambda shape: rng.standard_normal((batch, *shape)), input_shape)
    dy = map_shapes(lambda shape: rng.standard_normal((batch, *shape)), output_shape)
    return both_ways, *(map_tree(place, tree) for tree in (params, state, x, dy))


def _on(tree, backend):
    return {
        k: _on(v, backend) if isinstance(v, dict) else backend.asarray(v, backend.xp.float64) for k, v in tree.items()
    }


def _numpy_run(layer, x, dy, params=None, state=None, training=True):
    from xpnn.backend import get_backend

    ctx = RunContext(get_backend("numpy"), training, Streams(0))
    first_params, first_state, _ = layer.init(HostRng(np.random.default_rng(0)), x.shape[1:])
    params, state = params or first_params, state or first_state
    y, saved, state = layer.forward(params, state, x, ctx)
    dx, grads = layer.backward(params, saved, dy, ctx)
    return y, dx, grads, state


def test_dense_gives_the_values_worked_out_by_hand():
    params = {"weight": np.asarray([[1.0, 2.0], [3.0, 4.0]]), "bias": np.asarray([10.0, 20.0])}
    x, dy = np.asarray([[1.0, 1.0], [0.0, 2.0]]), np.asarray([[1.0, 0.0], [0.0, 1.0]])
    y, dx, grads, _ = _numpy_run(Dense(2), x, dy, params)
    assert y.tolist() == [[14, 26], [16, 28]]
    assert dx.tolist() == [[1, 3], [2, 4]]
    assert grads["weight"].tolist() == [[1, 0], [1, 2]]
    assert grads["bias"].tolist() == [1, 1]


def test_standardize_applies_its_state():
    state = {"mean": np.asarray([1.0, 2.0]), "scale": np.asarray([2.0, 4.0])}
    y, dx, _, _ = _numpy_run(Standardize(), np.asarray([[3.0, 6.0]]), np.ones((1, 2)), state=state)
    assert y.tolist() == [[1, 1]]
    assert dx.tolist() == [[0.5, 0.25]]


@pytest.mark.parametrize("shape", [(7, 3), (1, 3), (4, 2, 5, 3)])
@pytest.mark.parametrize("training", [True, False])
def test_batch_norm_agrees_with_pytorch(shape, training):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(5)
    x, dy = rng.standard_normal(shape) + 3.0, rng.standard_normal(shape)
    params = {"weight": rng.standard_normal(3), "bias": rng.standard_normal(3)}
    state = {"running_mean": rng.standard_normal(3), "running_var": rng.random(3) + 0.5}
    if training and np.prod(shape[:-1]) == 1:
        pytest.skip("PyTorch refuses a batch of one")
    y, dx, grads, new = _numpy_run(BatchNorm(momentum=0.2, eps=1e-4), x, dy, params, state, training)
    norm = torch.nn.BatchNorm1d(3, eps=1e-4, momentum=0.2, dtype=torch.float64).train(training)
    with torch.no_grad():
        for name, value in (*params.items(), *state.items()):
            getattr(norm, name).copy_(torch.asarray(value))
    rows = torch.tensor(x.reshape(-1, 3), requires_grad=True)
    out = norm(rows)
    out.backward(torch.tensor(dy.reshape(-1, 3)))
    pairs = [
        (y.reshape(-1, 3), out.detach()),
        (dx.reshape(-1, 3), rows.grad),
        (grads["weight"], norm.weight.grad),
        (grads["bias"], norm.bias.grad),
        (new["running_mean"], norm.running_mean),
        (new["running_var"], norm.running_var),
    ]
    for given, wanted in pairs:
        np.testing.assert_allclose(given, wanted.numpy(), rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("shape", [(7, 4), (1, 1), (0, 3), (2, 3, 5)])
def test_layer_norm_agrees_with_pytorch(shape):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(6)
    x, dy = rng.standard_normal(shape), rng.standard_normal(shape)
    params = {"weight": rng.standard_normal(shape[-1]), "bias": rng.standard_normal(shape[-1])}
    y, dx, grads, _ = _numpy_run(LayerNorm(eps=1e-3), x, dy, params)
    xt, weight, bias = (torch.tensor(a, requires_grad=True) for a in (x, params["weight"], params["bias"]))
    out = torch.nn.functional.layer_norm(xt, shape[-1:], weight, bias, eps=1e-3)
    out.backward(torch.tensor(dy))
    for given, wanted in ((y, out.detach()), (dx, xt.grad), (grads["weight"], weight.grad), (grads["bias"], bias.grad)):
        np.testing.assert_allclose(given, wanted.numpy(), rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("layer", [LayerNorm(), BatchNorm()])
@pytest.mark.parametrize("offset", [0.0, 1e2, 1e3, 1e4, 1e5])
def test_a_norm_of_float32_loses_no_more_digits_than_a_two_pass_reference(layer, offset):
    noise = np.random.default_rng(7).standard_normal((256, 256))
    x = (offset + noise).astype(np.float32)
    y = _numpy_run(layer, x, x, *_float32_start(layer, x))[0]
    axis = -1 if isinstance(layer, LayerNorm) else 0

    def two_pass(values):
        centered = values - values.mean(axis=axis, keepdims=True)
        return centered / np.sqrt((centered**2).mean(axis=axis, keepdims=True) + 1e-5)

    exact = two_pass(x.astype(np.float64))
    error, reference = np.abs(y - exact).max(), np.abs(two_pass(x) - exact).max()
    assert error <= 2 * reference + 1e-6


def _float32_start(layer, x):
    params, state, _ = layer.init(HostRng(np.random.default_rng(0)), x.shape[1:])
    return {k: v.astype("f") for k, v in params.items()}, {k: v.astype("f") for k, v in state.items()} or None


def test_dropout_silences_the_stated_share_and_keeps_the_mean(backend):
    x = backend.asarray(np.ones((200, 500)), backend.xp.float64)
    ctx = RunContext(backend, True, Streams(0))
    y, mask, _ = Dropout(0.3).forward({}, {}, x, ctx.child("0"))
    y = backend.to_numpy(y)
    assert set(np.unique(y)) == {0.0, 1.0 / 0.7}
    assert abs((y == 0).mean() - 0.3) < 0.005
    dx = backend.to_numpy(Dropout(0.3).backward({}, mask, x, ctx.child("0"))[0])
    assert np.array_equal(dx, y)


def test_dropout_draws_a_fresh_mask_each_time_and_none_in_inference(backend):
    x = backend.asarray(np.ones((4, 50)), backend.xp.float64)
    ctx = RunContext(backend, True, Streams(0)).child("0")
    first, second = (backend.to_numpy(Dropout(0.5).forward({}, {}, x, ctx)[0]) for _ in range(2))
    assert not np.array_equal(first, second)
    assert Dropout(0.5).forward({}, {}, x, RunContext(backend, False, Streams(0)))[0] is x


def test_a_sequential_without_a_reader_of_dx_does_not_compute_it(backend):
    layer = Sequential([Flatten(), Standardize(), Dense(2)])
    params, state, _ = layer.init(HostRng(np.random.default_rng(0)), (2, 2))
    params, state = _on(params, backend), _on(state, backend)
    x = backend.asarray(np.ones((3, 2, 2)), backend.xp.float64)
    grads = {}
    for wants_dx in (True, False):
        ctx = RunContext(backend, True, Streams(0), wants_dx=wants_dx)
        y, saved, _ = layer.forward(params, state, x, ctx)
        dx, grads[wants_dx] = layer.backward(params, saved, y, ctx)
        assert (dx is None) != wants_dx
    assert grads[True].keys() == grads[False].keys()
    weights = [backend.to_numpy(grads[w]["2"]["weight"]) for w in (True, False)]
    assert np.array_equal(*weights)


MESSAGES = [
    (lambda: Dense(0), "units must be an integer of at least 1, got 0."),
    (lambda: Dense(2.5), "units must be an integer of at least 1, got 2.5."),
    (lambda: Dense(True), "units must be an integer of at least 1, got True."),
    (lambda: Dense(2, use_bias=1), "use_bias must be True or False, got 1."),
    (lambda: Dropout(1.0), "rate must be a number in [0, 1), got 1.0."),
    (lambda: Dropout(-0.1), "rate must be a number in [0, 1), got -0.1."),
    (lambda: BatchNorm(momentum=0.0), "momentum must be a finite number above 0, got 0.0."),
    (lambda: BatchNorm(momentum=1.5), "momentum must be a number in (0, 1], got 1.5."),
    (lambda: BatchNorm(eps=-1), "eps must be a finite number above 0, got -1."),
    (lambda: LayerNorm(eps=0), "eps must be a finite number above 0, got 0."),
    (lambda: Reshape((-1, -1)), "shape must hold at most one -1, got (-1, -1)."),
    (lambda: Reshape((0,)), "shape must be an integer of at least 1, got 0."),
    (lambda: Reshape((4,)).init(None, (5,)), "shape must hold 5 elements like the input (5,), got (4,)."),
    (lambda: Reshape((4, -1)).init(None, (6,)), "shape must hold 6 elements like the input (6,), got (4, -1)."),
    (lambda: Dense(2).init(None, ()), "input must have shape (batch, ..., in_features), got (batch,)."),
    (lambda: BatchNorm().init(None, ()), "input must have shape (batch, ..., features), got (batch,)."),
    (lambda: LayerNorm().init(None, ()), "input must have shape (batch, ..., features), got (batch,)."),
    (
        lambda: Sequential([Dense(2, name="a"), Dense(3, name="a")]),
        "name must be unique among the layers of a container, got 'a' twice.",
    ),
    (
        lambda: Sequential([Dense(2, name="a/b")]),
        "name must be 1 to 100 letters, digits, '_' and '-', got 'a/b'.",
    ),
    (lambda: Sequential([3]), "layers must be layers or names of activations, got 3."),
    (
        lambda: Sequential([Dense(2), Residual([Dense(3)])]).init(HostRng(np.random.default_rng(0)), (2,)),
        "layer 1, Residual((Dense(3),)): layers must keep the shape (2,) of the input, got (3,).",
    ),
    (
        lambda: Sequential([Sequential([Flatten(), Reshape((2, 2))])]).init(HostRng(np.random.default_rng(0)), (5,)),
        "layer 0, Sequential((Flatten(), Reshape((2, 2)))): layer 1, Reshape((2, 2)): "
        "shape must hold 5 elements like the input (5,), got (2, 2).",
    ),
]


@pytest.mark.parametrize(("call", "message"), MESSAGES, ids=[message for _, message in MESSAGES])
def test_bad_input_gets_one_sentence(call, message):
    with pytest.raises((ArgumentError, ArgumentTypeError, ShapeError)) as caught:
        call()
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("make", "argument"),
    [
        (lambda: Sequential("relu_"), "layers"),
        (lambda: Residual([Dense(3), "relu_"]), "layers"),
        (lambda: Parallel(["relu_"]), "branches"),
        (lambda: Graph("x", {"y": ("relu_", "x")}, "y"), "layers"),
    ],
)
def test_an_unknown_word_among_layers_is_said_to_name_no_activation(make, argument):
    with pytest.raises(ArgumentError) as caught:
        make()
    assert str(caught.value).startswith(f"names of activations in {argument} must be one of celu, elu, ")
    assert str(caught.value).endswith(", got 'relu_'. Did you mean 'relu'?")


def test_an_unknown_activation_is_answered_with_the_nearest_match():
    with pytest.raises(ArgumentError, match=r"^activation must be one of .*, got 'rleu'\. Did you mean 'relu'\?$"):
        Dense(3, activation="rleu")


def test_records_print_what_differs_from_the_defaults():
    assert repr(Dense(3)) == "Dense(3)"
    assert repr(Dense(3, activation="relu", name="out")) == "Dense(3, activation=ReLU(), name='out')"
    assert repr(BatchNorm(eps=0.1)) == "BatchNorm(eps=0.1)"
    assert repr(Activation(activations.ReLU())) == "Activation(ReLU())"


def test_a_broken_layer_is_caught_by_the_harness():
    from dataclasses import dataclass

    @dataclass(frozen=True, slots=True, repr=False)
    class WrongBias(Dense):
        def backward(self, params, saved, dy, ctx):
            dx, grads = Dense.backward(self, params, saved, dy, ctx)
            return dx, {**grads, "bias": grads["bias"] * 1.01}

    @dataclass(frozen=True, slots=True, repr=False)
    class WrongInput(Dense):
        def backward(self, params, saved, dy, ctx):
            dx, grads = Dense.backward(self, params, saved, dy, ctx)
            return -dx, grads

    @dataclass(frozen=True, slots=True, repr=False)
    class Greedy(Dense):
        def backward(self, params, saved, dy, ctx):
            dy += 1.0
            return Dense.backward(self, params, saved, dy, ctx)

    assert "gradient of bias is off by" in str(check_layer(WrongBias(3), (2,)))
    assert "gradient of x is off by" in str(check_layer(WrongInput(3), (2,)))
    assert "an argument was modified" in str(check_layer(Greedy(3), (2,)))


def test_what_lacks_a_part_of_a_layer_is_refused_everywhere():
    class Nameless:
        def init(self, rng, input_shape):
            return {}, {}, input_shape

        def forward(self, params, state, x, ctx):
            return x, None, state

        def backward(self, params, saved, dy, ctx):
            return dy, {}

    for call in (lambda: Sequential([Nameless()]), lambda: check_layer(Nameless(), (3,))):
        with pytest.raises(ArgumentTypeError, match=r"a layer must have name, init, .* without \['name'\]\.$"):
            call()


def test_a_layer_that_draws_from_elsewhere_is_caught_by_the_harness():
    from dataclasses import dataclass

    @dataclass(frozen=True, slots=True, repr=False)
    class Stray(Dense):
        def init(self, rng, input_shape):
            params, state, shape = Dense.init(self, rng, input_shape)
            return {**params, "bias": np.random.random(self.units)}, state, shape  # noqa: NPY002

    assert "init must draw from its rng alone" in str(check_layer(Stray(3), (2,)))
