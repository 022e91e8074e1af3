"""Every function and operator on batched arrays against a loop over the members; every part of the library alike."""

import operator
from inspect import isabstract

import convolution_rows
import numpy as np
import pytest
import recurrent_rows
from conftest import TESTED, without_jax

from xpnn import layers as all_layers
from xpnn import losses, metrics, optimizers
from xpnn.activations import Threshold, get_activation
from xpnn.context import RunContext
from xpnn.errors import ArgumentError, ArgumentTypeError, ShapeError
from xpnn.namespaces import Batched, BatchedNamespace
from xpnn.namespaces.batched import share
from xpnn.random import HostRng, Streams
from xpnn.training.layout import leaves

MEMBERS = 3
RNG = np.random.default_rng(0)


def draw(*shape, low=0.2, high=0.9):
    return RNG.uniform(low, high, (MEMBERS, *shape))


def numbers(*shape, high=4):
    return RNG.integers(0, high, (MEMBERS, *shape))


A, B, ROW, CUBE, SCALAR = draw(4, 5), draw(4, 5), draw(5), draw(2, 4, 5), draw()
INTEGERS, BOOLS = numbers(4, 5), draw(4, 5) > 0.5

# fmt: off
UNARY = (
    "abs", "acos", "asin", "asinh", "atan", "atanh", "ceil", "cos", "cosh", "exp", "expm1", "floor", "isfinite",
    "isinf", "isnan", "log", "log10", "log1p", "log2", "negative", "positive", "round", "sign", "signbit", "sin",
    "sinh", "sqrt", "square", "tan", "tanh", "trunc", "reciprocal",
)
# fmt: on
# fmt: off
BINARY = (
    "add", "atan2", "copysign", "divide", "equal", "floor_divide", "greater", "greater_equal", "hypot", "less",
    "less_equal", "logaddexp", "maximum", "minimum", "multiply", "not_equal", "pow", "remainder", "subtract",
)
# fmt: on

CASES = [
    *((name, (A,), {}) for name in UNARY),
    *((name, (A, ROW), {}) for name in BINARY),
    *(("subtract", pair, {}) for pair in ((A, B), (ROW, A), (SCALAR, A), (ROW, CUBE))),
    ("acosh", (A + 1.0,), {}),
    ("logical_not", (BOOLS,), {}),
    *((name, (BOOLS, A < B), {}) for name in ("logical_and", "logical_or", "logical_xor")),
    ("maximum", (A, 0.5), {}),
    ("minimum", (A, 0.5), {}),
    ("clip", (A, 0.3, 0.6), {}),
    ("where", (BOOLS, A, ROW), {}),
    ("where", (BOOLS, A, 0.0), {}),
    *((name, (A,), {}) for name in ("sum", "prod", "max", "min", "mean", "std", "var")),
    *((name, (CUBE,), {"axis": 0}) for name in ("sum", "prod", "max", "min", "mean", "std", "var", "argmax", "argmin")),
    *((name, (CUBE,), {"axis": -1, "keepdims": True}) for name in ("sum", "max", "mean", "argmax")),
    *((name, (CUBE,), {"axis": (0, 2)}) for name in ("sum", "max", "min")),
    *((name, (CUBE,), {"keepdims": True}) for name in ("sum", "max", "argmax", "argmin")),
    *((name, (SCALAR,), {}) for name in ("sum", "max", "min", "mean")),
    *((name, (BOOLS,), options) for name in ("all", "any", "count_nonzero") for options in ({}, {"axis": 1})),
    ("argmax", (A,), {}),
    ("argmin", (A,), {}),
    ("argsort", (A,), {}),
    ("sort", (A,), {"axis": 0}),
    ("sort", (A,), {"descending": True}),
    ("cumulative_sum", (ROW,), {}),
    ("cumulative_sum", (A,), {"axis": 0}),
    ("cumulative_prod", (A,), {"axis": -1}),
    ("flip", (CUBE,), {}),
    ("flip", (CUBE,), {"axis": 1}),
    ("roll", (A, 2), {"axis": 1}),
    ("repeat", (A, 2), {"axis": 0}),
    ("tile", (ROW, (2, 3)), {}),
    ("tile", (A, (2,)), {}),
    ("reshape", (A, (2, 10)), {}),
    ("reshape", (A, (-1,)), {}),
    ("broadcast_to", (ROW, (4, 5)), {}),
    ("expand_dims", (A,), {"axis": 0}),
    ("expand_dims", (A,), {"axis": -1}),
    ("squeeze", (draw(4, 1, 5),), {"axis": 1}),
    ("permute_dims", (CUBE, (2, 0, 1)), {}),
    ("matrix_transpose", (CUBE,), {}),
    ("moveaxis", (CUBE, 0, -1), {}),
    ("tril", (A,), {}),
    ("triu", (A,), {"k": 1}),
    ("matmul", (A, draw(5, 2)), {}),
    ("matmul", (CUBE, draw(5, 2)), {}),
    ("matmul", (ROW, draw(5, 2)), {}),
    ("matmul", (A, ROW), {}),
    ("matmul", (ROW, ROW), {}),
    ("take", (A, numbers(6)), {"axis": 0}),
    ("take", (CUBE, numbers(6)), {"axis": -1}),
    ("take", (ROW, numbers(6)), {}),
    ("take_along_axis", (A, numbers(4, 2)), {}),
    ("take_along_axis", (A, numbers(2, 5)), {"axis": 0}),
    ("searchsorted", (np.sort(ROW), ROW), {}),
    ("searchsorted", (np.sort(ROW), draw(3)), {"side": "right"}),
    ("zeros_like", (A,), {}),
    ("ones_like", (A,), {}),
    ("full_like", (A, 2.5), {}),
    ("isdtype", (np.dtype("float64"), "real floating"), {}),
]
IDS = [f"{name}-{'-'.join(str(np.shape(a)[1:]) for a in args)}-{options}" for name, args, options in CASES]


def own(backend, value):
    return backend.asarray(value) if isinstance(value, np.ndarray) else value


def member(value, i):
    return np.asarray(value[i]) if isinstance(value, np.ndarray) else value


def as_batched(backend, value, is_shared):
    if not isinstance(value, np.ndarray):
        return value
    return share(backend.asarray(np.array(value[0]))) if is_shared else Batched(backend.asarray(value))


def agree(backend, batched, expected):
    """Each member of a batched array, or of a tuple of them, has the expected values, shape and type."""
    if isinstance(batched, tuple | list):
        assert len(batched) == len(expected[0])
        for k, part in enumerate(batched):
            agree(backend, part, [one[k] for one in expected])
        return
    assert isinstance(batched, Batched)
    assert batched.array.shape[0] in (1, len(expected))
    for i, one in enumerate(expected):
        mine = batched.array[i if batched.array.shape[0] > 1 else 0, ...]
        assert batched.shape == tuple(mine.shape) == tuple(one.shape)
        assert mine.dtype == one.dtype
        np.testing.assert_allclose(backend.to_numpy(mine), backend.to_numpy(one), rtol=1e-13, atol=1e-15)


def shared_patterns(args):
    """No array shared, the first one, the last one, all of them."""
    arrays = [i for i, a in enumerate(args) if isinstance(a, np.ndarray)]
    return {(), *((i,) for i in arrays[:1] + arrays[-1:]), tuple(arrays)}


@pytest.mark.parametrize(("name", "args", "options"), CASES, ids=IDS)
def test_a_function_does_to_each_member_what_it_does_to_one(backend, name, args, options):
    xp = backend.xp
    if not hasattr(xp, name):
        pytest.skip(f"{backend.name} has no {name}")
    if name == "isdtype":
        assert BatchedNamespace(xp, MEMBERS).isdtype(xp.float64, "real floating")
        return
    for pattern in shared_patterns(args):
        function = getattr(BatchedNamespace(xp, MEMBERS), name)
        result = function(*(as_batched(backend, a, i in pattern) for i, a in enumerate(args)), **options)
        each = [[own(backend, member(a, 0 if i in pattern else m)) for i, a in enumerate(args)] for m in range(MEMBERS)]
        agree(backend, result, [getattr(xp, name)(*one, **options) for one in each])
        assert result.array.shape[0] == (1 if len(pattern) == sum(isinstance(a, np.ndarray) for a in args) else MEMBERS)


def test_rows_are_counted_from_the_end_too():
    rows = np.asarray([[0, -1], [-4, 1], [3, -2]])
    result = BatchedNamespace(np, MEMBERS).take(Batched(A), Batched(rows), axis=0)
    np.testing.assert_array_equal(result.array, np.stack([a[r] for a, r in zip(A, rows, strict=True)]))


@pytest.mark.parametrize("axis", [0, 1, -1])
@pytest.mark.parametrize("name", ["concat", "stack"])
def test_arrays_are_joined_member_by_member(backend, name, axis):
    lifted, xp = BatchedNamespace(backend.xp, MEMBERS), backend.xp
    parts = [Batched(backend.asarray(A)), share(backend.asarray(B[0].copy())), Batched(backend.asarray(B))]
    each = [[backend.asarray(a) for a in (A[i], B[0], B[i])] for i in range(MEMBERS)]
    agree(backend, getattr(lifted, name)(parts, axis=axis), [getattr(xp, name)(one, axis=axis) for one in each])


def test_joining_without_an_axis_flattens(backend):
    lifted = BatchedNamespace(backend.xp, MEMBERS)
    result = lifted.concat([Batched(backend.asarray(A)), Batched(backend.asarray(ROW))], axis=None)
    each = [[backend.asarray(A[i]), backend.asarray(ROW[i])] for i in range(MEMBERS)]
    agree(backend, result, [backend.xp.concat(one, axis=None) for one in each])


def test_an_array_is_taken_apart_along_an_axis(backend):
    for axis in (0, -1):
        result = BatchedNamespace(backend.xp, MEMBERS).unstack(Batched(backend.asarray(CUBE)), axis=axis)
        each = [np.moveaxis(CUBE[i], axis, 0) for i in range(MEMBERS)]
        agree(backend, result, [[backend.asarray(part.copy()) for part in one] for one in each])


def test_new_arrays_are_shared(backend):
    lifted, xp, where = BatchedNamespace(backend.xp, MEMBERS), backend.xp, {"device": backend.device}
    agree(backend, lifted.arange(4, **where), [xp.arange(4, **where)])
    agree(backend, lifted.eye(3, **where), [xp.eye(3, **where)])
    agree(backend, lifted.linspace(0.0, 1.0, 5, **where), [xp.linspace(0.0, 1.0, 5, **where)])
    for name in ("zeros", "ones"):
        agree(
            backend,
            getattr(lifted, name)((2, 3), dtype=xp.float64, **where),
            [getattr(xp, name)((2, 3), dtype=xp.float64, **where)],
        )
    agree(backend, lifted.full((2,), 7.0, dtype=xp.float64, **where), [xp.full((2,), 7.0, dtype=xp.float64, **where)])
    agree(backend, lifted.asarray(backend.asarray(A[0].copy())), [backend.asarray(A[0].copy())])


def test_an_array_can_be_filled_with_one_number_for_each_member(backend):
    lifted, xp = BatchedNamespace(backend.xp, MEMBERS), backend.xp
    x, value = share(backend.asarray(A[0].copy())), Batched(backend.asarray(SCALAR))
    agree(backend, lifted.full_like(x, value), [xp.full_like(x.array[0, ...], float(v)) for v in SCALAR])


def test_types_change_and_batched_arrays_stay(backend):
    lifted, xp = BatchedNamespace(backend.xp, MEMBERS), backend.xp
    x = Batched(backend.asarray(A))
    assert lifted.asarray(x) is x
    for changed in (lifted.astype(x, xp.float32), lifted.asarray(x, dtype=xp.float32)):
        agree(backend, changed, [xp.astype(backend.asarray(one), xp.float32) for one in A])


OPERATORS = ["add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "eq", "ne", "lt", "le", "gt", "ge"]


PAIRS = [(A, B), (A, ROW), (ROW, CUBE), (SCALAR, A), (A, 0.5), (0.5, A)]


@pytest.mark.parametrize(
    ("name", "left", "right"),
    [*((name, *pair) for name in OPERATORS for pair in PAIRS[-2:]), *(("sub", *pair) for pair in PAIRS[:-2])],
)
def test_an_operator_does_to_each_member_what_it_does_to_one(backend, name, left, right):
    function = getattr(operator, name)
    for pattern in shared_patterns((left, right)):
        parts = [as_batched(backend, a, i in pattern) for i, a in enumerate((left, right))]
        each = [
            [own(backend, member(a, 0 if i in pattern else m)) for i, a in enumerate((left, right))]
            for m in range(MEMBERS)
        ]
        agree(backend, function(*parts), [function(*one) for one in each])


@pytest.mark.parametrize("name", ["and_", "or_", "xor"])
def test_booleans_are_combined(backend, name):
    parts = [Batched(backend.asarray(a)) for a in (BOOLS, A < B)]
    each = [[backend.asarray(a) for a in (BOOLS[i], A[i] < B[i])] for i in range(MEMBERS)]
    agree(backend, getattr(operator, name)(*parts), [getattr(operator, name)(*one) for one in each])


@pytest.mark.parametrize("name", ["neg", "pos", "abs"])
def test_signs_change(backend, name):
    function = getattr(operator, name)
    agree(backend, function(Batched(backend.asarray(-A))), [function(backend.asarray(-one)) for one in A])
    agree(backend, ~Batched(backend.asarray(BOOLS)), [backend.asarray(~one) for one in BOOLS])


@pytest.mark.parametrize("name", ["iadd", "isub", "imul", "itruediv"])
@pytest.mark.parametrize("right", [B, ROW, SCALAR, 0.5], ids=["same", "row", "scalar", "number"])
@without_jax
def test_an_assignment_gives_what_the_operator_gives(backend, name, right):
    function, fresh = getattr(operator, name), getattr(operator, name[1:])
    for is_shared in (False, True):
        left = as_batched(backend, A.copy(), is_shared)
        result = function(left, as_batched(backend, right, False))
        each = [backend.asarray(A[0 if is_shared else i].copy()) for i in range(MEMBERS)]
        agree(backend, result, [fresh(one, own(backend, member(right, i))) for i, one in enumerate(each)])
        if is_shared and isinstance(right, np.ndarray):
            agree(backend, left, [backend.asarray(A[0].copy())])


def test_an_assignment_writes_where_arrays_can_be_written():
    array = A.copy()
    x = Batched(array)
    x += Batched(ROW)
    assert x.array is array
    np.testing.assert_array_equal(array, A + ROW[:, None, :])


@pytest.mark.parametrize("key", [0, -1, slice(0, 1), (slice(None), 2), (..., None), (None, 1), (..., 1)], ids=str)
def test_an_index_is_that_of_one_member(backend, key):
    x = Batched(backend.asarray(CUBE))
    each = [backend.asarray(one[key].copy()) for one in CUBE]
    agree(backend, x[key], each)


def test_parts_can_be_assigned(backend):
    if not getattr(backend, "shares_views", False):
        pytest.skip(f"arrays of {backend.name} are not assigned to")
    x = Batched(backend.asarray(CUBE.copy()))
    x[1, ...] = Batched(backend.asarray(ROW))
    x[0, ...] = 2.0
    expected = CUBE.copy()
    expected[:, 1], expected[:, 0] = ROW[:, None, :], 2.0
    agree(backend, x, [backend.asarray(one) for one in expected])


def test_a_batched_array_looks_like_that_of_one_member():
    x = Batched(A)
    assert (x.shape, x.ndim, x.size, x.dtype, x.device, len(x)) == ((4, 5), 2, 20, np.float64, "cpu", 4)
    assert x.T.shape == x.mT.shape == (5, 4)
    assert [row.shape for row in x] == [(5,)] * 4
    assert repr(Batched(np.asarray([1.0]))) == "Batched(array([1.]))"


def test_plain_arrays_are_shared(backend):
    x, plain = Batched(backend.asarray(A)), backend.asarray(B[0].copy())
    each = [backend.asarray(one) for one in A]
    agree(backend, x + plain, [one + plain for one in each])
    agree(backend, x @ plain.T, [one @ plain.T for one in each])
    lifted = BatchedNamespace(backend.xp, MEMBERS)
    agree(backend, lifted.maximum(x, plain), [backend.xp.maximum(one, plain) for one in each])
    if backend.name == "numpy":
        agree(backend, plain - x, [plain - one for one in each])
        agree(backend, plain.T @ x, [plain.T @ one for one in each])


def test_shared_arrays_are_not_copied():
    data = np.zeros((4, 5))
    lifted = BatchedNamespace(np, MEMBERS)
    for x in (share(data), lifted.reshape(share(data), (20,)), share(data)[1:, ...], lifted.asarray(data)):
        assert np.shares_memory(x.array, data)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda xp, x: xp.tensordot(x, x), AttributeError, "batched arrays have no rule for the function 'tensordot'."),
        (lambda xp, x: xp.sum(x, axis=2), ArgumentError, "axis must be from -2 to 1, got 2."),
        (lambda xp, x: xp.sum(x, axis=-3), ArgumentError, "axis must be from -2 to 1, got -3."),
        (lambda xp, x: xp.take(x, x), ShapeError, "axis must be given for an array of shape (4, 5), got None."),
        (lambda xp, x: xp.cumulative_sum(x), ShapeError, "axis must be given for an array of shape (4, 5), got None."),
        (lambda xp, x: xp.batch(A[:2]), ShapeError, "array must have shape (3, ...) or (1, ...), got (2, 4, 5)."),
        (lambda xp, x: x[0].T, ShapeError, "T must be asked of a matrix, got shape (5,)."),
        (lambda xp, x: x[0].mT, ShapeError, "mT must be asked of an array with two axes or more, got shape (5,)."),
        (lambda xp, x: len(x[0, 0]), ArgumentTypeError, "len must be asked of an array with axes, got shape ()."),
        (
            lambda xp, x: x[x > 0],
            ArgumentTypeError,
            "an index must be made of integers, slices, None and ..., got Batched(array(",
        ),
        (
            lambda xp, x: float(xp.sum(x)),
            ArgumentTypeError,
            "a batched array must not be read as one number, got one for each member.",
        ),
        (
            lambda xp, x: 1 if xp.sum(x) > 0 else 0,
            ArgumentTypeError,
            "a batched array must not be read as one number, got one for each member.",
        ),
    ],
)
def test_what_has_no_meaning_for_members_is_refused(call, error, message):
    with pytest.raises(error) as caught:
        call(BatchedNamespace(np, MEMBERS), Batched(A))
    assert str(caught.value).startswith(message)


# ------------------------------------------------------------------------------------------- the parts of the library


class Lifted:
    """A backend whose namespace computes with batched arrays."""

    def __init__(self, backend):
        self.backend, self.xp = backend, BatchedNamespace(backend.xp, MEMBERS)
        self.device = backend.device
        self.erfc = self.xp.lift(backend.erfc) if hasattr(backend, "erfc") else None

    def asarray(self, values, dtype=None):
        return Batched(self.backend.asarray(values, dtype))


class MaskStreams:
    """For each member the masks that it would draw alone: those of its own streams, or of all behind each other."""

    def __init__(self, seeds):
        self.streams = [Streams(seed) for seed in seeds]

    def __getitem__(self, name):
        generators = [streams[name] for streams in self.streams]

        class Generator:
            def random(self, shape, dtype):
                return np.stack([generator.random(shape, dtype=dtype) for generator in generators])

            def standard_normal(self, shape, dtype):
                return np.stack([generator.standard_normal(shape, dtype=dtype) for generator in generators])

        return Generator()


def _on_steps(layer):
    """A recurrent layer on whatever the shape is, as a sequence of pairs."""
    return all_layers.Sequential([all_layers.Reshape((-1, 2)), layer])


LAYERS = {
    **{f"Activation-{n}": all_layers.Activation(n) for n in ("relu", "leaky_relu", "elu", "selu", "gelu", "gelu_tanh")},
    **{f"Activation-{n}": all_layers.Activation(n) for n in ("sigmoid", "silu", "softmax", "log_softmax", "softplus")},
    **{f"Activation-{n}": all_layers.Activation(n) for n in ("softsign", "tanh", "identity", "celu", "exponential")},
    **{f"Activation-{n}": all_layers.Activation(n) for n in ("glu", "hard_shrink", "hard_sigmoid", "hard_swish")},
    **{f"Activation-{n}": all_layers.Activation(n) for n in ("hard_tanh", "log_sigmoid", "mish", "relu6")},
    **{f"Activation-{n}": all_layers.Activation(n) for n in ("soft_shrink", "sparse_plus", "sparse_sigmoid")},
    **{f"Activation-{n}": all_layers.Activation(n) for n in ("sparsemax", "squareplus", "tanh_shrink")},
    "Activation-threshold": all_layers.Activation(Threshold(0.5, -1.0)),
    "BatchNorm": all_layers.BatchNorm(),
    "Bidirectional": _on_steps(all_layers.Bidirectional(all_layers.GRU(2, mask_value=0.5), merge_mode="mul")),
    "Dense": all_layers.Dense(3, activation="tanh"),
    "Dense-no-bias": all_layers.Dense(3, use_bias=False),
    "Dropout": all_layers.Dropout(0.4),
    "Flatten": all_layers.Flatten(),
    "GRU": _on_steps(all_layers.GRU(3, reset_after=False, return_sequences=True)),
    "LSTM": _on_steps(all_layers.LSTM(3, truncate=1)),
    "LayerNorm": all_layers.LayerNorm(),
    "PReLU": all_layers.PReLU(),
    "Reshape": all_layers.Reshape((-1, 2)),
    "Residual": all_layers.Residual([all_layers.Dense(4, activation="silu"), all_layers.Dropout(0.2)]),
    "Sequential": all_layers.Sequential([all_layers.Dense(5), all_layers.Activation("relu"), all_layers.Dense(2)]),
    "SimpleRNN": _on_steps(all_layers.SimpleRNN(3, "relu", go_backwards=True)),
    "Standardize": all_layers.Standardize(),
}

SPLIT = all_layers.Split((1, 3))
TWO, IMAGES = ((3, 4), (4,)), (4, 5, 2)
_SHARED = {**convolution_rows.ROWS, **recurrent_rows.ROWS}
OTHERS = {
    **{f"{type(layer).__name__}-{name}": (layer, shape) for name, (layer, shape) in _SHARED.items()},
    "Add": (all_layers.Add(), TWO),
    "AlphaDropout": (all_layers.AlphaDropout(0.3), (4,)),
    "Average": (all_layers.Average(), TWO),
    "Concatenate": (all_layers.Concatenate(1), ((3, 4), (2, 4))),
    "Dot": (all_layers.Dot(normalize=True), TWO),
    "Embedding": (all_layers.Embedding(5, 3, padding_index=0), (4,)),
    "GaussianDropout": (all_layers.GaussianDropout(0.3), (4,)),
    "GaussianNoise": (all_layers.GaussianNoise(0.5), (4,)),
    "Graph": (
        all_layers.Graph(
            ("a", "b"),
            {"up": (all_layers.Dense(4), "a"), "sum": (all_layers.Add(), ("up", "b")), "mask": (SPLIT, "sum")},
            ("sum", "mask.1"),
        ),
        ((3,), (4,)),
    ),
    "GroupNorm": (all_layers.GroupNorm(2), (3, 4)),
    "RReLU": (all_layers.RReLU(), (4,)),
    "Identity": (all_layers.Identity(), (4,)),
    "InstanceNorm": (all_layers.InstanceNorm(), IMAGES),
    "Lambda": (all_layers.Lambda(lambda xp, x: xp.sin(x), lambda xp, x, y, dy: dy * xp.cos(x)), (4,)),
    "LearnedPositionalEmbedding": (all_layers.LearnedPositionalEmbedding(), (3, 4)),
    "Maximum": (all_layers.Maximum(), TWO),
    "Minimum": (all_layers.Minimum(), TWO),
    "MultiHeadAttention": (all_layers.MultiHeadAttention(2, 3, dropout=0.2, causal=True), (3, 4)),
    "MultiHeadAttention-cross": (all_layers.MultiHeadAttention(2, 3), ((3, 4), (5, 2))),
    "Multiply": (all_layers.Multiply(), TWO),
    "Parallel": (all_layers.Parallel([all_layers.Dense(3), ["tanh", all_layers.Dense(2)]]), (4,)),
    "Permute": (all_layers.Permute((2, 1)), (3, 4)),
    "PositionalEncoding": (all_layers.PositionalEncoding(), (3, 4)),
    "RMSNorm": (all_layers.RMSNorm(), (3, 4)),
    "RandomBrightness": (all_layers.RandomBrightness(0.5), IMAGES),
    "RandomContrast": (all_layers.RandomContrast(0.5), IMAGES),
    "RandomCrop": (all_layers.RandomCrop(3, 3, padding=1, fill_mode="nearest"), IMAGES),
    "RandomErasing": (all_layers.RandomErasing(0.8), IMAGES),
    "RandomFlip": (all_layers.RandomFlip("horizontal_and_vertical"), IMAGES),
    "RandomTranslation": (all_layers.RandomTranslation(1, 2, "reflect"), IMAGES),
    "RepeatVector": (all_layers.RepeatVector(3), (4,)),
    "SpatialDropout1D": (all_layers.SpatialDropout1D(0.4), (3, 4)),
    "SpatialDropout2D": (all_layers.SpatialDropout2D(0.4), IMAGES),
    "Split": (SPLIT, (3, 4)),
    "Subtract": (all_layers.Subtract(), TWO),
    "TransformerEncoder": (all_layers.TransformerEncoder(4, 2, 6, norm_first=True), (3, 4)),
}
"""Layers that want samples of one shape, with that shape."""

MASKED = {f"{type(recurrent_rows.ROWS[name][0]).__name__}-{name}": draw for name, draw in recurrent_rows.DRAWS.items()}


def test_every_layer_and_activation_has_a_row():
    assert {name.partition("-")[0] for name in (*LAYERS, *OTHERS)} == set(all_layers.__all__)
    from xpnn import activations

    rows = {type(layer.function).__name__ for layer in LAYERS.values() if isinstance(layer, all_layers.Activation)}
    assert rows == set(activations.__all__) - {"ActivationFunction", "get_activation", "output_shape"}
    assert type(get_activation("function", "gelu_tanh")).__name__ == "GELU"


def trees(function, *many):
    """Apply a function to the arrays at the same place of several trees of mappings and tuples."""
    if isinstance(many[0], dict):
        return {key: trees(function, *(t[key] for t in many)) for key in many[0]}
    if isinstance(many[0], tuple):
        return tuple(trees(function, *parts) for parts in zip(*many, strict=True))
    return None if many[0] is None else function(*many)


def samples(draw, shape):
    """Draw six samples for each member; `shape` may be a tuple of shapes."""
    nested = shape and isinstance(shape[0], tuple)
    return tuple(samples(draw, part) for part in shape) if nested else draw((MEMBERS, 6, *shape))


def check_members(backend, layer, shape, training, draw=None):
    """A layer does to each member what it does to one, whether they have inputs of their own or share one."""
    seeds = range(MEMBERS)
    inits = [layer.init(HostRng(Streams(seed)["init"]), shape) for seed in seeds]
    rng = np.random.default_rng(1)
    params = [trees(lambda a: a + rng.uniform(0.1, 0.2, a.shape), init[0]) for init in inits]
    state = [trees(lambda a: a + rng.uniform(0.1, 0.2, a.shape), init[1]) for init in inits]
    is_integral = isinstance(layer, all_layers.Embedding)
    x = samples(lambda full: rng.integers(0, 5, full) if is_integral else rng.standard_normal(full), shape)
    if draw is not None:
        x = trees(lambda a: a.reshape(MEMBERS, 6, *a.shape[1:]), draw(rng, 6 * MEMBERS))
    dy = samples(rng.standard_normal, inits[0][2])
    for is_shared in (False, True):
        if is_shared:
            x = trees(lambda a: np.broadcast_to(a[:1], a.shape).copy(), x)
        each = []
        for i in seeds:
            ctx = RunContext(backend, training, Streams(i))
            p, s = (trees(backend.asarray, tree[i]) for tree in (params, state))
            mine, dmine = (trees(lambda a, i=i: backend.asarray(a[i].copy()), tree) for tree in (x, dy))
            each.append(run(layer, p, s, mine, dmine, ctx))
        lifted = Lifted(backend)
        ctx = RunContext(lifted, training, MaskStreams(seeds))
        p, s = (trees(lambda *a, lifted=lifted: lifted.asarray(np.stack(a)), *tree) for tree in (params, state))
        mine = trees(lambda a: share(backend.asarray(a[0].copy())), x) if is_shared else trees(lifted.asarray, x)
        agree(backend, run(layer, p, s, mine, trees(lifted.asarray, dy), ctx), each)


def run(layer, params, state, x, dy, ctx):
    """Outputs, state, and gradients of a layer, in one flat list."""
    y, saved, state = layer.forward(params, state, x, ctx)
    dx, grads = layer.backward(params, saved, dy, ctx)
    results = [*(y if isinstance(y, tuple) else (y,)), *(dx if isinstance(dx, tuple) else (dx,))]
    return [v for v in (*results, *(v for _, v in leaves(state)), *(v for _, v in leaves(grads))) if v is not None]


@pytest.mark.parametrize("training", [True, False], ids=["training", "inference"])
@pytest.mark.parametrize("shape", [(4,), (3, 4)], ids=["rows", "images"])
@pytest.mark.parametrize("name", LAYERS)
@without_jax
def test_a_layer_does_to_each_member_what_it_does_to_one(backend, name, shape, training):
    check_members(backend, LAYERS[name], shape, training)


@pytest.mark.parametrize("training", [True, False], ids=["training", "inference"])
@pytest.mark.parametrize("word", ["numpy", "strict"])
@pytest.mark.parametrize("name", OTHERS)
def test_a_layer_of_one_shape_does_to_each_member_what_it_does_to_one(word, name, training):
    check_members(TESTED[word], *OTHERS[name], training, MASKED.get(name))


LOSSES = {
    "BinaryCrossEntropy": (losses.BinaryCrossEntropy(), (2,), numbers(6, 2, high=2) * 1.0),
    "CrossEntropy": (losses.CrossEntropy(), (3,), numbers(6, high=3)),
    "CrossEntropy-rows": (losses.CrossEntropy(), (3,), np.eye(3)[numbers(6, high=3)]),
    "CrossEntropy-positions": (losses.CrossEntropy(reduction="sum"), (2, 3), numbers(6, 2, high=3)),
    "Hinge": (losses.Hinge(), (3,), numbers(6, high=3)),
    "Hinge-sides": (losses.Hinge(), (2,), numbers(6, 2, high=2) * 2.0 - 1.0),
    "Huber": (losses.Huber(0.5), (2,), draw(6, 2)),
    "MeanAbsoluteError": (losses.MeanAbsoluteError(), (1,), draw(6)),
    "MeanSquaredError": (losses.MeanSquaredError(), (2, 2), draw(6, 2, 2)),
    "MeanSquaredError-sum": (losses.MeanSquaredError(reduction="sum"), (2,), draw(6, 2)),
    "NegativeLogLikelihood": (losses.NegativeLogLikelihood(), (3,), numbers(6, high=3)),
    "NegativeLogLikelihood-rows": (losses.NegativeLogLikelihood(), (3,), np.eye(3)[numbers(6, high=3)]),
    "BinaryFocalCrossEntropy": (losses.BinaryFocalCrossEntropy(1.5), (2,), numbers(6, 2, high=2) * 1.0),
    "CTC": (losses.CTC(), (4, 3), numbers(6, 2, high=2) + 1),
    "CTC-lengths": (losses.CTC(2, has_lengths=True), (3, 3), np.concat([numbers(6, 1, high=3) + 1, numbers(6, 1)], -1)),
    "CategoricalHinge": (losses.CategoricalHinge(), (3,), numbers(6, high=3)),
    "Contrastive": (losses.Contrastive(), (2, 3), numbers(6, high=2) * 1.0),
    "CosineEmbedding": (losses.CosineEmbedding(), (2, 3), numbers(6, high=2) * 1.0),
    "CosineSimilarity": (losses.CosineSimilarity(), (3,), draw(6, 3)),
    "Dice": (losses.Dice(), (2, 2), numbers(6, 2, 2, high=2) * 1.0),
    "FocalCrossEntropy": (losses.FocalCrossEntropy(), (3,), numbers(6, high=3)),
    "GaussianNLL": (losses.GaussianNLL(), (2,), draw(6)),
    "KLDivergence": (losses.KLDivergence(), (3,), np.eye(3)[numbers(6, high=3)]),
    "LogCosh": (losses.LogCosh(), (2,), draw(6, 2)),
    "MeanAbsolutePercentageError": (losses.MeanAbsolutePercentageError(), (2,), draw(6, 2)),
    "MeanSquaredLogarithmicError": (losses.MeanSquaredLogarithmicError(), (2,), draw(6, 2)),
    "MultiMargin": (losses.MultiMargin(2), (3,), numbers(6, high=3)),
    "Poisson": (losses.Poisson(), (2,), draw(6, 2)),
    "Quantile": (losses.Quantile(0.3), (2,), draw(6, 2)),
    "Quantile-several": (losses.Quantile((0.3, 0.6)), (2,), draw(6)),
    "SmoothL1": (losses.SmoothL1(), (2,), draw(6, 2)),
    "SquaredHinge": (losses.SquaredHinge(), (2,), numbers(6, 2, high=2) * 2.0 - 1.0),
    "TripletMargin": (losses.TripletMargin(), (3, 2), draw(6)),
    "TripletMargin-swap": (losses.TripletMargin(swap=True), (3, 2), draw(6)),
    "TripletSemiHard": (losses.TripletSemiHard(), (3,), numbers(6, high=2)),
    "Tversky": (losses.Tversky(), (2, 2), numbers(6, 2, 2, high=2) * 1.0),
    "WeightedLosses": (
        losses.WeightedLosses([losses.CrossEntropy(), losses.LogCosh()], [0.5, 2.0]),
        ((3,), (2,)),
        (numbers(6, high=3), draw(6, 2)),
    ),
}


def test_every_loss_has_a_row():
    known = {n for n in losses.__all__ if n not in ("ElementwiseLoss", "Loss", "get_loss")}
    assert {name.partition("-")[0] for name in LOSSES} == known


@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
@pytest.mark.parametrize("name", LOSSES)
@without_jax
def test_a_loss_does_to_each_member_what_it_does_to_one(backend, name, weighted):
    loss, shape, targets = LOSSES[name]
    outputs = samples(lambda full: np.log(RNG.uniform(0.2, 0.9, full)), shape)
    weight = draw(6) if weighted else None
    lifted = Lifted(backend)
    for is_shared in (False, True):
        each = []
        for i in range(MEMBERS):
            y = trees(lambda a, i=0 if is_shared else i: backend.asarray(a[i].copy()), targets)
            w = backend.asarray(weight[i].copy()) if weighted else None
            z = trees(lambda a, i=i: backend.asarray(a[i].copy()), outputs)
            each.append([*loss.value_and_gradient(backend.xp, z, y, w), loss.link(backend.xp, z)])
        y = trees(lambda a, is_shared=is_shared: as_batched(backend, a, is_shared), targets)
        w = as_batched(backend, weight, False)
        z = trees(lifted.asarray, outputs)
        agree(backend, [*loss.value_and_gradient(lifted.xp, z, y, w), loss.link(lifted.xp, z)], each)


METRICS = {
    "Accuracy": (metrics.Accuracy(), (3,), numbers(6, high=3)),
    "Accuracy-rows": (metrics.Accuracy(), (3,), np.eye(3)[numbers(6, high=3)]),
    "Accuracy-single": (metrics.Accuracy(), (1,), numbers(6, high=2) * 1.0),
    "AveragePrecision": (metrics.AveragePrecision(), (3,), numbers(6, high=3)),
    "AveragePrecision-single": (metrics.AveragePrecision(), (1,), numbers(6, high=2) * 1.0),
    "BinaryAccuracy": (metrics.BinaryAccuracy(), (2,), numbers(6, 2, high=2) * 1.0),
    "ExplainedVariance": (metrics.ExplainedVariance(), (2,), draw(6, 2)),
    "F1": (metrics.F1(), (3,), numbers(6, high=3)),
    "LogLoss": (metrics.LogLoss(), (3,), numbers(6, high=3)),
    "LogLoss-single": (metrics.LogLoss(), (1,), numbers(6, high=2) * 1.0),
    "MAE": (metrics.MAE(), (2,), draw(6, 2)),
    "MSE": (metrics.MSE(), (2,), draw(6, 2)),
    "MatthewsCorrelation": (metrics.MatthewsCorrelation(), (3,), numbers(6, high=3)),
    "OutputMetric": (metrics.OutputMetric(metrics.MAE(), "age", 1), ((3,), (2,)), (numbers(6, high=3), draw(6, 2))),
    "Precision": (metrics.Precision(), (1,), numbers(6, high=2) * 1.0),
    "R2": (metrics.R2(), (2,), draw(6, 2)),
    "ROCAUC": (metrics.ROCAUC(), (2,), numbers(6, high=2)),
    "Recall": (metrics.Recall(), (3,), numbers(6, high=3)),
    "TopKAccuracy": (metrics.TopKAccuracy(2), (4,), numbers(6, high=4)),
}


def test_every_metric_has_a_row():
    kinds = {name: getattr(metrics, name) for name in metrics.__all__}
    known = {name for name, kind in kinds.items() if hasattr(kind, "totals") and not isabstract(kind)}
    assert {name.partition("-")[0] for name in METRICS} == known


@pytest.mark.parametrize("name", METRICS)
@without_jax
def test_a_metric_does_to_each_member_what_it_does_to_one(backend, name):
    metric, shape, targets = METRICS[name]
    outputs, weight = samples(lambda full: RNG.uniform(0.2, 0.9, full), shape), draw(6)
    xp, lifted, each = backend.xp, Lifted(backend), []
    for i in range(MEMBERS):
        parts = (trees(lambda a, i=i: backend.asarray(a[i].copy()), tree) for tree in (outputs, targets, weight))
        part = metric.totals(xp, *parts)
        each.append(metric.combine(xp, part, part))
    part = metric.totals(lifted.xp, *(trees(lifted.asarray, tree) for tree in (outputs, targets, weight)))
    agree(backend, metric.combine(lifted.xp, part, part), each)


OPTIMIZERS = {
    "SGD": optimizers.SGD(0.1, weight_decay=0.01),
    "SGD-momentum": optimizers.SGD(0.1, momentum=0.9),
    "SGD-nesterov": optimizers.SGD(0.1, momentum=0.9, nesterov=True, clip_value=0.3),
    "RMSprop": optimizers.RMSprop(0.1, clip_norm=0.5),
    "RMSprop-centered": optimizers.RMSprop(0.1, centered=True, momentum=0.5, weight_decay=0.01),
    "Adagrad": optimizers.Adagrad(0.1, initial_accumulator_value=0.1),
    "Adadelta": optimizers.Adadelta(),
    "Adam": optimizers.Adam(0.1, weight_decay=0.01, clip_norm=0.5),
    "Adam-amsgrad": optimizers.Adam(0.1, amsgrad=True),
    "AdamW": optimizers.AdamW(0.1),
    "ASGD": optimizers.ASGD(0.1, lambd=0.1, t0=0.0, weight_decay=0.01),
    "Adafactor": optimizers.Adafactor(0.1, weight_decay=0.01),
    "Adamax": optimizers.Adamax(0.1, weight_decay=0.01),
    "Ftrl": optimizers.Ftrl(0.1, beta=0.1, l1=0.01, l2=0.1),
    "Lamb": optimizers.Lamb(0.1, weight_decay=0.01),
    "Lion": optimizers.Lion(0.1, weight_decay=0.01),
    "Lookahead": optimizers.Lookahead(optimizers.SGD(0.1, momentum=0.9), k=2),
    "Muon": optimizers.Muon(0.1, weight_decay=0.01),
    "Nadam": optimizers.Nadam(0.1, weight_decay=0.01),
    "RAdam": optimizers.RAdam(0.1, weight_decay=0.01),
    "Rprop": optimizers.Rprop(0.1),
    "SAM": optimizers.SAM(optimizers.SGD(0.1), rho=0.1),
    "ScheduleFreeAdamW": optimizers.ScheduleFreeAdamW(0.1, weight_decay=0.01),
    "ScheduleFreeSGD": optimizers.ScheduleFreeSGD(0.1, weight_decay=0.01, warmup_steps=2),
}


def test_every_optimizer_has_a_row():
    known = {n for n in optimizers.__all__ if n[0].isupper() and n != "Optimizer"}
    assert {name.partition("-")[0] for name in OPTIMIZERS} == known - {"LBFGS"}  # a search reads the loss of one


@pytest.mark.parametrize("name", OPTIMIZERS)
@without_jax
def test_an_optimizer_does_to_each_member_what_it_does_to_one(backend, name):
    optimizer, lifted = OPTIMIZERS[name], Lifted(backend)
    p, g, mask = draw(2, 4), draw(2, 4, low=-1.0), np.arange(8.0).reshape(2, 4) % 2

    def steps(xp, p, g, mask):
        vectors = optimizer.zero_state(xp, p)
        for step in (1, 2, 3):
            scalars = optimizer.scalars(step, optimizer.learning_rate)
            gradient = optimizer.gradient(xp, p, vectors, lambda at, step=step: g * float(step) + 0.1 * at)
            p, vectors = optimizer.apply(xp, p, optimizer.clip(xp, gradient), vectors, scalars, mask)
        return [p, *vectors.values()]

    each = [steps(backend.xp, *(backend.asarray(a.copy()) for a in (p[i], g[i], mask))) for i in range(MEMBERS)]
    agree(backend, steps(lifted.xp, lifted.asarray(p), lifted.asarray(g), share(backend.asarray(mask))), each)


def test_the_comparison_can_fail():
    with pytest.raises(AssertionError):
        agree(type("B", (), {"to_numpy": staticmethod(np.asarray)}), Batched(A), [one * (1 + 1e-12) for one in A])
