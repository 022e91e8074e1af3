"""`MeanMetric`: the base of the metrics that are a weighted mean."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from math import prod

from xpnn.metrics.metric import Metric
from xpnn.typing import Array, HostArray, Namespace

__all__ = ["MeanMetric"]


@dataclass(frozen=True, slots=True, repr=False)
class MeanMetric(Metric, ABC):
    r"""Base of the metrics of the form :math:`\sum_i w_i v_i / \sum_i w_i`, where every value has its sample's weight.

    Parameters
    ----------
    name : str, optional
        Key in histories and evaluations.
    """

    @abstractmethod
    def values(self, xp: Namespace, outputs: Array, targets: Array) -> Array:
        """Values to be averaged, shape (batch, ...), of the dtype of `outputs`."""

    def totals(self, xp: Namespace, outputs: Array, targets: Array, weight: Array) -> Array:
        """Weighted sum of the values, and the weighted number of values; shape (2,)."""
        values = self.values(xp, outputs, targets)
        n_samples, n_values = values.shape[0], prod(values.shape[1:])
        per_sample = xp.sum(xp.reshape(values, (n_samples, n_values)), axis=1)
        return xp.stack([xp.sum(per_sample * weight), xp.sum(weight) * float(n_values)])

    def result(self, totals: HostArray) -> float:
        """Mean of the values."""
        total, count = totals.tolist()
        return total / count if count else float("nan")
