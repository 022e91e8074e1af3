"""The functions that a backend replaces by faster ones give the same results as NumPy."""

import math

import numpy as np
import pytest

from xpnn.backend import (
    get_backend,
)


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64"])
@pytest.mark.parametrize("shape", [(300, 24), (7, 32), (5, 33), (1, 1), (4, 1), (1, 4), (2, 3, 4), (6,), ()])
@pytest.mark.parametrize("keepdims", [False, True])
def test_fast_sums_and_maxima_of_numpy_agree_with_numpy(dtype, shape, keepdims):
    xp = get_backend("numpy").xp
    x = np.asarray(100 * np.random.default_rng(3).standard_normal(shape)).astype(dtype)
    for axis in [None, *range(-x.ndim, x.ndim), tuple(range(x.ndim))]:
        for function in ("sum", "max"):
            wanted = getattr(np, function)(x.astype(float), axis=axis, keepdims=keepdims)
            for argument in (x, x.copy(order="F"), np.repeat(x, 2, axis=-1)[..., ::2] if x.ndim else x):
                before = argument.copy()
                result = getattr(xp, function)(argument, axis=axis, keepdims=keepdims)
                assert result.dtype == x.dtype
                assert np.shape(result) == wanted.shape
                tolerance = np.finfo(dtype).eps * max(x.size, 1) * 100 if dtype.startswith("f") else 0
                assert np.all(np.abs(result - wanted) <= (tolerance if function == "sum" else 1e-5 * np.abs(wanted)))
                assert np.array_equal(argument, before)
    for axis in (None, *range(x.ndim)):
        assert xp.sum(x, axis=axis, dtype=np.float64).dtype == np.float64
        assert xp.sum(x.astype(np.int32), axis=axis).dtype == np.int64
    assert np.array_equal(xp.sign(x), np.sign(x))


def test_fast_sums_and_maxima_of_numpy_keep_nan_and_infinity_and_take_no_rows():
    xp = get_backend("numpy").xp
    x = np.asarray([[1.0, math.nan, math.inf], [2.0, 3.0, 4.0]])
    assert np.array_equal(xp.sum(x, axis=0), [3.0, math.nan, math.inf], equal_nan=True)
    assert np.array_equal(xp.sum(x, axis=1), [math.nan, 9.0], equal_nan=True)
    assert np.array_equal(xp.max(x, axis=-1), [math.nan, 4.0], equal_nan=True)
    assert xp.sum(np.ones((0, 3)), axis=0).tolist() == [0.0, 0.0, 0.0]
    assert xp.sum(np.ones((3, 0)), axis=1).tolist() == [0.0, 0.0, 0.0]
    with pytest.raises(ValueError, match="zero-size array"):
        xp.max(np.ones((3, 0)), axis=1)


SPECIAL = [math.nan, -math.inf, -2.0, -5e-324, -0.0, 0.0, 5e-324, 1e-310, 0.3, 1.0, 7.5, math.inf]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("function", ["maximum", "minimum"])
@pytest.mark.parametrize("scalar", [0.0, -1.5, 2, math.inf, -math.inf, math.nan])
def test_fast_functions_of_torch_agree_with_numpy_on_scalars(dtype, function, scalar):
    torch = pytest.importorskip("torch")
    xp = get_backend("torch").xp
    host = np.asarray(SPECIAL, dtype=dtype)
    wanted = getattr(np, function)(host, scalar)
    for result in (
        getattr(xp, function)(torch.asarray(host), scalar),
        getattr(xp, function)(scalar, torch.asarray(host)),
    ):
        assert result.numpy().dtype == wanted.dtype
        assert np.array_equal(result.numpy(), wanted, equal_nan=True)


@pytest.mark.parametrize("function", ["maximum", "minimum"])
def test_fast_functions_of_torch_agree_with_numpy_on_arrays(function):
    torch = pytest.importorskip("torch")
    xp = get_backend("torch").xp
    a, b = np.asarray(SPECIAL), np.asarray(SPECIAL[::-1])
    result = getattr(xp, function)(torch.asarray(a), torch.asarray(b))
    assert np.array_equal(result.numpy(), getattr(np, function)(a, b), equal_nan=True)
    promoted = getattr(xp, function)(torch.ones(2, dtype=torch.float32), torch.asarray(2.0, dtype=torch.float64))
    assert promoted.dtype == torch.float64


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "uint8"])
def test_the_sign_of_torch_agrees_with_numpy(dtype):
    torch = pytest.importorskip("torch")
    with np.errstate(invalid="ignore"):
        host = np.asarray(SPECIAL if dtype.startswith("f") else [0, 1, 200], dtype=dtype)
    argument = torch.asarray(host.copy())
    result = get_backend("torch").xp.sign(argument).numpy()
    assert result.dtype == host.dtype
    assert np.array_equal(result, np.sign(host), equal_nan=dtype.startswith("f"))
    assert np.array_equal(argument.numpy(), host, equal_nan=dtype.startswith("f"))


def test_the_namespace_of_torch_delegates_all_else():
    compat = pytest.importorskip("array_api_compat.torch")
    xp = get_backend("torch").xp
    assert xp.exp is compat.exp
    assert xp.__array_api_version__ == compat.__array_api_version__
    assert set(dir(compat)) <= set(dir(xp))
    with pytest.raises(AttributeError, match="no_such_function"):
        _ = xp.no_such_function
