"""`F1`: precision and recall in one."""

from dataclasses import dataclass
from typing import ClassVar

from xpnn.metrics.confusion import ConfusionMetric

__all__ = ["F1"]


@dataclass(frozen=True, slots=True, repr=False)
class F1(ConfusionMetric):
    """Harmonic mean of precision and recall, from 0 to 1.

    It is twice the true positives over predictions and samples together.

    Parameters
    ----------
    average : {"auto", "binary", "macro", "micro", "weighted"}
        How classes are put together; see `ConfusionMetric`.
    threshold : float
        Border between class 0 and class 1 for a single output; see `Accuracy`.
    class_index : int, optional
        Look at this class alone.
    name : str, optional
        Key in histories and evaluations, by default ``"f1"``.

    Raises
    ------
    ArgumentError
        If an argument breaks its rule, `average` is ``"binary"`` for more than two classes, or `class_index` is none.

    Notes
    -----
    0 where nothing is to be divided by, as with ``zero_division=0`` in scikit-learn.

    Examples
    --------
    >>> import array_api_compat.numpy as xp
    >>> metric = F1()
    >>> totals = metric.totals(xp, xp.asarray([0.9, 0.8, 0.1]), xp.asarray([1, 0, 0]), xp.ones(3))
    >>> metric.result(totals)
    0.6666666666666666
    """

    default_name: ClassVar[str] = "f1"

    def rate(self, hits: float, predicted: float, actual: float) -> float:
        """Divide true positives by the mean of predictions and samples of the class."""
        return 2.0 * hits / (predicted + actual) if predicted + actual else 0.0
