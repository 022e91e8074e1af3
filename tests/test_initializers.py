"""Initializers: moments, bounds, structure, fans, names, files, and what every one of them owes."""

import numpy as np
import pytest

import xpnn.initializers
from xpnn import Network
from xpnn.errors import ArgumentError, ShapeError
from xpnn.initializers import (
    Constant,
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
    IdentityMatrix,
    LeCunNormal,
    LeCunUniform,
    Normal,
    Ones,
    Orthogonal,
    Sparse,
    TruncatedNormal,
    Uniform,
    VarianceScaling,
    Zeros,
    get_initializer,
)
from xpnn.initializers.initializer import fans
from xpnn.initializers.variance_scaling import _TRUNCATED_STD
from xpnn.layers import Dense
from xpnn.random import HostRng, ShapeRng
from xpnn.training.codec import decode, encode, known_types

ALL = (
    Constant(0.5),
    GlorotNormal(),
    GlorotUniform(),
    HeNormal(),
    HeUniform(),
    IdentityMatrix(2.0),
    LeCunNormal(),
    LeCunUniform(),
    Normal(0.3, 1.0),
    Ones(),
    Orthogonal(1.5),
    Sparse(3, 0.5),
    TruncatedNormal(0.3, 1.0),
    Uniform(-0.5, 1.0),
    VarianceScaling(2.0, "fan_avg", "uniform"),
    VarianceScaling(),
    Zeros(),
)
EVERY = pytest.mark.parametrize("initializer", ALL, ids=repr)


def draw(initializer, shape, seed=0):
    return initializer.draw(HostRng(np.random.default_rng(seed)), shape)


@EVERY
def test_values_are_float64_of_the_shape_and_depend_on_the_stream_alone(initializer):
    first, again, other = (draw(initializer, (6, 4), seed) for seed in (0, 0, 1))
    assert first.dtype == np.float64 and first.shape == (6, 4) and first.flags.c_contiguous
    np.testing.assert_array_equal(first, again)
    fixed = isinstance(initializer, Constant | IdentityMatrix | Ones | Zeros)
    assert np.array_equal(first, other) == fixed


@pytest.mark.parametrize(("initializer", "value"), [(Zeros(), 0.0), (Ones(), 1.0), (Constant(0.5), 0.5)])
def test_constants_are_what_they_are_called(initializer, value):
    assert np.array_equal(draw(initializer, (2, 3)), np.full((2, 3), value))


@EVERY
def test_the_shape_is_known_without_drawing(initializer):
    shape = (200_000, 300_000)  # 480 GB, if it were made
    values = initializer.draw(ShapeRng(), shape)
    assert values.shape == shape and values.strides == (0, 0)


@EVERY
def test_files_keep_it_and_it_is_written_as_it_is_made(initializer):
    data = encode(initializer)
    assert decode(data, known_types()) == initializer
    assert eval(repr(initializer), vars(xpnn.initializers)) == initializer  # noqa: S307


@EVERY
def test_a_layer_takes_it(initializer):
    net = Network([Dense(4, weight_initializer=initializer)]).build(6)
    assert net.parameters["0.weight"].shape == (6, 4)


# -------------------------------------------------------------------------------------------------------- moments

FANS = {"fan_in": 72.0, "fan_out": 144.0, "fan_avg": 108.0}  # of a 3 x 3 convolution from 8 to 16 channels


@pytest.mark.parametrize("mode", FANS)
@pytest.mark.parametrize("distribution", ["truncated_normal", "normal", "uniform"])
def test_the_variance_is_the_scale_over_the_fan(mode, distribution):
    initializer = VarianceScaling(1.7, mode, distribution)
    values = np.stack([draw(initializer, (3, 3, 8, 16), seed) for seed in range(200)])
    std = (1.7 / FANS[mode]) ** 0.5
    assert values.std() == pytest.approx(std, rel=0.01)
    assert abs(values.mean()) < 0.01 * std
    bound = {"truncated_normal": 2 * std / _TRUNCATED_STD, "normal": np.inf, "uniform": 3**0.5 * std}[distribution]
    assert np.abs(values).max() <= bound
    if distribution != "normal":
        assert np.abs(values).max() > 0.99 * bound


@pytest.mark.parametrize(
    ("named", "general"),
    [
        (GlorotUniform(), VarianceScaling(1.0, "fan_avg", "uniform")),
        (GlorotNormal(), VarianceScaling(1.0, "fan_avg", "normal")),
        (HeUniform(), VarianceScaling(2.0, "fan_in", "uniform")),
        (HeNormal(), VarianceScaling(2.0, "fan_in", "normal")),
        (LeCunUniform(), VarianceScaling(1.0, "fan_in", "uniform")),
        (LeCunNormal(), VarianceScaling(1.0, "fan_in", "normal")),
    ],
)
@pytest.mark.parametrize("shape", [(7, 5), (3, 3, 8, 16), (4,)])
def test_the_named_ones_are_special_cases(named, general, shape):
    np.testing.assert_allclose(draw(named, shape), draw(general, shape), rtol=1e-15, atol=1e-15)


@pytest.mark.parametrize(
    ("shape", "wanted"),
    [((), (1, 1)), ((5,), (5, 5)), ((784, 10), (784, 10)), ((5, 8, 16), (40, 80)), ((3, 3, 8, 16), (72, 144))],
)
def test_fans_count_channels_times_the_size_of_the_kernel(shape, wanted):
    assert fans(shape) == wanted


def test_fans_are_those_of_pytorch():
    torch = pytest.importorskip("torch")
    for shape in ((784, 10), (5, 8, 16), (3, 2, 8, 16), (2, 3, 4, 5, 6)):
        axes = (len(shape) - 1, len(shape) - 2, *range(len(shape) - 2))  # torch has (out, in, *kernel)
        weight = torch.empty(shape).permute(axes)
        assert fans(shape) == torch.nn.init._calculate_fan_in_and_fan_out(weight)


def test_truncated_values_are_distributed_as_by_scipy():
    stats = pytest.importorskip("scipy.stats")
    values = draw(TruncatedNormal(0.5, 2.0), (300, 300)).ravel()
    assert np.abs(values - 2.0).max() <= 1.0
    assert stats.kstest(values, stats.truncnorm(-2, 2, 2.0, 0.5).cdf).pvalue > 0.01
    assert stats.truncnorm(-2, 2).std() == pytest.approx(_TRUNCATED_STD, rel=1e-14)


# ------------------------------------------------------------------------------------------------------ structure


@pytest.mark.parametrize("shape", [(6, 6), (9, 4), (4, 9), (1, 5), (3, 3, 2, 7), (2, 9)])
def test_an_orthogonal_weight_keeps_lengths(shape):
    weight = draw(Orthogonal(3.0), shape).reshape(-1, shape[-1])
    tall = weight if weight.shape[0] >= weight.shape[1] else weight.T
    np.testing.assert_allclose(tall.T @ tall, 9 * np.eye(tall.shape[1]), atol=1e-13)


def test_all_orthogonal_matrices_are_equally_likely():
    weights = np.stack([draw(Orthogonal(), (3, 3), seed) for seed in range(4000)])
    assert abs((np.linalg.det(weights) > 0).mean() - 0.5) < 0.03  # without the signs all have one determinant
    assert np.abs(weights.mean(axis=0)).max() < 0.03
    np.testing.assert_allclose((weights**2).mean(axis=0), 1 / 3, atol=0.02)


@pytest.mark.parametrize(("shape", "count"), [((50, 8), 3), ((2, 8), 2), ((3, 3, 4, 5), 3)])
def test_a_sparse_weight_has_so_many_connections_per_unit(shape, count):
    weight = draw(Sparse(3), shape).reshape(-1, shape[-1])
    assert (np.count_nonzero(weight, axis=0) == count).all()


def test_sparse_weights_lie_anywhere_and_are_normal():
    weights = np.stack([draw(Sparse(2, 0.5), (6, 4), seed) for seed in range(3000)])
    np.testing.assert_allclose((weights != 0).mean(axis=0), 2 / 6, atol=0.04)
    assert weights[weights != 0].std() == pytest.approx(0.5, rel=0.02)


def test_an_identity_hands_its_input_on():
    assert draw(IdentityMatrix(3.0), (2, 3)).tolist() == [[3.0, 0.0, 0.0], [0.0, 3.0, 0.0]]
    x = np.random.default_rng(0).normal(size=(4, 5)).astype("float32")
    net = Network([Dense(5, weight_initializer="identity")], loss="mse").build(5)
    np.testing.assert_array_equal(net.predict(x), x)


# ---------------------------------------------------------------------------------------------- names and messages

BY_NAME = {
    "glorot_normal": GlorotNormal(),
    "glorot_uniform": GlorotUniform(),
    "he_normal": HeNormal(),
    "he_uniform": HeUniform(),
    "identity": IdentityMatrix(1.0),
    "lecun_normal": LeCunNormal(),
    "lecun_uniform": LeCunUniform(),
    "normal": Normal(1.0),
    "ones": Ones(),
    "orthogonal": Orthogonal(1.0),
    "random_normal": Normal(0.05),
    "random_uniform": Uniform(-0.05, 0.05),
    "sparse": Sparse(15, 1.0),
    "truncated_normal": TruncatedNormal(0.05),
    "uniform": Uniform(-0.05, 0.05),
    "variance_scaling": VarianceScaling(1.0, "fan_in", "truncated_normal"),
    "zeros": Zeros(),
}


def test_every_initializer_has_its_name():
    assert {name: get_initializer("a", name) for name in xpnn.initializers._BY_NAME} == BY_NAME
    public = {name for name in xpnn.initializers.__all__ if isinstance(getattr(xpnn.initializers, name), type)}
    assert {type(initializer).__name__ for initializer in ALL} == public - {"Initializer"}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: VarianceScaling(0), "scale must be a finite number above 0, got 0."),
        (lambda: VarianceScaling(mode="fan"), "mode must be one of fan_avg, fan_in, fan_out, got 'fan'."),
        (
            lambda: VarianceScaling(distribution="gauss"),
            "distribution must be one of normal, truncated_normal, uniform, got 'gauss'.",
        ),
        (lambda: Orthogonal(0), "gain must be a finite number above 0, got 0."),
        (lambda: draw(Orthogonal(), (4,)), "weight must have at least two axes to be orthogonal, got shape (4,)."),
        (lambda: Sparse(0), "connections must be an integer of at least 1, got 0."),
        (lambda: Sparse(std=0), "std must be a finite number above 0, got 0."),
        (lambda: draw(Sparse(), (4,)), "weight must have at least two axes to be sparse, got shape (4,)."),
        (lambda: IdentityMatrix(None), "gain must be a finite number, got None."),
        (
            lambda: draw(IdentityMatrix(), (3, 3, 2, 2)),
            "weight must have two axes to be an identity, got shape (3, 3, 2, 2).",
        ),
        (lambda: TruncatedNormal(-1), "std must be a finite number of at least 0, got -1."),
        (lambda: TruncatedNormal(mean=None), "mean must be a finite number, got None."),
        (lambda: Uniform(1.0, 0.0), "high must be at least low=1.0, got 0.0."),
    ],
)
def test_what_breaks_a_rule_is_refused(call, message):
    with pytest.raises((ArgumentError, ShapeError)) as caught:
        call()
    assert str(caught.value).startswith(message)
