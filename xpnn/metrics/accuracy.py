"""`Accuracy`: the fraction of samples in the right class."""

from dataclasses import dataclass
from typing import ClassVar

from xpnn import _check
from xpnn.metrics._decisions import decide
from xpnn.metrics.mean_metric import MeanMetric
from xpnn.typing import Array, Namespace

__all__ = ["Accuracy"]


@dataclass(frozen=True, slots=True, repr=False)
class Accuracy(MeanMetric):
    """Fraction of the samples whose class is predicted right, from 0 to 1.

    With several outputs the class is the one with the greatest output (the first of equals), and targets are labels or
    rows with a value for each class. With a single output the class is 1 if it is greater than the threshold, and so
    for the target. If each output answers a question of its own, `BinaryAccuracy` is meant. A sample with an output of
    NaN is wrong.

    Parameters
    ----------
    threshold : float
        For a single output. One half is right for probabilities and for reals near 0 and 1, 0 for the scores of
        ``loss="hinge"``; asked for by its name, the metric takes that of the loss.
    name : str, optional
        Key in histories and evaluations, by default ``"accuracy"``.

    Raises
    ------
    ArgumentError
        If `threshold` is not a finite number.

    Examples
    --------
    >>> import array_api_compat.numpy as xp
    >>> metric = Accuracy()
    >>> totals = metric.totals(xp, xp.asarray([[0.1, 0.9], [0.6, 0.4]]), xp.asarray([1, 1]), xp.ones(2))
    >>> totals.tolist(), metric.result(totals)
    ([1.0, 2.0], 0.5)
    """

    threshold: float = 0.5

    default_name: ClassVar[str] = "accuracy"

    def __post_init__(self) -> None:
        self._set("threshold", _check.number("threshold", self.threshold))

    def values(self, xp: Namespace, outputs: Array, targets: Array) -> Array:
        """1 for right and 0 for wrong, shape (batch, ...)."""
        predicted, actual = decide(xp, outputs, targets, self.threshold)
        return xp.astype(predicted == actual, outputs.dtype)
