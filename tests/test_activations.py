"""Activations: values by hand, mpmath, PyTorch's autograd, central differences, and what every activation owes."""

from functools import cache

import numpy as np
import pytest
from array_api_compat import array_namespace, device
from conftest import without_jax

import xpnn.activations
from xpnn.activations import (
    CELU,
    ELU,
    GELU,
    GLU,
    SELU,
    ActivationFunction,
    Exponential,
    HardShrink,
    HardSigmoid,
    HardSwish,
    HardTanh,
    Identity,
    LeakyReLU,
    LogSigmoid,
    LogSoftmax,
    Mish,
    ReLU,
    ReLU6,
    Sigmoid,
    SiLU,
    Softmax,
    Softplus,
    SoftShrink,
    Softsign,
    Sparsemax,
    SparsePlus,
    SparseSigmoid,
    Squareplus,
    Tanh,
    TanhShrink,
    Threshold,
    gelu,
    get_activation,
    selu,
)
from xpnn.backend import get_backend
from xpnn.context import RunContext
from xpnn.errors import ArgumentError, ArgumentTypeError
from xpnn.random import Streams

ELEMENTWISE = (
    Identity(),
    ReLU(),
    LeakyReLU(),
    LeakyReLU(0.3),
    ELU(),
    ELU(1.7),
    SELU(),
    Sigmoid(),
    Tanh(),
    Softplus(),
    Softsign(),
    GELU(),
    GELU(approximate=True),
    SiLU(),
    ReLU6(),
    HardTanh(),
    HardTanh(-0.5, 2.0),
    CELU(),
    CELU(1.7),
    Mish(),
    HardSigmoid(),
    HardSwish(),
    HardShrink(),
    SoftShrink(),
    SoftShrink(1.5),
    TanhShrink(),
    Threshold(0.5, -2.0),
    Squareplus(),
    Squareplus(0.3),
    SparsePlus(),
    SparseSigmoid(),
    LogSigmoid(),
    Exponential(),
)
ALL = (*ELEMENTWISE, Softmax(), LogSoftmax(), Sparsemax())
"""All but `GLU`, whose output has another shape than its input: see test_glu.py."""
OVERFLOWS = (Exponential(),)
NAN_STOPS = (Identity(), ReLU(), HardShrink(), Threshold(0.5, -2.0))
"""Where the gradient at NaN is none, as in PyTorch: [nan > 0] is 0, and what is not small has the slope 1."""
TAIL = {GELU(): (1e-4, 1e-12), GELU(approximate=True): (1e-4, 1e-12)}
"""Relative tolerance in float32 and float64, where it is not 1e-6 and 1e-14."""

every_activation = pytest.mark.parametrize("activation", ALL, ids=repr)
every_elementwise = pytest.mark.parametrize("activation", ELEMENTWISE, ids=repr)
both_types = pytest.mark.parametrize("dtype", ["float32", "float64"])


def _forward(activation, values, ctx):
    y, _ = activation.forward(ctx.backend.asarray(values), ctx)
    return ctx.backend.to_numpy(y)


def _backward(activation, values, dy, ctx):
    _, saved = activation.forward(ctx.backend.asarray(values), ctx)
    return ctx.backend.to_numpy(activation.backward(saved, ctx.backend.asarray(dy), ctx))


def _normal(shape, seed, scale=1.0):
    return scale * np.random.default_rng(seed).normal(size=shape)


# --- values by hand ---------------------------------------------------------------------------------------------------

E = float(np.e)
BY_HAND = {
    Identity(): [-2.0, -1.0, 0.0, 1.0, 2.0],
    ReLU(): [0.0, 0.0, 0.0, 1.0, 2.0],
    LeakyReLU(): [-0.02, -0.01, 0.0, 1.0, 2.0],
    LeakyReLU(0.3): [-0.6, -0.3, 0.0, 1.0, 2.0],
    ELU(): [E**-2 - 1, 1 / E - 1, 0.0, 1.0, 2.0],
    ELU(1.7): [1.7 * (E**-2 - 1), 1.7 * (1 / E - 1), 0.0, 1.0, 2.0],
    SELU(): [-1.5201664685956947, -1.1113307378125625, 0.0, 1.0507009873554805, 2.101401974710961],
    Sigmoid(): [1 / (1 + E**2), 1 / (1 + E), 0.5, E / (1 + E), E**2 / (1 + E**2)],
    Tanh(): [(1 - E**4) / (1 + E**4), (1 - E**2) / (1 + E**2), 0.0, (E**2 - 1) / (E**2 + 1), (E**4 - 1) / (E**4 + 1)],
    Softplus(): [np.log(1 + E**-2), np.log(1 + 1 / E), np.log(2), np.log(1 + E), np.log(1 + E**2)],
    Softsign(): [-2 / 3, -0.5, 0.0, 0.5, 2 / 3],
    GELU(): [-0.04550026389635842, -0.15865525393145707, 0.0, 0.8413447460685429, 1.9544997361036416],
    GELU(approximate=True): [-0.045402305912224981, -0.1588080093917233, 0.0, 0.8411919906082767, 1.954597694087775],
    SiLU(): [-2 / (1 + E**2), -1 / (1 + E), 0.0, E / (1 + E), 2 * E**2 / (1 + E**2)],
    ReLU6(): [0.0, 0.0, 0.0, 1.0, 2.0],
    HardTanh(): [-1.0, -1.0, 0.0, 1.0, 1.0],
    HardTanh(-0.5, 2.0): [-0.5, -0.5, 0.0, 1.0, 2.0],
    CELU(): [E**-2 - 1, 1 / E - 1, 0.0, 1.0, 2.0],
    CELU(1.7): [1.7 * (E ** (-2 / 1.7) - 1), 1.7 * (E ** (-1 / 1.7) - 1), 0.0, 1.0, 2.0],
    Mish(): [x * ((1 + E**x) ** 2 - 1) / ((1 + E**x) ** 2 + 1) for x in (-2, -1, 0, 1, 2)],
    HardSigmoid(): [1 / 6, 1 / 3, 0.5, 2 / 3, 5 / 6],
    HardSwish(): [-1 / 3, -1 / 3, 0.0, 2 / 3, 5 / 3],
    HardShrink(): [-2.0, -1.0, 0.0, 1.0, 2.0],
    SoftShrink(): [-1.5, -0.5, 0.0, 0.5, 1.5],
    SoftShrink(1.5): [-0.5, 0.0, 0.0, 0.0, 0.5],
    TanhShrink(): [x - (E ** (2 * x) - 1) / (E ** (2 * x) + 1) for x in (-2, -1, 0, 1, 2)],
    Threshold(0.5, -2.0): [-2.0, -2.0, -2.0, 1.0, 2.0],
    Squareplus(): [2**0.5 - 1, (5**0.5 - 1) / 2, 1.0, (5**0.5 + 1) / 2, 2**0.5 + 1],
    Squareplus(0.3): [(4.3**0.5 - 2) / 2, (1.3**0.5 - 1) / 2, 0.3**0.5 / 2, (1.3**0.5 + 1) / 2, (4.3**0.5 + 2) / 2],
    SparsePlus(): [0.0, 0.0, 0.25, 1.0, 2.0],
    SparseSigmoid(): [0.0, 0.0, 0.5, 1.0, 1.0],
    LogSigmoid(): [-np.log(1 + E**2), -np.log(1 + E), -np.log(2), -np.log(1 + 1 / E), -np.log(1 + E**-2)],
    Exponential(): [E**-2, 1 / E, 1.0, E, E**2],
}


@every_elementwise
def test_values_are_those_found_by_hand(activation, ctx):
    y = _forward(activation, np.asarray([-2.0, -1.0, 0.0, 1.0, 2.0]), ctx)
    np.testing.assert_allclose(y, BY_HAND[activation], rtol=1e-13)


def test_softmax_of_logarithms_is_their_share(ctx):
    x = np.log(np.asarray([[1.0, 3.0, 4.0], [2.0, 2.0, 6.0]]))
    shares = np.asarray([[0.125, 0.375, 0.5], [0.2, 0.2, 0.6]])
    np.testing.assert_allclose(_forward(Softmax(), x, ctx), shares, rtol=1e-14)
    np.testing.assert_allclose(_forward(LogSoftmax(), x, ctx), np.log(shares), rtol=1e-14)


@pytest.mark.parametrize(
    ("activation", "slope"),
    [(ReLU(), 0.0), (ReLU6(), 0.0), (LeakyReLU(0.3), 0.3), (ELU(), 1.0), (ELU(1.7), 1.7), (SELU(), 1.7580993408473768)],
    ids=repr,
)
def test_the_derivative_at_a_kink_is_that_of_the_left_side(activation, slope, ctx):
    for zero in (0.0, -0.0):
        np.testing.assert_allclose(_backward(activation, np.full(5, zero), np.ones(5), ctx), np.full(5, slope), 1e-15)


@pytest.mark.parametrize(
    ("activation", "kinks", "slopes"),
    [
        (ReLU6(), [6.0], [0]),
        (HardTanh(-0.5, 2.0), [-0.5, 2.0], [0, 0]),
        (HardSigmoid(), [-3.0, 3.0], [0, 0]),
        (HardSwish(), [-3.0, 3.0], [0, 1]),
        (HardShrink(), [-0.5, 0.5], [0, 0]),
        (SoftShrink(), [-0.5, 0.5], [0, 0]),
        (SparseSigmoid(), [-1.0, 1.0], [0, 0]),
        (Threshold(0.5, -2.0), [0.5], [0]),
    ],
    ids=repr,
)
def test_the_derivative_at_other_kinks_is_as_written(activation, kinks, slopes, ctx):
    x = np.asarray(kinks)
    np.testing.assert_array_equal(_backward(activation, x, np.ones_like(x), ctx), slopes)


def test_sparsemax_is_the_nearest_point_of_the_simplex(ctx):
    x = np.asarray([[0.5, 1.0, -1.0], [2.0, 0.0, 0.5], [0.25, 0.25, 0.25], [0.1, 0.2, 0.6]])
    y = np.asarray([[0.25, 0.75, 0.0], [1.0, 0.0, 0.0], [1 / 3, 1 / 3, 1 / 3], [0.4 / 3, 0.7 / 3, 1.9 / 3]])
    np.testing.assert_allclose(_forward(Sparsemax(), x, ctx), y, rtol=1e-14)
    dx = _backward(Sparsemax(), x, np.tile([1.0, 4.0, 10.0], (4, 1)), ctx)
    np.testing.assert_allclose(dx, [[-1.5, 1.5, 0], [0, 0, 0], [-4, -1, 5], [-4, -1, 5]], rtol=1e-14, atol=1e-15)


def test_selu_keeps_mean_0_and_variance_1_of_normal_inputs():
    mp = pytest.importorskip("mpmath")
    ctx = _numpy_context()
    moments = []
    for power in (1, 2):
        sides = [
            mp.quad(lambda x, power=power: _forward(SELU(), float(x), ctx) ** power * mp.npdf(x), side)
            for side in ([-12, -4, 0], [0, 4, 12])
        ]
        moments.append(float(sum(sides)))
    np.testing.assert_allclose(moments, [0.0, 1.0], atol=1e-12)


# --- accuracy ---------------------------------------------------------------------------------------------------------


def _selu_constants(mp):
    """Lambda and alpha in closed form: Klambauer et al., NeurIPS 2017, eq. 14."""
    tail = mp.erfc(mp.sqrt(mp.mpf(1) / 2)) * mp.exp(mp.mpf(1) / 2)
    root = 2 * mp.erfc(mp.sqrt(2)) * mp.e**2 + mp.pi * tail**2 - 2 * (2 + mp.pi) * tail + mp.pi + 2
    return (1 - tail) * mp.sqrt(2 * mp.pi / root), mp.sqrt(2 / mp.pi) / (1 - tail)


def _exact(mp):
    """For each elementwise activation: the function and its derivative, written for arbitrary precision."""
    half = mp.sqrt(mp.mpf(1) / 2)
    lam, alpha = _selu_constants(mp)

    def weighted(v, dv):
        def f(x):
            return x / (1 + mp.exp(-v(x)))

        def df(x):
            e = mp.exp(-v(x))
            return 1 / (1 + e) + x * dv(x) * e / (1 + e) ** 2

        return f, df

    def elu(scale, alpha):
        return (
            lambda x: scale * (x if x > 0 else alpha * mp.expm1(x)),
            lambda x: scale * (1 if x > 0 else alpha * mp.exp(x)),
        )

    def celu(alpha):
        return lambda x: max(x, 0) + alpha * mp.expm1(min(x, 0) / alpha), lambda x: mp.exp(min(x, 0) / alpha)

    def d_mish(x):
        s = mp.log1p(mp.exp(x))
        return mp.tanh(s) + x * mp.sech(s) ** 2 / (1 + mp.exp(-x))

    def squareplus(b):
        return lambda x: (x + mp.sqrt(x * x + b)) / 2, lambda x: (1 + x / mp.sqrt(x * x + b)) / 2

    c, k = mp.mpf("0.044715"), 2 * mp.sqrt(2 / mp.pi)
    return {
        Identity(): (lambda x: x, lambda x: mp.mpf(1)),
        ReLU(): (lambda x: max(x, 0), lambda x: mp.mpf(x > 0)),
        LeakyReLU(): (lambda x: x if x > 0 else x / 100, lambda x: mp.mpf(1) if x > 0 else mp.mpf("0.01")),
        LeakyReLU(0.3): (lambda x: x if x > 0 else 3 * x / 10, lambda x: mp.mpf(1) if x > 0 else mp.mpf("0.3")),
        ELU(): elu(1, 1),
        ELU(1.7): elu(1, mp.mpf("1.7")),
        SELU(): elu(lam, alpha),
        Sigmoid(): (lambda x: 1 / (1 + mp.exp(-x)), lambda x: mp.exp(-x) / (1 + mp.exp(-x)) ** 2),
        Tanh(): (mp.tanh, lambda x: mp.sech(x) ** 2),
        Softplus(): (lambda x: mp.log1p(mp.exp(x)), lambda x: 1 / (1 + mp.exp(-x))),
        Softsign(): (lambda x: x / (1 + abs(x)), lambda x: (1 + abs(x)) ** -2),
        GELU(): (
            lambda x: x * mp.erfc(-x * half) / 2,
            lambda x: mp.erfc(-x * half) / 2 + x * mp.exp(-x * x / 2) / mp.sqrt(2 * mp.pi),
        ),
        GELU(approximate=True): weighted(lambda x: k * (x + c * x**3), lambda x: k * (1 + 3 * c * x**2)),
        SiLU(): weighted(lambda x: x, lambda x: 1),
        **_exact_of_straight_lines(mp),
        CELU(): celu(1),
        CELU(1.7): celu(mp.mpf("1.7")),
        Mish(): (lambda x: x * mp.tanh(mp.log1p(mp.exp(x))), d_mish),
        TanhShrink(): (lambda x: x - mp.tanh(x), lambda x: mp.tanh(x) ** 2),
        Squareplus(): squareplus(4),
        Squareplus(0.3): squareplus(mp.mpf(0.3)),
        LogSigmoid(): (lambda x: -mp.log1p(mp.exp(-x)), lambda x: 1 / (1 + mp.exp(x))),
        Exponential(): (mp.exp, mp.exp),
    }


def _exact_of_straight_lines(mp):
    def clip(x, low, high):
        return min(max(x, low), high)

    def between(x, low, high):
        return mp.mpf(low < x < high)

    return {
        ReLU6(): (lambda x: clip(x, 0, 6), lambda x: between(x, 0, 6)),
        HardTanh(): (lambda x: clip(x, -1, 1), lambda x: between(x, -1, 1)),
        HardTanh(-0.5, 2.0): (lambda x: clip(x, mp.mpf("-0.5"), 2), lambda x: between(x, -0.5, 2)),
        HardSigmoid(): (lambda x: clip(x + 3, 0, 6) / 6, lambda x: between(x, -3, 3) / 6),
        HardSwish(): (
            lambda x: x * clip(x + 3, 0, 6) / 6,
            lambda x: (2 * x + 3) / 6 if abs(x) < 3 else mp.mpf(x > 0),
        ),
        HardShrink(): (lambda x: x if abs(x) > 0.5 else mp.mpf(0), lambda x: mp.mpf(abs(x) > 0.5)),
        SoftShrink(): (lambda x: mp.sign(x) * max(abs(x) - 0.5, 0), lambda x: mp.mpf(abs(x) > 0.5)),
        SoftShrink(1.5): (lambda x: mp.sign(x) * max(abs(x) - 1.5, 0), lambda x: mp.mpf(abs(x) > 1.5)),
        Threshold(0.5, -2.0): (lambda x: x if x > 0.5 else mp.mpf(-2), lambda x: mp.mpf(x > 0.5)),
        SparsePlus(): (
            lambda x: x if x >= 1 else max(x + 1, 0) ** 2 / 4,
            lambda x: clip(x + 1, 0, 2) / 2,
        ),
        SparseSigmoid(): (lambda x: clip(x + 1, 0, 2) / 2, lambda x: between(x, -1, 1) / 2),
    }


def test_constants_are_their_closed_forms_to_the_last_bit():
    mp = pytest.importorskip("mpmath")
    with mp.workdps(60):
        forms = (*_selu_constants(mp), mp.sqrt(mp.mpf(1) / 2), 1 / mp.sqrt(2 * mp.pi), 2 * mp.sqrt(2 / mp.pi))
        exact = [float(form) for form in forms]
    assert exact == [selu._SCALE, selu._ALPHA, gelu._ROOT_HALF, gelu._DENSITY_AT_0, gelu._TANH_LINEAR]


@cache
def _reference(activation, order, points):
    """Points in [-100, 100], half of them in [-10, 10], and the function or its derivative there, from 60 digits.

    The first five of six points are numbers of float32.
    """
    mp = pytest.importorskip("mpmath")
    x = np.random.default_rng(3).uniform(-100, 100, points)
    x[::2] *= 0.1
    x[: points * 5 // 6] = x[: points * 5 // 6].astype(np.float32)
    with mp.workdps(60):
        f = _exact(mp)[activation][order]
        return x, np.asarray([float(f(mp.mpf(v))) for v in x.tolist()])


def _least(dtype, ctx):
    """Smallest normal number, or one with room for a factor below it where the library takes subnormal numbers as 0."""
    tiny = np.finfo(dtype).tiny
    half = ctx.backend.to_numpy(ctx.backend.asarray(np.full(1, tiny)) * 0.5)
    return float(tiny) if half[0] > 0 else 128 * float(tiny)


@every_elementwise
@both_types
def test_values_are_right_to_the_last_digits_in_the_tails_too(activation, dtype, ctx):
    x, exact = _reference(activation, 0, 12_000)
    x, exact = (array[:10_000] if dtype == "float32" else array for array in (x, exact))
    with np.errstate(over="ignore" if activation in OVERFLOWS else "warn"):
        y = _forward(activation, x.astype(dtype), ctx)
    is_tiny, is_huge = np.abs(exact) < _least(dtype, ctx), np.abs(exact) > np.finfo(dtype).max
    is_normal = ~(is_tiny | is_huge)
    errors = np.abs(y[is_normal] / exact[is_normal] - 1)
    assert errors.size >= 0.49 * np.count_nonzero(exact) > 0.15 * x.size
    assert errors.max() < TAIL.get(activation, (1e-6, 1e-14))[dtype == "float64"]
    assert np.abs(y[is_tiny]).max(initial=0.0) <= 1.01 * _least(dtype, ctx)
    assert np.isinf(y[is_huge]).all()


@every_elementwise
@both_types
def test_derivatives_are_right_to_the_last_digits_in_the_tails_too(activation, dtype, ctx):
    x, exact = _reference(activation, 1, 1_200)
    x, exact = (array[:1_000] if dtype == "float32" else array for array in (x, exact))
    with np.errstate(over="ignore" if activation in OVERFLOWS else "warn"):
        dx = _backward(activation, x.astype(dtype), np.ones(x.shape, dtype), ctx)
    is_tiny, is_huge = np.abs(exact) < _least(dtype, ctx), np.abs(exact) > np.finfo(dtype).max
    is_normal = ~(is_tiny | is_huge)
    is_near_a_root = (np.abs(exact) < 0.1) & (x > -3) & (x < 0)
    errors = np.abs(dx - exact)[is_normal] / np.where(is_near_a_root, 0.1, np.abs(exact))[is_normal]
    assert errors.size >= 0.4 * np.count_nonzero(exact) > 0
    assert errors.max() < {**TAIL, CELU(1.7): (8e-6, 1e-13)}.get(activation, (4e-6, 1e-13))[dtype == "float64"]
    assert np.abs(dx[is_tiny]).max(initial=0.0) <= 1.01 * _least(dtype, ctx)
    assert np.isinf(dx[is_huge]).all()


def test_silu_is_right_where_its_sigmoid_is_no_normal_number(ctx):
    y = _forward(SiLU(), np.asarray([-91.5, -90.0], dtype=np.float32), ctx)
    np.testing.assert_allclose(y, [-91.5 * np.exp(-91.5), -90.0 * np.exp(-90.0)], rtol=1e-6)


def test_log_softmax_is_right_to_the_last_digits_of_its_largest_part(ctx):
    mp = pytest.importorskip("mpmath")
    x = _normal((50, 6), 4, scale=30.0)
    with mp.workdps(60):
        exact = []
        for row in x:
            total = sum(mp.exp(mp.mpf(float(v))) for v in row)
            exact.append([float(mp.mpf(float(v)) - mp.log(total)) for v in row])
    errors = np.abs(_forward(LogSoftmax(), x, ctx) - np.asarray(exact)) / (1 + np.abs(exact))
    assert errors.max() < 1e-15
    np.testing.assert_allclose(_forward(Softmax(), x, ctx), np.exp(exact), rtol=1e-13)


@both_types
def test_rows_of_softmax_sum_to_1(dtype, ctx):
    y = _forward(Softmax(), _normal((50, 6), 5, scale=100.0).astype(dtype), ctx)
    np.testing.assert_allclose(y.sum(axis=-1), 1.0, rtol=4 * np.finfo(dtype).eps)


def test_softmax_acts_on_the_last_axis_of_any_number_of_axes(ctx):
    x, dy = _normal((2, 3, 4), 6), _normal((2, 3, 4), 7)
    for activation in (Softmax(), LogSoftmax()):
        rows = _forward(activation, x.reshape(6, 4), ctx), _backward(activation, x.reshape(6, 4), dy.reshape(6, 4), ctx)
        np.testing.assert_allclose(_forward(activation, x, ctx).reshape(6, 4), rows[0], rtol=1e-14)
        np.testing.assert_allclose(_backward(activation, x, dy, ctx).reshape(6, 4), rows[1], rtol=1e-13, atol=1e-15)
        np.testing.assert_allclose(_forward(activation, x[0, 0], ctx), rows[0][0], rtol=1e-14)


def test_the_two_forms_of_gelu_differ_by_less_than_a_two_thousandth():
    ctx = _numpy_context()
    x = np.linspace(-8, 8, 2001)
    difference = np.abs(_forward(GELU(), x, ctx) - _forward(GELU(approximate=True), x, ctx))
    assert 4e-4 < difference.max() < 5e-4


# --- edges ------------------------------------------------------------------------------------------------------------

AT_THE_EDGES = {
    Identity(): ([-np.inf, -1000, 1000, np.inf], [1, 1, 1, 1]),
    ReLU(): ([0, 0, 1000, np.inf], [0, 0, 1, 1]),
    LeakyReLU(): ([-np.inf, -10, 1000, np.inf], [0.01, 0.01, 1, 1]),
    LeakyReLU(0.3): ([-np.inf, -300, 1000, np.inf], [0.3, 0.3, 1, 1]),
    ELU(): ([-1, -1, 1000, np.inf], [0, 0, 1, 1]),
    ELU(1.7): ([-1.7, -1.7, 1000, np.inf], [0, 0, 1, 1]),
    SELU(): ([-1.7580993, -1.7580993, 1050.701, np.inf], [0, 0, 1.050701, 1.050701]),
    Sigmoid(): ([0, 0, 1, 1], [0, 0, 0, 0]),
    Tanh(): ([-1, -1, 1, 1], [0, 0, 0, 0]),
    Softplus(): ([0, 0, 1000, np.inf], [0, 0, 1, 1]),
    Softsign(): ([-1, -1000 / 1001, 1000 / 1001, 1], [0, 1001**-2, 1001**-2, 0]),
    GELU(): ([0, 0, 1000, np.inf], [0, 0, 1, 1]),
    GELU(approximate=True): ([0, 0, 1000, np.inf], [0, 0, 1, 1]),
    SiLU(): ([0, 0, 1000, np.inf], [0, 0, 1, 1]),
    ReLU6(): ([0, 0, 6, 6], [0, 0, 0, 0]),
    HardTanh(): ([-1, -1, 1, 1], [0, 0, 0, 0]),
    HardTanh(-0.5, 2.0): ([-0.5, -0.5, 2, 2], [0, 0, 0, 0]),
    CELU(): ([-1, -1, 1000, np.inf], [0, 0, 1, 1]),
    CELU(1.7): ([-1.7, -1.7, 1000, np.inf], [0, 0, 1, 1]),
    Mish(): ([0, 0, 1000, np.inf], [0, 0, 1, 1]),
    HardSigmoid(): ([0, 0, 1, 1], [0, 0, 0, 0]),
    HardSwish(): ([0, 0, 1000, np.inf], [0, 0, 1, 1]),
    HardShrink(): ([-np.inf, -1000, 1000, np.inf], [1, 1, 1, 1]),
    SoftShrink(): ([-np.inf, -999.5, 999.5, np.inf], [1, 1, 1, 1]),
    SoftShrink(1.5): ([-np.inf, -998.5, 998.5, np.inf], [1, 1, 1, 1]),
    TanhShrink(): ([-np.inf, -999, 999, np.inf], [1, 1, 1, 1]),
    Threshold(0.5, -2.0): ([-2, -2, 1000, np.inf], [0, 0, 1, 1]),
    Squareplus(): ([0, 0.001, 1000, np.inf], [0, 1e-6, 1, 1]),
    Squareplus(0.3): ([0, 0.3 / 4000, 1000, np.inf], [0, 0.3 / 4e6, 1, 1]),
    SparsePlus(): ([0, 0, 1000, np.inf], [0, 0, 1, 1]),
    SparseSigmoid(): ([0, 0, 1, 1], [0, 0, 0, 0]),
    LogSigmoid(): ([-np.inf, -1000, 0, 0], [1, 1, 0, 0]),
    Exponential(): ([0, 0, np.inf, np.inf], [0, 0, np.inf, np.inf]),
}


@every_elementwise
@both_types
def test_infinities_give_the_limits_without_a_warning(activation, dtype, ctx):
    x = np.asarray([-np.inf, -1000.0, 1000.0, np.inf], dtype=dtype)
    values, slopes = AT_THE_EDGES[activation]
    with np.errstate(over="ignore" if activation in OVERFLOWS else "warn"):
        y, dx = _forward(activation, x, ctx), _backward(activation, x, np.ones_like(x), ctx)
    np.testing.assert_allclose(y, values, rtol=3e-6, atol=1e-300)
    np.testing.assert_allclose(dx, slopes, rtol=4e-6, atol=1e-50)


@both_types
def test_softmax_takes_great_scores_and_impossible_classes(dtype, ctx):
    x = np.asarray([[-np.inf, 1000.0, 1000.0], [-1000.0, 0.0, -np.inf]], dtype=dtype)
    dy = np.asarray([[1.0, 2.0, 4.0], [1.0, 2.0, 4.0]], dtype=dtype)
    np.testing.assert_array_equal(_forward(Softmax(), x, ctx), [[0, 0.5, 0.5], [0, 1, 0]])
    np.testing.assert_array_equal(_backward(Softmax(), x, dy, ctx), [[0, -0.5, 0.5], [0, 0, 0]])
    log2 = np.log(2)
    np.testing.assert_allclose(_forward(LogSoftmax(), x, ctx), [[-np.inf, -log2, -log2], [-1000, 0, -np.inf]], 1e-6)
    np.testing.assert_array_equal(_backward(LogSoftmax(), x, dy, ctx), [[1, -1.5, 0.5], [1, -5, 4]])


@pytest.mark.parametrize("row", [[np.inf, 0.0], [-np.inf, -np.inf]], ids=str)
@pytest.mark.filterwarnings("ignore:invalid value encountered:RuntimeWarning")
def test_rows_without_a_limit_are_nan_after_softmax(row, ctx):
    for activation in (Softmax(), LogSoftmax()):
        assert np.isnan(_forward(activation, np.asarray([row]), ctx)).all()


@every_activation
def test_nan_in_is_nan_out(activation, ctx):
    x = np.asarray([[np.nan, 1.0, -1.0], [1.0, 2.0, 3.0], [4.0, -5.0, 6.0], [0.0, -0.1, 0.1]])
    y, dx = _forward(activation, x, ctx), _backward(activation, x, np.ones_like(x), ctx)
    assert np.isnan(y[0, 0])
    assert np.isfinite(y[1:]).all()
    assert np.isnan(dx[0, 0]) or activation in NAN_STOPS
    assert np.isfinite(dx[1:]).all()
    assert np.isnan(_backward(activation, np.ones_like(x), x, ctx)[0, 0])


# --- gradients --------------------------------------------------------------------------------------------------------


def _torch_functions(functional):
    return {
        Identity(): lambda x: x,
        ReLU(): functional.relu,
        LeakyReLU(): functional.leaky_relu,
        LeakyReLU(0.3): lambda x: functional.leaky_relu(x, 0.3),
        ELU(): functional.elu,
        ELU(1.7): lambda x: functional.elu(x, 1.7),
        SELU(): functional.selu,
        Sigmoid(): functional.sigmoid,
        Tanh(): functional.tanh,
        Softplus(): lambda x: functional.softplus(x, threshold=40),
        Softsign(): functional.softsign,
        GELU(): functional.gelu,
        GELU(approximate=True): lambda x: functional.gelu(x, approximate="tanh"),
        SiLU(): functional.silu,
        ReLU6(): functional.relu6,
        HardTanh(): functional.hardtanh,
        HardTanh(-0.5, 2.0): lambda x: functional.hardtanh(x, -0.5, 2.0),
        CELU(): functional.celu,
        CELU(1.7): lambda x: x.clip(0) + 1.7 * (x.clip(max=0) / 1.7).expm1(),  # PyTorch's own divides in float32
        Mish(): functional.mish,
        HardSigmoid(): lambda x: functional.relu6(x + 3) / 6,  # PyTorch's own has a slope of float32
        HardSwish(): functional.hardswish,
        HardShrink(): functional.hardshrink,
        SoftShrink(): functional.softshrink,
        SoftShrink(1.5): lambda x: functional.softshrink(x, 1.5),
        TanhShrink(): functional.tanhshrink,
        Threshold(0.5, -2.0): lambda x: functional.threshold(x, 0.5, -2.0),
        Squareplus(): lambda x: (x + (x * x + 4).sqrt()) / 2,
        Squareplus(0.3): lambda x: (x + (x * x + 0.3).sqrt()) / 2,
        SparsePlus(): lambda x: ((x.clip(-1, 1) + 1) / 2) ** 2 + (x - 1).clip(0),
        SparseSigmoid(): lambda x: (x.clip(-1, 1) + 1) / 2,
        LogSigmoid(): functional.logsigmoid,
        Exponential(): lambda x: x.exp(),
        Sparsemax(): _projected,
        Softmax(): lambda x: functional.softmax(x, dim=-1),
        LogSoftmax(): lambda x: functional.log_softmax(x, dim=-1),
    }


def _projected(x):
    """Projection on the simplex with the threshold found by bisection, one Newton step exact: for autograd."""
    low, high = x.detach().min(-1, keepdim=True).values - 1, x.detach().max(-1, keepdim=True).values
    for _ in range(200):
        middle = (low + high) / 2
        is_low = (x.detach() - middle).clip(0).sum(-1, keepdim=True) > 1
        low, high = is_low * middle + ~is_low * low, is_low * high + ~is_low * middle
    kept = (x.detach() > high).double()
    threshold = ((kept * x).sum(-1, keepdim=True) - 1) / kept.sum(-1, keepdim=True)
    return kept * (x - threshold)


@every_activation
@both_types
def test_values_and_gradients_are_those_of_torch_autograd(activation, dtype, ctx):
    torch = pytest.importorskip("torch")
    tolerance = {"float32": 5e-6, "float64": 1e-13}[dtype]
    x, dy = _normal((60, 7), 1, scale=3.0).astype(dtype), _normal((60, 7), 2).astype(dtype)
    leaf = torch.asarray(x.astype(np.float64)).requires_grad_(True)
    y = _torch_functions(torch.nn.functional)[activation](leaf)
    y.backward(torch.asarray(dy.astype(np.float64)))
    np.testing.assert_allclose(_forward(activation, x, ctx), y.detach().numpy(), rtol=tolerance, atol=tolerance)
    np.testing.assert_allclose(_backward(activation, x, dy, ctx), leaf.grad.numpy(), rtol=tolerance, atol=tolerance)


def _central_differences(activation, x, dy, ctx, step=1e-5):
    """Derivative of sum(dy * y) by each element of x."""
    result = np.empty_like(x)
    for index in np.ndindex(x.shape):
        right, left = x.copy(), x.copy()
        right[index] += step
        left[index] -= step
        change = _forward(activation, right, ctx) - _forward(activation, left, ctx)
        result[index] = np.sum(dy * change) / (2 * step)
    return result


@every_activation
@pytest.mark.parametrize("batch", [0, 1, 4])
@without_jax
def test_gradients_are_those_of_central_differences_away_from_kinks(activation, batch, ctx):
    x, dy = _normal((batch, 3), 8, scale=2.0), _normal((batch, 3), 9)
    x += np.copysign(0.01, x)
    dx = _backward(activation, x, dy, ctx)
    assert dx.shape == x.shape
    np.testing.assert_allclose(dx, _central_differences(activation, x, dy, ctx), rtol=1e-8, atol=1e-9)


def test_central_differences_tell_a_wrong_gradient():
    ctx, x, dy = _numpy_context(), _normal((4, 3), 8), _normal((4, 3), 9)
    quotients = _central_differences(Tanh(), x, dy, ctx)
    assert not np.allclose(1.00001 * _backward(Tanh(), x, dy, ctx), quotients, rtol=1e-8, atol=1e-9)


# --- what every activation owes ---------------------------------------------------------------------------------------


def _numpy_context():
    return RunContext(get_backend("numpy"), training=True, streams=Streams(0))


@every_activation
@both_types
@without_jax
def test_type_device_namespace_and_arguments_are_kept(activation, dtype, ctx):
    hosts = _normal((4, 3), 10).astype(dtype), _normal((4, 3), 11).astype(dtype)
    x, dy = (ctx.backend.asarray(host.copy()) for host in hosts)
    y, saved = activation.forward(x, ctx)
    kept = ctx.backend.to_numpy(y).copy()
    dx = activation.backward(saved, dy, ctx)
    for array in (y, dx):
        assert array_namespace(array) is array_namespace(x)
        assert (array.dtype, tuple(array.shape), device(array)) == (x.dtype, (4, 3), device(x))
    for array, host in ((x, hosts[0]), (dy, hosts[1]), (y, kept)):
        np.testing.assert_array_equal(ctx.backend.to_numpy(array), host)
    again = ctx.backend.to_numpy(activation.backward(saved, dy, ctx))
    np.testing.assert_array_equal(again, ctx.backend.to_numpy(dx))


@every_activation
@without_jax
def test_strided_arrays_give_what_their_copies_give(activation, ctx):
    wide, wide_dy = _normal((4, 6), 12), _normal((4, 6), 13)
    x, dy = ctx.backend.asarray(wide)[:, ::2], ctx.backend.asarray(wide_dy)[:, ::2]
    y, saved = activation.forward(x, ctx)
    dx = activation.backward(saved, dy, ctx)
    copies = np.ascontiguousarray(wide[:, ::2]), np.ascontiguousarray(wide_dy[:, ::2])
    np.testing.assert_allclose(ctx.backend.to_numpy(y), _forward(activation, copies[0], ctx), rtol=1e-14)
    np.testing.assert_allclose(ctx.backend.to_numpy(dx), _backward(activation, *copies, ctx), rtol=1e-13, atol=1e-16)


@every_activation
def test_nothing_waits_for_the_device(activation):
    torch = pytest.importorskip("torch")
    backend = get_backend("torch:meta")
    ctx = RunContext(backend, training=True, streams=Streams(0))
    x = torch.empty((4, 3), device="meta")
    y, saved = activation.forward(x, ctx)
    dx = activation.backward(saved, x, ctx)
    assert [(tuple(array.shape), array.device.type) for array in (y, dx)] == [((4, 3), "meta")] * 2


# --- names and arguments ----------------------------------------------------------------------------------------------

BY_NAME = {
    "celu": CELU(1.0),
    "elu": ELU(),
    "exponential": Exponential(),
    "gelu": GELU(),
    "gelu_tanh": GELU(approximate=True),
    "glu": GLU(),
    "hard_shrink": HardShrink(0.5),
    "hard_sigmoid": HardSigmoid(),
    "hard_silu": HardSwish(),
    "hard_swish": HardSwish(),
    "hard_tanh": HardTanh(-1.0, 1.0),
    "identity": Identity(),
    "leaky_relu": LeakyReLU(0.01),
    "log_sigmoid": LogSigmoid(),
    "log_softmax": LogSoftmax(),
    "mish": Mish(),
    "relu": ReLU(),
    "relu6": ReLU6(),
    "selu": SELU(),
    "sigmoid": Sigmoid(),
    "silu": SiLU(),
    "soft_shrink": SoftShrink(0.5),
    "softmax": Softmax(),
    "softplus": Softplus(),
    "softsign": Softsign(),
    "sparse_plus": SparsePlus(),
    "sparse_sigmoid": SparseSigmoid(),
    "sparsemax": Sparsemax(),
    "squareplus": Squareplus(4.0),
    "swish": SiLU(),
    "tanh": Tanh(),
    "tanh_shrink": TanhShrink(),
}
NAMES = ", ".join(BY_NAME)


@pytest.mark.parametrize("name", BY_NAME)
def test_a_name_stands_for_the_activation_with_its_defaults(name):
    assert get_activation("activation", name) == BY_NAME[name]


@every_activation
def test_an_activation_is_returned_as_it_is(activation):
    assert get_activation("activation", activation) is activation
    assert isinstance(activation, ActivationFunction)


def test_an_unknown_name_is_refused_with_the_nearest_one_and_the_list():
    with pytest.raises(ArgumentError) as caught:
        get_activation("activation", "leaky_rleu")
    message = f"activation must be one of {NAMES}, got 'leaky_rleu'. Did you mean 'leaky_relu'?"
    assert str(caught.value) == message


@pytest.mark.parametrize("value", [ReLU, 3, None], ids=str)
def test_what_is_no_activation_is_refused(value):
    with pytest.raises(ArgumentTypeError) as caught:
        get_activation("function", value)
    message = f"function must be one of {NAMES}, or an object with forward, backward, got {value!r}."
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: LeakyReLU(0.0), "negative_slope must be a number above 0 and below 1, got 0.0."),
        (lambda: LeakyReLU(1), "negative_slope must be a number above 0 and below 1, got 1.0."),
        (lambda: LeakyReLU("0.1"), "negative_slope must be a number above 0 and below 1, got '0.1'."),
        (lambda: ELU(0), "alpha must be a finite number above 0, got 0."),
        (lambda: ELU(alpha=float("inf")), "alpha must be a finite number above 0, got inf."),
        (lambda: CELU(0.0), "alpha must be a finite number above 0, got 0.0."),
        (lambda: HardTanh(1.0, 1.0), "high must be above low=1.0, got 1.0."),
        (lambda: HardTanh("a"), "low must be a finite number, got 'a'."),
        (lambda: HardTanh(high=float("nan")), "high must be a finite number, got nan."),
        (lambda: HardShrink(-1), "threshold must be a finite number of at least 0, got -1."),
        (lambda: SoftShrink(-0.5), "threshold must be a finite number of at least 0, got -0.5."),
        (lambda: Threshold(None), "threshold must be a finite number, got None."),
        (lambda: Threshold(1.0, float("inf")), "value must be a finite number, got inf."),
        (lambda: Squareplus(0), "b must be a finite number above 0, got 0."),
        (lambda: GELU("tanh"), "approximate must be True or False, got 'tanh'."),
    ],
)
def test_a_setting_that_breaks_its_rule_is_refused(make, message):
    with pytest.raises(ArgumentError) as caught:
        make()
    assert str(caught.value) == message


def test_the_representation_shows_what_is_not_at_its_default():
    assert [repr(activation) for activation in ALL] == [
        "Identity()",
        "ReLU()",
        "LeakyReLU()",
        "LeakyReLU(negative_slope=0.3)",
        "ELU()",
        "ELU(alpha=1.7)",
        "SELU()",
        "Sigmoid()",
        "Tanh()",
        "Softplus()",
        "Softsign()",
        "GELU()",
        "GELU(approximate=True)",
        "SiLU()",
        "ReLU6()",
        "HardTanh()",
        "HardTanh(low=-0.5, high=2.0)",
        "CELU()",
        "CELU(alpha=1.7)",
        "Mish()",
        "HardSigmoid()",
        "HardSwish()",
        "HardShrink()",
        "SoftShrink()",
        "SoftShrink(threshold=1.5)",
        "TanhShrink()",
        "Threshold(0.5, value=-2.0)",
        "Squareplus()",
        "Squareplus(b=0.3)",
        "SparsePlus()",
        "SparseSigmoid()",
        "LogSigmoid()",
        "Exponential()",
        "Softmax()",
        "LogSoftmax()",
        "Sparsemax()",
    ]


def test_strong_scalars_become_plain_numbers():
    assert type(LeakyReLU(np.float64(0.25)).negative_slope) is float
    assert type(ELU(np.float32(0.5)).alpha) is float


def test_every_activation_is_public_and_tested():
    public = {name for name in xpnn.activations.__all__ if isinstance(getattr(xpnn.activations, name), type)}
    assert {type(activation).__name__ for activation in (*ALL, GLU())} == public - {"ActivationFunction"}
    named = {type(activation) for activation in BY_NAME.values()}
    assert named == {type(activation) for activation in (*ALL, GLU())} - {Threshold}
