"""`KLDivergence`: how far the softmax of the outputs is from given probabilities."""

from dataclasses import dataclass
from typing import ClassVar

from xpnn.losses._classes import classes_first, classes_last, softmax, softmax_parts
from xpnn.losses._targets import class_targets
from xpnn.losses.cross_entropy import CrossEntropy
from xpnn.losses.loss import Loss
from xpnn.typing import Array, HostArray, Namespace, Shape

__all__ = ["KLDivergence"]

_CROSS_ENTROPY = CrossEntropy()


@dataclass(frozen=True, slots=True, repr=False)
class KLDivergence(Loss):
    r"""Kullback-Leibler divergence of target probabilities from the softmax of the outputs, in nats.

    For a sample with logits :math:`z` and probabilities :math:`p`:
    :math:`l = \sum_k p_k \log (p_k / \operatorname{softmax}(z)_k)`, where a class with :math:`p_k = 0` costs nothing.

    Parameters
    ----------
    reduction : {"mean", "sum"}
        Over the samples (over all positions for outputs of shape (batch, ..., classes)), as ``"batchmean"`` in PyTorch.

    Notes
    -----
    It is `CrossEntropy` less the entropy of the targets, so that the best outputs cost 0, with the same gradient.
    The difference of the two would lose the digits of small divergences. With :math:`q = \operatorname{softmax}(z)` and
    :math:`d_k = \log p_k - \log q_k` it is summed as

    .. math:: l = \sum_k p_k \log \frac{p_k}{q_k} + q_k - p_k = \sum_k p_k \left(d_k + e^{-d_k} - 1\right),

    where no part is below 0. It is the same for probabilities that sum to 1, and never negative for others.
    The outputs are logits; Keras's loss of this name takes probabilities, PyTorch's takes log-probabilities.

    References
    ----------
    .. [1] Goodfellow, Bengio & Courville, Deep Learning, 2016, eq. 3.50.

    Examples
    --------
    >>> import numpy as np
    >>> value, gradient = KLDivergence()(np.asarray([[0.0, 0.0]]), np.asarray([[0.25, 0.75]]))
    >>> round(float(value), 12), gradient.tolist()
    (0.130812035941, [[0.25, -0.25]])
    """

    wants_logits: ClassVar[tuple[str, ...]] = ("LogSoftmax", "Sigmoid", "Softmax")

    def terms(self, xp: Namespace, outputs: Array, targets: Array) -> tuple[Array, Array]:
        """Cost of each sample and its derivative; `targets` are rows of probabilities, or labels."""
        shape = tuple(outputs.shape)
        if tuple(targets.shape) != shape:
            return _CROSS_ENTROPY.terms(xp, outputs, targets)
        p = xp.astype(classes_first(xp, targets), outputs.dtype, copy=False)
        shifted, exps, rest = softmax_parts(xp, outputs)
        is_possible = p > 0
        d = xp.log(xp.where(is_possible, p, 1.0)) - (shifted - xp.log1p(rest))
        d = xp.where(is_possible, d, 0.0)
        is_near = xp.logical_and(is_possible, xp.abs(d) < 1.0)
        small = xp.where(is_near, d, 0.0)
        near = p * xp.maximum(small + xp.expm1(-small), 0.0)
        costs = xp.sum(xp.where(is_near, near, p * d + (exps / (1.0 + rest) - p)), axis=0)
        slope = (exps * xp.sum(p, axis=0) - p - p * rest) / (1.0 + rest)
        return xp.reshape(costs, shape[:-1]), classes_last(xp, slope, shape)

    def check_targets(self, targets: HostArray, output_shape: Shape) -> HostArray:
        """Accept rows of probabilities, one-hot rows, or labels 0 to classes - 1."""
        return class_targets(targets, output_shape)

    def link(self, xp: Namespace, outputs: Array) -> Array:
        """Softmax over the last axis."""
        return softmax(xp, outputs)
