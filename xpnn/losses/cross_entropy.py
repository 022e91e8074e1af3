"""`CrossEntropy`: softmax and negative log-likelihood in one, on logits."""

from dataclasses import dataclass, field
from typing import ClassVar

from xpnn import _check
from xpnn.losses._classes import class_mask, classes_first, classes_last, probabilities, softmax
from xpnn.losses._targets import class_targets
from xpnn.losses.loss import Loss
from xpnn.typing import Array, HostArray, Namespace, Shape

__all__ = ["CrossEntropy"]


@dataclass(frozen=True, slots=True, repr=False)
class CrossEntropy(Loss):
    r"""Cross-entropy between classes and the softmax of the outputs, in nats.

    For a sample with logits :math:`z` and class :math:`c`: :math:`l = \log \sum_k e^{z_k} - z_c`; with target
    probabilities :math:`p`: :math:`l = -\sum_k p_k \log \operatorname{softmax}(z)_k`.

    Parameters
    ----------
    label_smoothing : float
        Share :math:`\epsilon` in [0, 1) of the certainty that the targets lose: of :math:`K` classes each gets
        :math:`\epsilon / K`, and the target probabilities become :math:`(1 - \epsilon) p + \epsilon / K` [2]_.
    reduction : {"mean", "sum"}
        Over the samples (over all positions for outputs of shape (batch, ..., classes)).

    Raises
    ------
    ArgumentError
        If `label_smoothing` is not in [0, 1).

    Notes
    -----
    :math:`\partial l/\partial z = \operatorname{softmax}(z) \sum_k p_k - p`. The greatest logit is subtracted first, so
    nothing overflows; with :math:`s = z - \max_k z_k` and :math:`x = \sum_k (e^{s_k} - p_k) + \sum_k p_k - 1`, which is
    :math:`\sum_k e^{s_k} - 1` without cancellation where the class has the greatest logit,

    .. math:: l = \sum_k p_k \log(1 + x) - \sum_k p_k s_k, \qquad
        \frac{\partial l}{\partial z} = \frac{e^s \sum_k p_k - p - p x}{1 + x}.

    So the cost of a sample that is almost certain keeps its digits. Logits of ``-inf`` are classes that cannot be. A
    logit of ``inf`` or NaN, or a sample with nothing but ``-inf``, makes the loss NaN.

    References
    ----------
    .. [1] Goodfellow, Bengio & Courville, Deep Learning, 2016, section 6.2.2.3.
    .. [2] Szegedy et al., CVPR 2016, section 7, with the uniform distribution; metrics see the targets as they are.

    Examples
    --------
    >>> import numpy as np
    >>> value, gradient = CrossEntropy()(np.asarray([[1.0, 2.0, 3.0], [0.0, 0.0, 0.0]]), np.asarray([2, 0]))
    >>> round(float(value), 12)
    0.753109126556
    """

    label_smoothing: float = field(default=0.0, kw_only=True)

    wants_logits: ClassVar[tuple[str, ...]] = ("LogSoftmax", "Sigmoid", "Softmax")

    def __post_init__(self) -> None:
        Loss.__post_init__(self)
        self._set("label_smoothing", _check.fraction("label_smoothing", self.label_smoothing))

    def terms(self, xp: Namespace, outputs: Array, targets: Array) -> tuple[Array, Array]:
        """Cost of each sample and its derivative; `targets` are labels or rows of probabilities."""
        shape = tuple(outputs.shape)
        scores = classes_first(xp, outputs)
        shifted = scores - xp.max(scores, axis=0)
        exps = xp.exp(shifted)
        if tuple(targets.shape) == shape or self.label_smoothing:
            p = probabilities(xp, outputs, targets, self.label_smoothing)
            mass = xp.sum(p, axis=0)
            pulled = p * xp.where(p == 0, 0.0, shifted)
            excess = xp.sum(exps - p, axis=0) + (mass - 1.0)
            costs = mass * xp.log1p(excess) - xp.sum(pulled, axis=0)
            slope = exps * mass - p
        else:
            is_class = class_mask(xp, outputs, targets)
            p = xp.astype(is_class, outputs.dtype)
            slope = exps - p
            excess = xp.sum(slope, axis=0)
            costs = xp.log1p(excess) - xp.sum(xp.where(is_class, shifted, 0.0), axis=0)
        slope -= p * excess
        slope /= 1.0 + excess
        return xp.reshape(costs, shape[:-1]), classes_last(xp, slope, shape)

    def check_targets(self, targets: HostArray, output_shape: Shape) -> HostArray:
        """Accept labels 0 to classes - 1, one-hot rows, or rows of probabilities."""
        return class_targets(targets, output_shape)

    def link(self, xp: Namespace, outputs: Array) -> Array:
        """Softmax over the last axis."""
        return softmax(xp, outputs)
