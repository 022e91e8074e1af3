"""Random transformations of images: each sample by loops in NumPy, all places, silence outside training, messages."""

import re

import numpy as np
import pytest
from conftest import TESTED

import xpnn
from xpnn import Network
from xpnn.backend import get_backend
from xpnn.context import RunContext
from xpnn.errors import ArgumentError, ShapeError
from xpnn.layers import (
    Dense,
    Flatten,
    RandomBrightness,
    RandomContrast,
    RandomCrop,
    RandomErasing,
    RandomFlip,
    RandomTranslation,
    Reshape,
)
from xpnn.layers._images import cut_windows, put_windows_back
from xpnn.random import HostRng, Streams

NUMPY = get_backend("numpy")
LAYERS = [
    RandomBrightness(0.3),
    RandomContrast(0.3),
    RandomErasing(1.0),
    RandomFlip("horizontal_and_vertical"),
    RandomTranslation(2, 1),
]
IMAGES = np.random.default_rng(0).standard_normal((300, 5, 4, 2))


class Script(RunContext):
    """A context that draws the numbers of a list, one draw after the other."""

    __slots__ = ("draws",)

    def __init__(self, *draws):
        super().__init__(NUMPY, True, Streams(0))
        self.draws = [np.asarray(draw).reshape(-1, 1, 1, 1) for draw in draws]

    def bernoulli(self, probability, shape):
        return self.draws.pop(0)

    def uniform(self, shape, dtype):
        assert shape == self.draws[0].shape
        return self.draws.pop(0).astype(dtype)


def _run(layer, ctx, x=IMAGES, dy=None):
    y, saved, _ = layer.forward({}, {}, x, ctx)
    dx, _ = layer.backward({}, saved, np.ones_like(y) if dy is None else dy, ctx)
    return y, dx


def _shifts(sizes, n=60):
    """Uniform numbers for each index below each size, and the indices."""
    rng = np.random.default_rng(1)
    indices = [np.concatenate([np.arange(size), rng.integers(size, size=n - size)]) for size in sizes]
    return [(i + rng.random(n)) / size for i, size in zip(indices, sizes, strict=True)], indices


@pytest.mark.parametrize(("height", "width", "padding"), [(3, 2, 0), (5, 4, 0), (5, 4, 3), (2, 7, 2), (1, 1, 0)])
def test_each_sample_is_cropped_at_its_own_place(height, width, padding):
    x = IMAGES[:60]
    padded = np.pad(x, ((0, 0), (padding, padding), (padding, padding), (0, 0)))
    draws, (top, left) = _shifts([padded.shape[1] - height + 1, padded.shape[2] - width + 1])
    dy = np.random.default_rng(2).standard_normal((60, height, width, 2))
    y, dx = _run(RandomCrop(height, width, padding), Script(*draws), x, dy)
    back = np.zeros_like(padded)
    for i, (a, b) in enumerate(zip(top, left, strict=True)):
        assert np.array_equal(y[i], padded[i, a : a + height, b : b + width])
        back[i, a : a + height, b : b + width] = dy[i]
    assert np.array_equal(dx, back[:, padding : padding + 5, padding : padding + 4])


@pytest.mark.parametrize(("height", "width"), [(2, 1), (0, 3), (9, 0), (0, 0)])
def test_each_sample_is_moved_by_its_own_distance(height, width):
    x, dy = IMAGES[:60], IMAGES[60:120]
    draws, indices = _shifts([2 * height + 1, 2 * width + 1])
    used = [draw for draw, most in zip(draws, (height, width), strict=True) if most]
    y, dx = _run(RandomTranslation(height, width), Script(*used), x, dy)
    for i in range(60):
        down, right = height - indices[0][i], width - indices[1][i]
        wanted, back = np.zeros((5, 4, 2)), np.zeros((5, 4, 2))
        for a, b in np.ndindex(5, 4):
            if 0 <= a - down < 5 and 0 <= b - right < 4:
                wanted[a, b] = x[i, a - down, b - right]
                back[a - down, b - right] = dy[i, a, b]
        assert np.array_equal(y[i], wanted)
        assert np.array_equal(dx[i], back)


MODES = {"constant": {"constant_values": 1.5}, "nearest": {}, "reflect": {}, "wrap": {}}
OF_NUMPY = {"constant": "constant", "nearest": "edge", "reflect": "symmetric", "wrap": "wrap"}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("border", [(1, 1), (2, 0), (5, 4), (13, 9)])
@pytest.mark.parametrize("moves", [True, False])
def test_what_is_outside_is_that_of_numpy_and_its_gradient_adds_up(mode, border, moves):
    """`numpy.pad` of the images, and of the numbers of their pixels, which says where each gradient belongs."""
    if not moves:
        border = (border[0], border[0])
    x, pixels, around = IMAGES[:60], np.arange(20).reshape(5, 4), [(n, n) for n in border]
    padded = np.pad(x, [(0, 0), *around, (0, 0)], OF_NUMPY[mode], **MODES[mode])
    sources = np.pad(pixels, around, OF_NUMPY[mode], **({"constant_values": 20} if mode == "constant" else {}))
    size = (5, 4) if moves else (3, 4)
    draws, (top, left) = _shifts([sources.shape[i] - size[i] + 1 for i in range(2)])
    kind, arguments = (RandomTranslation, border) if moves else (RandomCrop, (*size, border[0]))
    layer = kind(*arguments, fill_mode=mode, fill_value=1.5)
    used = [draw for draw, n in zip(draws, border, strict=True) if n or not moves]
    dy = np.random.default_rng(2).standard_normal((60, *size, 2))
    y, dx = _run(layer, Script(*used), x, dy)
    for i, (a, b) in enumerate(zip(top, left, strict=True)):
        window = slice(a, a + size[0]), slice(b, b + size[1])
        assert np.array_equal(y[i], padded[i][window])
        back = np.zeros((21, 2))
        np.add.at(back, sources[window], dy[i])
        np.testing.assert_allclose(dx[i], back[:20].reshape(5, 4, 2), rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("mode", ["horizontal", "vertical", "horizontal_and_vertical"])
def test_each_sample_is_mirrored_or_not(mode):
    rng = np.random.default_rng(3)
    axes = {"horizontal": [1], "vertical": [0], "horizontal_and_vertical": [1, 0]}[mode]
    masks = [rng.integers(2, size=300).astype(bool) for _ in axes]
    dy = rng.standard_normal(IMAGES.shape)
    y, dx = _run(RandomFlip(mode), Script(*masks), IMAGES, dy)
    for i in range(300):
        turned = [axis for axis, mask in zip(axes, masks, strict=True) if mask[i]]
        assert np.array_equal(y[i], np.flip(IMAGES[i], turned))
        assert np.array_equal(dx[i], np.flip(dy[i], turned))


def test_brightness_and_contrast_have_the_values_worked_out_by_hand():
    x = np.asarray([[1.0, 5.0], [3.0, 7.0]]).reshape(1, 2, 2, 1)
    dy = np.asarray([[4.0, 0.0], [0.0, 0.0]]).reshape(1, 2, 2, 1)
    y, dx = _run(RandomBrightness(0.5), Script([0.75]), x, dy)  # uniform 0.75 in [-0.5, 0.5) is 0.25
    assert (y.ravel().tolist(), dx.ravel().tolist()) == ([1.25, 5.25, 3.25, 7.25], [4, 0, 0, 0])
    y, dx = _run(RandomContrast(0.5), Script([0.0]), x, dy)  # half the contrast around 4
    assert (y.ravel().tolist(), dx.ravel().tolist()) == ([2.5, 4.5, 3.5, 5.5], [2.5, 0.5, 0.5, 0.5])
    two = np.concatenate([x, 10.0 - x], axis=3)
    assert np.array_equal(_run(RandomContrast(0.5), Script([0.0]), two)[0][..., 1], 6.0 - (two[..., 0] - 4.0) / 2)


def test_erasing_has_the_values_worked_out_by_hand():
    x = np.ones((2, 4, 6, 1))  # 24 pixels: area 1/4 and ratio 1.5 give 3 rows and 2 columns, at 1 of 0..1 and 4 of 0..4
    layer = RandomErasing(0.5, area=(0.25, 0.25), ratio=(1.5, 1.5), value=7.0)
    y, dx = _run(layer, Script([0.3, 0.3], [0.3, 0.3], [0.5, 0.5], [0.9, 0.9], [True, False]), x)
    wanted = np.ones((2, 4, 6, 1))
    wanted[0, 1:4, 4:6] = 7.0
    assert np.array_equal(y, wanted)
    assert np.array_equal(dx, np.where(wanted == 7.0, 0.0, 1.0))


def test_erased_rectangles_are_as_wide_as_asked_for():
    x = np.ones((2000, 20, 30, 1))
    layer = RandomErasing(1.0, area=(0.05, 0.3), ratio=(0.5, 2.0))
    y = layer.forward({}, {}, x, RunContext(NUMPY, True, Streams(1)))[0][..., 0] == 0
    rows, columns = y.any(axis=2).sum(axis=1), y.any(axis=1).sum(axis=1)
    assert np.array_equal(y.sum(axis=(1, 2)), rows * columns)
    share, ratio = rows * columns / 600, rows / columns
    assert 0.035 < share.min() < 0.06 < 0.28 < share.max() < 0.33
    assert 0.4 < ratio.min() < 0.55 < 1.8 < ratio.max() < 2.4
    assert abs(np.log(ratio).mean()) < 0.05
    whole = RandomErasing(1.0, area=(1.0, 1.0), ratio=(3.0, 3.0)).forward(
        {}, {}, x, RunContext(NUMPY, True, Streams(1))
    )
    assert np.all((whole[0] == 0).sum(axis=1)[:, :, 0].max(axis=1) == 20)  # cut to the height of the image
    rate = RandomErasing(0.25).forward({}, {}, x, RunContext(NUMPY, True, Streams(1)))[0]
    assert np.mean(np.any(rate == 0, axis=(1, 2, 3))) == pytest.approx(0.25, abs=0.03)


@pytest.mark.parametrize("starts", [1, 2, 3, 5, 8, 9])
def test_windows_start_at_every_index_and_go_back(starts):
    x = np.arange(starts * (starts + 3.0)).reshape(starts, starts + 3, 1, 1) + 1
    width = (starts - 1).bit_length()
    digits = [(np.arange(starts) >> k & 1).astype(bool).reshape(-1, 1, 1, 1) for k in reversed(range(width))]
    y = cut_windows(np, x, 1, digits, 4)
    back = put_windows_back(np, y, 1, digits, starts + 3)
    for i in range(starts):
        assert np.array_equal(y[i], x[i, i : i + 4])
        assert np.array_equal(back[i, i : i + 4], y[i])
        assert back[i].sum() == y[i].sum()


def test_places_are_equally_likely_and_mirrors_too():
    ctx = RunContext(NUMPY, True, Streams(5))
    marks = np.zeros((6000, 5, 5, 1))
    marks[:, 2, 2] = 1
    moved = RandomTranslation(1, 2).forward({}, {}, marks, ctx)[0].mean(axis=0)[..., 0]
    np.testing.assert_allclose(moved[1:4], 1 / 15, atol=0.015)
    assert moved.sum() == pytest.approx(1.0)
    corner = np.zeros((6000, 2, 2, 1))
    corner[:, 0, 0] = 1
    np.testing.assert_allclose(
        RandomFlip("horizontal_and_vertical").forward({}, {}, corner, ctx)[0].mean(axis=0)[..., 0], 0.25, atol=0.03
    )


def test_nan_stays_in_its_pixel():
    x = np.zeros((50, 4, 4, 1))
    x[:, 2, 2] = np.nan
    for layer in (RandomFlip(), RandomTranslation(1, 1), RandomCrop(4, 4, padding=1), RandomBrightness(0.1)):
        y = layer.forward({}, {}, x, RunContext(NUMPY, True, Streams(0)))[0]
        assert np.all(np.isnan(y).sum(axis=(1, 2, 3)) == 1)


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: type(layer).__name__)
def test_images_are_left_alone_outside_training(layer):
    ctx = RunContext(NUMPY, False, Streams(0))
    y, saved, _ = layer.forward({}, {}, IMAGES, ctx)
    assert y is IMAGES
    assert layer.backward({}, saved, IMAGES, ctx)[0] is IMAGES
    assert ctx._streams.positions == {}
    training = RunContext(NUMPY, True, Streams(0))
    assert not np.array_equal(layer.forward({}, {}, IMAGES, training)[0], IMAGES)


def test_the_middle_is_cropped_outside_training():
    ctx = RunContext(NUMPY, False, Streams(0))
    y, dx = _run(RandomCrop(2, 1), ctx)
    assert np.array_equal(y, IMAGES[:, 1:3, 1:2])
    assert np.array_equal(np.argwhere(dx[0, :, :, 0]), [[1, 1], [2, 1]])
    assert np.array_equal(_run(RandomCrop(5, 4, padding=2), ctx)[0], IMAGES)
    assert ctx._streams.positions == {}


@pytest.mark.parametrize("word", [word for word in TESTED if word not in ("jax", "strict:device1")])
def test_many_members_see_the_images_that_they_would_see_alone(word):
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((12, 4, 4, 2)), rng.integers(3, size=12)
    layers = [RandomFlip(), RandomTranslation(1, 2), RandomContrast(0.2), RandomErasing(), Flatten(), Dense(3)]
    net = Network(layers, backend=TESTED[word], dtype="float64")
    result = xpnn.train_many(net, x, y, seeds=[0, 1], epochs=2, batch_size=5)
    for seed, member in zip((0, 1), result.networks, strict=True):
        alone = Network(layers, backend=TESTED[word], dtype="float64", seed=seed, compile=False)
        alone.fit(x, y, epochs=2, batch_size=5)
        np.testing.assert_allclose(member.flat_parameters, alone.flat_parameters, rtol=1e-10, atol=1e-12)


def test_gradients_reach_layers_before_the_images():
    layers = [Dense(32), Reshape((4, 4, 2)), RandomCrop(3, 3, 1), RandomFlip(), RandomErasing(), Flatten(), Dense(3)]
    rng = np.random.default_rng(0)
    net = Network(layers, dtype="float64").build(5)
    report = xpnn.check_gradients(net, rng.standard_normal((6, 5)), rng.integers(3, size=6), training=True)
    assert report.passed, str(report)


AREA = "area must be two numbers above 0, the first not the greater one, up to 1, got"
RATIO = "ratio must be two numbers above 0, the first not the greater one, got"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: RandomFlip("sideways"),
            "mode must be one of horizontal, horizontal_and_vertical, vertical, got 'sideways'.",
        ),
        (lambda: RandomCrop(0, 1), "height must be an integer of at least 1, got 0."),
        (lambda: RandomCrop(1, 0), "width must be an integer of at least 1, got 0."),
        (lambda: RandomCrop(1, 1, padding=-1), "padding must be an integer of at least 0, got -1."),
        (
            lambda: RandomTranslation(1, 0, "mirror"),
            "fill_mode must be one of constant, nearest, reflect, wrap, got 'mirror'.",
        ),
        (lambda: RandomCrop(1, 1, fill_value=np.nan), "fill_value must be a finite number, got nan."),
        (lambda: RandomTranslation(-1, 0), "height must be an integer of at least 0, got -1."),
        (lambda: RandomTranslation(0, 0.5), "width must be an integer of at least 0, got 0.5."),
        (lambda: RandomBrightness(-1), "factor must be a finite number of at least 0, got -1."),
        (lambda: RandomContrast(1.0), "factor must be a number in [0, 1), got 1.0."),
        (lambda: RandomErasing(0), "rate must be a finite number above 0, got 0."),
        (lambda: RandomErasing(1.5), "rate must be a number in (0, 1], got 1.5."),
        (lambda: RandomErasing(area=0.5), f"{AREA} 0.5."),
        (lambda: RandomErasing(area=(0.5, 0.1)), f"{AREA} (0.5, 0.1)."),
        (lambda: RandomErasing(area=(0.5, 1.1)), f"{AREA} (0.5, 1.1)."),
        (lambda: RandomErasing(ratio=(0.0, 1.0)), f"{RATIO} (0.0, 1.0)."),
        (lambda: RandomErasing(value=float("nan")), "value must be a finite number, got nan."),
    ],
)
def test_wrong_arguments_are_refused_by_their_message(make, message):
    with pytest.raises(ArgumentError, match=f"^{re.escape(message)}$"):
        make()


@pytest.mark.parametrize(
    ("layer", "shape", "message"),
    [
        *(
            (layer, (3, 4), "input must have shape (batch, height, width, channels), got (batch, 3, 4).")
            for layer in [*LAYERS, RandomCrop(1, 1)]
        ),
        (
            RandomCrop(5, 3, padding=1),
            (2, 9, 1),
            "input must be at least 5 by 3 with its padding, got 4 by 11.",
        ),
        (RandomCrop(5, 3), (6, 2, 1), "input must be at least 5 by 3 with its padding, got 6 by 2."),
    ],
)
def test_inputs_of_another_shape_are_refused_by_their_message(layer, shape, message):
    with pytest.raises(ShapeError, match=f"^{re.escape(message)}$"):
        layer.init(HostRng(np.random.default_rng(0)), shape)
