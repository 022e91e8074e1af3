"""`RReLU`: PyTorch's numbers without training, its distribution of slopes in training, and messages."""

import numpy as np
import pytest

from xpnn.context import RunContext
from xpnn.errors import ArgumentError
from xpnn.layers import RReLU
from xpnn.random import Streams


def _run(layer, x, dy, backend, training=True):
    ctx = RunContext(backend, training, Streams(0))
    y, saved, _ = layer.forward({}, {}, backend.asarray(x), ctx)
    return [backend.to_numpy(a) for a in (y, layer.backward({}, saved, backend.asarray(dy), ctx)[0])]


def test_the_slopes_of_training_are_spread_like_those_of_pytorch():
    torch = pytest.importorskip("torch")
    from xpnn.backend import get_backend

    x = -1.0 - np.random.default_rng(0).random(40_000)
    y, slopes = _run(RReLU(0.2, 0.6), x, np.ones_like(x), get_backend("numpy"))
    torch.manual_seed(0)
    wanted = torch.rrelu(torch.tensor(x), 0.2, 0.6, training=True).numpy() / x
    assert slopes.min() >= 0.2 and slopes.max() < 0.6
    np.testing.assert_allclose(np.sort(slopes), np.sort(wanted), atol=0.01)  # the quantiles of both
    assert abs(np.corrcoef(slopes[1:], slopes[:-1])[0, 1]) < 0.02  # each element has its own
    np.testing.assert_allclose(y, slopes * x, rtol=1e-15)


def test_the_positive_side_passes_and_the_derivative_at_0_is_the_slope(backend):
    x, dy = np.asarray([[2.0, 0.0, -1.0, np.nan]]), np.asarray([[3.0, 1.0, 1.0, 1.0]])
    y, dx = _run(RReLU(0.5, 0.5), x, dy, backend)
    np.testing.assert_array_equal(y, [[2.0, 0.0, -0.5, np.nan]])
    np.testing.assert_array_equal(dx, [[3.0, 0.5, 0.5, 0.5]])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: RReLU("a"), "lower must be a finite number, got 'a'."),
        (lambda: RReLU(0.1, np.inf), "upper must be a finite number, got inf."),
        (lambda: RReLU(0.5, 0.25), "upper must be at least lower, 0.5, got 0.25."),
    ],
)
def test_what_breaks_a_rule_is_refused(call, message):
    with pytest.raises(ArgumentError) as caught:
        call()
    assert str(caught.value) == message
