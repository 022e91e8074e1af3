"""`MSE`: the mean squared error."""

from dataclasses import dataclass
from typing import ClassVar

from xpnn import _check
from xpnn.metrics.mean_metric import MeanMetric
from xpnn.typing import Array, Namespace

__all__ = ["MSE"]


@dataclass(frozen=True, slots=True, repr=False)
class MSE(MeanMetric):
    """Mean of the squared differences between outputs and targets, over all elements, in squared units of the targets.

    Parameters
    ----------
    name : str, optional
        Key in histories and evaluations, by default ``"mse"``.

    Examples
    --------
    >>> import array_api_compat.numpy as xp
    >>> metric = MSE()
    >>> metric.result(metric.totals(xp, xp.asarray([1.0, 5.0]), xp.asarray([1.0, 2.0]), xp.ones(2)))
    4.5
    """

    default_name: ClassVar[str] = "mse"

    def values(self, xp: Namespace, outputs: Array, targets: Array) -> Array:
        """Squared differences, shape of `outputs`."""
        error = outputs - _check.targets_like(xp, outputs, targets)
        return error * error
