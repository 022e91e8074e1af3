"""`GLU`: values by hand, PyTorch, the tails, and layers whose output it halves."""

import numpy as np
import pytest
from conftest import without_jax

from xpnn import Network
from xpnn.activations import GLU, ReLU, output_shape
from xpnn.errors import ShapeError
from xpnn.layers import Activation, Dense


def _run(x, dy, ctx):
    y, saved = GLU().forward(ctx.backend.asarray(x), ctx)
    dx = GLU().backward(saved, ctx.backend.asarray(dy), ctx)
    return ctx.backend.to_numpy(y), ctx.backend.to_numpy(dx)


def test_values_are_those_found_by_hand(ctx):
    y, dx = _run(np.asarray([[3.0, 5.0, 0.0, np.log(4.0)]]), np.asarray([[1.0, 2.0]]), ctx)
    np.testing.assert_allclose(y, [[1.5, 4.0]], rtol=1e-15)
    np.testing.assert_allclose(dx, [[0.5, 1.6, 0.75, 1.6]], rtol=1e-15)


@pytest.mark.parametrize("shape", [(5, 6), (3, 4, 2), (0, 2), (1, 2)])
@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 2e-6), ("float64", 1e-14)])
@without_jax
def test_values_and_gradients_are_those_of_torch_autograd(shape, dtype, tolerance, ctx):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    x = (4 * rng.standard_normal(shape)).astype(dtype)
    dy = rng.standard_normal((*shape[:-1], shape[-1] // 2)).astype(dtype)
    leaf = torch.tensor(x, dtype=torch.float64, requires_grad=True)
    wanted = torch.nn.functional.glu(leaf)
    wanted.backward(torch.tensor(dy, dtype=torch.float64))
    y, dx = _run(x, dy, ctx)
    assert y.dtype == dx.dtype == dtype
    np.testing.assert_allclose(y, wanted.detach().numpy(), rtol=tolerance, atol=tolerance)
    np.testing.assert_allclose(dx, leaf.grad.numpy(), rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 1e-6), ("float64", 1e-14)])
def test_the_gate_is_right_to_the_last_digits_in_the_tails_too(dtype, tolerance, ctx):
    mp = pytest.importorskip("mpmath")
    b = np.random.default_rng(1).uniform(-100, 100, 10_000).astype("float32")
    with mp.workdps(40):
        exact = np.asarray([float(1 / (1 + mp.exp(-mp.mpf(v)))) for v in b.tolist()])
    x = np.stack([np.ones_like(b), b], axis=-1).astype(dtype)
    y, _ = _run(x, np.ones((10_000, 1), dtype), ctx)
    is_normal = exact > 128 * np.finfo("float32").tiny
    assert np.abs(y[is_normal, 0] / exact[is_normal] - 1).max() < tolerance


def test_nan_stays_in_its_sample(ctx):
    x = np.asarray([[np.nan, 1.0], [1.0, np.nan], [1.0, 1.0]])
    y, dx = _run(x, np.ones((3, 1)), ctx)
    assert np.isnan(y[:, 0]).tolist() == [True, True, False]
    assert np.isnan(dx).any(axis=1).tolist() == [True, True, False]


def test_a_layer_knows_that_the_features_are_halved():
    assert output_shape(GLU(), (3, 8)) == (3, 4)
    assert output_shape(ReLU(), (3, 8)) == (3, 8)
    assert Dense(8, activation="glu").init(_Zeros(), (5,))[2] == (4,)
    assert Activation("glu").init(None, (2, 6))[2] == (2, 3)
    net = Network([Dense(8, activation="glu"), "glu", Dense(3)]).build(5)
    assert net.parameters["2.weight"].shape == (2, 3)


class _Zeros:
    def uniform(self, low, high, shape):
        return np.zeros(shape)

    def constant(self, value, shape):
        return np.zeros(shape)


def test_an_odd_number_of_features_is_refused():
    for shape, count in (((3,), 3), ((), 1), ((2, 5), 5)):
        with pytest.raises(ShapeError) as caught:
            Activation("glu").init(None, shape)
        assert str(caught.value) == f"input of GLU must have an even number of features, got {count}."
