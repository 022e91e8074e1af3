"""Convolutions and pooling: values by hand, the rules of padding, ties, derivatives along a direction, messages."""

import numpy as np
import pytest

from xpnn import Network
from xpnn.backend import get_backend
from xpnn.context import RunContext
from xpnn.errors import ArgumentError, ShapeError
from xpnn.layers import (
    AveragePool2D,
    Conv1D,
    Conv1DTranspose,
    Conv2D,
    Conv2DTranspose,
    Conv3D,
    Cropping2D,
    DepthwiseConv2D,
    Flatten,
    GlobalMaxPool2D,
    MaxPool1D,
    MaxPool2D,
    SeparableConv2D,
    UpSampling2D,
    ZeroPadding1D,
    ZeroPadding2D,
)
from xpnn.layers._windows import windows
from xpnn.namespaces.dual import Dual
from xpnn.namespaces.dual_namespace import DualNamespace
from xpnn.random import HostRng, Streams
from xpnn.testing import check_layer


def _run(layer, x, dy=None, params=None):
    """Output and gradients on NumPy; `dy` is ones by default."""
    ctx = RunContext(get_backend("numpy"), True, Streams(0))
    first, state, _ = layer.init(HostRng(np.random.default_rng(0)), x.shape[1:])
    params = first if params is None else params
    y, saved, _ = layer.forward(params, state, x, ctx)
    dx, grads = layer.backward(params, saved, np.ones(y.shape) if dy is None else dy, ctx)
    return y, dx, grads


def _image(rows):
    """One sample with one channel."""
    return np.asarray(rows, dtype=np.float64)[None, ..., None]


# ------------------------------------------------------------------------------------------------------ values by hand


def test_a_convolution_gives_the_values_worked_out_by_hand():
    params = {"weight": np.asarray([[1.0, 2.0], [3.0, 4.0]])[..., None, None], "bias": np.asarray([10.0])}
    x = _image([[1, 0, 2], [0, 1, 0], [3, 0, 1]])
    y, dx, grads = _run(Conv2D(1, 2), x, _image([[1, 0], [0, 2]]), params)
    assert y[0, ..., 0].tolist() == [[15, 17], [21, 15]]
    assert dx[0, ..., 0].tolist() == [[1, 2, 0], [3, 4 + 2, 4], [0, 6, 8]]
    assert grads["weight"][..., 0, 0].tolist() == [[3, 0], [0, 3]]
    assert grads["bias"].tolist() == [3]


def test_a_transposed_convolution_adds_a_kernel_for_each_element():
    params = {"weight": np.asarray([1.0, 2.0, 3.0]).reshape((3, 1, 1)), "bias": np.asarray([0.5])}
    x, dy = np.asarray([1.0, 10.0]).reshape((1, 2, 1)), np.asarray([1.0, 0.0, 2.0, 0.0, 4.0]).reshape((1, 5, 1))
    y, dx, grads = _run(Conv1DTranspose(1, 3, 2), x, dy, params)
    assert y[0, :, 0].tolist() == [1.5, 2.5, 13.5, 20.5, 30.5]
    assert dx[0, :, 0].tolist() == [1 + 6, 2 + 12]
    assert grads["weight"][:, 0, 0].tolist() == [1 + 20, 0, 2 + 40]
    assert grads["bias"].tolist() == [7]


def test_the_channels_of_a_depthwise_convolution_stand_side_by_side():
    params = {"weight": np.asarray([[[[1.0, 2.0], [3.0, 4.0]]]]), "bias": np.zeros(4)}
    x = np.asarray([[[[1.0, 10.0]]]])
    y, dx, grads = _run(DepthwiseConv2D(1, depth_multiplier=2), x, np.asarray([[[[1.0, 1.0, 1.0, 5.0]]]]), params)
    assert y.ravel().tolist() == [1, 2, 30, 40]
    assert dx.ravel().tolist() == [3, 23]
    assert grads["weight"].ravel().tolist() == [1, 1, 10, 50]


def test_average_pooling_does_not_count_the_padding():
    y, dx, _ = _run(AveragePool2D(2, padding="same"), _image([[1, 3, 5], [1, 3, 5], [2, 4, 9]]))
    assert y[0, ..., 0].tolist() == [[2, 5], [3, 9]]
    assert dx[0, ..., 0].tolist() == [[0.25, 0.25, 0.5], [0.25, 0.25, 0.5], [0.5, 0.5, 1]]


# ----------------------------------------------------------------------------------------------------- rules of padding


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "dilation", "pair", "count"),
    [
        (5, 3, 1, 1, (1, 1), 5),
        (5, 2, 1, 1, (0, 1), 5),
        (6, 3, 2, 1, (0, 1), 3),
        (5, 3, 2, 1, (1, 1), 3),
        (5, 3, 1, 2, (2, 2), 5),
        (7, 4, 3, 1, (1, 2), 3),
        (4, 1, 3, 1, (0, 0), 2),
    ],
)
def test_same_padding_is_that_of_tensorflow(size, kernel, stride, dilation, pair, count):
    (window,) = windows((1, size, 1), (kernel,), (stride,), (dilation,), "same").axes
    assert ((window.before, window.after), window.count) == (pair, count)


@pytest.mark.parametrize(
    ("layer", "input_shape", "output_shape"),
    [
        (Conv2D(3, 5, padding="same", strides=2), (28, 27, 1), (14, 14, 3)),
        (Conv2D(3, (5, 3)), (28, 27, 1), (24, 25, 3)),
        (Conv1D(3, 3, padding=(4, 0), dilation=2), (9, 1), (9, 3)),
        (Conv3D(3, 2, 2), (4, 6, 8, 1), (2, 3, 4, 3)),
        (Conv2DTranspose(3, 2, 3), (4, 5, 1), (12, 15, 3)),
        (Conv2DTranspose(3, 3, 2, "same"), (4, 5, 1), (8, 10, 3)),
        (Conv2DTranspose(3, 3, 2, 1, output_padding=(1, 0)), (4, 5, 1), (8, 9, 3)),
        (MaxPool2D(2), (5, 4, 3), (2, 2, 3)),
        (MaxPool2D(2, padding="same"), (5, 4, 3), (3, 2, 3)),
        (MaxPool1D(3, 1), (5, 3), (3, 3)),
        (UpSampling2D((2, 3)), (4, 5, 1), (8, 15, 1)),
        (ZeroPadding2D(((1, 2), 3)), (4, 5, 1), (7, 11, 1)),
        (Cropping2D(((1, 2), 1)), (4, 5, 1), (1, 3, 1)),
    ],
)
def test_output_shapes_are_those_of_keras_and_pytorch(layer, input_shape, output_shape):
    assert layer.init(HostRng(np.random.default_rng(0)), input_shape)[2] == output_shape
    assert _run(layer, np.ones((2, *input_shape)))[0].shape == (2, *output_shape)


def test_the_rows_of_an_image_are_matrices_of_their_own_unless_they_are_shorter_than_the_filters_are_many():
    ones = (1, 1), (1, 1), (1, 1), "valid", 1
    assert [windows((2, 9, 5, 3), *ones, channels).lead for channels in (10, 11)] == [1, 0]
    assert windows((2, 9, 5, 4, 3), (1,) * 3, (1,) * 3, (1,) * 3, "same", 1, 8).lead == 2
    assert windows((2, 9, 3), (1,), (1,), (1,), "same", 1, 1).lead == 0


def test_a_causal_convolution_sees_the_past_alone():
    layer, x = Conv1D(2, 3, padding=(4, 0), dilation=2), np.random.default_rng(0).standard_normal((1, 8, 2))
    later = x.copy()
    later[:, 5:] += 1.0
    before, after = _run(layer, x)[0], _run(layer, later)[0]
    assert np.array_equal(before[:, :5], after[:, :5])
    assert np.all(before[:, 5:] != after[:, 5:])


# ------------------------------------------------------------------------------------------------------ ties and NaN


@pytest.mark.parametrize(("pool", "strides"), [((2, 2), (2, 2)), ((3, 3), (1, 1)), ((3, 2), (2, 1))])
def test_of_equal_maxima_the_first_is_given_the_gradient_as_in_pytorch(pool, strides, backend):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(1)
    x = rng.integers(3, size=(4, 6, 5, 2)).astype(np.float64)
    layer, ctx = MaxPool2D(pool, strides), RunContext(backend, True, Streams(0))
    y, saved, _ = layer.forward({}, {}, backend.asarray(x, backend.xp.float64), ctx)
    dy = rng.standard_normal(tuple(y.shape))
    dx = layer.backward({}, saved, backend.asarray(dy, backend.xp.float64), ctx)[0]
    xt = torch.tensor(x, requires_grad=True)
    torch.nn.functional.max_pool2d(xt.movedim(-1, 1), pool, strides).movedim(1, -1).backward(torch.tensor(dy))
    np.testing.assert_allclose(backend.to_numpy(dx), xt.grad.numpy(), rtol=1e-12, atol=1e-12)


def test_of_equal_maxima_of_a_window_the_first_in_row_major_order_is_given_the_gradient():
    _, dx, _ = _run(MaxPool2D(2), _image([[1, 2, 3, 3], [2, 2, 3, 3]]))
    assert dx[0, ..., 0].tolist() == [[0, 1, 1, 0], [0, 0, 0, 0]]


def test_of_equal_maxima_of_a_whole_image_the_first_is_given_the_gradient():
    _, dx, _ = _run(GlobalMaxPool2D(), _image([[1, 2], [2, 2]]))
    assert dx[0, ..., 0].tolist() == [[0, 1], [0, 0]]


@pytest.mark.parametrize("place", [(0, 0), (1, 1), (0, 1)])
def test_a_window_with_nan_has_the_maximum_nan(place):
    x = np.ones((1, 2, 4, 1))
    x[0, place[0], place[1], 0] = np.nan
    y = _run(MaxPool2D(2), x)[0]
    assert np.isnan(y[0, 0, 0, 0])
    assert y[0, 0, 1, 0] == 1


def test_padding_is_never_the_maximum():
    y = _run(MaxPool2D(3, 1, "same"), _image([[-1, -2], [-3, -4]]))[0]
    assert y[0, ..., 0].tolist() == [[-1, -1], [-1, -1]]


# ------------------------------------------------------------------------------------------------------------- calculus


@pytest.mark.parametrize(
    "layer",
    [
        Conv2D(3, (3, 2), 2, "same", activation="tanh"),
        Conv2DTranspose(2, 3, 2),
        DepthwiseConv2D(2),
        SeparableConv2D(3, 2),
        AveragePool2D(2, padding="same"),
        MaxPool2D(3, 2),
        UpSampling2D(2),
        ZeroPadding2D(1),
    ],
)
def test_forward_and_reverse_derivatives_are_adjoint(layer):
    rng = np.random.default_rng(2)
    x, moved = rng.standard_normal((2, 3, 5, 6, 2))
    params, state, _ = layer.init(HostRng(rng), x.shape[1:])
    ctx = RunContext(get_backend("numpy"), True, Streams(0))
    y, saved, _ = layer.forward(params, state, x, ctx)
    u = rng.standard_normal(y.shape)
    pulled = layer.backward(params, saved, u, ctx)[0]
    ctx.xp = DualNamespace(ctx.xp)
    pushed = layer.forward(params, state, Dual(x, moved), ctx)[0].tangent
    assert np.sum(u * pushed) == pytest.approx(np.sum(pulled * moved), rel=1e-12)


def test_a_transposed_convolution_is_the_adjoint_of_a_convolution():
    rng = np.random.default_rng(3)
    weight = rng.standard_normal((3, 2, 4, 5))
    x, y = rng.standard_normal((2, 7, 6, 4)), rng.standard_normal((2, 4, 6, 5))
    forward = _run(Conv2D(5, (3, 2), (2, 1), "same", use_bias=False), x, params={"weight": weight})[0]
    swapped = {"weight": np.swapaxes(weight, -1, -2)}
    layer = Conv2DTranspose(4, (3, 2), (2, 1), ((1, 1), (0, 1)), use_bias=False)
    backward = _run(layer, y, params=swapped)[0]
    assert np.sum(forward * y) == pytest.approx(np.sum(x * backward), rel=1e-12)


def test_a_separable_convolution_learns_as_the_first_layer():
    rng = np.random.default_rng(4)
    x, y = rng.standard_normal((20, 4, 4, 2)), rng.integers(2, size=20)
    net = Network([SeparableConv2D(3, 2, activation="relu"), Flatten(), "identity"], loss="cross_entropy")
    before = net.build((4, 4, 2)).parameters
    net.fit(x, y % 2, epochs=1, batch_size=10, verbose=0)
    assert all(np.any(net.parameters[name] != value) for name, value in before.items())


# ------------------------------------------------------------------------------------------------------------- messages


def _init(layer, *shape):
    return lambda: layer.init(HostRng(np.random.default_rng(0)), shape)


@pytest.mark.parametrize(
    "layer",
    [
        Conv2D(4, 2, activation="glu"),
        Conv2DTranspose(4, 2, activation="glu"),
        DepthwiseConv2D(2, depth_multiplier=2, activation="glu"),
        SeparableConv2D(4, 2, activation="glu"),
    ],
)
def test_a_gated_convolution_has_half_as_many_channels(layer):
    report = check_layer(layer, (4, 3, 2))
    assert report.passed, str(report)


MESSAGES = [
    (lambda: Conv2D(0, 3), "filters must be an integer of at least 1, got 0."),
    (lambda: Conv2D(4, 0), "kernel_size must be an integer of at least 1, or 2 of them, got 0."),
    (lambda: Conv2D(4, (3, 3, 3)), "kernel_size must be an integer of at least 1, or 2 of them, got (3, 3, 3)."),
    (lambda: Conv1D(4, 2.5), "kernel_size must be an integer of at least 1, got 2.5."),
    (lambda: Conv2D(4, 3, strides="2"), "strides must be an integer of at least 1, or 2 of them, got '2'."),
    (lambda: Conv2D(4, 3, dilation=(1, 0)), "dilation must be an integer of at least 1, or 2 of them, got (1, 0)."),
    (
        lambda: Conv2D(4, 3, padding="full"),
        "padding must be 'valid', 'same', an integer of at least 0, or 2 integers or pairs (before, after), "
        "got 'full'.",
    ),
    (
        lambda: Conv1D(4, 3, padding=(1, -1)),
        "padding must be 'valid', 'same', an integer of at least 0, or a pair (before, after), got (1, -1).",
    ),
    (
        lambda: ZeroPadding1D((1, 2, 3)),
        "padding must be an integer of at least 0, or a pair (before, after), got (1, 2, 3).",
    ),
    (
        lambda: Cropping2D(((1, 2, 3), 1)),
        "cropping must be an integer of at least 0, or 2 integers or pairs (before, after), got ((1, 2, 3), 1).",
    ),
    (lambda: Conv2D(4, 3, groups=3), "filters must be a multiple of groups, 3, got 4."),
    (lambda: Conv2D(4, 3, use_bias=None), "use_bias must be True or False, got None."),
    (lambda: DepthwiseConv2D(3, depth_multiplier=0), "depth_multiplier must be an integer of at least 1, got 0."),
    (lambda: MaxPool2D(padding="sane"), "padding must be one of same, valid, got 'sane'. Did you mean 'same'?"),
    (lambda: MaxPool2D(0), "pool_size must be an integer of at least 1, or 2 of them, got 0."),
    (lambda: UpSampling2D((1, -1)), "size must be an integer of at least 1, or 2 of them, got (1, -1)."),
    (
        lambda: Conv2DTranspose(4, 3, 2, "same", output_padding=1),
        "output_padding must be None with padding 'same', got 1.",
    ),
    (lambda: Conv2DTranspose(4, 3, 2, 1, 1, 2), "output_padding must be less than strides, 2, got 2."),
    (
        _init(Conv2D(4, 3), 28, 28),
        "input must have shape (batch, height, width, channels), got (batch, 28, 28).",
    ),
    (_init(Conv1D(4, 3)), "input must have shape (batch, time, channels), got (batch,)."),
    (_init(Conv2D(4, 3, groups=2), 9, 9, 3), "input must have a multiple of 2 channels, got 3."),
    (
        _init(Conv2D(4, 3, dilation=2, padding=1), 2, 9, 3),
        "input must have at least 3 elements along each axis, got 2.",
    ),
    (_init(MaxPool2D(3), 5, 2, 3), "input must have at least 3 elements along each axis, got 2."),
    (_init(Conv2DTranspose(4, 2, padding=2), 2, 2, 3), "input must be larger than what padding cuts off, got (2, 2)."),
    (_init(Cropping2D((1, 2)), 3, 4, 1), "input must be larger than what is cut off, ((1, 1), (2, 2)), got (3, 4)."),
]


@pytest.mark.parametrize(("call", "message"), MESSAGES, ids=[message for _, message in MESSAGES])
def test_bad_input_gets_one_sentence(call, message):
    with pytest.raises((ArgumentError, ShapeError)) as caught:
        call()
    assert str(caught.value) == message


def test_sizes_that_are_equal_print_as_one():
    assert repr(Conv2D(4, (3, 3), strides=[2, 1], padding=(1, 1))) == "Conv2D(4, 3, strides=(2, 1), padding=1)"
    assert repr(MaxPool2D(np.asarray([2, 3]))) == "MaxPool2D(pool_size=(2, 3))"
    assert repr(Conv1D(4, 3, padding=(2, 0))) == "Conv1D(4, 3, padding=(2, 0))"
