"""`ConfusionMetric`: the base of precision, recall and F1, which count right and wrong by class."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

from xpnn import _check
from xpnn.errors import ArgumentError
from xpnn.metrics._decisions import decide, is_single, mark
from xpnn.metrics.metric import Metric
from xpnn.typing import Array, HostArray, Namespace

__all__ = ["ConfusionMetric"]


_AVERAGES = "auto", "binary", "macro", "micro", "weighted"


@dataclass(frozen=True, slots=True, repr=False)
class ConfusionMetric(Metric, ABC):
    """Base of the metrics made of three counts for each class: true positives, predictions, and samples of the class.

    Parameters
    ----------
    average : {"auto", "binary", "macro", "micro", "weighted"}
        ``"binary"`` looks at class 1 of two; ``"macro"`` is the mean over the classes that occur, in targets or
        predictions; ``"micro"`` adds up the counts of all classes first; ``"weighted"`` is the mean by the number of
        samples. ``"auto"`` is ``"binary"`` for two classes and for a single output, and ``"macro"`` for more.
    threshold : float
        Border between class 0 and class 1 for a single output; see `Accuracy`.
    class_index : int, optional
        Look at this class alone, whatever the `average`.
    name : str, optional
        Key in histories and evaluations.

    Raises
    ------
    ArgumentError
        If an argument breaks its rule, `average` is ``"binary"`` for more than two classes, or `class_index` is none.

    Notes
    -----
    A rate with nothing in its denominator is 0, as with ``zero_division=0`` in scikit-learn. A sample with an output of
    NaN is predicted to be in no class: its own class misses it, and none has it as a false alarm.
    """

    average: str = "auto"
    threshold: float = 0.5
    class_index: int | None = None

    def __post_init__(self) -> None:
        self._set("average", _check.choice("average", self.average, _AVERAGES))
        self._set("threshold", _check.number("threshold", self.threshold))
        if self.class_index is not None:
            self._set("class_index", _check.integer("class_index", self.class_index, minimum=0))

    @abstractmethod
    def rate(self, hits: float, predicted: float, actual: float) -> float:
        """Value for one class from its true positives, its predictions and its samples; 0 where it would be 0/0."""

    def totals(self, xp: Namespace, outputs: Array, targets: Array, weight: Array) -> Array:
        """Weighted true positives, predictions and samples of each class, shape (3, classes)."""
        n_classes = 2 if is_single(outputs) else outputs.shape[-1]
        if self.class_index is not None and self.class_index >= n_classes:
            _check.refuse("class_index", f"be below the number {n_classes} of classes", self.class_index)
        if self.average == "binary" and n_classes > 2:
            raise ArgumentError(
                f"average must be 'auto', 'macro', 'micro' or 'weighted' for {n_classes} classes, got 'binary'."
            )
        predicted, actual = (
            mark(xp, classes, n_classes, outputs) for classes in decide(xp, outputs, targets, self.threshold)
        )
        counts = [xp.sum(mask, axis=1) for mask in (predicted * actual, predicted, actual)]
        return xp.stack([xp.sum(count * weight[..., None], axis=0) for count in counts])

    def result(self, totals: HostArray) -> float:
        """Rate of class 1, mean of the rates, or rate of all classes together."""
        classes = list(zip(*totals.tolist(), strict=True))
        present = [counts for counts in classes if any(counts)]
        if not present:
            return float("nan")
        if self.class_index is not None:
            return self.rate(*classes[self.class_index])
        if self.average == "micro":
            return self.rate(*totals.sum(axis=1).tolist())
        if self.average == "weighted":
            support = sum(actual for _, _, actual in present)
            return sum(self.rate(*counts) * counts[2] for counts in present) / support if support else float("nan")
        if self.average == "macro" or len(classes) > 2:
            return sum(self.rate(*counts) for counts in present) / len(present)
        return self.rate(*classes[1])
