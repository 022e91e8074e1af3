"""Activations: values by hand, mpmath, PyTorch's autograd, central differences, and what every activation owes."""

from functools import cache

import numpy as np
import pytest
from array_api_compat import array_namespace, device

import xpnn.activations
from xpnn.activations import (
    ELU,
    GELU,
    SELU,
    ActivationFunction,
    Identity,
    LeakyReLU,
    LogSoftmax,
    ReLU,
    Sigmoid,
    SiLU,
    Softmax,
    Softplus,
    Softsign,
    Tanh,
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
)
ALL = (*ELEMENTWISE, Softmax(), LogSoftmax())
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
    [(ReLU(), 0.0), (LeakyReLU(0.3), 0.3), (ELU(), 1.0), (ELU(1.7), 1.7), (SELU(), 1.7580993408473768)],
    ids=repr,
)
def test_the_derivative_at_a_kink_is_that_of_the_left_side(activation, slope, ctx):
    for zero in (0.0, -0.0):
        np.testing.assert_allclose(_backward(activation, np.full(5, zero), np.ones(5), ctx), np.full(5, slope), 1e-15)


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
    y = _forward(activation, x.astype(dtype), ctx)
    is_normal = np.abs(exact) >= _least(dtype, ctx)
    errors = np.abs(y[is_normal] / exact[is_normal] - 1)
    assert errors.size >= 0.49 * x.size
    assert errors.max() < TAIL.get(activation, (1e-6, 1e-14))[dtype == "float64"]
    assert np.abs(y[~is_normal]).max(initial=0.0) <= 1.01 * _least(dtype, ctx)


@every_elementwise
@both_types
def test_derivatives_are_right_to_the_last_digits_in_the_tails_too(activation, dtype, ctx):
    x, exact = _reference(activation, 1, 1_200)
    x, exact = (array[:1_000] if dtype == "float32" else array for array in (x, exact))
    dx = _backward(activation, x.astype(dtype), np.ones(x.shape, dtype), ctx)
    is_normal = np.abs(exact) >= _least(dtype, ctx)
    is_near_a_root = (np.abs(exact) < 0.1) & (x > -3) & (x < 0)
    errors = np.abs(dx - exact)[is_normal] / np.where(is_near_a_root, 0.1, np.abs(exact))[is_normal]
    assert errors.size >= 0.4 * x.size
    assert errors.max() < TAIL.get(activation, (4e-6, 1e-13))[dtype == "float64"]
    assert np.abs(dx[~is_normal]).max(initial=0.0) <= 1.01 * _least(dtype, ctx)


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
}


@every_elementwise
@both_types
def test_infinities_give_the_limits_without_a_warning(activation, dtype, ctx):
    x = np.asarray([-np.inf, -1000.0, 1000.0, np.inf], dtype=dtype)
    values, slopes = AT_THE_EDGES[activation]
    np.testing.assert_allclose(_forward(activation, x, ctx), values, rtol=1e-6, atol=1e-300)
    np.testing.assert_allclose(_backward(activation, x, np.ones_like(x), ctx), slopes, rtol=1e-6, atol=1e-50)


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
    assert np.isnan(dx[0, 0]) or activation in (Identity(), ReLU())  # as in PyTorch, where [nan > 0] is 0
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
        Softmax(): lambda x: functional.softmax(x, dim=-1),
        LogSoftmax(): lambda x: functional.log_softmax(x, dim=-1),
    }


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
    "elu": ELU(),
    "gelu": GELU(),
    "gelu_tanh": GELU(approximate=True),
    "identity": Identity(),
    "leaky_relu": LeakyReLU(0.01),
    "log_softmax": LogSoftmax(),
    "relu": ReLU(),
    "selu": SELU(),
    "sigmoid": Sigmoid(),
    "silu": SiLU(),
    "softmax": Softmax(),
    "softplus": Softplus(),
    "softsign": Softsign(),
    "swish": SiLU(),
    "tanh": Tanh(),
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
        "Softmax()",
        "LogSoftmax()",
    ]


def test_strong_scalars_become_plain_numbers():
    assert type(LeakyReLU(np.float64(0.25)).negative_slope) is float
    assert type(ELU(np.float32(0.5)).alpha) is float


def test_every_activation_is_public_and_tested():
    public = {name for name in xpnn.activations.__all__ if isinstance(getattr(xpnn.activations, name), type)}
    assert {type(activation).__name__ for activation in ALL} == public - {"ActivationFunction"}
    assert {type(activation) for activation in BY_NAME.values()} == {type(activation) for activation in ALL}
