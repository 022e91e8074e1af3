"""`LogLoss`: the mean surprise at the true classes."""

from dataclasses import dataclass
from typing import ClassVar

from xpnn import _check
from xpnn.metrics._decisions import is_single, one_hot
from xpnn.metrics.mean_metric import MeanMetric
from xpnn.typing import Array, Namespace

__all__ = ["LogLoss"]


@dataclass(frozen=True, slots=True, repr=False)
class LogLoss(MeanMetric):
    r"""Mean of :math:`-\sum_c t_c \log p_c` over the samples, in nats, with the probabilities :math:`p` of the outputs.

    Targets are labels, or rows with the share :math:`t_c` of each class; a single output is the probability of class 1
    and its target 0 or 1, or in between. For ``cross_entropy`` and ``binary_cross_entropy`` of one output it is the
    loss without penalties and without label smoothing, since metrics see the targets as they are, except that
    probabilities are kept away from 0.

    Parameters
    ----------
    name : str, optional
        Key in histories and evaluations, by default ``"log_loss"``.

    Notes
    -----
    Probabilities are clipped to [eps, 1 - eps] with the machine epsilon of their type, as in scikit-learn.

    Examples
    --------
    >>> import array_api_compat.numpy as xp
    >>> metric = LogLoss()
    >>> totals = metric.totals(xp, xp.asarray([[0.5, 0.5], [0.25, 0.75]]), xp.asarray([0, 1]), xp.ones(2))
    >>> round(metric.result(totals), 6)
    0.490415
    """

    default_name: ClassVar[str] = "log_loss"

    def values(self, xp: Namespace, outputs: Array, targets: Array) -> Array:
        """Surprise at each sample, shape (batch, ...)."""
        if is_single(outputs):
            share = _check.targets_like(xp, outputs, targets)
            return -(share * _log(xp, outputs) + (1.0 - share) * _log(xp, 1.0 - outputs))
        share = one_hot(xp, outputs, targets)
        return -xp.sum(share * _log(xp, outputs), axis=-1)


def _log(xp: Namespace, p: Array) -> Array:
    eps = float(xp.finfo(p.dtype).eps)
    return xp.log(xp.where(p < eps, eps, xp.where(p > 1.0 - eps, 1.0 - eps, p)))
