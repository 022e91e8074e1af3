"""`PReLU`: values by hand, PyTorch, shared axes, and messages."""

import numpy as np
import pytest

from xpnn import Network
from xpnn.context import RunContext
from xpnn.errors import ArgumentError
from xpnn.layers import PReLU
from xpnn.random import HostRng, Streams


def _run(layer, x, dy, weight, backend):
    ctx = RunContext(backend, True, Streams(0))
    params = {"weight": backend.asarray(weight)}
    y, saved, _ = layer.forward(params, {}, backend.asarray(x), ctx)
    dx, grads = layer.backward(params, saved, backend.asarray(dy), ctx)
    return [backend.to_numpy(a) for a in (y, dx, grads["weight"])]


def test_values_are_those_found_by_hand(backend):
    x, dy, weight = (
        np.asarray([[-2.0, 3.0], [-1.0, -4.0]]),
        np.asarray([[1.0, 1.0], [2.0, 3.0]]),
        np.asarray([0.5, 0.1]),
    )
    y, dx, slopes = _run(PReLU(), x, dy, weight, backend)
    np.testing.assert_allclose(y, [[-1.0, 3.0], [-0.5, -0.4]], rtol=1e-15)
    np.testing.assert_allclose(dx, [[0.5, 1.0], [1.0, 0.3]], rtol=1e-15)
    np.testing.assert_allclose(slopes, [-4.0, -12.0], rtol=1e-15)


@pytest.mark.parametrize("batch", [0, 1, 4])
def test_a_slope_per_channel_is_that_of_pytorch(batch, backend):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    x, dy = rng.standard_normal((2, batch, 5, 4, 3))
    weight = rng.standard_normal(3)
    leaf, slopes = (torch.tensor(a, requires_grad=True) for a in (x, weight))
    wanted = torch.nn.functional.prelu(leaf.permute(0, 3, 1, 2), slopes).permute(0, 2, 3, 1)
    wanted.backward(torch.tensor(dy))
    y, dx, grad = _run(PReLU((1, 2)), x, dy, weight.reshape(1, 1, 3), backend)
    np.testing.assert_allclose(y, wanted.detach().numpy(), rtol=1e-14)
    np.testing.assert_allclose(dx, leaf.grad.numpy(), rtol=1e-14)
    np.testing.assert_allclose(grad.ravel(), slopes.grad.numpy(), rtol=1e-12, atol=1e-13)


def test_the_derivative_at_0_is_the_slope(backend):
    assert _run(PReLU(), np.zeros((1, 1)), np.ones((1, 1)), np.asarray([0.3]), backend)[1].tolist() == [[0.3]]


@pytest.mark.parametrize(
    ("axes", "shape"), [((), (4, 5, 3)), ((1, 2), (1, 1, 3)), (3, (4, 5, 1)), ([1, 2, 3], (1, 1, 1))]
)
def test_shared_axes_have_one_slope(axes, shape):
    params, _, output_shape = PReLU(axes).init(HostRng(np.random.default_rng(0)), (4, 5, 3))
    assert params["weight"].shape == shape and (params["weight"] == 0.25).all() and output_shape == (4, 5, 3)


def test_the_slopes_are_learned():
    x = np.linspace(-1, 1, 64)[:, None]
    net = Network([PReLU()], loss="mse", optimizer="adam", seed=0)
    net.learning_rate = 0.05
    net.fit(x, np.where(x > 0, x, -0.5 * x), epochs=100, verbose=0)
    assert net.parameters["0.weight"][0] == pytest.approx(-0.5, abs=1e-3)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: PReLU(0), "shared_axes must be an integer of at least 1, got 0."),
        (lambda: PReLU((1, 1)), "shared_axes must hold each axis once, got (1, 1)."),
        (lambda: PReLU("1"), "shared_axes must be an integer or a tuple of integers, got '1'."),
        (lambda: PReLU((1, 3)).init(None, (4, 5)), "input must have the axes (1, 3), got shape (batch, 4, 5)."),
        (lambda: PReLU(1).init(None, ()), "input must have the axes (1,), got shape (batch,)."),
    ],
)
def test_what_breaks_a_rule_is_refused(call, message):
    with pytest.raises(ArgumentError) as caught:
        call()
    assert str(caught.value) == message
