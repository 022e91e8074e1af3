"""`MatthewsCorrelation`: the correlation of predicted and actual classes."""

from dataclasses import dataclass
from typing import ClassVar

from xpnn import _check
from xpnn.metrics._decisions import decide, is_single, mark
from xpnn.metrics.metric import Metric
from xpnn.typing import Array, HostArray, Namespace

__all__ = ["MatthewsCorrelation"]


@dataclass(frozen=True, slots=True, repr=False)
class MatthewsCorrelation(Metric):
    r"""Correlation of predicted and actual classes, from -1 to 1; 0 is chance, whatever the sizes of the classes.

    .. math:: \frac{s\, c - \sum_k p_k t_k}{\sqrt{(s^2 - \sum_k p_k^2)(s^2 - \sum_k t_k^2)}}

    with :math:`s` samples, :math:`c` of them right, and :math:`p_k` predictions and :math:`t_k` samples of class `k`.

    Parameters
    ----------
    threshold : float
        Border between class 0 and class 1 for a single output; see `Accuracy`.
    name : str, optional
        Key in histories and evaluations, by default ``"matthews_correlation"``.

    Raises
    ------
    ArgumentError
        If `threshold` is not a finite number.

    Notes
    -----
    The weighted confusion matrix is gathered, shape (classes, classes + 1): the last column has the samples with an
    output of NaN, which are predicted to be in no class. 0 where all predictions, or all samples, are of one class, as
    in scikit-learn.

    References
    ----------
    .. [1] Gorodkin, Computational Biology and Chemistry 28, 2004, eq. 8 (several classes).

    Examples
    --------
    >>> import array_api_compat.numpy as xp
    >>> metric = MatthewsCorrelation()
    >>> totals = metric.totals(xp, xp.asarray([0.9, 0.2, 0.7, 0.8]), xp.asarray([1, 1, 1, 0]), xp.ones(4))
    >>> totals.tolist(), round(metric.result(totals), 4)
    ([[0.0, 1.0, 0.0], [1.0, 2.0, 0.0]], -0.3333)
    """

    threshold: float = 0.5

    default_name: ClassVar[str] = "matthews_correlation"

    def __post_init__(self) -> None:
        self._set("threshold", _check.number("threshold", self.threshold))

    def totals(self, xp: Namespace, outputs: Array, targets: Array, weight: Array) -> Array:
        """Weighted confusion matrix, shape (classes, classes + 1); rows are actual classes, the last column is none."""
        n = 2 if is_single(outputs) else outputs.shape[-1]
        predicted, actual = (mark(xp, part, n, outputs) for part in decide(xp, outputs, targets, self.threshold))
        shape = (actual.shape[0] * actual.shape[1], n)
        weighted = xp.reshape(actual * weight[..., None, None], shape)
        predicted = xp.reshape(predicted, shape)
        none = 1.0 - xp.sum(predicted, axis=1, keepdims=True)
        return xp.matrix_transpose(weighted) @ xp.concat([predicted, none], axis=1)

    def result(self, totals: HostArray) -> float:
        """Correlation from the confusion matrix."""
        actual, predicted = totals.sum(axis=1).tolist(), totals.sum(axis=0).tolist()
        total, right = sum(actual), sum(totals.diagonal().tolist())
        if not total:
            return float("nan")
        together = right * total - sum(a * b for a, b in zip(actual, predicted[:-1], strict=True))
        spreads = [total * total - sum(n * n for n in counts) for counts in (actual, predicted)]
        return float(together / (spreads[0] * spreads[1]) ** 0.5) if spreads[0] * spreads[1] > 0 else 0.0
