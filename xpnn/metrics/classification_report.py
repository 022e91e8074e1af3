"""`classification_report`: precision, recall and F1 of every class, and their means."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from xpnn.errors import ArgumentError
from xpnn.metrics.confusion_matrix import confusion_matrix
from xpnn.metrics.f1 import F1
from xpnn.metrics.precision import Precision
from xpnn.metrics.recall import Recall

__all__ = ["ClassScores", "ClassificationReport", "classification_report"]


@dataclass(frozen=True, slots=True)
class ClassScores:
    """Scores of one class, or means over all; `support` is the number of samples, or the sum of their weights."""

    precision: float
    recall: float
    f1: float
    support: float


@dataclass(frozen=True, slots=True)
class ClassificationReport:
    """What `classification_report` returns; printed, it is a table.

    Parameters
    ----------
    classes : mapping of str to ClassScores
        By the names of the classes that occur, in targets or predictions.
    accuracy : float
        Share of the samples that are right.
    macro : ClassScores
        Means over these classes.
    weighted : ClassScores
        Means by the support of the classes.
    """

    classes: Mapping[str, ClassScores]
    accuracy: float
    macro: ClassScores
    weighted: ClassScores

    def __str__(self) -> str:
        rows = {**self.classes, "macro": self.macro, "weighted": self.weighted}
        width = max(len(name) for name in (*rows, "accuracy"))
        lines = [f"{'':{width}}  precision  recall      f1  support"]
        lines += [
            f"{name:{width}}  {row.precision:9.4f}  {row.recall:6.4f}  {row.f1:6.4f}  {row.support:7g}"
            for name, row in rows.items()
        ]
        return "\n".join([*lines, f"{'accuracy':{width}}  {self.accuracy:9.4f}"])


def classification_report(
    y_true: Any,
    y_pred: Any,
    *,
    names: Sequence[str] | None = None,
    sample_weight: Any = None,
    threshold: float = 0.5,
) -> ClassificationReport:
    """Scores of every class.

    Parameters
    ----------
    y_true, y_pred : array
        Labels, rows with a value for each class, or reals, as for `confusion_matrix`.
    names : sequence of str, optional
        Names of the classes; by default their numbers.
    sample_weight : array, shape (n,), optional
        What each sample counts instead of 1, a finite number of at least 0.
    threshold : float
        For reals.

    Returns
    -------
    report : ClassificationReport
        See there.

    Raises
    ------
    ArgumentError, ShapeError
        As for `confusion_matrix`; or if there is no sample, there are fewer names than classes, or two are the same.

    Examples
    --------
    >>> print(classification_report([0, 1, 1, 2], [0, 1, 2, 2]))
              precision  recall      f1  support
    0            1.0000  1.0000  1.0000        1
    1            1.0000  0.5000  0.6667        2
    2            0.5000  1.0000  0.6667        1
    macro        0.8333  0.8333  0.7778        4
    weighted     0.8750  0.7500  0.7500        4
    accuracy     0.7500
    """
    matrix = confusion_matrix(y_true, y_pred, sample_weight=sample_weight, threshold=threshold)
    hits, predicted, actual = (a.tolist() for a in (matrix.diagonal(), matrix.sum(axis=0), matrix.sum(axis=1)))
    total = sum(actual)
    if not total:
        raise ArgumentError("y_true must hold at least one sample with a weight, got none.")
    labels = [str(i) for i in range(len(hits))] if names is None else [str(name) for name in names]
    if len(labels) < len(hits):
        raise ArgumentError(f"names must hold a name for each of the {len(hits)} classes, got {len(labels)}.")
    for name in labels:
        if labels.count(name) > 1:
            raise ArgumentError(f"names must hold different names, got {name!r} twice.")
    counts = list(zip(labels, hits, predicted, actual, strict=False))
    classes = {name: _scores(*rest) for name, *rest in counts if rest[1] or rest[2]}
    rows = list(classes.values())
    macro = _mean(rows, lambda row: 1.0 / len(rows), total)
    weighted = _mean(rows, lambda row: row.support / total, total)
    return ClassificationReport(classes, sum(hits) / total, macro, weighted)


def _scores(hits: float, predicted: float, actual: float) -> ClassScores:
    precision, recall, f1 = (kind().rate(hits, predicted, actual) for kind in (Precision, Recall, F1))
    return ClassScores(precision, recall, f1, actual)


def _mean(rows: list[ClassScores], share: Callable[[ClassScores], float], total: float) -> ClassScores:
    parts = [(share(row), row) for row in rows]
    precision, recall, f1 = (
        sum(part * getattr(row, name) for part, row in parts) for name in ("precision", "recall", "f1")
    )
    return ClassScores(precision, recall, f1, total)
