"""`BinaryFocalCrossEntropy`: cross-entropy of yes or no that looks away from what is easy."""

from dataclasses import dataclass, field
from typing import ClassVar

from xpnn import _check
from xpnn.losses._focal import FAR, power
from xpnn.losses._sigmoid import sigmoid
from xpnn.losses._targets import real_targets, side_targets
from xpnn.losses.elementwise import ElementwiseLoss
from xpnn.typing import Array, HostArray, Namespace, Shape

__all__ = ["BinaryFocalCrossEntropy"]


@dataclass(frozen=True, slots=True, repr=False)
class BinaryFocalCrossEntropy(ElementwiseLoss):
    r"""Focal loss of yes-or-no targets on logits, in nats.

    For a logit :math:`z` and a target :math:`t`, 0, 1 or a probability between,

    .. math:: l = -\alpha_t \, q^\gamma \bigl(t \log \sigma(z) + (1 - t) \log \sigma(-z)\bigr), \qquad
        q = t \sigma(-z) + (1 - t) \sigma(z), \qquad \alpha_t = t \alpha + (1 - t)(1 - \alpha),

    so that with :math:`p` the probability of the true answer a certain target costs
    :math:`-\alpha_t (1 - p)^\gamma \log p`.

    Parameters
    ----------
    gamma : float
        The exponent :math:`\gamma`, of at least 0; with 0 this is weighted `BinaryCrossEntropy`.
    alpha : float, optional
        Weight of yes, between 0 and 1; None weighs both with 1 (Keras without ``apply_class_balancing``).
    label_smoothing : float
        Share :math:`\epsilon` in [0, 1) of the certainty that the targets lose: they become
        :math:`(1 - \epsilon) t + \epsilon / 2`.
    reduction : {"mean", "sum"}
        Over all elements.

    Raises
    ------
    ArgumentError
        If an argument breaks its rule.

    Notes
    -----
    Soft targets count as in Keras. Targets may be -1 and 1 too. With :math:`c` the cross-entropy,

    .. math:: \frac{\partial l}{\partial z} = \alpha_t \, q^\gamma \Bigl(\sigma(z) - t +
        \gamma (1 - 2 t) \frac{\sigma(z) \sigma(-z)}{q} c\Bigr).

    All is computed without cancellation, in both tails, from :math:`e = e^{-|z|}` and the probability :math:`m` that
    `t` gives to the side on which `z` is not, as in `BinaryCrossEntropy`.

    References
    ----------
    .. [1] Lin, Goyal, Girshick, He & Dollar, ICCV 2017, eq. 5 (with gamma = 2 and alpha = 0.25).

    Examples
    --------
    >>> import numpy as np
    >>> value, gradient = BinaryFocalCrossEntropy(alpha=None)(np.asarray([[0.0], [9.0]]), np.asarray([1, 1]))
    >>> round(float(value), 6)
    0.086643
    """

    gamma: float = 2.0
    alpha: float | None = 0.25
    label_smoothing: float = field(default=0.0, kw_only=True)

    wants_logits: ClassVar[tuple[str, ...]] = ("LogSoftmax", "Sigmoid", "Softmax")

    def __post_init__(self) -> None:
        ElementwiseLoss.__post_init__(self)
        self._set("gamma", _check.non_negative("gamma", self.gamma))
        self._set("label_smoothing", _check.fraction("label_smoothing", self.label_smoothing))
        if self.alpha is not None:
            rule = "be None or a number between 0 and 1"
            alpha = _check.number("alpha", self.alpha, rule)
            self._set("alpha", alpha if 0 < alpha < 1 else _check.refuse("alpha", rule, alpha))

    def compare(self, xp: Namespace, outputs: Array, targets: Array) -> tuple[Array, Array]:
        """Cost of each logit and its derivative."""
        t = xp.maximum(targets, 0.0)
        if self.label_smoothing:
            t = t * (1.0 - self.label_smoothing) + 0.5 * self.label_smoothing
        is_positive, size = outputs > 0, xp.abs(outputs)
        decay = xp.exp(-size)
        total = 1.0 + decay
        wrong = xp.where(is_positive, 1.0 - t, t)
        right = 1.0 - wrong
        cost = xp.log1p(decay) + wrong * xp.where(wrong == 0, 0.0, size)
        share = wrong + right * decay  # q is share / total
        factor = power(xp, share / total, self.gamma)
        if self.alpha is not None:
            factor *= t * self.alpha + (1.0 - t) * (1.0 - self.alpha)
        hit = xp.where(wrong == 0, 1.0, decay / xp.where(wrong == 0, 1.0, share)) / total
        slope = (wrong - right * decay) / total + self.gamma * ((wrong - right) * hit) * xp.minimum(cost, FAR)
        slope *= factor
        return factor * cost, xp.where(is_positive, slope, -slope)

    def check_targets(self, targets: HostArray, output_shape: Shape) -> HostArray:
        """Accept 0 and 1, or probabilities, or -1 and 1, one for each output."""
        y = real_targets(targets, output_shape, "numbers from 0 to 1, or -1 and 1", -1.0, 1.0)
        return side_targets(y, output_shape) if (y < 0).any() else y

    def link(self, xp: Namespace, outputs: Array) -> Array:
        """Sigmoid."""
        return sigmoid(xp, outputs)
