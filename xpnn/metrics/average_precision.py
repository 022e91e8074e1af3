"""`AveragePrecision`: the area under the curve of precision against recall."""

from dataclasses import dataclass
from typing import ClassVar

from xpnn.metrics.ranking import RankingMetric
from xpnn.typing import HostArray

__all__ = ["AveragePrecision"]


@dataclass(frozen=True, slots=True, repr=False)
class AveragePrecision(RankingMetric):
    r"""Area under the curve of precision against recall, :math:`\sum_n (R_n - R_{n-1}) P_n`, from 0 to 1.

    Chance is the share of the class among the samples, so it is stricter than `ROCAUC` for rare classes.

    Parameters
    ----------
    average : {"auto", "binary", "macro"}
        How classes are put together; see `RankingMetric`, also for the memory that it takes.
    threshold : float
        Targets above it are of the class, where they are not labels.
    name : str, optional
        Key in histories and evaluations, by default ``"average_precision"``.

    Raises
    ------
    ArgumentError
        If an argument breaks its rule, or `average` is ``"binary"`` for more than two classes.

    Notes
    -----
    By steps without interpolation, as in scikit-learn: trapezoids would be too hopeful. NaN if no class has a sample.

    References
    ----------
    .. [1] Davis & Goadrich, ICML 2006, section 2.

    Examples
    --------
    >>> import array_api_compat.numpy as xp
    >>> metric = AveragePrecision()
    >>> totals = metric.totals(xp, xp.asarray([0.1, 0.4, 0.35, 0.8]), xp.asarray([0, 0, 1, 1]), xp.ones(4))
    >>> round(metric.result(totals), 4)
    0.8333
    """

    default_name: ClassVar[str] = "average_precision"

    def rate(self, hits: HostArray, misses: HostArray) -> float | None:
        """Add up precision times gain of recall."""
        if not hits[-1]:
            return None
        precision = hits / (hits + misses)
        gain = hits[0] * precision[0] + ((hits[1:] - hits[:-1]) * precision[1:]).sum()
        return float(gain / hits[-1])
