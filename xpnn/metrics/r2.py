"""`R2`: how much of the spread of the targets the outputs explain."""

from dataclasses import dataclass
from math import prod
from typing import ClassVar

from xpnn import _check
from xpnn.metrics._spread import gather_spread, join_spreads
from xpnn.metrics.metric import Metric
from xpnn.typing import Array, HostArray, Namespace

__all__ = ["R2"]


@dataclass(frozen=True, slots=True, repr=False)
class R2(Metric):
    r"""Coefficient of determination, :math:`1 - \sum_i w_i (t_i - y_i)^2 / \sum_i w_i (t_i - \bar t)^2`.

    1 is perfect, 0 is as good as the mean :math:`\bar t` of the targets, and there is no lower end. With several
    outputs it is the mean of their values.

    Parameters
    ----------
    name : str, optional
        Key in histories and evaluations, by default ``"r2"``.

    Notes
    -----
    For targets that are all equal it is 1 if the outputs equal them, else 0, as in scikit-learn (a single sample is
    such a case). The spread is gathered as weight, mean and sum of squared deviations, which are joined by the updating
    formula of [1]_ with weights in place of counts; the mean is kept in two parts, its rounded value and the rest. So
    targets far from 0 cost no digits, which they would with sums of squares.

    References
    ----------
    .. [1] Chan, Golub & LeVeque, Stanford STAN-CS-79-773, 1979: the formula for samples of size m + n.

    Examples
    --------
    >>> import array_api_compat.numpy as xp
    >>> metric = R2()
    >>> totals = metric.totals(xp, xp.asarray([1.0, 2.0, 4.0]), xp.asarray([1.0, 2.0, 3.0]), xp.ones(3))
    >>> metric.result(totals)
    0.5
    """

    default_name: ClassVar[str] = "r2"

    def totals(self, xp: Namespace, outputs: Array, targets: Array, weight: Array) -> Array:
        """Weight, mean, rest of the mean, squared deviations, squared errors; shape (5, outputs)."""
        shape = (outputs.shape[0], prod(outputs.shape[1:]))
        values = xp.reshape(_check.targets_like(xp, outputs, targets), shape)
        error = xp.reshape(outputs, shape) - values
        squares = xp.sum(weight[..., None] * error * error, axis=0)
        return xp.stack([*gather_spread(xp, values, weight), squares])

    def combine(self, xp: Namespace, first: Array, second: Array) -> Array:
        """Join two sets of batches by the updating formula."""
        a, b = xp.unstack(first), xp.unstack(second)
        return xp.stack([*join_spreads(xp, a[:4], b[:4]), a[4] + b[4]])

    def result(self, totals: HostArray) -> float:
        """Mean over the outputs."""
        values = [
            1.0 - error / spread if spread else float(error == 0)
            for weight, _, _, spread, error in zip(*totals.tolist(), strict=True)
            if weight
        ]
        return sum(values) / len(values) if values else float("nan")
