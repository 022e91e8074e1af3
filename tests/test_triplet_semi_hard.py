"""`TripletSemiHard` against loops over all triplets, its gradient against differences, and messages."""

import numpy as np
import pytest

from xpnn import Network
from xpnn.errors import ArgumentError, ShapeError
from xpnn.layers import Dense
from xpnn.losses import TripletSemiHard
from xpnn.testing import check_gradient


def pairs_by_loops(x, labels, margin, squared):
    """Costs (anchor, cost) of all pairs, by the definition in TensorFlow Addons, one triplet after the other."""

    def distance(i, j):
        d2 = sum((p - q) ** 2 for p, q in zip(x[i].tolist(), x[j].tolist(), strict=True))
        return d2 if squared else d2**0.5

    n, pairs = len(x), []
    for anchor in range(n):
        negatives = [distance(anchor, k) for k in range(n) if labels[k] != labels[anchor]]
        for positive in range(n):
            if positive == anchor or labels[positive] != labels[anchor] or not negatives:
                continue
            near = distance(anchor, positive)
            farther = [d for d in negatives if d > near]
            chosen = min(farther) if farther else max(negatives)
            pairs.append((anchor, max(0.0, near - chosen + margin)))
    return pairs


CASES = {
    "three labels": [0, 1, 2, 0, 1, 2, 0, 1],
    "one sample of a label": [0, 0, 0, 0, 1, 0, 2, 0],
    "labels of any value": [7, -3, 7, 7, -3, 7, -3, -3],
    "one label alone": [1] * 8,
    "no two alike": list(range(8)),
}


@pytest.mark.parametrize("labels", CASES.values(), ids=CASES)
@pytest.mark.parametrize("squared", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
def test_values_are_those_of_loops_over_all_triplets(labels, squared, weighted, backend):
    rng = np.random.default_rng(3)
    for spread in (0.3, 1.0, 3.0) if backend.name == "numpy" else (1.0,):
        x, weight = spread * rng.standard_normal((8, 3)), rng.random(8) if weighted else np.ones(8)
        weight[0] = 0.0 if weighted else 1.0
        pairs = pairs_by_loops(x, labels, 0.7, squared)
        total = sum(weight[anchor] * cost for anchor, cost in pairs)
        count = sum(weight[anchor] for anchor, _ in pairs)
        outputs, y = backend.asarray(x), backend.asarray(np.asarray(labels))
        w = backend.asarray(weight) if weighted else None
        for reduction, wanted in (("sum", total), ("mean", total / count if count else 0.0)):
            value, gradient = TripletSemiHard(0.7, squared, reduction=reduction)(outputs, y, w)
            assert float(value) == pytest.approx(wanted, rel=1e-12)
            assert tuple(gradient.shape) == (8, 3) and bool(pairs) == bool(np.any(backend.to_numpy(gradient)))


@pytest.mark.parametrize("squared", [False, True])
@pytest.mark.parametrize("weight", [None, np.asarray([1.0, 0.0, 3.0, 0.5, 1.0, 2.0, 1.0])])
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_the_gradient_is_that_of_the_value(squared, weight, reduction):
    loss, labels = TripletSemiHard(1.3, squared, reduction=reduction), np.asarray([0, 1, 1, 0, 2, 1, 0])
    x = np.random.default_rng(5).standard_normal((7, 2))
    report = check_gradient(lambda z: tuple(map(np.asarray, loss(z, labels, weight))), x)
    assert report.passed, str(report)


def test_a_negative_as_near_as_the_positive_is_not_farther(backend):
    x, labels = np.asarray([[0.0], [1.0], [-1.0], [5.0]]), np.asarray([0, 0, 1, 1])
    value, _ = TripletSemiHard(reduction="sum")(backend.asarray(x), backend.asarray(labels))
    assert float(value) == 7.0  # 1 - 5 + 1 < 0, 1 - 2 + 1 = 0, 6 - 2 + 1, 6 - 5 + 1


def test_negatives_at_the_same_distance_share_their_gradient(backend):
    x = np.asarray([[0.0, 0.0], [1.0, 0.0], [0.0, 2.0], [0.0, -2.0]])
    _, gradient = TripletSemiHard(5.0, reduction="sum")(backend.asarray(x), backend.asarray(np.asarray([0, 0, 1, 1])))
    gradient = backend.to_numpy(gradient)
    np.testing.assert_allclose(gradient[2, 0], gradient[3, 0], atol=1e-15)
    np.testing.assert_allclose(gradient[2, 1], -gradient[3, 1], rtol=1e-12)
    assert abs(gradient[2, 1]) > 0.1


def test_samples_at_one_place_get_no_slope_and_nan_is_not_lost(backend):
    labels = backend.asarray(np.asarray([0, 0, 1, 1]))
    value, gradient = TripletSemiHard()(backend.asarray(np.ones((4, 2))), labels)
    assert float(value) == 1.0 and not backend.to_numpy(gradient).any()
    for place in range(4):
        x = np.asarray([[0.0], [1.0], [1.5], [9.0]])
        x[place] = np.nan
        assert np.isnan(float(TripletSemiHard()(backend.asarray(x), labels)[0]))
    empty = backend.asarray(np.zeros((0, 2)))
    value, gradient = TripletSemiHard().value_and_gradient(backend.xp, empty, backend.asarray(np.zeros(0)))
    assert np.isnan(float(value)) and tuple(gradient.shape) == (0, 2)


@pytest.mark.parametrize("compiled", [False, True])
def test_a_network_learns_to_bring_labels_together(compiled, backend):
    rng = np.random.default_rng(0)
    labels = np.arange(24) % 3
    x = np.eye(3)[labels] + 0.8 * rng.standard_normal((24, 3))
    loss = TripletSemiHard(squared=True)
    net = Network([Dense(2)], loss=loss, optimizer="adam", seed=0, backend=backend, compile=compiled, dtype="float64")
    net.learning_rate = 0.05
    first = net.evaluate(x, labels)["loss"]
    for _ in range(40):
        last = net.train_on_batch(x, labels)
    assert float(last) < 0.85 * first
    pairs = pairs_by_loops(net.predict(x), labels, 1.0, True)
    assert net.evaluate(x, labels)["loss"] == pytest.approx(np.mean([cost for _, cost in pairs]), rel=1e-10)


@pytest.mark.parametrize("large", [2**24, 2**31 - 4])
def test_large_labels_are_not_taken_for_one_another(large, backend):
    labels, x = np.asarray([0, 1, 0, 1, 2, 2]), np.random.default_rng(1).standard_normal((6, 3))
    net = Network([Dense(2)], loss=TripletSemiHard(), backend=backend)
    wanted = net.evaluate(x, labels)["loss"]
    for same in (large + labels, (large + labels)[:, None], -large - labels, (large + labels).astype("f8")):
        assert net.evaluate(x, same)["loss"] == wanted


def test_labels_stay_integers():
    for kind in ("i1", "u8", "f4", "f8", "?"):
        y = TripletSemiHard().check_targets(np.asarray([1, 0, 1], dtype=kind), (2,))
        assert y.dtype == "int64" and y.tolist() == [1, 0, 1]


@pytest.mark.parametrize("labels", [[0, 2**32, 2**33, 0], [2**62, 0, 5, 2**62], [-(2**40), 1, 2**33, -(2**40)]])
def test_labels_that_32_bits_do_not_hold_stay_apart_in_them(labels):
    y = TripletSemiHard().check_targets(np.asarray(labels), (2,)).astype("int32")
    assert len(set(y.tolist())) == 3 and y[0] == y[3]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: TripletSemiHard(0), "margin must be a finite number above 0, got 0."),
        (lambda: TripletSemiHard(squared=1), "squared must be True or False, got 1."),
        (
            lambda: TripletSemiHard()(np.ones((4, 3, 2)), np.ones(4)),
            "outputs must have shape (batch, features), got (batch, 3, 2).",
        ),
        (lambda: TripletSemiHard()(np.ones((4, 3)), np.ones(5)), "targets must have shape (4,), got (5,)."),
        (
            lambda: TripletSemiHard()(np.ones((4, 3)), np.ones(4), np.ones(3)),
            "sample_weight must have shape (4,), got (3,).",
        ),
        (lambda: TripletSemiHard().check_targets(np.ones((4, 2)), (3,)), "y must have shape (batch,), got (4, 2)."),
        (
            lambda: TripletSemiHard().check_targets(np.asarray([1.0, 0.5]), (3,)),
            "y must hold integers, which are labels, got 0.5.",
        ),
        (
            lambda: TripletSemiHard().check_targets(np.asarray([1.0, np.inf]), (3,)),
            "y must hold integers, which are labels, got inf.",
        ),
    ],
)
def test_what_breaks_a_rule_is_refused(call, message):
    with pytest.raises((ArgumentError, ShapeError)) as caught:
        call()
    assert str(caught.value) == message
