"""`ROCAUC`: the area under the ROC curve."""

from dataclasses import dataclass
from typing import ClassVar

from xpnn.metrics.ranking import RankingMetric
from xpnn.typing import HostArray

__all__ = ["ROCAUC"]


@dataclass(frozen=True, slots=True, repr=False)
class ROCAUC(RankingMetric):
    """Area under the curve of true positives against false positives, from 0 to 1; 0.5 is chance.

    It is the probability that a sample of the class has a greater score than one that is not; equal scores count half.

    Parameters
    ----------
    average : {"auto", "binary", "macro"}
        How classes are put together; see `RankingMetric`, also for the memory that it takes.
    threshold : float
        Targets above it are of the class, where they are not labels.
    name : str, optional
        Key in histories and evaluations, by default ``"roc_auc"``.

    Raises
    ------
    ArgumentError
        If an argument breaks its rule, or `average` is ``"binary"`` for more than two classes.

    Notes
    -----
    By trapezoids, exact; ``"macro"`` is ``multi_class="ovr"`` in scikit-learn. NaN if no class has samples and others.

    References
    ----------
    .. [1] Fawcett, Pattern Recognition Letters 27, 2006, algorithm 2.

    Examples
    --------
    >>> import array_api_compat.numpy as xp
    >>> metric = ROCAUC()
    >>> totals = metric.totals(xp, xp.asarray([0.1, 0.4, 0.35, 0.8]), xp.asarray([0, 0, 1, 1]), xp.ones(4))
    >>> metric.result(totals)
    0.75
    """

    default_name: ClassVar[str] = "roc_auc"

    def rate(self, hits: HostArray, misses: HostArray) -> float | None:
        """Add up the trapezoids between the points of the curve, the first of which is (0, 0)."""
        if not hits[-1] or not misses[-1]:
            return None
        twice = misses[0] * hits[0] + ((misses[1:] - misses[:-1]) * (hits[1:] + hits[:-1])).sum()
        return float(twice / (2.0 * hits[-1] * misses[-1]))
