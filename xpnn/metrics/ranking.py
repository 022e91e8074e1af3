"""`RankingMetric`: the base of the metrics that look at the order of all scores."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from math import prod

from xpnn import _check
from xpnn.errors import ArgumentError
from xpnn.metrics._decisions import is_single, one_hot
from xpnn.metrics.metric import Metric
from xpnn.typing import Array, HostArray, Namespace

__all__ = ["RankingMetric"]


@dataclass(frozen=True, slots=True, repr=False)
class RankingMetric(Metric, ABC):
    """Base of the metrics of the order in which the scores put the samples of a class and all others.

    Parameters
    ----------
    average : {"auto", "binary", "macro"}
        ``"binary"`` looks at class 1 of two; ``"macro"`` is the mean over the classes, each against all others.
        ``"auto"`` is ``"binary"`` for two classes and for a single output, and ``"macro"`` for more.
    threshold : float
        Targets above it are of the class, where they are not labels.
    name : str, optional
        Key in histories and evaluations.

    Raises
    ------
    ArgumentError
        If an argument breaks its rule, or `average` is ``"binary"`` for more than two classes.

    Notes
    -----
    The value is exact, so all scores are kept: they are gathered on the device and read once at the end of an epoch.
    That takes 3 numbers for each sample, or ``2 * classes + 1`` for ``"macro"``. Classes for which the value is not
    defined, since none or all of the samples belong to them, are left out of the mean.
    """

    average: str = "auto"
    threshold: float = 0.5

    def __post_init__(self) -> None:
        self._set("average", _check.choice("average", self.average, ("auto", "binary", "macro")))
        self._set("threshold", _check.number("threshold", self.threshold))

    @abstractmethod
    def rate(self, hits: HostArray, misses: HostArray) -> float | None:
        """Value for one class, or None if it is not defined.

        Parameters
        ----------
        hits, misses : ndarray, shape (n,)
            Weight of the samples of the class, and of the others, whose score is at least the greatest, the second
            greatest, ... of the different scores; at least one.
        """

    def totals(self, xp: Namespace, outputs: Array, targets: Array, weight: Array) -> Array:
        """Scores, marks of the class, and weights, one column for each sample; shape (2 * classes + 1, samples)."""
        classes = 1 if is_single(outputs) else outputs.shape[-1]
        if self.average == "binary" and classes > 2:
            raise ArgumentError(f"average must be 'macro' for {classes} classes, got 'binary'.")
        if classes == 1:
            marks = _check.targets_like(xp, outputs, targets) > self.threshold
        else:
            marks = one_hot(xp, outputs, targets) > self.threshold
        positions = prod(outputs.shape[1:]) // classes
        rows = outputs.shape[0] * positions
        parts = [xp.reshape(part, (rows, classes)) for part in (outputs, xp.astype(marks, outputs.dtype))]
        if classes == 2 and self.average != "macro":
            parts = [part[:, 1:] for part in parts]
        weights = xp.reshape(xp.broadcast_to(weight[..., None], (outputs.shape[0], positions)), (rows, 1))
        return xp.matrix_transpose(xp.concat([*parts, weights], axis=1))

    def combine(self, xp: Namespace, first: Array, second: Array) -> Array:
        """Keep the samples of both."""
        return xp.concat([first, second], axis=1)

    def result(self, totals: HostArray) -> float:
        """Mean over the classes."""
        totals = totals[:, totals[-1] > 0]
        classes = totals.shape[0] // 2
        if not totals.shape[1] or (totals != totals).any():
            return float("nan")
        pairs = zip(totals[:classes], totals[classes:-1], strict=True)
        values = [self.rate(*_counts(scores, marks, totals[-1])) for scores, marks in pairs]
        defined = [value for value in values if value is not None]
        return float(sum(defined) / len(defined)) if defined else float("nan")


def _counts(scores: HostArray, marks: HostArray, weight: HostArray) -> tuple[HostArray, HostArray]:
    """Weights of the class and of the others down to each of the different scores, the greatest first."""
    order = (-scores).argsort(kind="stable")
    ordered, is_last = scores[order], scores == scores
    is_last[:-1] = ordered[1:] != ordered[:-1]
    return tuple((weight * part)[order].cumsum()[is_last] for part in (marks, 1.0 - marks))
