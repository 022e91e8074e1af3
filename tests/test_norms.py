"""Norms: values by hand, what is the same as what, small eps, and each error by its message."""

import re

import numpy as np
import pytest

from xpnn.backend import get_backend
from xpnn.context import RunContext
from xpnn.errors import ArgumentError, ShapeError
from xpnn.layers import BatchNorm, GroupNorm, InstanceNorm, LayerNorm, RMSNorm
from xpnn.random import HostRng, Streams

ALL = [BatchNorm(), GroupNorm(2), InstanceNorm(), LayerNorm(), RMSNorm()]


def _run(layer, x, dy=None, params=None, wants_dx=True):
    ctx = RunContext(get_backend("numpy"), True, Streams(0), wants_dx=wants_dx)
    first, state, _ = layer.init(HostRng(np.random.default_rng(0)), x.shape[1:])
    y, saved, _ = layer.forward(params or first, state, x, ctx)
    dx, grads = layer.backward(params or first, saved, np.ones_like(x) if dy is None else dy, ctx)
    return y, dx, grads


def test_rms_norm_gives_the_values_worked_out_by_hand():
    y, dx, grads = _run(RMSNorm(eps=3.5), np.asarray([[3.0, 4.0]]), np.asarray([[1.0, 0.0]]))  # r = sqrt(12.5 + 3.5)
    assert y.tolist() == [[0.75, 1.0]]
    assert dx.tolist() == [[(1 - 0.75 * 0.375) / 4, (0 - 1.0 * 0.375) / 4]]
    assert grads["weight"].tolist() == [0.75, 0.0]


def test_group_norm_gives_the_values_worked_out_by_hand():
    x = np.asarray([[[1.0, 3.0, 10.0, 10.0], [5.0, 7.0, 10.0, 14.0]]])  # means 4 and 11, variances 5 and 3
    params = {"weight": np.asarray([1.0, 2.0, 1.0, 1.0]), "bias": np.asarray([0.0, 0.0, 0.0, 5.0])}
    y, dx, grads = _run(GroupNorm(2, eps=4.0), x, params=params)
    first, second = np.asarray([[-3.0, -1.0], [1.0, 3.0]]) / 3, np.asarray([[-1.0, -1.0], [-1.0, 3.0]]) / 7**0.5
    np.testing.assert_allclose(y[0, :, :2], first * np.asarray([1, 2]), rtol=1e-15)
    np.testing.assert_allclose(y[0, :, 2:], second + np.asarray([0, 5]), rtol=1e-15)
    assert grads["bias"].tolist() == [2, 2, 2, 2]
    np.testing.assert_allclose(grads["weight"][:2], [-2 / 3, 2 / 3], rtol=1e-15)
    # G is (1, 2) at each position: its mean is 1.5, that of G times first (-1 - 2/3 + 1/3 + 2) / 4 = 1/6
    np.testing.assert_allclose(dx[0, :, :2], ([[-0.5, 0.5], [-0.5, 0.5]] - first / 6) / 3, rtol=1e-14)
    np.testing.assert_allclose(dx[0, :, 2:], 0.0, atol=1e-15)


def test_norms_of_one_family_are_the_same():
    rng = np.random.default_rng(1)
    x, dy = rng.standard_normal((2, 3, 5, 4, 6))
    for a, b in (
        (_run(GroupNorm(6), x, dy), _run(InstanceNorm(), x, dy)),
        (_run(GroupNorm(1), x[:, 0, 0, :], dy[:, 0, 0, :]), _run(LayerNorm(), x[:, 0, 0, :], dy[:, 0, 0, :])),
        (_run(InstanceNorm(), x[:1], dy[:1]), _run(BatchNorm(), x[:1], dy[:1])),
    ):
        for given, wanted in ((a[0], b[0]), (a[1], b[1]), *((a[2][name], b[2][name]) for name in a[2])):
            np.testing.assert_allclose(given, wanted, rtol=1e-12, atol=1e-13)


def test_a_great_mean_costs_batch_norm_no_digits():
    deviation = np.random.default_rng(0).standard_normal((65536, 3))
    x = (deviation + np.asarray([100.0, 1000.0, 1e5])).astype(np.float32)
    y, dx, _ = _run(BatchNorm(), x, deviation.astype(np.float32))
    wanted, wanted_dx, _ = _run(BatchNorm(), x.astype(np.float64), deviation)
    np.testing.assert_allclose(y, wanted, rtol=0, atol=1e-4)
    np.testing.assert_allclose(y[:, :2], wanted[:, :2], rtol=0, atol=5e-6)
    np.testing.assert_allclose(dx, wanted_dx, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("layer", ALL, ids=lambda layer: type(layer).__name__)
def test_a_norm_forgets_the_scale_of_its_input_but_for_eps(layer):
    x = np.random.default_rng(2).standard_normal((4, 3, 6)) * 1e3
    np.testing.assert_allclose(_run(layer, x)[0], _run(layer, x * 64.0)[0], rtol=1e-9, atol=1e-9)
    tiny = x * 1e-12
    assert np.max(np.abs(_run(layer, tiny)[0] - _run(layer, tiny * 64.0)[0])) > 1e-7


@pytest.mark.parametrize("layer", ALL, ids=lambda layer: type(layer).__name__)
def test_a_great_mean_costs_few_digits(layer):
    x = np.random.default_rng(3).standard_normal((4, 8, 6))
    if not isinstance(layer, RMSNorm):
        np.testing.assert_allclose(_run(layer, x + 2.0**20)[0], _run(layer, x)[0], rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize(
    "kind", [BatchNorm, LayerNorm, InstanceNorm, lambda **options: GroupNorm(2, **options), RMSNorm]
)
def test_what_is_not_wanted_is_not_learnt(kind):
    x = np.random.default_rng(4).standard_normal((5, 3, 4))
    dy = np.random.default_rng(5).standard_normal((5, 3, 4))
    whole = _run(kind(), x, dy)
    for options in ({"scale": False}, {"center": False}, {"scale": False, "center": False}):
        if kind is RMSNorm and "center" in options:
            continue
        y, dx, grads = _run(kind(**options), x, dy)
        assert set(grads) == set(whole[2]) - {{"scale": "weight", "center": "bias"}[name] for name in options}
        np.testing.assert_array_equal(y, whole[0])
        np.testing.assert_allclose(dx, whole[1], rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: GroupNorm(0), "groups must be an integer of at least 1, got 0."),
        (lambda: GroupNorm(2, eps=0), "eps must be a finite number above 0, got 0."),
        (lambda: GroupNorm(2, scale=1), "scale must be True or False, got 1."),
        (lambda: GroupNorm(2, center=1), "center must be True or False, got 1."),
        (lambda: InstanceNorm(-1.0), "eps must be a finite number above 0, got -1.0."),
        (lambda: InstanceNorm(scale=1), "scale must be True or False, got 1."),
        (lambda: InstanceNorm(center=1), "center must be True or False, got 1."),
        (lambda: RMSNorm(0.0), "eps must be a finite number above 0, got 0.0."),
        (lambda: RMSNorm(scale="no"), "scale must be True or False, got 'no'."),
        (lambda: LayerNorm(scale=1), "scale must be True or False, got 1."),
        (lambda: LayerNorm(center=1), "center must be True or False, got 1."),
        (lambda: BatchNorm(scale=1), "scale must be True or False, got 1."),
        (lambda: BatchNorm(center=1), "center must be True or False, got 1."),
        (lambda: _run(GroupNorm(4), np.ones((2, 6))), "groups must divide the number of channels 6, got 4."),
    ],
)
def test_wrong_arguments_are_refused_by_their_message(make, message):
    with pytest.raises(ArgumentError, match=f"^{re.escape(message)}$"):
        make()


@pytest.mark.parametrize(
    ("layer", "shape", "message"),
    [
        (GroupNorm(2), (), "input must have shape (batch, ..., channels), got (batch,)."),
        (RMSNorm(), (), "input must have shape (batch, ..., features), got (batch,)."),
        (InstanceNorm(), (), "input must have shape (batch, positions, ..., channels), got (batch)."),
        (InstanceNorm(), (3,), "input must have shape (batch, positions, ..., channels), got (batch, 3)."),
    ],
)
def test_inputs_without_the_axes_are_refused_by_their_message(layer, shape, message):
    with pytest.raises(ShapeError, match=f"^{re.escape(message)}$"):
        layer.init(HostRng(np.random.default_rng(0)), shape)


def test_the_gradient_of_the_input_is_left_out_where_nobody_reads_it():
    x = np.random.default_rng(6).standard_normal((3, 4, 2))
    for layer in (GroupNorm(2), InstanceNorm(), LayerNorm(), RMSNorm()):
        assert _run(layer, x, wants_dx=False)[1] is None
