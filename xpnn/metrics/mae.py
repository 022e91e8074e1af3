"""`MAE`: the mean absolute error."""

from dataclasses import dataclass
from typing import ClassVar

from xpnn import _check
from xpnn.metrics.mean_metric import MeanMetric
from xpnn.typing import Array, Namespace

__all__ = ["MAE"]


@dataclass(frozen=True, slots=True, repr=False)
class MAE(MeanMetric):
    """Mean of the absolute differences between outputs and targets, over all elements, in units of the targets.

    Parameters
    ----------
    name : str, optional
        Key in histories and evaluations, by default ``"mae"``.

    Examples
    --------
    >>> import array_api_compat.numpy as xp
    >>> metric = MAE()
    >>> metric.result(metric.totals(xp, xp.asarray([1.0, 5.0]), xp.asarray([1.0, 2.0]), xp.ones(2)))
    1.5
    """

    default_name: ClassVar[str] = "mae"

    def values(self, xp: Namespace, outputs: Array, targets: Array) -> Array:
        """Absolute differences, shape of `outputs`."""
        return xp.abs(outputs - _check.targets_like(xp, outputs, targets))
