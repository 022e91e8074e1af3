"""Label smoothing: values by hand, what it leaves alone, and its errors."""

import re

import numpy as np
import pytest

from xpnn import Network
from xpnn.errors import ArgumentError
from xpnn.layers import Dense
from xpnn.losses import BinaryCrossEntropy, BinaryFocalCrossEntropy, CrossEntropy, FocalCrossEntropy


def test_smoothed_losses_have_the_values_worked_out_by_hand():
    z = np.log(np.asarray([[8.0, 1.0, 1.0]]))  # softmax 0.8, 0.1, 0.1
    value, gradient = CrossEntropy(label_smoothing=0.3)(z, np.asarray([0]))  # targets 0.8, 0.1, 0.1
    assert float(value) == pytest.approx(-0.8 * np.log(0.8) - 0.2 * np.log(0.1), rel=1e-14)
    np.testing.assert_allclose(gradient, 0.0, atol=1e-15)
    value, gradient = BinaryCrossEntropy(label_smoothing=0.4)(np.log(np.asarray([[4.0]])), np.asarray([[1.0]]))
    assert float(value) == pytest.approx(-0.8 * np.log(0.8) - 0.2 * np.log(0.2), rel=1e-14)  # sigmoid 0.8, target 0.8
    np.testing.assert_allclose(gradient, 0.0, atol=1e-16)


def test_no_smoothing_is_the_plain_loss_bit_for_bit():
    z, labels = np.random.default_rng(0).standard_normal((9, 4)), np.arange(9) % 4
    for plain, smooth, targets in (
        (CrossEntropy(), CrossEntropy(label_smoothing=0.0), labels),
        (BinaryCrossEntropy(), BinaryCrossEntropy(label_smoothing=0.0), (z > 0.5) * 1.0),
    ):
        for a, b in zip(plain(z, targets), smooth(z, targets), strict=True):
            assert np.array_equal(a, b)


@pytest.mark.parametrize("shift", [0.0, 50.0, 700.0])
def test_a_smoothed_loss_is_linear_in_the_targets_far_out(shift):
    z = np.asarray([[shift, 0.0, -shift]])
    value, _ = CrossEntropy(label_smoothing=0.3)(z, np.asarray([0]))
    plain = [float(CrossEntropy()(z, np.asarray([k]))[0]) for k in range(3)]
    assert float(value) == pytest.approx(np.dot([0.8, 0.1, 0.1], plain), rel=1e-14)


def test_a_smoothed_loss_is_saved_and_metrics_see_the_targets(tmp_path):
    x, y = np.eye(3), np.arange(3)
    net = Network([Dense(3)], loss=CrossEntropy(label_smoothing=0.5), metrics=["accuracy"], dtype="float64").build(3)
    net.set_parameters({"0.weight": 50 * np.eye(3)})
    net.save(tmp_path / "net.safetensors")
    measured = Network.load(tmp_path / "net.safetensors").evaluate(x, y)
    assert measured["accuracy"] == 1.0
    assert measured["loss"] == pytest.approx(50 / 3, rel=1e-12)


@pytest.mark.parametrize("kind", [CrossEntropy, BinaryCrossEntropy, FocalCrossEntropy, BinaryFocalCrossEntropy])
@pytest.mark.parametrize("value", [1.0, -0.1])
def test_wrong_shares_are_refused_by_their_message(kind, value):
    message = f"label_smoothing must be a number in [0, 1), got {value}."
    with pytest.raises(ArgumentError, match=f"^{re.escape(message)}$"):
        kind(label_smoothing=value)


@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0])
def test_soft_focal_losses_stay_finite_far_out_and_certain_targets_are_certain(gamma):
    z = np.asarray([[800.0, 0.0, -800.0], [-np.inf, 3.0, 1.0], [5.0, 5.0, 5.0]])
    rows = np.asarray([[0.5, 0.5, 0.0], [0.0, 0.75, 0.25], [0.2, 0.3, 0.5]])
    for loss, targets in ((FocalCrossEntropy(gamma), rows), (BinaryFocalCrossEntropy(gamma), rows)):
        with np.errstate(divide="raise", invalid="raise"):
            value, gradient = loss(np.maximum(z, -1e300), targets)
        assert np.isfinite(float(value)) and np.isfinite(gradient).all()
    value, gradient = FocalCrossEntropy(gamma)(z[1:2], rows[1:2])  # a class that cannot be
    assert np.isfinite(float(value)) and gradient[0, 0] == 0.0
    hard = FocalCrossEntropy(gamma)(np.asarray([[60.0, 0.0]]), np.asarray([0]))
    soft = FocalCrossEntropy(gamma)(np.asarray([[60.0, 0.0]]), np.asarray([[1.0, 0.0]]))
    for a, b in zip(hard, soft, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-14)
