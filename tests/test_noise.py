"""Noise and its relatives: values by hand and by PyTorch, moments, silence outside training, many members."""

import re

import numpy as np
import pytest
from conftest import without_jax

import xpnn
from xpnn import Network, data
from xpnn.backend import get_backend
from xpnn.context import RunContext
from xpnn.errors import ArgumentError, ShapeError
from xpnn.layers import AlphaDropout, Dense, GaussianDropout, GaussianNoise, SpatialDropout1D, SpatialDropout2D
from xpnn.random import HostRng, Streams

NOISES = [AlphaDropout(0.3), GaussianDropout(0.3), GaussianNoise(0.3), SpatialDropout1D(0.3)]


class Given(RunContext):
    """A context that draws what the test wants."""

    __slots__ = ("draw",)

    def __init__(self, draw):
        super().__init__(get_backend("numpy"), True, Streams(0))
        self.draw = np.asarray(draw)

    def bernoulli(self, probability, shape):
        assert probability == 0.75
        return np.broadcast_to(self.draw, shape)

    def normal(self, shape, dtype):
        return np.broadcast_to(self.draw, shape).astype(dtype)


def _run(layer, ctx, x, dy):
    y, saved, _ = layer.forward({}, {}, np.asarray(x), ctx)
    return y, layer.backward({}, saved, np.asarray(dy), ctx)[0]


def test_gaussian_layers_give_the_values_worked_out_by_hand():
    ctx, x, dy = Given([2.0, -1.0]), [[1.0, 3.0]], [[10.0, 100.0]]
    y, dx = _run(GaussianNoise(0.5), ctx, x, dy)
    assert (y.tolist(), dx.tolist()) == ([[2.0, 2.5]], dy)
    y, dx = _run(GaussianDropout(0.2), ctx, x, dy)  # the factors are 1 + 0.5 * (2, -1)
    assert (y.tolist(), dx.tolist()) == ([[2.0, 1.5]], [[20.0, 50.0]])


def test_spatial_dropout_gives_the_values_worked_out_by_hand():
    x, dy = np.arange(1.0, 9.0).reshape(1, 4, 2), np.ones((1, 4, 2))
    y, dx = _run(SpatialDropout1D(0.25), Given([True, False]), x, dy)
    np.testing.assert_allclose(y, x * [4 / 3, 0], rtol=1e-15)
    np.testing.assert_allclose(dx, dy * [4 / 3, 0], rtol=1e-15)
    y, _ = _run(SpatialDropout2D(0.25), Given([False, True]), x.reshape(1, 2, 2, 2), dy.reshape(1, 2, 2, 2))
    np.testing.assert_allclose(y, x.reshape(1, 2, 2, 2) * [0, 4 / 3], rtol=1e-15)


def test_alpha_dropout_is_that_of_pytorch_for_the_same_mask():
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    x = torch.randn(50, 20, dtype=torch.float64, requires_grad=True)
    y = torch.nn.functional.alpha_dropout(x, 0.25, training=True)
    dy = torch.randn(50, 20, dtype=torch.float64)
    (dx,) = torch.autograd.grad(y, x, dy)
    given = _run(AlphaDropout(0.25), Given((dx != 0).numpy()), x.detach().numpy(), dy.numpy())
    for ours, theirs in zip(given, (y, dx), strict=True):
        np.testing.assert_allclose(ours, theirs.detach().numpy(), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(
    ("layer", "variance"),
    [(GaussianNoise(0.5), 1.25), (GaussianDropout(0.2), 1.25), (AlphaDropout(0.4), 1.0), (SpatialDropout1D(0.2), 1.25)],
)
def test_moments_are_those_of_the_formula(layer, variance):
    x = np.random.default_rng(1).standard_normal((500, 2, 500))
    y = layer.forward({}, {}, x, RunContext(get_backend("numpy"), True, Streams(3)))[0]
    assert abs(y.mean()) < 0.01
    assert y.var() == pytest.approx(variance, rel=0.01)


def test_spatial_dropout_silences_whole_channels_of_single_samples():
    ctx = RunContext(get_backend("numpy"), True, Streams(0))
    for layer, shape in ((SpatialDropout1D(0.5), (40, 5, 6)), (SpatialDropout2D(0.5), (40, 5, 3, 6))):
        y = layer.forward({}, {}, np.ones(shape), ctx)[0].reshape(40, -1, 6)
        assert np.all(y == y[:, :1, :])
        assert 0.3 < np.mean(y == 0) < 0.7
        assert np.any(np.std(y[:, 0, :], axis=0) > 0)


@pytest.mark.parametrize("layer", NOISES, ids=lambda layer: type(layer).__name__)
def test_noise_is_for_training_alone(layer):
    x = np.random.default_rng(1).standard_normal((4, 3, 2))
    for ctx in (
        RunContext(get_backend("numpy"), False, Streams(0)),
        RunContext(get_backend("numpy"), True, Streams(0)),
    ):
        if ctx.training:
            layer = type(layer)(0.0)
        y, saved, _ = layer.forward({}, {}, x, ctx)
        assert y is x
        assert layer.backward({}, saved, x, ctx)[0] is x
    assert ctx._streams.positions == {}


@without_jax
def test_many_members_see_the_noise_that_they_would_see_alone(backend):
    x, y = data.spiral(12, arms=3, seed=0)
    layers = [GaussianNoise(0.1), Dense(5, activation="selu"), AlphaDropout(0.2), GaussianDropout(0.1), Dense(3)]
    net = Network(layers, backend=backend, dtype="float64", compile=True)
    result = xpnn.train_many(net, x, y, seeds=[0, 1], epochs=2, batch_size=10)
    for seed, member in zip((0, 1), result.networks, strict=True):
        alone = Network(layers, backend=backend, dtype="float64", seed=seed, compile=False)
        alone.fit(x, y, epochs=2, batch_size=10)
        np.testing.assert_allclose(member.flat_parameters, alone.flat_parameters, rtol=1e-10, atol=1e-12)
        assert member._learner.streams.positions == alone._learner.streams.positions


def test_training_goes_on_with_the_noise_of_the_saved_stream(tmp_path):
    x, y = data.spiral(12, arms=3, seed=0)
    nets = [Network([GaussianNoise(0.1), Dense(3)], dtype="float64") for _ in range(2)]
    nets[0].fit(x, y, epochs=4, batch_size=10)
    nets[1].fit(x, y, epochs=2, batch_size=10)
    nets[1].save(tmp_path / "net.safetensors")
    again = Network.load(tmp_path / "net.safetensors")
    again.fit(x, y, epochs=2, batch_size=10)
    assert np.array_equal(again.flat_parameters, nets[0].flat_parameters)
    assert np.array_equal(again.predict(x), nets[0].predict(x))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: GaussianNoise(-1.0), "std must be a finite number of at least 0, got -1.0."),
        (lambda: GaussianDropout(1.0), "rate must be a number in [0, 1), got 1.0."),
        (lambda: AlphaDropout(1), "rate must be a number in [0, 1), got 1."),
        (lambda: SpatialDropout1D(-0.5), "rate must be a number in [0, 1), got -0.5."),
    ],
)
def test_wrong_arguments_are_refused_by_their_message(make, message):
    with pytest.raises(ArgumentError, match=f"^{re.escape(message)}$"):
        make()


@pytest.mark.parametrize(
    ("layer", "shape", "message"),
    [
        (SpatialDropout1D(0.1), (3,), "input must have shape (batch, time, features), got (batch, 3)."),
        (
            SpatialDropout2D(0.1),
            (3, 4),
            "input must have shape (batch, height, width, channels), got (batch, 3, 4).",
        ),
    ],
)
def test_inputs_of_another_shape_are_refused_by_their_message(layer, shape, message):
    with pytest.raises(ShapeError, match=f"^{re.escape(message)}$"):
        layer.init(HostRng(np.random.default_rng(0)), shape)
