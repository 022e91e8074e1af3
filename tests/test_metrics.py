from itertools import pairwise

import numpy as np
import pytest
from array_api_compat import device
from strict_backend import open_backend

import xpnn.metrics
from xpnn import Network, available_backends
from xpnn.backend import get_backend
from xpnn.errors import ArgumentError, ArgumentTypeError, ShapeError
from xpnn.layers import Dense
from xpnn.metrics import (
    F1,
    MAE,
    MSE,
    R2,
    ROCAUC,
    Accuracy,
    AveragePrecision,
    BinaryAccuracy,
    ExplainedVariance,
    LogLoss,
    MatthewsCorrelation,
    Metric,
    Precision,
    Recall,
    TopKAccuracy,
    get_metric,
)

NUMPY = get_backend("numpy")
RNG = np.random.default_rng(3)
N = 60
PROBABILITIES = RNG.dirichlet(np.ones(4), N)
LABELS = np.where(RNG.random(N) < 0.5, PROBABILITIES.argmax(1), RNG.integers(0, 4, N))
PAIRS = RNG.dirichlet(np.ones(2), N)
CHANCES = RNG.random((N, 1))
BITS = (CHANCES[:, 0] + RNG.normal(size=N) / 3 > 0.6).astype(np.int64)
REALS = RNG.normal(size=(N, 3))
GUESSES = REALS + RNG.normal(size=(N, 3)) * [0.1, 0.5, 2.0]
WEIGHT = RNG.uniform(0, 3, N) * (RNG.random(N) < 0.8)
CUTS = (0, 7, 8, 40, N)
"""Borders of four batches of unequal sizes."""

WEIGHTED = pytest.mark.parametrize("weight", [None, WEIGHT], ids=["plain", "weighted"])


def one_hot(labels, n=4):
    return np.eye(n)[labels]


def measure(metric, backend, outputs, targets, weight=None, cuts=CUTS, dtype="float64"):
    """Value of the metric over batches, as a network would gather it."""
    dtype, total = getattr(backend.xp, dtype), None
    weight = np.ones(len(outputs)) if weight is None else weight
    for start, stop in pairwise(cuts):
        x, w = (backend.asarray(a[start:stop], dtype) for a in (outputs, weight))
        y = backend.asarray(targets[start:stop], None if targets.dtype.kind == "i" else dtype)
        part = metric.totals(backend.xp, x, y, w)
        total = part if total is None else metric.combine(backend.xp, total, part)
        assert total.dtype == dtype and device(total) == backend.device and total.ndim in (1, 2)
    value = metric.result(backend.to_numpy(total).astype("float64"))
    assert type(value) is float
    return value


SHIFTED = GUESSES + np.asarray([100.0, -3.0, 0.0])
ROUND, ROUND_CHANCES = PROBABILITIES.round(1), CHANCES.round(1)
"""Scores with many ties."""

GUESSED, CHANCE = PROBABILITIES.argmax(1), (CHANCES[:, 0] > 0.5).astype(int)

# name: the metric, outputs, targets, and the function of scikit-learn with its first two arguments
CASES = {
    "accuracy": (Accuracy(), PROBABILITIES, LABELS, ("accuracy_score", {}), (LABELS, GUESSED)),
    "accuracy_rows": (Accuracy(), PROBABILITIES, one_hot(LABELS), ("accuracy_score", {}), (LABELS, GUESSED)),
    "accuracy_column": (Accuracy(), PROBABILITIES, LABELS[:, None], ("accuracy_score", {}), (LABELS, GUESSED)),
    "accuracy_chance": (Accuracy(), CHANCES, BITS[:, None] * 1.0, ("accuracy_score", {}), (BITS, CHANCE)),
    "accuracy_vector": (Accuracy(), CHANCES, BITS, ("accuracy_score", {}), (BITS, CHANCE)),
    "accuracy_score": (
        Accuracy(threshold=0.0),
        CHANCES - 0.3,
        BITS[:, None] * 2.0 - 1.0,
        ("accuracy_score", {}),
        (BITS, CHANCES[:, 0] > 0.3),
    ),
    "binary_accuracy": (
        BinaryAccuracy(),
        PROBABILITIES * 2,
        one_hot(LABELS),
        ("accuracy_score", {}),
        (one_hot(LABELS).ravel(), PROBABILITIES.ravel() > 0.25),
    ),
    "binary_accuracy_0.25": (
        BinaryAccuracy(threshold=0.25),
        PROBABILITIES,
        one_hot(LABELS),
        ("accuracy_score", {}),
        (one_hot(LABELS).ravel(), PROBABILITIES.ravel() > 0.25),
    ),
    "top_2": (TopKAccuracy(2), PROBABILITIES, LABELS, ("top_k_accuracy_score", {"k": 2}), (LABELS, PROBABILITIES)),
    "top_3": (
        TopKAccuracy(3),
        PROBABILITIES,
        one_hot(LABELS),
        ("top_k_accuracy_score", {"k": 3}),
        (LABELS, PROBABILITIES),
    ),
    "top_1": (TopKAccuracy(1), PROBABILITIES, LABELS, ("accuracy_score", {}), (LABELS, GUESSED)),
    "log_loss": (LogLoss(), PROBABILITIES, LABELS, ("log_loss", {}), (LABELS, PROBABILITIES)),
    "log_loss_rows": (LogLoss(), PROBABILITIES, one_hot(LABELS), ("log_loss", {}), (LABELS, PROBABILITIES)),
    "log_loss_chance": (LogLoss(), CHANCES, BITS, ("log_loss", {}), (BITS, CHANCES[:, 0])),
    "matthews": (MatthewsCorrelation(), PROBABILITIES, LABELS, ("matthews_corrcoef", {}), (LABELS, GUESSED)),
    "matthews_rows": (
        MatthewsCorrelation(),
        PAIRS,
        one_hot(BITS, 2),
        ("matthews_corrcoef", {}),
        (BITS, PAIRS.argmax(1)),
    ),
    "matthews_chance": (MatthewsCorrelation(), CHANCES, BITS, ("matthews_corrcoef", {}), (BITS, CHANCE)),
    "matthews_score": (
        MatthewsCorrelation(0.0),
        CHANCES - 0.3,
        BITS * 2 - 1,
        ("matthews_corrcoef", {}),
        (BITS, CHANCES[:, 0] > 0.3),
    ),
    "roc_auc": (ROCAUC(), PROBABILITIES, LABELS, ("roc_auc_score", {"multi_class": "ovr"}), (LABELS, PROBABILITIES)),
    "roc_auc_rows": (ROCAUC(), ROUND, one_hot(LABELS), ("roc_auc_score", {}), (one_hot(LABELS), ROUND)),
    "roc_auc_chance": (ROCAUC(), ROUND_CHANCES, BITS, ("roc_auc_score", {}), (BITS, ROUND_CHANCES[:, 0])),
    "roc_auc_pair": (ROCAUC(), PAIRS, BITS, ("roc_auc_score", {}), (BITS, PAIRS[:, 1])),
    "roc_auc_macro": (ROCAUC("macro"), PAIRS.round(1), BITS, ("roc_auc_score", {}), (one_hot(BITS, 2), PAIRS.round(1))),
    "roc_auc_score": (ROCAUC(threshold=0.0), CHANCES, BITS * 2 - 1, ("roc_auc_score", {}), (BITS, CHANCES[:, 0])),
    "average_precision": (
        AveragePrecision(),
        ROUND,
        LABELS,
        ("average_precision_score", {}),
        (one_hot(LABELS), ROUND),
    ),
    "average_precision_chance": (
        AveragePrecision(),
        ROUND_CHANCES,
        BITS,
        ("average_precision_score", {}),
        (BITS, ROUND_CHANCES[:, 0]),
    ),
    "average_precision_pair": (
        AveragePrecision("binary"),
        PAIRS,
        one_hot(BITS, 2),
        ("average_precision_score", {}),
        (BITS, PAIRS[:, 1]),
    ),
    "explained_variance": (
        ExplainedVariance(),
        SHIFTED,
        REALS,
        ("explained_variance_score", {}),
        (REALS, SHIFTED),
    ),
    "explained_variance_column": (
        ExplainedVariance(),
        GUESSES[:, :1],
        REALS[:, 0],
        ("explained_variance_score", {}),
        (REALS[:, 0], GUESSES[:, 0]),
    ),
    "mse": (MSE(), GUESSES, REALS, ("mean_squared_error", {}), (REALS, GUESSES)),
    "mae": (MAE(), GUESSES, REALS, ("mean_absolute_error", {}), (REALS, GUESSES)),
    "mse_column": (MSE(), GUESSES[:, :1], REALS[:, 0], ("mean_squared_error", {}), (REALS[:, 0], GUESSES[:, 0])),
    "r2": (R2(), GUESSES, REALS, ("r2_score", {}), (REALS, GUESSES)),
    "r2_column": (R2(), GUESSES[:, :1], REALS[:, 0], ("r2_score", {}), (REALS[:, 0], GUESSES[:, 0])),
    "r2_vector": (R2(), GUESSES[:, 2], REALS[:, 2], ("r2_score", {}), (REALS[:, 2], GUESSES[:, 2])),
}
for kind in (Precision, Recall, F1):
    name = kind.default_name
    for average in ("binary", "macro", "micro", "weighted"):
        options = f"{name}_score", {"average": average, "zero_division": 0}
        if average != "binary":
            CASES[f"{name}_{average}"] = kind(average), PROBABILITIES, LABELS, options, (LABELS, GUESSED)
        CASES[f"{name}_{average}_chance"] = kind(average), CHANCES, BITS, options, (BITS, CHANCE)
        CASES[f"{name}_{average}_pair"] = kind(average), PAIRS, one_hot(BITS, 2), options, (BITS, PAIRS.argmax(1))
    CASES[f"{name}_of_class"] = (
        kind(class_index=2),
        PROBABILITIES,
        LABELS,
        (options[0], {"average": "micro", "labels": [2]}),
        (LABELS, GUESSED),
    )
    CASES[f"{name}_auto"] = kind(), PROBABILITIES, LABELS, (options[0], {"average": "macro"}), (LABELS, GUESSED)
    CASES[f"{name}_auto_chance"] = kind(), CHANCES, BITS, (options[0], {}), (BITS, CHANCE)
    CASES[f"{name}_auto_pair"] = kind(), PAIRS, BITS, (options[0], {}), (BITS, PAIRS.argmax(1))
    CASES[f"{name}_score"] = kind("auto", 0.0), CHANCES - 0.3, BITS * 2 - 1, (options[0], {}), (BITS, CHANCES > 0.3)
ALL = pytest.mark.parametrize("case", list(CASES))


@ALL
@WEIGHTED
def test_metrics_are_those_of_scikit_learn_whatever_the_batches(case, weight):
    metrics = pytest.importorskip("sklearn.metrics")
    metric, outputs, targets, (function, options), arguments = CASES[case]
    repeat = len(arguments[0]) // N
    w = None if weight is None else np.repeat(weight, repeat)
    expected = getattr(metrics, function)(*arguments, sample_weight=w, **options)
    for cuts in (CUTS, (0, N)):
        assert measure(metric, NUMPY, outputs, targets, weight, cuts) == pytest.approx(expected, rel=1e-13)


@ALL
def test_metrics_are_the_same_on_every_backend(case, backend):
    metric, outputs, targets, _, _ = CASES[case]
    expected = measure(metric, NUMPY, outputs, targets, WEIGHT)
    cuts = (0, N) if backend.name == "jax" else (0, 30, N)  # which compiles for each shape and type
    assert measure(metric, backend, outputs, targets, WEIGHT, cuts) == pytest.approx(expected, rel=1e-13)
    if backend.name == "jax":
        return
    single = measure(metric, backend, outputs, targets, WEIGHT, cuts, "float32")
    assert single == pytest.approx(expected, rel=5e-6)


@pytest.fixture(params=["numpy", "strict", "strict:device1"])
def portable(request):
    """Backends for what depends on shapes alone, which JAX would compile one by one."""
    return NUMPY if request.param == "numpy" else open_backend(request.param.partition(":")[2] or None)


@ALL
def test_a_batch_of_sequences_counts_every_position(case, portable):
    metric, outputs, targets, _, _ = CASES[case]
    if "r2" in case or "explained" in case or case == "accuracy_column" or outputs.ndim == 1:
        return
    targets = targets[:, None] if targets.ndim < outputs.ndim and outputs.shape[-1] == 1 else targets
    expected = measure(metric, NUMPY, outputs, targets, np.repeat(WEIGHT[: N // 2], 2), (0, N))
    folded = [a.reshape(N // 2, 2, *a.shape[1:]) for a in (outputs, targets)]
    assert measure(metric, portable, *folded, WEIGHT[: N // 2], (0, 10, N // 2)) == pytest.approx(expected, rel=1e-13)


def test_r2_of_a_batch_of_sequences_averages_over_the_outputs():
    flat = measure(R2(), NUMPY, GUESSES.reshape(N // 2, 6), REALS.reshape(N // 2, 6), WEIGHT[: N // 2], (0, 9, N // 2))
    folded = [a.reshape(N // 2, 2, 3) for a in (GUESSES, REALS)]
    assert measure(R2(), NUMPY, *folded, WEIGHT[: N // 2], (0, 9, N // 2)) == pytest.approx(flat, rel=1e-14)


@ALL
def test_no_sample_is_not_a_number_and_a_batch_without_weight_changes_nothing(case, portable):
    metric, outputs, targets, _, _ = CASES[case]
    expected = measure(metric, NUMPY, outputs, targets, WEIGHT)
    assert np.isnan(measure(metric, portable, outputs, targets, np.zeros(N)))
    assert np.isnan(measure(metric, portable, outputs, targets, cuts=(0, 0)))
    for empty in (slice(0, 8), slice(40, N)):
        weight = WEIGHT.copy()
        weight[empty] = 0
        keep = weight > 0
        left = measure(metric, NUMPY, outputs[keep], targets[keep], weight[keep], (0, np.sum(keep)))
        assert measure(metric, portable, outputs, targets, weight) == pytest.approx(left, rel=1e-13)
    cuts = (0, 0, 8, 8, 40, N, N)
    assert measure(metric, portable, outputs, targets, WEIGHT, cuts) == pytest.approx(expected, rel=1e-13)


@ALL
def test_the_host_never_reads_a_value(case):
    torch = pytest.importorskip("torch")
    metric, outputs, targets, _, _ = CASES[case]
    x, w = (torch.empty(shape, device="meta") for shape in (outputs.shape, N))
    y = torch.empty(targets.shape, device="meta", dtype=torch.int64 if targets.dtype.kind == "i" else torch.float32)
    xp = get_backend("torch").xp
    part = metric.totals(xp, x, y, w)
    joined = metric.combine(xp, part, part).shape
    assert joined == part.shape or joined == (part.shape[0], 2 * N)


@ALL
def test_arguments_stay_as_they_are(case):
    metric, outputs, targets, _, _ = CASES[case]
    before = outputs.copy(), targets.copy(), WEIGHT.copy()
    measure(metric, NUMPY, outputs, targets, WEIGHT)
    for a, b in zip((outputs, targets, WEIGHT), before, strict=True):
        np.testing.assert_array_equal(a, b)
    part = metric.totals(NUMPY.xp, outputs, targets, WEIGHT)
    copy = part.copy()
    metric.combine(NUMPY.xp, part, part)
    np.testing.assert_array_equal(part, copy)


# ------------------------------------------------------------------------------------------------------ classes


def test_the_first_of_equal_outputs_is_the_class_and_one_half_means_no(backend):
    ties = np.full((3, 4), 0.25)
    assert measure(Accuracy(), backend, ties, np.asarray([0, 1, 3]), cuts=(0, 3)) == 1 / 3
    halves = np.full((3, 1), 0.5)
    assert measure(Accuracy(), backend, halves, np.asarray([0, 1, 0]), cuts=(0, 3)) == 2 / 3
    assert measure(BinaryAccuracy(), backend, halves, np.asarray([0, 1, 0]), cuts=(0, 3)) == 2 / 3
    assert measure(TopKAccuracy(1), backend, ties, np.asarray([0, 1, 3]), cuts=(0, 3)) == 1


def test_targets_are_judged_by_the_same_threshold_as_outputs(portable):
    outputs, targets = np.asarray([[0.3], [0.3], [0.3], [0.1]]), np.asarray([[0.4], [0.2], [0.4], [0.2]])
    for kind in (Accuracy, BinaryAccuracy):
        assert measure(kind(threshold=0.25), portable, outputs, targets, cuts=(0, 4)) == 0.75
        assert measure(kind(threshold=0.15), portable, outputs, targets, cuts=(0, 4)) == 0.75
        assert measure(kind(), portable, outputs, targets, cuts=(0, 4)) == 1.0
    assert measure(Recall(threshold=0.15), portable, outputs, targets, cuts=(0, 4)) == 0.75
    assert measure(Precision(threshold=0.25), portable, outputs, targets, cuts=(0, 4)) == pytest.approx(2 / 3)


def test_a_class_whose_output_is_nan_is_never_at_the_top(backend):
    outputs = np.asarray([[0.1, 0.2, np.nan], [np.nan] * 3, [0.3, 0.2, 0.1]])
    for k, expected in ((1, 1 / 3), (2, 2 / 3), (3, 2 / 3)):
        hits = measure(TopKAccuracy(k), backend, outputs, np.asarray([1, 0, 0]), cuts=(0, 3))
        assert hits == pytest.approx(expected)
    assert measure(TopKAccuracy(2), backend, outputs, np.asarray([2, 0, 0]), cuts=(0, 3)) == pytest.approx(1 / 3)

    for k in (4, 5):
        assert measure(TopKAccuracy(k), backend, outputs, np.asarray([1, 0, 0]), cuts=(0, 3)) == pytest.approx(2 / 3)


DECIDING = (Accuracy(), F1(), F1("micro"), MatthewsCorrelation(), Precision(), Precision("macro"), Recall("weighted"))


def test_outputs_of_nan_are_never_right(backend):
    for width, labels in ((1, [0, 0, 1]), (3, [0, 0, 1])):
        lost, y = np.full((3, width), np.nan), np.asarray(labels)
        for metric in (*DECIDING, TopKAccuracy(3), Recall(class_index=0)):
            if width > 1 or not isinstance(metric, TopKAccuracy):
                assert measure(metric, backend, lost, y, cuts=(0, 3)) == 0.0, (metric, width)
    for targets in (np.zeros((3, 2)), np.ones((3, 2))):
        assert measure(BinaryAccuracy(), backend, np.full((3, 2), np.nan), targets, cuts=(0, 3)) == 0.0


def test_a_sample_of_nan_is_predicted_to_be_in_no_class(backend):
    """As scikit-learn counts a prediction of a class that no sample has, -1."""
    metrics = pytest.importorskip("sklearn.metrics")
    rows, chances = PROBABILITIES.copy(), CHANCES.copy()
    rows[np.arange(0, N, 5), LABELS[::5]] = np.nan
    chances[::4] = np.nan
    single = np.where(np.isnan(chances[:, 0]), -1, CHANCE)
    several = np.where(np.isnan(rows).any(axis=1), -1, GUESSED)
    for outputs, y, guesses, n in ((rows, LABELS, several, 4), (chances, BITS, single, 2)):
        wanted = {
            Accuracy(): metrics.accuracy_score(y, guesses),
            MatthewsCorrelation(): metrics.matthews_corrcoef(y, guesses),
        }
        for kind in (Precision, Recall, F1):
            score = getattr(metrics, f"{kind.default_name}_score")
            for average in ("macro", "micro", "weighted"):
                options = {"labels": range(n), "average": average, "zero_division": 0}
                wanted[kind(average)] = score(y, guesses, **options)
        for metric, value in wanted.items():
            assert measure(metric, backend, outputs, y, cuts=(0, N)) == pytest.approx(value, rel=1e-13), (metric, n)


@pytest.mark.parametrize("word", ["numpy", "torch", "jax"])
@pytest.mark.parametrize("compile_", [False, True])
def test_a_network_that_has_diverged_is_never_right(word, compile_):
    if not available_backends()[word].available:
        pytest.skip(word)
    kinds = ["accuracy", "binary_accuracy", "f1"]
    for units, loss, metrics in ((1, "binary_cross_entropy", kinds), (3, "cross_entropy", ["accuracy"])):
        net = Network([Dense(units)], loss=loss, metrics=metrics, backend=word, compile=compile_).build((2,))
        net.set_parameters({"0.weight": np.full((2, units), np.nan)})
        x, y = np.ones((4, 2)), np.zeros(4, int)
        assert all(net.evaluate(x, y)[name] == 0.0 for name in metrics)
        assert all(net.fit(x, y, epochs=1, verbose=0)[name] == [0.0] for name in metrics)


def test_as_many_places_as_classes_are_enough_for_everyone():
    assert measure(TopKAccuracy(), NUMPY, PROBABILITIES, LABELS) == 1.0


@WEIGHTED
@pytest.mark.parametrize("kind", [Precision, Recall, F1])
def test_classes_that_never_occur_count_for_nothing_and_those_never_hit_for_zero(kind, weight):
    metrics = pytest.importorskip("sklearn.metrics")
    function = getattr(metrics, f"{kind.default_name}_score")
    rng = np.random.default_rng(0)
    for n_seen, n_said in ((2, 4), (4, 2), (3, 3), (1, 1), (5, 1)):
        y, p = rng.integers(0, n_seen, N), rng.integers(0, n_said, N) + 1
        for average in ("macro", "micro"):
            expected = function(y, p, average=average, zero_division=0, sample_weight=weight)
            assert measure(kind(average), NUMPY, one_hot(p, 6), y, weight) == pytest.approx(expected, abs=1e-15)


@pytest.mark.parametrize("kind", [Precision, Recall, F1])
def test_rates_with_nothing_to_divide_by_are_zero(kind, backend):
    for outputs, targets in (([0.1, 0.2], [0, 0]), ([0.9, 0.9], [0, 0]), ([0.1, 0.1], [1, 1])):
        assert measure(kind(), backend, np.asarray(outputs), np.asarray(targets), cuts=(0, 2)) == 0.0


def test_nothing_correlates_with_a_constant(backend):
    for outputs, targets in (([0.1, 0.2], [0, 1]), ([0.9, 0.1], [1, 1]), ([0.9, 0.8], [1, 1])):
        assert measure(MatthewsCorrelation(), backend, np.asarray(outputs), np.asarray(targets), cuts=(0, 2)) == 0.0


# -------------------------------------------------------------------------------------------------------- R squared


@pytest.mark.parametrize("offset", [1e4, 1e7])
def test_r2_keeps_its_digits_far_from_zero(offset, backend):
    metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(1)
    targets = (offset + rng.normal(size=(N, 2)) * (1 + offset * 1e-6)).astype("f4")
    outputs = (targets + rng.normal(size=(N, 2)) * (0.5 + offset * 1e-6)).astype("f4")
    expected = metrics.r2_score(targets.astype("f8"), outputs.astype("f8"), sample_weight=WEIGHT)
    cuts = (0, 30, N)
    assert measure(R2(), backend, outputs, targets, WEIGHT, cuts, "float32") == pytest.approx(expected, rel=1e-5)
    assert measure(R2(), backend, outputs, targets, WEIGHT, cuts) == pytest.approx(expected, rel=1e-9)


def test_r2_of_drifting_batches_is_that_of_all_samples():
    metrics = pytest.importorskip("sklearn.metrics")
    targets = REALS + np.arange(N)[:, None] * 10.0
    outputs = targets + GUESSES * 30
    for weight in (None, WEIGHT):
        expected = metrics.r2_score(targets, outputs, sample_weight=weight)
        for cuts in (CUTS, range(N + 1)):
            assert measure(R2(), NUMPY, outputs, targets, weight, cuts) == pytest.approx(expected, rel=1e-13)


def test_r2_of_constant_targets_is_one_if_they_are_met_and_else_zero(portable):
    metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(4)
    for value in rng.normal(size=20) * 10 ** rng.uniform(-3, 6, 20):
        targets = np.full((N, 1), value, "f4")
        for outputs, expected in ((targets, 1.0), (targets * 2, 0.0)):
            assert measure(R2(), portable, outputs, targets, WEIGHT, (0, 30, N), "float32") == expected
            assert metrics.r2_score(np.ones(N), outputs[:, 0] / targets[:, 0]) == expected


def test_r2_keeps_its_digits_after_a_batch_without_weight(portable):
    metrics = pytest.importorskip("sklearn.metrics")
    targets = (1e7 + REALS * 10).astype("f4")
    outputs = targets + np.round(GUESSES - REALS)
    weight = np.where(np.arange(N) < 20, 0.0, 1.0)
    expected = metrics.r2_score(targets[20:], outputs[20:])
    actual = measure(R2(), portable, outputs, targets, weight, (0, 20, 40, N), "float32")
    assert actual == pytest.approx(expected, rel=1e-5)


# ------------------------------------------------------------------------------------------------------ the boundary


@pytest.mark.parametrize(
    "metric, outputs, targets, message",
    [
        (Accuracy(), (4, 3), (4, 2), "targets must have shape (4,) or (4, 3), got (4, 2)."),
        (Accuracy(), (4, 3), (3,), "targets must have shape (4,) or (4, 3), got (3,)."),
        (Accuracy(), (4, 1), (4, 3), "targets must have shape (4, 1), got (4, 3)."),
        (F1(), (4, 3), (4, 2), "targets must have shape (4,) or (4, 3), got (4, 2)."),
        (TopKAccuracy(), (4, 3), (4, 2), "targets must have shape (4,) or (4, 3), got (4, 2)."),
        (TopKAccuracy(), (4, 1), (4,), "outputs must have shape (batch, ..., classes), got (4, 1)."),
        (TopKAccuracy(), (4,), (4,), "outputs must have shape (batch, ..., classes), got (4,)."),
        (BinaryAccuracy(), (4, 3), (4,), "targets must have shape (4, 3), got (4,)."),
        (LogLoss(), (4, 3), (4, 2), "targets must have shape (4,) or (4, 3), got (4, 2)."),
        (ROCAUC(), (4, 3), (3,), "targets must have shape (4,) or (4, 3), got (3,)."),
        (ROCAUC(), (4,), (3,), "targets must have shape (4,), got (3,)."),
        (MatthewsCorrelation(), (4, 3), (4, 2), "targets must have shape (4,) or (4, 3), got (4, 2)."),
        (ExplainedVariance(), (4, 3), (4,), "targets must have shape (4, 3), got (4,)."),
        (MSE(), (4, 3), (4,), "targets must have shape (4, 3), got (4,)."),
        (MAE(), (4, 3), (4,), "targets must have shape (4, 3), got (4,)."),
        (R2(), (4, 3), (4,), "targets must have shape (4, 3), got (4,)."),
    ],
)
def test_targets_that_would_broadcast_are_refused(metric, outputs, targets, message):
    with pytest.raises(ShapeError) as error:
        metric.totals(NUMPY.xp, np.zeros(outputs), np.zeros(targets), np.ones(4))
    assert str(error.value) == message


def test_binary_averages_are_for_two_classes():
    for kind in (Precision, Recall, F1):
        with pytest.raises(ArgumentError) as error:
            measure(kind("binary"), NUMPY, PROBABILITIES, LABELS)
        assert str(error.value) == "average must be 'auto', 'macro', 'micro' or 'weighted' for 4 classes, got 'binary'."
        with pytest.raises(ArgumentError) as error:
            measure(kind(class_index=4), NUMPY, PROBABILITIES, LABELS)
        assert str(error.value) == "class_index must be below the number 4 of classes, got 4."
    for kind in (ROCAUC, AveragePrecision):
        with pytest.raises(ArgumentError) as error:
            measure(kind("binary"), NUMPY, PROBABILITIES, LABELS)
        assert str(error.value) == "average must be 'macro' for 4 classes, got 'binary'."


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: Accuracy("high"), "threshold must be a finite number, got 'high'."),
        (lambda: BinaryAccuracy(np.nan), "threshold must be a finite number, got nan."),
        (lambda: F1(threshold=True), "threshold must be a finite number, got True."),
        (lambda: Precision("mean"), "average must be one of auto, binary, macro, micro, weighted, got 'mean'."),
        (lambda: Recall(class_index=-1), "class_index must be an integer of at least 0, got -1."),
        (lambda: ROCAUC("micro"), "average must be one of auto, binary, macro, got 'micro'."),
        (lambda: ROCAUC(threshold=None), "threshold must be a finite number, got None."),
        (lambda: MatthewsCorrelation("a"), "threshold must be a finite number, got 'a'."),
        (lambda: TopKAccuracy(0), "k must be an integer of at least 1, got 0."),
        (lambda: TopKAccuracy(2.5), "k must be an integer of at least 1, got 2.5."),
    ],
)
def test_arguments_are_checked(make, message):
    with pytest.raises(ArgumentError) as error:
        make()
    assert str(error.value).startswith(message)


# ------------------------------------------------------------------------------------------------------------ names


def test_every_metric_has_its_name_and_is_found_in_histories_under_it():
    kinds = {
        "accuracy": Accuracy,
        "average_precision": AveragePrecision,
        "binary_accuracy": BinaryAccuracy,
        "explained_variance": ExplainedVariance,
        "f1": F1,
        "log_loss": LogLoss,
        "matthews_correlation": MatthewsCorrelation,
        "mae": MAE,
        "mean_absolute_error": MAE,
        "mean_squared_error": MSE,
        "mse": MSE,
        "precision": Precision,
        "r2": R2,
        "recall": Recall,
        "roc_auc": ROCAUC,
        "top_k_accuracy": TopKAccuracy,
    }
    assert set(xpnn.metrics._BY_NAME) == set(kinds)
    for name, kind in kinds.items():
        metric = get_metric("metrics", name)
        assert type(metric) is kind and metric.label == name
    assert TopKAccuracy(3, name="top_3").label == "top_3"


def test_a_metric_asked_for_by_name_takes_the_threshold_and_an_object_keeps_its_own():
    for name in ("accuracy", "binary_accuracy", "precision", "recall", "f1", "roc_auc", "matthews_correlation"):
        assert get_metric("metrics", name).threshold == 0.5
        assert get_metric("metrics", name, threshold=0.0).threshold == 0.0
    metric = Accuracy()
    assert get_metric("metrics", metric, threshold=0.0) is metric
    assert get_metric("metrics", "mse", threshold=0.0) == MSE()


def test_unknown_metrics_are_refused_with_the_nearest_match():
    with pytest.raises(ArgumentError, match=r"^metrics must be one of .*, got 'acuracy'\. Did you mean 'accuracy'\?$"):
        get_metric("metrics", "acuracy")
    for wrong in (None, 3, Accuracy, abs):
        with pytest.raises(ArgumentTypeError, match=r"^metrics must be one of .* with combine, result, totals, got "):
            get_metric("metrics", wrong)


def test_metrics_are_written_as_they_are_made():
    for metric in (Accuracy(), Accuracy(0.25), TopKAccuracy(2, name="top_2"), F1("macro"), MSE(name="error"), R2()):
        assert eval(repr(metric), vars(xpnn.metrics)) == metric  # noqa: S307
        assert isinstance(metric, Metric)


def test_the_list_of_names_is_sorted_and_complete():
    names = xpnn.metrics.__all__
    assert names == sorted(names, key=lambda name: (not name.isupper(), name[0].islower(), name))
    kinds = {n for n, v in vars(xpnn.metrics).items() if isinstance(v, type) and issubclass(v, Metric)}
    others = {"ClassScores", "ClassificationReport", "classification_report", "confusion_matrix", "get_metric"}
    assert set(names) == kinds | others
