"""Rankings with ties and gaps, confusion matrices and reports, compared with scikit-learn; totals of many batches."""

import numpy as np
import pytest

from xpnn import Network, train_many
from xpnn.errors import ArgumentError, ShapeError
from xpnn.layers import Dense
from xpnn.metrics import ROCAUC, AveragePrecision, LogLoss, MatthewsCorrelation, classification_report, confusion_matrix
from xpnn.training.totals import Totals

sklearn = pytest.importorskip("sklearn.metrics")
import array_api_compat.numpy as xp  # noqa: E402


def _value(metric, outputs, targets, weight=None):
    weight = np.ones(len(outputs)) if weight is None else weight
    return metric.result(metric.totals(xp, outputs, targets, weight))


@pytest.mark.parametrize("seed", range(40))
def test_rankings_are_those_of_scikit_learn_whatever_the_ties(seed):
    rng = np.random.default_rng(seed)
    n, levels = int(rng.integers(2, 200)), int(rng.integers(1, 50))
    scores, labels = rng.integers(levels, size=n) / levels, rng.integers(2, size=n)
    labels[:2] = 0, 1
    weight = rng.integers(0, 4, size=n) * rng.random(n) if seed % 2 else None
    if weight is not None:
        weight[:2] = 1.0
    for metric, function in (
        (ROCAUC(), sklearn.roc_auc_score),
        (AveragePrecision(), sklearn.average_precision_score),
    ):
        wanted = function(labels, scores, sample_weight=weight)
        assert _value(metric, scores, labels, weight) == pytest.approx(wanted, rel=1e-12)


def test_a_perfect_order_an_inverse_one_and_none_at_all():
    labels = np.asarray([0, 1, 0, 1, 1])
    assert _value(ROCAUC(), labels * 1.0, labels) == 1.0
    assert _value(ROCAUC(), -labels * 1.0, labels) == 0.0
    assert _value(ROCAUC(), np.zeros(5), labels) == 0.5
    assert _value(AveragePrecision(), labels * 1.0, labels) == 1.0
    assert _value(AveragePrecision(), np.zeros(5), labels) == 0.6


def test_what_is_not_defined_is_no_number_and_such_classes_are_left_out():
    scores = np.asarray([0.1, 0.7, 0.4])
    for labels in ([0, 0, 0], [1, 1, 1]):
        assert np.isnan(_value(ROCAUC(), scores, np.asarray(labels)))
    assert np.isnan(_value(AveragePrecision(), scores, np.asarray([0, 0, 0])))
    assert _value(AveragePrecision(), scores, np.asarray([1, 1, 1])) == 1.0
    rows = np.random.default_rng(0).dirichlet(np.ones(3), 30)
    labels = np.random.default_rng(1).integers(2, size=30)
    wanted = np.mean([sklearn.roc_auc_score(labels == c, rows[:, c]) for c in (0, 1)])
    assert _value(ROCAUC(), rows, labels) == pytest.approx(wanted, rel=1e-12)


def test_scores_that_are_no_numbers_show():
    scores = np.asarray([0.1, np.nan, 0.4, 0.9])
    for metric in (ROCAUC(), AveragePrecision()):
        assert np.isnan(_value(metric, scores, np.asarray([0, 1, 0, 1])))
        assert not np.isnan(_value(metric, scores, np.asarray([0, 1, 0, 1]), np.asarray([1.0, 0.0, 1.0, 1.0])))
        assert _value(metric, np.asarray([-np.inf, np.inf, 0.0, 5.0]), np.asarray([0, 1, 0, 1])) == 1.0


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_wrong_answer_given_for_sure_costs_what_its_type_can_tell_from_zero(dtype):
    sure, labels = np.asarray([0.0, 1.0, 1.0], dtype), np.asarray([1, 1, 0])
    given = _value(LogLoss(), sure, labels, np.ones(3, dtype))
    assert given == pytest.approx(sklearn.log_loss(labels, sure), rel=1e-6)
    assert np.isnan(_value(LogLoss(), np.asarray([0.5, np.nan]), np.asarray([0, 1])))


def test_a_correlation_of_one_class_alone_is_zero():
    rows = np.eye(3)[[0, 0, 0, 0]]
    assert _value(MatthewsCorrelation(), rows, np.asarray([0, 1, 2, 0])) == 0.0
    assert _value(MatthewsCorrelation(), np.eye(3)[[0, 1, 2, 0]], np.asarray([0, 0, 0, 0])) == 0.0
    assert _value(MatthewsCorrelation(), np.eye(3)[[0, 1, 2]], np.asarray([0, 1, 2])) == 1.0


# ------------------------------------------------------------------------------------------------ in a network


def _problem(n=120):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((n, 3))
    return x, (x @ [1.0, -1.0, 0.5] + rng.standard_normal(n) > 0).astype(int)


@pytest.mark.parametrize("batch_size", [1, 7, 50, None])
def test_a_network_measures_the_order_of_all_samples_whatever_the_batches(batch_size):
    x, y = _problem()
    net = Network([Dense(1)], loss="binary_cross_entropy", metrics=["roc_auc", "average_precision", "log_loss"])
    net.fit(x, y, epochs=2, verbose=0)
    weight = np.random.default_rng(1).random(120)
    scores = net.predict_proba(x)[:, 0]
    given = net.evaluate(x, y, batch_size=batch_size, sample_weight=weight)
    assert given["roc_auc"] == pytest.approx(sklearn.roc_auc_score(y, scores, sample_weight=weight), rel=1e-6)
    wanted = sklearn.average_precision_score(y, scores, sample_weight=weight)
    assert given["average_precision"] == pytest.approx(wanted, rel=1e-6)
    assert given["log_loss"] == pytest.approx(given["loss"], rel=1e-5)


def test_histories_and_many_networks_at_once_have_rankings():
    x, y = _problem()
    options = {"loss": "binary_cross_entropy", "metrics": ["roc_auc"], "dtype": "float64"}
    together = train_many(Network([Dense(1)], **options), x, y, seeds=[0, 1], batch_size=32, epochs=2)
    for seed in (0, 1):
        net = Network([Dense(1)], seed=seed, **options)
        history = net.fit(x, y, batch_size=32, epochs=2, verbose=0)
        assert together.networks[seed].history["roc_auc"] == pytest.approx(history["roc_auc"], rel=1e-12)


@pytest.mark.parametrize("batches", range(1, 20))
def test_totals_are_joined_in_their_order_and_each_once(batches):
    from xpnn.backend import get_backend
    from xpnn.losses import get_loss
    from xpnn.training.measurement import Measurement

    totals = Totals(get_loss("loss", "mean_squared_error"), [ROCAUC()], get_backend("numpy"))
    for i in range(batches):
        totals.add(np.float64(0.0), Measurement(1, [np.full((3, 2), float(i))]))
        assert totals.totals()[0][0].tolist() == np.repeat(np.arange(i + 1.0), 2).tolist()


# ------------------------------------------------------------------------------------------- matrices and reports

RNG = np.random.default_rng(5)
Y, P = RNG.integers(4, size=80), RNG.integers(4, size=80)
W = RNG.random(80)


@pytest.mark.parametrize("weight", [None, W], ids=["plain", "weighted"])
def test_a_confusion_matrix_is_that_of_scikit_learn(weight):
    given = confusion_matrix(Y, P, sample_weight=weight)
    np.testing.assert_allclose(given, sklearn.confusion_matrix(Y, P, sample_weight=weight), rtol=1e-12)
    assert given.dtype.kind == ("i" if weight is None else "f")


def test_a_confusion_matrix_takes_rows_labels_reals_and_arrays_of_every_library(backend):
    rows = RNG.dirichlet(np.ones(4), 80)
    wanted = sklearn.confusion_matrix(Y, rows.argmax(axis=1), labels=range(4))
    placed = backend.asarray(Y), backend.asarray(rows)
    assert np.array_equal(confusion_matrix(*placed), wanted)
    assert np.array_equal(confusion_matrix(np.eye(4)[Y], rows), wanted)
    chances = rows[:, 0]
    for values in (chances, chances[:, None], chances > 0.3):
        given = confusion_matrix(Y > 1, values, threshold=0.3)
        assert np.array_equal(given, sklearn.confusion_matrix(Y > 1, chances > 0.3))
    assert confusion_matrix([0, 1], [1, 1], n_classes=3).tolist() == [[0, 1, 0], [0, 1, 0], [0, 0, 0]]
    assert confusion_matrix([], []).tolist() == [[0, 0], [0, 0]]


def test_whole_floats_are_labels_as_they_are_for_the_losses():
    labels = [0, 1, 2, 2]
    for predicted in (np.asarray([0.0, 1.0, 2.0, 1.0]), np.asarray([[0.0], [1.0], [2.0], [1.0]], "float32")):
        assert confusion_matrix(labels, predicted).tolist() == [[1, 0, 0], [0, 1, 0], [0, 1, 1]]
        assert confusion_matrix(predicted, labels).tolist() == [[1, 0, 0], [0, 1, 1], [0, 0, 1]]
    assert classification_report(labels, [0.0, 1.0, 2.0, 2.0]).accuracy == 1.0
    assert confusion_matrix([-1.0, 1.0], [2.0, -3.0], threshold=0.0).tolist() == [[0, 1], [1, 0]]
    assert confusion_matrix([0.0, 0.0], [0.4, 2.0]).tolist() == [[1, 1], [0, 0]]
    assert confusion_matrix([0, 1], [-np.inf, np.inf]).tolist() == [[1, 0], [0, 1]]


@pytest.mark.parametrize("weight", [None, W], ids=["plain", "weighted"])
@pytest.mark.parametrize("shift", [0, 2])
def test_a_report_is_that_of_scikit_learn(weight, shift):
    """With a shift there are classes without samples, and others without predictions."""
    predicted = P + shift
    given = classification_report(Y, predicted, sample_weight=weight)
    wanted = sklearn.classification_report(Y, predicted, sample_weight=weight, output_dict=True, zero_division=0)
    rows = {**given.classes, "macro avg": given.macro, "weighted avg": given.weighted}
    assert rows.keys() == wanted.keys() - {"accuracy"}
    assert given.accuracy == pytest.approx(sklearn.accuracy_score(Y, predicted, sample_weight=weight), rel=1e-12)
    for name, row in rows.items():
        for score in ("precision", "recall", "f1", "support"):
            key = "f1-score" if score == "f1" else score
            assert getattr(row, score) == pytest.approx(wanted[name][key], rel=1e-12), (name, score)


def test_a_report_prints_names_and_numbers():
    report = classification_report([0, 1, 1], [0, 1, 0], names=["setosa", "other", "never"])
    assert str(report).splitlines() == [
        "          precision  recall      f1  support",
        "setosa       0.5000  1.0000  0.6667        1",
        "other        1.0000  0.5000  0.6667        2",
        "macro        0.7500  0.7500  0.6667        3",
        "weighted     0.8333  0.6667  0.6667        3",
        "accuracy     0.6667",
    ]


MESSAGES = [
    (lambda: confusion_matrix([0, 1], [0.2, np.nan]), "y_pred must hold labels or real numbers, got nan."),
    (lambda: confusion_matrix([0], [[0.5, np.nan]]), "y_pred must hold labels or real numbers, got nan."),
    (
        lambda: confusion_matrix([0], [["a"] * 2]),
        "y_pred must hold labels or real numbers, got an array of dtype <U1.",
    ),
    (
        lambda: confusion_matrix([0, 1], [0, 1], sample_weight=[[1.0], [2.0]]),
        "sample_weight must have shape (2,), got (2, 1).",
    ),
    (lambda: classification_report([0, 1], [0, 1], sample_weight=1.0), "sample_weight must have shape (2,), got ()."),
    (
        lambda: confusion_matrix([0], [0], sample_weight=["a"]),
        "sample_weight must hold real numbers, got an array of dtype <U1.",
    ),
    (
        lambda: confusion_matrix([0, 1], [0, 1], sample_weight=[2, -1]),
        "sample_weight must hold finite numbers of at least 0, got -1.",
    ),
    (
        lambda: classification_report([0, 1], [0, 1], sample_weight=[2.0, np.nan]),
        "sample_weight must hold finite numbers of at least 0, got nan.",
    ),
    (
        lambda: confusion_matrix([0, 1], [0, 1], sample_weight=[np.inf, 1.0]),
        "sample_weight must hold finite numbers of at least 0, got inf.",
    ),
    (
        lambda: classification_report([0, 1, 2], [0, 1, 2], names=["a", "b", "b"]),
        "names must hold different names, got 'b' twice.",
    ),
    (lambda: confusion_matrix([0, 1], [0]), "y_pred must have 2 entries like y_true, got 1."),
    (lambda: confusion_matrix([0], [0], sample_weight=[1, 2]), "sample_weight must have 1 entries like y_true, got 2."),
    (lambda: confusion_matrix([0, -1], [0, 0]), "y_true must hold labels from 0 on, got -1."),
    (lambda: confusion_matrix([0, 4], [0, 0], n_classes=3), "n_classes must be at least 5 for these labels, got 3."),
    (lambda: confusion_matrix(["a"], [0]), "y_true must hold labels or real numbers, got an array of dtype <U1."),
    (lambda: confusion_matrix(0, 0), "y_true must have shape (n,) or (n, classes), got ()."),
    (lambda: classification_report([], []), "y_true must hold at least one sample with a weight, got none."),
    (
        lambda: classification_report([0, 2], [0, 0], names=["a", "b"]),
        "names must hold a name for each of the 3 classes, got 2.",
    ),
]


@pytest.mark.parametrize(("call", "message"), MESSAGES, ids=[message for _, message in MESSAGES])
def test_bad_arguments_get_one_sentence(call, message):
    with pytest.raises((ArgumentError, ShapeError)) as caught:
        call()
    assert str(caught.value) == message
