"""The complementary error function against mpmath, PyTorch and JAX."""

from functools import cache

import numpy as np
import pytest
from array_api_compat import array_namespace, device
from conftest import without_jax

from xpnn import special
from xpnn.backend import get_backend

DTYPES = {"float32": (9.1, 1e-6), "float64": (26.5, 2e-15)}


def _rational(mp, degrees, end, k):
    """Coefficients from the highest power down of P and Q, by the recipe in the docstring of the module."""
    with mp.workdps(60):
        p, q = degrees
        width = (mp.mpf(end) - k) / (end + k) + 1
        points = []
        for i in range(1, p + q + 1):
            t = width * (1 - mp.cos(mp.pi * i / (p + q))) / 2 - 1
            points.append(k * (1 + t) / (1 - t))
        values = [mp.exp(a * a) * mp.erfc(a) for a in points]
        rows = [
            [a**j for j in range(1, p + 1)] + [-f * a**j for j in range(1, q + 1)]
            for a, f in zip(points, values, strict=True)
        ]
        solution = mp.lu_solve(mp.matrix(rows), mp.matrix([f - 1 for f in values]))
        coefficients = [float(c) for c in solution]
    return (*coefficients[:p][::-1], 1.0), (*coefficients[p:][::-1], 1.0)


@cache
def _reference(dtype):
    """Points over the whole range, denser where the function bends, and the function there, from 40 digits."""
    mp = pytest.importorskip("mpmath")
    end = DTYPES[dtype][0]
    rng = np.random.default_rng(7)
    x = np.concatenate([rng.uniform(-6, end, 2500), rng.uniform(-1, 3, 1000), [-6.0, 0.0, end]]).astype(dtype)
    with mp.workdps(40):
        return x, [mp.erfc(mp.mpf(float(v))) for v in x]


def _relative_error(y, exact):
    return max(float(abs(float(v) / e - 1)) for v, e in zip(y, exact, strict=True))


@pytest.mark.parametrize("dtype", DTYPES)
def test_erfc_is_right_to_the_last_digits_over_the_whole_range(backend, dtype):
    x, exact = _reference(dtype)
    y = backend.to_numpy(special.erfc(backend.asarray(x), backend.xp))
    assert y.dtype == dtype
    assert _relative_error(y, exact) < DTYPES[dtype][1]


@pytest.mark.parametrize(
    ("p", "q", "end", "k"),
    [
        (special._P64, special._Q64, special._END64, 2.75),
        (special._P32, special._Q32, special._END32, 2.0),
    ],
    ids=["float64", "float32"],
)
def test_the_coefficients_follow_from_their_recipe(p, q, end, k):
    mp = pytest.importorskip("mpmath")
    assert _rational(mp, (len(p) - 1, len(q) - 1), end, k) == (p, q)


def test_a_recipe_with_another_k_is_told_apart():
    mp = pytest.importorskip("mpmath")
    assert _rational(mp, (4, 5), special._END32, 2.5) != (special._P32, special._Q32)


def test_native_functions_agree_with_erfc():
    for word in ("torch", "jax"):
        pytest.importorskip(word)
        backend = get_backend(word)
        for dtype in DTYPES:
            x = backend.asarray(_reference(dtype)[0])
            ours, native = backend.to_numpy(special.erfc(x, backend.xp)), backend.to_numpy(backend.erfc(x))
            np.testing.assert_allclose(ours, native, rtol={"float32": 2e-5, "float64": 2e-13}[dtype])


@pytest.mark.parametrize("dtype", DTYPES)
def test_erfc_is_exact_at_the_ends_and_nan_stays_nan(backend, dtype):
    x = [-np.inf, -1e30, -1000.0, -0.0, 0.0, 28.0, 30.0, 1000.0, 1e30, np.inf, np.nan]
    y = backend.to_numpy(special.erfc(backend.asarray(np.asarray(x, dtype=dtype)), backend.xp))
    np.testing.assert_array_equal(y, np.asarray([2, 2, 2, 1, 1, 0, 0, 0, 0, 0, np.nan], dtype=dtype))


def test_erfc_fades_into_zero_through_the_subnormal_numbers():
    mp = pytest.importorskip("mpmath")
    x = np.linspace(26.5, 27.5, 41)
    exact = [float(mp.erfc(mp.mpf(v))) for v in x]
    np.testing.assert_allclose(special.erfc(x, np), exact, rtol=2e-15, atol=1.5e-323)


@pytest.mark.parametrize("shape", [(), (0, 3), (2, 3, 2)])
@pytest.mark.parametrize("dtype", DTYPES)
@without_jax
def test_erfc_keeps_shape_type_device_and_its_argument(backend, shape, dtype):
    host = np.full(shape, 0.5, dtype=dtype)
    x = backend.asarray(host.copy())
    y = special.erfc(x, backend.xp)
    assert (array_namespace(y), y.dtype, tuple(y.shape)) == (array_namespace(x), x.dtype, shape)
    assert device(y) == device(x)
    np.testing.assert_array_equal(backend.to_numpy(x), host)
    np.testing.assert_allclose(backend.to_numpy(y), np.full(shape, 0.4795001221869535), rtol=1e-6)


def test_erfc_reads_strided_input(backend):
    host = np.linspace(-3, 3, 24).reshape(4, 6)
    x = backend.asarray(host)
    strided = special.erfc(x[:, ::2], backend.xp)
    copied = special.erfc(backend.asarray(np.ascontiguousarray(host[:, ::2])), backend.xp)
    np.testing.assert_allclose(backend.to_numpy(strided), backend.to_numpy(copied), rtol=1e-15)
