"""`FocalCrossEntropy`: cross-entropy of classes that looks away from what is easy."""

from dataclasses import dataclass, field
from typing import ClassVar

from xpnn import _check
from xpnn.losses._classes import class_mask, classes_first, classes_last, probabilities, softmax, softmax_parts
from xpnn.losses._focal import FAR, power
from xpnn.losses._targets import class_targets
from xpnn.losses.loss import Loss
from xpnn.typing import Array, HostArray, Namespace, Shape

__all__ = ["FocalCrossEntropy"]


@dataclass(frozen=True, slots=True, repr=False)
class FocalCrossEntropy(Loss):
    r"""Focal loss of classes on logits, in nats.

    For a sample whose class has the probability :math:`p` after the softmax, or with target probabilities :math:`t`,

    .. math:: l = -\alpha (1 - p)^\gamma \log p, \qquad l = -\alpha \sum_k t_k (1 - p_k)^\gamma \log p_k.

    Parameters
    ----------
    gamma : float
        The exponent :math:`\gamma`, of at least 0; with 0 this is :math:`\alpha` times `CrossEntropy`.
    alpha : float
        A factor, as in Keras; weights of classes are weights of their samples.
    label_smoothing : float
        Share :math:`\epsilon` in [0, 1) of the certainty that the targets lose: of :math:`K` classes each gets
        :math:`\epsilon / K`, and the target probabilities become :math:`(1 - \epsilon) t + \epsilon / K`.
    reduction : {"mean", "sum"}
        Over the samples (over all positions for outputs of shape (batch, ..., classes)).

    Raises
    ------
    ArgumentError
        If `gamma` is below 0, or `alpha` not above 0.

    Notes
    -----
    Targets are labels, one-hot rows or rows of probabilities, which count as in Keras. With :math:`q = 1 - p`, summed
    over the other classes so that nothing cancels, and :math:`g = \alpha q^\gamma (1 - \gamma p \log(p) / q)`,

    .. math:: \frac{\partial l}{\partial z_k} = p_k \sum_{j \ne k} t_j g_j - t_k g_k q_k.

    References
    ----------
    .. [1] Lin, Goyal, Girshick, He & Dollar, ICCV 2017, eq. 4 and 5, for more than two classes.

    Examples
    --------
    >>> import numpy as np
    >>> value, gradient = FocalCrossEntropy(alpha=1.0)(np.asarray([[0.0, np.log(3.0)]]), np.asarray([1]))
    >>> round(float(value), 12), gradient.round(6).tolist()
    (0.017980129528, [[0.042595, -0.042595]])
    """

    gamma: float = 2.0
    alpha: float = 0.25
    label_smoothing: float = field(default=0.0, kw_only=True)

    wants_logits: ClassVar[tuple[str, ...]] = ("LogSoftmax", "Sigmoid", "Softmax")

    def __post_init__(self) -> None:
        Loss.__post_init__(self)
        self._set("gamma", _check.non_negative("gamma", self.gamma))
        self._set("alpha", _check.positive("alpha", self.alpha))
        self._set("label_smoothing", _check.fraction("label_smoothing", self.label_smoothing))

    def terms(self, xp: Namespace, outputs: Array, targets: Array) -> tuple[Array, Array]:
        """Cost of each sample and its derivative; `targets` are labels or rows of probabilities."""
        shape = tuple(outputs.shape)
        if tuple(targets.shape) == shape or self.label_smoothing:
            t = probabilities(xp, outputs, targets, self.label_smoothing)
            costs, slopes = self._soft_terms(xp, outputs, t)
            return xp.reshape(costs, shape[:-1]), classes_last(xp, slopes, shape)
        scores = classes_first(xp, outputs)
        shifted = scores - xp.max(scores, axis=0)
        exps = xp.exp(shifted)
        is_class = class_mask(xp, outputs, targets)
        total = xp.sum(exps, axis=0)
        miss = xp.sum(xp.where(is_class, 0.0, exps), axis=0) / total
        far = xp.log(total) - xp.sum(xp.where(is_class, shifted, 0.0), axis=0)
        hit = xp.sum(xp.where(is_class, exps, 0.0), axis=0) / total
        cost = xp.where(miss < 0.5, xp.log1p(miss / xp.maximum(hit, 0.5)), far)
        ratio = xp.where(miss == 0, 1.0, cost / xp.where(miss == 0, 1.0, miss))
        factor = self.alpha * power(xp, miss, self.gamma)
        slope = factor * (1.0 + self.gamma * (hit * ratio))
        slopes = xp.where(is_class, 0.0 - miss, exps / total) * slope
        return xp.reshape(factor * cost, shape[:-1]), classes_last(xp, slopes, shape)

    def _soft_terms(self, xp: Namespace, outputs: Array, t: Array) -> tuple[Array, Array]:
        """Costs and slopes for probabilities `t`, which like all here but `outputs` have the classes first."""
        shifted, exps, rest = softmax_parts(xp, outputs)
        total, far = 1.0 + rest, xp.log1p(rest)
        p, miss = exps / total, xp.where(shifted == 0, rest, total - exps) / total
        cost = far - shifted
        ratio = xp.where(miss == 0, 1.0, xp.minimum(cost, FAR) / xp.where(miss == 0, 1.0, miss))
        factor = self.alpha * power(xp, miss, self.gamma) * t
        g = factor * (1.0 + self.gamma * (p * ratio))
        slopes = p * (xp.sum(g, axis=0) - g) - g * miss
        return xp.sum(factor * xp.where(t == 0, 0.0, cost), axis=0), slopes

    def check_targets(self, targets: HostArray, output_shape: Shape) -> HostArray:
        """Accept labels 0 to classes - 1, one-hot rows, or rows of probabilities."""
        y = class_targets(targets, output_shape)
        is_one_hot = y.shape[1:] == output_shape and ((y == 0) | (y == 1)).all()
        return y.argmax(axis=-1) if is_one_hot else y

    def link(self, xp: Namespace, outputs: Array) -> Array:
        """Softmax over the last axis."""
        return softmax(xp, outputs)
