"""`NegativeLogLikelihood`: the cross-entropy for networks that end in log-probabilities."""

from dataclasses import dataclass
from typing import ClassVar

from xpnn.losses._classes import class_mask, classes_first, classes_last
from xpnn.losses._targets import class_targets
from xpnn.losses.loss import Loss
from xpnn.typing import Array, HostArray, Namespace, Shape

__all__ = ["NegativeLogLikelihood"]


@dataclass(frozen=True, slots=True, repr=False)
class NegativeLogLikelihood(Loss):
    r"""Negative log-likelihood of classes under outputs that are log-probabilities, in nats.

    For a sample with log-probabilities :math:`q` and class :math:`c`: :math:`l = -q_c`; with target probabilities
    :math:`p`: :math:`l = -\sum_k p_k q_k`, where a class with :math:`p_k = 0` costs nothing.

    Parameters
    ----------
    reduction : {"mean", "sum"}
        Over the samples (over all positions for outputs of shape (batch, ..., classes)).

    Notes
    -----
    :math:`\partial l/\partial q = -p`. Behind a layer ``LogSoftmax`` it equals `CrossEntropy` on the logits, which is
    faster and keeps more digits.

    References
    ----------
    .. [1] Goodfellow, Bengio & Courville, Deep Learning, 2016, section 6.2.2.3.

    Examples
    --------
    >>> import numpy as np
    >>> value, gradient = NegativeLogLikelihood()(np.log(np.asarray([[0.25, 0.75]])), np.asarray([1]))
    >>> round(float(value), 12), gradient.tolist()
    (0.287682072452, [[0.0, -1.0]])
    """

    wants_logits: ClassVar[tuple[str, ...]] = ("Sigmoid", "Softmax")
    needs: ClassVar[tuple[str, ...]] = ("LogSoftmax",)
    cure: ClassVar[str] = "use 'log_softmax', since this loss works on log-probabilities"

    def terms(self, xp: Namespace, outputs: Array, targets: Array) -> tuple[Array, Array]:
        """Cost of each sample and its derivative; `targets` are labels or rows of probabilities."""
        shape = tuple(outputs.shape)
        scores = classes_first(xp, outputs)
        if tuple(targets.shape) == shape:
            p = classes_first(xp, xp.astype(targets, outputs.dtype, copy=False))
            pulled = p * xp.where(p == 0, 0.0, scores)
        else:
            is_class = class_mask(xp, outputs, targets)
            p = xp.astype(is_class, outputs.dtype)
            pulled = xp.where(is_class, scores, 0.0)
        return xp.reshape(-xp.sum(pulled, axis=0), shape[:-1]), classes_last(xp, 0.0 - p, shape)

    def check_targets(self, targets: HostArray, output_shape: Shape) -> HostArray:
        """Accept labels 0 to classes - 1, one-hot rows, or rows of probabilities."""
        return class_targets(targets, output_shape)

    def link(self, xp: Namespace, outputs: Array) -> Array:
        """Exponential: probabilities from their logarithms."""
        return xp.exp(outputs)
