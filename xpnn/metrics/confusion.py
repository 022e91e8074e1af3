"""`ConfusionMetric`: the base of precision, recall and F1, which count right and wrong by class."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from math import prod

from array_api_compat import device

from xpnn import _check
from xpnn.errors import ArgumentError
from xpnn.metrics._decisions import decide, is_single
from xpnn.metrics.metric import Metric
from xpnn.typing import Array, HostArray, Namespace

__all__ = ["ConfusionMetric"]


@dataclass(frozen=True, slots=True, repr=False)
class ConfusionMetric(Metric, ABC):
    """Base of the metrics made of three counts for each class: true positives, predictions, and samples of the class.

    Parameters
    ----------
    average : {"auto", "binary", "macro", "micro"}
        ``"binary"`` looks at class 1 of two; ``"macro"`` is the mean over the classes that occur, in targets or
        predictions; ``"micro"`` adds up the counts of all classes first. ``"auto"`` is ``"binary"`` for two classes and
        for a single output, and ``"macro"`` for more.
    threshold : float
        Border between class 0 and class 1 for a single output; see `Accuracy`.
    name : str, optional
        Key in histories and evaluations.

    Raises
    ------
    ArgumentError
        If an argument breaks its rule, or `average` is ``"binary"`` for more than two classes.

    Notes
    -----
    A rate with nothing in its denominator is 0, as with ``zero_division=0`` in scikit-learn.
    """

    average: str = "auto"
    threshold: float = 0.5

    def __post_init__(self) -> None:
        self._set("average", _check.choice("average", self.average, ("auto", "binary", "macro", "micro")))
        self._set("threshold", _check.number("threshold", self.threshold))

    @abstractmethod
    def rate(self, hits: float, predicted: float, actual: float) -> float:
        """Value for one class from its true positives, its predictions and its samples; 0 where it would be 0/0."""

    def totals(self, xp: Namespace, outputs: Array, targets: Array, weight: Array) -> Array:
        """Weighted true positives, predictions and samples of each class, shape (3, classes)."""
        n_classes = 2 if is_single(outputs) else outputs.shape[-1]
        if self.average == "binary" and n_classes > 2:
            raise ArgumentError(f"average must be 'macro' or 'micro' for {n_classes} classes, got 'binary'.")
        predicted, actual = (
            _one_hot(xp, classes, n_classes, outputs) for classes in decide(xp, outputs, targets, self.threshold)
        )
        counts = [xp.sum(mask, axis=1) for mask in (predicted * actual, predicted, actual)]
        return xp.stack([xp.sum(count * weight[..., None], axis=0) for count in counts])

    def result(self, totals: HostArray) -> float:
        """Rate of class 1, mean of the rates, or rate of all classes together."""
        classes = list(zip(*totals.tolist(), strict=True))
        present = [counts for counts in classes if any(counts)]
        if not present:
            return float("nan")
        if self.average == "micro":
            return self.rate(*totals.sum(axis=1).tolist())
        if self.average == "macro" or len(classes) > 2:
            return sum(self.rate(*counts) for counts in present) / len(present)
        return self.rate(*classes[1])


def _one_hot(xp: Namespace, classes: Array, n_classes: int, outputs: Array) -> Array:
    """Rows that are 1 at the class, shape (batch, positions, classes), of the dtype of `outputs`."""
    labels = xp.reshape(xp.astype(classes, xp.int64), (classes.shape[0], prod(classes.shape[1:])))
    return xp.astype(labels[..., None] == xp.arange(n_classes, device=device(outputs)), outputs.dtype)
