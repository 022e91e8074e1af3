"""Generators, shipped tables, and what is done to data before training."""

import inspect
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from xpnn import data
from xpnn.errors import ArgumentError, DataError, ShapeError
from xpnn.random import Streams

CLASSIFICATION = (
    data.moons,
    data.circles,
    data.circle,
    data.xor,
    data.gauss,
    data.clusters,
    data.nine_grid,
    data.two_spirals,
)
REGRESSION = (data.plane, data.gaussian, data.regression)
GENERATORS = (*CLASSIFICATION, *REGRESSION)


def draws(seed=0):
    return Streams(seed)["data"]


# --- generators ---


@pytest.mark.parametrize("generator", GENERATORS, ids=lambda g: g.__name__)
def test_a_generator_gives_float64_rows_and_the_same_bits_for_the_same_seed(generator):
    x, y = generator(51, noise=0.1, seed=3)
    assert x.shape == (51, 2) and x.dtype == np.float64 and x.flags.c_contiguous
    assert y.shape == (51,) and y.dtype == (np.int64 if generator in CLASSIFICATION else np.float64)
    again, other = generator(51, noise=0.1, seed=3), generator(51, noise=0.1, seed=4)
    assert np.array_equal(x, again[0]) and np.array_equal(y, again[1])
    assert not np.array_equal(x, other[0]) or not np.array_equal(y, other[1])


@pytest.mark.parametrize("generator", GENERATORS, ids=lambda g: g.__name__)
def test_a_generator_refuses_arguments_out_of_range_in_one_sentence(generator):
    for arguments, words in [
        ({"n_samples": 0}, "n_samples must be an integer of at least"),
        ({"n_samples": 2.5}, "n_samples must be an integer of at least"),
        ({"noise": -0.1}, "noise must be a finite number of at least 0, got -0.1."),
        ({"noise": float("nan")}, "noise must be a finite number of at least 0, got nan."),
        ({"seed": -1}, "seed must be an integer of at least 0, got -1."),
    ]:
        with pytest.raises(ArgumentError) as caught:
            generator(**{"n_samples": 10, **arguments})
        assert str(caught.value).startswith(words)


@pytest.mark.parametrize("generator", CLASSIFICATION, ids=lambda g: g.__name__)
def test_every_class_of_a_generator_occurs(generator):
    _, y = generator(400, noise=0.2)
    assert set(y.tolist()) == ({0, 1, 2} if generator is data.nine_grid else {0, 1})


def test_the_stream_of_each_generator_is_pinned():
    first = {g.__name__: [round(float(v), 9) for v in g(10, noise=0.1, seed=7)[0][-1]] for g in GENERATORS}
    first["spiral"] = [round(float(v), 9) for v in data.spiral(10, 3, seed=7)[0][-1]]
    assert first == {name: pytest.approx(point, abs=2e-9) for name, point in PINNED.items()}


PINNED = {
    "moons": [1.940290821, 0.5366416],
    "circles": [0.094799318, -0.438886658],
    "circle": [0.530026021, -1.19431263],
    "xor": [-3.686647749, -0.964756956],
    "gauss": [1.345918713, 2.401388616],
    "clusters": [3.306471263, 3.832089027],
    "nine_grid": [-1.155395076, 0.785766022],
    "two_spirals": [2.283408054, -3.249363117],
    "plane": [-4.063977299, -0.797708348],
    "gaussian": [-4.063977299, -0.797708348],
    "regression": [-0.597091793, 0.366415999],
    "spiral": [0.086315379, 0.996267855],
}


def test_the_spiral_of_the_seed_system_starts_from_its_published_loss():
    rng = np.random.RandomState(142857)
    x, y = data.spiral(100, 7, rng=rng)
    assert x.dtype == np.float64 and np.array_equal(x, x.astype(np.float32))
    for shape in ((2, 24), (24, 24)):
        x = np.maximum(x @ rng.randn(*shape), 0.0)
    z = x @ rng.randn(24, 7)
    loss = np.mean(np.log(np.sum(np.exp(z), axis=1)) - z[np.arange(700), y])
    assert loss == pytest.approx(6.96619246531, rel=1e-11)


def test_the_spiral_keeps_to_its_formula():
    x, y = data.spiral(5, 3, scale=2.0, noise=0.3, seed=1)
    rng = draws(1)
    for arm in range(3):
        noise = rng.random(5)
        for k in range(5):
            r = (k + 1) / 5
            t = 2 * math.pi * (arm + 2.0 * k / 4) / 3 + 0.3 * noise[k]
            assert x[5 * arm + k].tolist() == pytest.approx([r * math.sin(t), r * math.cos(t)], abs=1e-7)
            assert y[5 * arm + k] == arm
    assert data.spiral()[0].shape == (700, 2)
    with pytest.raises(ArgumentError, match=r"^arms must be an integer of at least 1, got 0\.$"):
        data.spiral(10, 0)


def test_two_spirals_keep_to_playgrounds_formula():
    x, y = data.two_spirals(7, noise=0.2, seed=2)
    noise = draws(2).uniform(-1, 1, (7, 2))
    for row, (label, i, n) in enumerate([(0, 0, 4), (0, 1, 4), (0, 2, 4), (0, 3, 4), (1, 0, 3), (1, 1, 3), (1, 2, 3)]):
        r, t = i / n * 5, 1.75 * i / n * 2 * math.pi + (math.pi if label == 0 else 0.0)
        point = [r * math.sin(t) + 0.2 * noise[row, 0], r * math.cos(t) + 0.2 * noise[row, 1]]
        assert x[row].tolist() == pytest.approx(point, abs=1e-12) and y[row] == label


def test_moons_and_circles_are_those_of_scikit_learn():
    datasets = pytest.importorskip("sklearn.datasets")
    for ours, theirs in [
        (data.moons(60, noise=0.0), datasets.make_moons(60, shuffle=False)),
        (data.circles(60, noise=0.0, factor=0.3), datasets.make_circles(60, shuffle=False, factor=0.3)),
    ]:
        assert np.allclose(ours[0], theirs[0], rtol=0, atol=1e-15) and np.array_equal(ours[1], theirs[1])


@pytest.mark.parametrize("generator", [data.moons, data.circles, data.nine_grid], ids=lambda g: g.__name__)
def test_normal_noise_is_added_with_its_standard_deviation(generator):
    gap = generator(40_000, noise=0.3)[0] - generator(40_000, noise=0.0)[0]
    assert float(np.std(gap)) == pytest.approx(0.3, rel=0.02) and abs(float(np.mean(gap))) < 0.005


def test_circle_keeps_to_playgrounds_formula():
    x, y = data.circle(400, noise=0.5, seed=5)
    rng = draws(5)
    radii, angles, shift = rng.random(400), rng.uniform(0, 2 * math.pi, 400), rng.uniform(-5, 5, (400, 2))
    for i in range(400):
        r = 3.5 + 1.5 * radii[i] if i < 200 else 2.5 * radii[i]
        point = (r * math.sin(angles[i]), r * math.cos(angles[i]))
        assert x[i].tolist() == pytest.approx(list(point))
        assert y[i] == (math.hypot(point[0] + 0.5 * shift[i, 0], point[1] + 0.5 * shift[i, 1]) < 2.5)
    x, y = data.circle(1000)
    assert np.array_equal(y, [0] * 500 + [1] * 500)
    assert np.min(np.hypot(*x[:500].T)) >= 3.5 and np.max(np.hypot(*x[500:].T)) < 2.5


def test_xor_keeps_to_playgrounds_formula():
    x, y = data.xor(500, noise=0.0)
    assert np.min(np.abs(x)) >= 0.3 and 5.2 < np.max(np.abs(x)) <= 5.3
    assert np.array_equal(y, (np.sign(x[:, 0]) == np.sign(x[:, 1])).astype(int))
    moved, labels = data.xor(500, noise=0.4)
    rng = draws()
    rng.uniform(-5, 5, (500, 2))
    shifted = x + 0.4 * rng.uniform(-5, 5, (500, 2))
    assert np.array_equal(moved, x) and np.array_equal(labels, (shifted[:, 0] * shifted[:, 1] >= 0).astype(int))


def test_nine_grid_counts_the_middle_coordinates():
    x, y = data.nine_grid(2000)
    for (a, b), label in zip(x.tolist(), y.tolist(), strict=True):
        assert label == (-1 <= a < 1) + (-1 <= b < 1)
    assert float(np.std(x)) == pytest.approx(2.0, rel=0.05)
    assert np.allclose(data.nine_grid(5, scale=4.0)[0], 2 * data.nine_grid(5)[0])


def test_gauss_has_playgrounds_centres_and_variance():
    for noise, variance in [(0.0, 0.5), (0.25, 2.25), (0.5, 4.0)]:
        x, y = data.gauss(100_000, noise=noise)
        for label, center in [(0, -2.0), (1, 2.0)]:
            assert np.mean(x[y == label], axis=0).tolist() == pytest.approx([center, center], abs=0.03)
            assert np.var(x[y == label], axis=0).tolist() == pytest.approx([variance, variance], rel=0.03)


def test_clusters_lie_around_their_centres():
    x, y = data.clusters(10, noise=0.0, seed=3)
    centers = 3 + draws(3).random((2, 2))
    assert np.allclose(x[:5], -centers[0]) and np.allclose(x[5:], centers[1]) and y.tolist() == [0] * 5 + [1] * 5
    x, y = data.clusters(100_000, noise=0.7)
    assert np.std(x[y == 1], axis=0).tolist() == pytest.approx([0.7, 0.7], rel=0.02)


def test_plane_is_a_tenth_of_the_sum_and_its_noise_shifts_the_target_alone():
    x, y = data.plane(300)
    assert np.allclose(y, (x[:, 0] + x[:, 1]) / 10) and 5.9 < np.max(np.abs(x)) < 6
    moved, targets = data.plane(300, noise=0.5)
    rng = draws()
    rng.uniform(-6, 6, (300, 2))
    assert np.array_equal(moved, x)
    assert np.allclose(targets, np.sum(x + 0.5 * rng.uniform(-6, 6, (300, 2)), axis=1) / 10)


def test_gaussian_keeps_to_playgrounds_rule_of_the_greatest_cone():
    cones = [(-4, 2.5, 1), (0, 2.5, -1), (4, 2.5, 1), (-4, -2.5, -1), (0, -2.5, 1), (4, -2.5, -1)]
    for noise in (0.0, 0.3):
        x, y = data.gaussian(300, noise=noise)
        rng = draws()
        rng.uniform(-6, 6, (300, 2))
        for (a, b), target in zip((x + noise * rng.uniform(-6, 6, (300, 2))).tolist(), y.tolist(), strict=True):
            best = 0.0
            for cx, cy, sign in cones:
                value = sign * min(max(1 - math.hypot(a - cx, b - cy) / 2, 0.0), 1.0)
                best = value if abs(value) > abs(best) else best
            assert target == pytest.approx(best, abs=1e-12)
    assert np.array_equal(x, data.plane(300, noise=0.3)[0])


def test_least_squares_finds_the_line_that_regression_hides():
    weight = [2.0, -1.0, 0.5, 3.0]
    x, y = data.regression(20_000, weight, bias=-4.0, noise=0.25)
    found, residual, _, _ = np.linalg.lstsq(np.column_stack((x, np.ones(20_000))), y, rcond=None)
    assert found.tolist() == pytest.approx([*weight, -4.0], abs=0.01)
    assert math.sqrt(residual[0] / 20_000) == pytest.approx(0.25, rel=0.02)
    assert float(np.std(x)) == pytest.approx(1.0, rel=0.02)
    with pytest.raises(ShapeError, match=r"^weight must have shape \(features,\), got \(1, 2\)\.$"):
        data.regression(5, [[1.0, 2.0]])


# --- tables ---


def test_the_digits_are_those_of_scikit_learn():
    theirs = pytest.importorskip("sklearn.datasets").load_digits()
    ours = data.digits()
    assert np.array_equal(ours.x, theirs.data) and np.array_equal(ours.y, theirs.target)
    assert ours.x.dtype == np.float64 and ours.y.dtype == np.int64
    assert list(ours.feature_names) == theirs.feature_names and ours.class_names == tuple("0123456789")


def test_the_iris_data_are_those_of_scikit_learn():
    theirs = pytest.importorskip("sklearn.datasets").load_iris()
    ours = data.iris()
    assert np.array_equal(ours.x, theirs.data) and np.array_equal(ours.y, theirs.target)
    assert list(ours.feature_names) == theirs.feature_names and list(ours.class_names) == list(theirs.target_names)


def test_the_tables_have_their_shapes_sums_and_fishers_two_flowers():
    x, y = data.digits()
    assert x.shape == (1797, 64) and x.sum() == 561718 and y.sum() == 8070 and (x.min(), x.max()) == (0, 16)
    x, y = data.iris()
    assert x.shape == (150, 4) and x.sum() == pytest.approx(2078.7) and np.bincount(y).tolist() == [50, 50, 50]
    assert x[34].tolist() == [4.9, 3.1, 1.5, 0.2] and x[37].tolist() == [4.9, 3.6, 1.4, 0.1]


@pytest.mark.parametrize("name", ["digits", "iris"])
def test_a_shipped_table_names_source_and_licence(name):
    citation = getattr(data, name)().citation
    assert "UCI" in citation and "CC BY 4.0" in citation
    licence = (Path(data.__file__).parent / "tables" / f"LICENSE-{name}.txt").read_text()
    doi = citation.split("https://doi.org/")[1].split(",")[0]
    assert doi in licence and "https://creativecommons.org/licenses/by/4.0/" in licence


def test_a_dataset_shows_its_sizes_and_its_first_classes():
    assert repr(data.Dataset(np.zeros((4, 8, 8, 1)), np.zeros(4))) == "Dataset(4 samples of shape (8, 8, 1))"
    names = tuple(f"c{i}" for i in range(12))
    shown = ", ".join(names[:10])
    assert repr(data.Dataset(np.zeros((4, 2)), np.zeros(4), class_names=names)).endswith(f", 12 classes: {shown}, ...)")


# --- labels ---


def test_labels_of_any_kind_are_numbered_in_sorted_order_and_decoded():
    for labels, names in [
        (["b", "a", "b", "é"], ("a", "b", "é")),
        (np.asarray(["b", "a"]), ("a", "b")),
        (np.asarray([10, 9, 10]), ("9", "10")),
        ([2.0, -1.0, 0.5], ("-1", "0.5", "2")),
        ([True, False], ("False", "True")),
        (["x", 1, np.int64(1), 2.0], ("1", "2", "x")),
        ((), ()),
    ]:
        codes, class_names = data.encode_labels(labels)
        assert class_names == names and codes.dtype == np.int64
        wanted = [str(int(v)) if isinstance(v, float) and v == int(v) else str(v) for v in labels]
        assert data.decode_labels(codes, class_names) == wanted


def test_labels_are_numbered_as_by_scikit_learn():
    preprocessing = pytest.importorskip("sklearn.preprocessing")
    labels = np.random.default_rng(0).choice(["ape", "Bee", "cat", "äffchen", "10", "9"], 500)
    encoder = preprocessing.LabelEncoder().fit(labels)
    codes, names = data.encode_labels(labels)
    assert np.array_equal(codes, encoder.transform(labels)) and list(names) == list(encoder.classes_)


def test_missing_and_strange_labels_are_refused():
    rule = "y must hold text, numbers or booleans, one for each sample"
    for labels, got in [
        (["a", None], "None at position 1"),
        ([1.0, float("nan")], "nan at position 1"),
        ([[1], [2]], r"\[1\] at position 0"),
        ([1j], "1j at position 0"),
    ]:
        with pytest.raises(DataError, match=f"^{rule}, got {got}\\.$"):
            data.encode_labels(labels)
    with pytest.raises(ShapeError, match=r"^y must have shape \(samples,\), got \(2, 1\)\.$"):
        data.encode_labels(np.zeros((2, 1)))
    with pytest.raises(ArgumentError, match=r"^codes must hold integers from 0 to 1, got 2\.$"):
        data.decode_labels([0, 2], ("a", "b"))


def test_one_hot_rows_are_rows_of_the_identity():
    labels = np.asarray([3, 0, 2], dtype=np.uint8)
    assert np.array_equal(data.one_hot(labels, 5), np.eye(5)[labels])
    assert data.one_hot(labels).shape == (3, 4) and data.one_hot([], 3).shape == (0, 3)
    for wrong, message in [
        ([0, 3], r"labels must hold integers from 0 to 2, got 3\."),
        ([-1], r"labels must hold integers from 0 to 2, got -1\."),
        ([0.0], r"labels must hold integers, got an array of dtype float64\."),
        ([[0]], r"labels must have shape \(samples,\), got \(1, 1\)\."),
    ]:
        with pytest.raises(ArgumentError, match=f"^{message}$"):
            data.one_hot(wrong, 3)
    with pytest.raises(ArgumentError, match=r"^labels must hold integers of at least 0, got -2\.$"):
        data.one_hot([-2])


def test_balanced_weights_are_those_of_scikit_learn():
    class_weight = pytest.importorskip("sklearn.utils.class_weight")
    y = np.random.default_rng(1).choice([0, 1, 4], 300, p=[0.1, 0.7, 0.2])
    theirs = class_weight.compute_class_weight("balanced", classes=np.asarray([0, 1, 4]), y=y)
    ours = data.balanced_class_weights(y)
    assert list(ours) == [0, 1, 4] and list(ours.values()) == pytest.approx(theirs.tolist(), rel=1e-15)


@pytest.mark.parametrize(
    ("y", "task"),
    [
        (["a", "b"], "classification"),
        ([True, False], "classification"),
        ([0, 1, 1, 0], "classification"),
        ([-1.0, 1.0, -1.0, 1.0], "classification"),
        ([[0], [1], [1], [0]], "classification"),
        ([0, 1, 2], "regression"),
        (list(range(20)) * 2, "classification"),
        (list(range(21)) * 2, "regression"),
        ([0.5, 1.0] * 4, "regression"),
        ([[0, 1], [1, 0]], "classification"),
        ([[1, 1], [1, 0]], "regression"),
        ([[0.2, 0.8], [1.0, 0.0]], "regression"),
        ([[-1, 2], [1, 0]], "regression"),
    ],
)
def test_the_task_is_inferred_by_its_rule(y, task):
    assert data.infer_task(y) == task and data.infer_task(np.asarray(y)) == task


def test_a_task_is_not_inferred_from_objects():
    with pytest.raises(DataError, match=r"^y must hold numbers or text, got \[None\]\.$"):
        data.infer_task([None])


# --- standardizer ---


def test_the_standardizer_agrees_with_scikit_learn():
    preprocessing = pytest.importorskip("sklearn.preprocessing")
    rng = np.random.default_rng(2)
    x = rng.normal(size=(200, 6)) * [1, 10, 1e-3, 1e3, 1, 1] + [0, 5, 1e3, 0, -2, 7]
    x[:, 5] = 0.1
    theirs = preprocessing.StandardScaler().fit(x)
    ours = data.Standardizer.fit(x)
    assert np.allclose(ours.mean, theirs.mean_, rtol=1e-12) and np.allclose(ours.scale, theirs.scale_, rtol=1e-9)
    z = ours.transform(x)
    assert np.allclose(z, theirs.transform(x), rtol=1e-6, atol=1e-9)
    assert np.array_equal(z[:, 5], np.zeros(200)) and np.allclose(ours.inverse(z), x, rtol=1e-12)


def test_standardized_features_have_mean_0_and_deviation_1_at_every_magnitude():
    x = np.random.default_rng(3).normal(size=(50, 4)) * [1e-200, 1.0, 1e150, 1e200]
    (z,) = data.standardize(x)
    assert np.allclose(np.mean(z, axis=0), 0, atol=1e-14) and np.allclose(np.std(z, axis=0), 1, rtol=1e-12)


def test_the_standardizer_takes_what_float64_holds():
    x = np.asarray([[1.7e308, 1.7e308, 5e-324, 3.0], [1e308, 1.7e308, 0.0, 3.0], [1e308, -1.7e308, 0.0, 3.0]])
    scaler = data.Standardizer.fit(x)
    assert np.allclose(scaler.mean / [1e308, 1e308, 1, 1], [3.7 / 3, 1.7 / 3, 0, 3], rtol=1e-14, atol=1e-300)
    assert np.allclose(scaler.scale[:2] / 1e308, [0.7 * 2**0.5 / 3, 3.4 * 2**0.5 / 3], rtol=1e-14)
    z = scaler.transform(x)
    assert np.allclose(z[:, :2], np.asarray([[2, 1], [-1, 1], [-1, -2]]) / 2**0.5, rtol=1e-14)
    assert np.all(np.isfinite(z)) and np.array_equal(z[:, 3], np.zeros(3))
    assert np.allclose(scaler.inverse(z)[:, :2], x[:, :2], rtol=1e-14)


def test_units_of_the_standardizer_change_no_bit():
    x = np.random.default_rng(4).normal(size=(33, 5)) * [1e-3, 1.0, 7.0, 1e5, 1e-12] + [5, 0, 1, 1e6, 3]
    scaler = data.Standardizer.fit(x)
    deviations = x - np.mean(x, axis=0)
    peak = np.max(np.abs(deviations), axis=0)
    assert np.array_equal(scaler.mean, np.mean(x, axis=0))
    assert np.array_equal(scaler.scale, peak * np.sqrt(np.mean(np.square(deviations / peak), axis=0)))
    assert np.array_equal(scaler.transform(x), (x - scaler.mean) / scaler.scale)
    assert np.array_equal(scaler.inverse(x), x * scaler.scale + scaler.mean)


def test_the_standardizer_keeps_float32_and_shapes_and_takes_integers():
    x = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    z = data.standardize(x)[0]
    assert z.dtype == np.float32 and z.shape == x.shape and np.array_equal(np.unique(z), [-1, 1])
    assert data.Standardizer.fit(x).inverse(z).dtype == np.float32
    assert data.standardize(np.asarray([1, 3], dtype=np.uint8))[0].tolist() == [-1, 1]
    assert data.standardize([[1.0]])[0].tolist() == [[0.0]]


def test_the_standardizer_leaves_its_arguments_unmodified():
    x = np.asarray([[1.0, 2.0], [3.0, 5.0]])
    before = x.copy()
    scaler = data.Standardizer.fit(x)
    scaler.inverse(scaler.transform(x))
    assert np.array_equal(x, before)


def test_the_standardizer_refuses_what_it_cannot_use():
    scaler = data.Standardizer.fit(np.ones((3, 2)))
    for call, error, message in [
        (lambda: scaler.transform(np.ones((3, 4))), ShapeError, "x must have shape (samples, 2), got (3, 4)."),
        (lambda: scaler.inverse(np.ones(3)), ShapeError, "x must have shape (samples, 2), got (3,)."),
        (lambda: scaler.transform([[np.inf, 0]]), DataError, "x must hold finite numbers, got inf."),
        (lambda: data.Standardizer.fit([[np.nan]]), DataError, "x must hold finite numbers, got nan."),
        (lambda: data.Standardizer.fit([["a"]]), DataError, "x must hold real numbers, got an array of dtype <U1."),
        (lambda: data.Standardizer.fit(np.ones((0, 2))), DataError, "x must have at least one sample, got none."),
        (lambda: data.Standardizer.fit(3.0), ShapeError, "x must have shape (samples, ...), got ()."),
    ]:
        with pytest.raises(error) as caught:
            call()
        assert str(caught.value) == message


# --- split ---


def test_a_split_is_disjoint_complete_and_keeps_pairs_together():
    x = np.arange(101)[:, None] * [1, 10]
    x_train, x_test, y_train, y_test = data.train_test_split(x, np.arange(101), test_fraction=0.3, seed=5)
    assert len(x_test) == 30 and len(x_train) == 71
    assert sorted([*y_train.tolist(), *y_test.tolist()]) == list(range(101))
    assert np.array_equal(x_train[:, 1], 10 * y_train) and np.array_equal(x_test[:, 0], y_test)
    assert y_test.tolist() != sorted(y_test.tolist()) and y_train.tolist() != sorted(y_train.tolist())


def test_a_split_depends_on_the_seed_alone():
    x, y = data.iris()
    one, two, other = (data.train_test_split(x, y, seed=seed)[1] for seed in (1, 1, 2))
    assert np.array_equal(one, two) and not np.array_equal(one, other)


def test_both_sides_of_a_split_have_a_sample():
    for fraction, n_test in [(0.01, 1), (0.4, 1), (0.5, 2), (0.6, 2), (0.99, 2)]:
        assert len(data.train_test_split(np.eye(3), range(3), test_fraction=fraction)[1]) == n_test


@pytest.mark.parametrize("fraction", [0.1, 0.25, 1 / 3, 0.5])
def test_a_stratified_split_gives_each_class_its_share(fraction):
    counts = [40, 7, 10, 23, 11]
    y = np.repeat(["a", "b", "c", "d", "e"], counts)
    for seed in range(20):
        _, _, y_train, y_test = data.train_test_split(y, y, test_fraction=fraction, seed=seed, stratify=True)
        assert len(y_test) == round(fraction * 91) and len(y_train) + len(y_test) == 91
        for name, count in zip("abcde", counts, strict=True):
            assert abs(np.sum(y_test == name) - count * len(y_test) / 91) < 1
            assert np.sum(y_train == name) + np.sum(y_test == name) == count


def test_a_stratified_split_chooses_at_random_within_and_among_classes():
    y = np.repeat([0, 1, 2], 2)
    chosen = [
        data.train_test_split(np.arange(6), y, test_fraction=1 / 6, seed=s, stratify=True)[1][0] for s in range(60)
    ]
    assert set(chosen) == set(range(6))


def test_a_split_refuses_what_it_cannot_part():
    x = np.eye(4)
    for arguments, error, message in [
        ((x, range(3)), ShapeError, "x and y must have the same number of samples, got shapes (4, 4) and (3,)."),
        ((x[:1], [0]), DataError, "x must have at least two samples to be parted, got 1."),
        ((1.0, 2.0), ShapeError, "x and y must have the same number of samples, got shapes () and ()."),
    ]:
        with pytest.raises(error) as caught:
            data.train_test_split(*arguments)
        assert str(caught.value) == message
    for options, error, message in [
        ({"test_fraction": 1.0}, ArgumentError, "test_fraction must be a number in (0, 1), got 1.0."),
        ({"test_fraction": 0.0}, ArgumentError, "test_fraction must be a finite number above 0, got 0.0."),
        ({"stratify": 1}, ArgumentError, "stratify must be True or False, got 1."),
        (
            {"test_fraction": 0.75, "stratify": True},
            DataError,
            "y must hold class 1 more often to be stratified, got no sample of it for training.",
        ),
    ]:
        with pytest.raises(error) as caught:
            data.train_test_split(x, [0, 0, 0, 1], **options)
        assert str(caught.value) == message
    with pytest.raises(ShapeError, match=r"^y must have shape \(samples,\) to be stratified, got \(4, 4\)\.$"):
        data.train_test_split(x, x, stratify=True)


# --- the package ---


def test_all_names_are_public_sorted_and_documented():
    assert data.__all__ == sorted(data.__all__)
    for name in data.__all__:
        assert inspect.getdoc(getattr(data, name))
    public = {name for name in vars(data) if not name.startswith("_") and not inspect.ismodule(getattr(data, name))}
    assert public == set(data.__all__)


def test_importing_the_package_is_light():
    code = "import sys, xpnn.data; print([m for m in ('pyarrow', 'torch', 'jax', 'sklearn') if m in sys.modules])"
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path(data.__file__).parents[2]
    )
    assert ran.stdout.strip() == "[]"
