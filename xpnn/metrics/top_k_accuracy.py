"""`TopKAccuracy`: how often the right class is among the first few."""

from dataclasses import dataclass
from typing import ClassVar

from xpnn import _check
from xpnn.errors import ShapeError
from xpnn.metrics._decisions import is_single, target_classes
from xpnn.metrics.mean_metric import MeanMetric
from xpnn.typing import Array, Namespace

__all__ = ["TopKAccuracy"]


@dataclass(frozen=True, slots=True, repr=False)
class TopKAccuracy(MeanMetric):
    """Fraction of the samples whose class is among those with the `k` greatest outputs, from 0 to 1.

    Parameters
    ----------
    k : int
        How many classes count; with as many as there are, every sample is right whose output is not NaN.
    name : str, optional
        Key in histories and evaluations, by default ``"top_k_accuracy"``.

    Raises
    ------
    ArgumentError
        If `k` is not an integer of at least 1.

    Notes
    -----
    A sample is right if fewer than `k` outputs are greater than that of its class, so a tie speaks for it. NaN counts
    as greater than everything else, and a class with the output NaN is wrong.

    Examples
    --------
    >>> import array_api_compat.numpy as xp
    >>> metric, labels = TopKAccuracy(k=2), xp.asarray([0, 1])
    >>> totals = metric.totals(xp, xp.asarray([[0.1, 0.7, 0.2], [0.2, 0.3, 0.5]]), labels, xp.ones(2))
    >>> metric.result(totals)
    0.5
    """

    k: int = 5

    default_name: ClassVar[str] = "top_k_accuracy"

    def __post_init__(self) -> None:
        self._set("k", _check.integer("k", self.k))

    def values(self, xp: Namespace, outputs: Array, targets: Array) -> Array:
        """1 for right and 0 for wrong, shape (batch, ...)."""
        if is_single(outputs):
            raise ShapeError(f"outputs must have shape (batch, ..., classes), got {tuple(outputs.shape)}.")
        actual = target_classes(xp, outputs, targets)
        own = xp.take_along_axis(outputs, actual[..., None], axis=-1)
        n_ahead = xp.sum(xp.astype(xp.logical_not(outputs <= own), outputs.dtype), axis=-1)
        is_right = (n_ahead < float(self.k)) & (own == own)[..., 0]
        return xp.astype(is_right, outputs.dtype)
