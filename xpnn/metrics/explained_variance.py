"""`ExplainedVariance`: how much of the spread of the targets the outputs follow, wherever they lie."""

from dataclasses import dataclass
from math import prod
from typing import ClassVar

from xpnn import _check
from xpnn.metrics._spread import gather_spread, join_spreads
from xpnn.metrics.metric import Metric
from xpnn.typing import Array, HostArray, Namespace

__all__ = ["ExplainedVariance"]


@dataclass(frozen=True, slots=True, repr=False)
class ExplainedVariance(Metric):
    r"""Explained variance, :math:`1 - \mathrm{Var}(t - y) / \mathrm{Var}(t)`, with weighted variances.

    As `R2`, but an error that is the same for all samples costs nothing. With several outputs it is the mean of their
    values.

    Parameters
    ----------
    name : str, optional
        Key in histories and evaluations, by default ``"explained_variance"``.

    Notes
    -----
    For targets that are all equal it is 1 if the errors are all equal too, else 0, as in scikit-learn. The variances
    are gathered as for `R2`, so numbers far from 0 cost no digits.

    Examples
    --------
    >>> import array_api_compat.numpy as xp
    >>> metric = ExplainedVariance()
    >>> totals = metric.totals(xp, xp.asarray([11.0, 12.0, 13.0]), xp.asarray([1.0, 2.0, 3.0]), xp.ones(3))
    >>> metric.result(totals)
    1.0
    """

    default_name: ClassVar[str] = "explained_variance"

    def totals(self, xp: Namespace, outputs: Array, targets: Array, weight: Array) -> Array:
        """Spread of the targets and of the errors; shape (8, outputs)."""
        shape = (outputs.shape[0], prod(outputs.shape[1:]))
        values = xp.reshape(_check.targets_like(xp, outputs, targets), shape)
        errors = values - xp.reshape(outputs, shape)
        return xp.stack([*gather_spread(xp, values, weight), *gather_spread(xp, errors, weight)])

    def combine(self, xp: Namespace, first: Array, second: Array) -> Array:
        """Join two sets of batches by the updating formula."""
        a, b = xp.unstack(first), xp.unstack(second)
        return xp.stack([*join_spreads(xp, a[:4], b[:4]), *join_spreads(xp, a[4:], b[4:])])

    def result(self, totals: HostArray) -> float:
        """Mean over the outputs."""
        values = [
            1.0 - error / spread if spread else float(error == 0)
            for weight, spread, error in zip(*totals[[0, 3, 7]].tolist(), strict=True)
            if weight
        ]
        return sum(values) / len(values) if values else float("nan")
