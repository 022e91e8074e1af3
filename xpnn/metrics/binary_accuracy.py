"""`BinaryAccuracy`: the fraction of right answers to yes-or-no questions."""

from dataclasses import dataclass
from typing import ClassVar

from xpnn import _check
from xpnn.metrics.mean_metric import MeanMetric
from xpnn.typing import Array, Namespace

__all__ = ["BinaryAccuracy"]


@dataclass(frozen=True, slots=True, repr=False)
class BinaryAccuracy(MeanMetric):
    """Fraction of the outputs that are on the side of the threshold where their target is, from 0 to 1.

    Each output is a question of its own, as with several outputs under ``loss="binary_cross_entropy"``. NaN is on no
    side, and wrong.

    Parameters
    ----------
    threshold : float
        Above it the answer is yes, for outputs and targets alike; see `Accuracy`.
    name : str, optional
        Key in histories and evaluations, by default ``"binary_accuracy"``.

    Raises
    ------
    ArgumentError
        If `threshold` is not a finite number.

    Examples
    --------
    >>> import array_api_compat.numpy as xp
    >>> metric = BinaryAccuracy()
    >>> totals = metric.totals(xp, xp.asarray([[0.1, 0.9], [0.6, 0.4]]), xp.asarray([[0, 1], [1, 1]]), xp.ones(2))
    >>> metric.result(totals)
    0.75
    """

    threshold: float = 0.5

    default_name: ClassVar[str] = "binary_accuracy"

    def __post_init__(self) -> None:
        self._set("threshold", _check.number("threshold", self.threshold))

    def values(self, xp: Namespace, outputs: Array, targets: Array) -> Array:
        """1 for right and 0 for wrong, shape of `outputs`."""
        actual = _check.targets_like(xp, outputs, targets) > self.threshold
        is_right = ((outputs > self.threshold) == actual) & (outputs == outputs)
        return xp.astype(is_right, outputs.dtype)
