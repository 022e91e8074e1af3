"""`FocalCrossEntropy`: cross-entropy of classes that looks away from what is easy."""

from dataclasses import dataclass
from typing import ClassVar

from xpnn import _check
from xpnn.losses._classes import classes_first, classes_last, own_class
from xpnn.losses._power import power
from xpnn.losses._targets import label_targets
from xpnn.losses.loss import Loss
from xpnn.typing import Array, HostArray, Namespace, Shape

__all__ = ["FocalCrossEntropy"]


@dataclass(frozen=True, slots=True, repr=False)
class FocalCrossEntropy(Loss):
    r"""Focal loss of classes on logits, in nats.

    For a sample whose class has the probability :math:`p` after the softmax,

    .. math:: l = -\alpha (1 - p)^\gamma \log p.

    Parameters
    ----------
    gamma : float
        The exponent :math:`\gamma`, of at least 0; with 0 this is :math:`\alpha` times `CrossEntropy`.
    alpha : float
        A factor, as in Keras; weights of classes are weights of their samples.
    reduction : {"mean", "sum"}
        Over the samples (over all positions for outputs of shape (batch, ..., classes)).

    Raises
    ------
    ArgumentError
        If `gamma` is below 0, or `alpha` not above 0.

    Notes
    -----
    Targets are labels or one-hot rows. With :math:`q = 1 - p`, summed over the other classes so that nothing cancels,
    :math:`c` the class and :math:`g = \alpha q^\gamma (1 - \gamma p \log(p) / q)`,

    .. math:: \frac{\partial l}{\partial z_c} = -g q, \qquad \frac{\partial l}{\partial z_k} = g p_k.

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

    wants_logits: ClassVar[tuple[str, ...]] = ("LogSoftmax", "Sigmoid", "Softmax")

    def __post_init__(self) -> None:
        Loss.__post_init__(self)
        self._set("gamma", _check.non_negative("gamma", self.gamma))
        self._set("alpha", _check.positive("alpha", self.alpha))

    def terms(self, xp: Namespace, outputs: Array, targets: Array) -> tuple[Array, Array]:
        """Cost of each sample and its derivative; `targets` are labels or one-hot rows."""
        shape = tuple(outputs.shape)
        scores, is_class = classes_first(xp, outputs), own_class(xp, outputs, targets)
        shifted = scores - xp.max(scores, axis=0)
        exps = xp.exp(shifted)
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

    def check_targets(self, targets: HostArray, output_shape: Shape) -> HostArray:
        """Accept labels 0 to classes - 1, or one-hot rows."""
        return label_targets(targets, output_shape)

    def link(self, xp: Namespace, outputs: Array) -> Array:
        """Softmax over the last axis."""
        scores = classes_first(xp, outputs)
        exps = xp.exp(scores - xp.max(scores, axis=0))
        return classes_last(xp, exps / xp.sum(exps, axis=0), tuple(outputs.shape))
