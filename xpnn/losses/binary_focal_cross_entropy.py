"""`BinaryFocalCrossEntropy`: cross-entropy of yes or no that looks away from what is easy."""

from dataclasses import dataclass
from typing import ClassVar

from xpnn import _check
from xpnn.losses._power import power
from xpnn.losses._targets import side_targets
from xpnn.losses.elementwise import ElementwiseLoss
from xpnn.typing import Array, HostArray, Namespace, Shape

__all__ = ["BinaryFocalCrossEntropy"]

_FAR = 1e4
"""Costs from which on a probability is 0 in any precision."""


@dataclass(frozen=True, slots=True, repr=False)
class BinaryFocalCrossEntropy(ElementwiseLoss):
    r"""Focal loss of yes-or-no targets on logits, in nats.

    With :math:`p` the probability that the sigmoid of a logit :math:`z` gives to the true answer,

    .. math:: l = -\alpha_t (1 - p)^\gamma \log p,

    where :math:`\alpha_t` is :math:`\alpha` for yes and :math:`1 - \alpha` for no.

    Parameters
    ----------
    gamma : float
        The exponent :math:`\gamma`, of at least 0; with 0 this is weighted `BinaryCrossEntropy`.
    alpha : float, optional
        Weight of yes, between 0 and 1; None weighs both with 1 (Keras without ``apply_class_balancing``).
    reduction : {"mean", "sum"}
        Over all elements.

    Raises
    ------
    ArgumentError
        If an argument breaks its rule.

    Notes
    -----
    With :math:`a` the logit of the wrong answer, :math:`-z` for yes and :math:`z` for no, and
    :math:`c = \log(1 + e^a)`: :math:`l = \alpha_t \sigma(a)^\gamma c` and
    :math:`\partial l/\partial a = \alpha_t \sigma(a)^\gamma (\sigma(a) + \gamma \sigma(-a) c)`. Targets are 0 or 1, or
    -1 and 1.

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

    wants_logits: ClassVar[tuple[str, ...]] = ("LogSoftmax", "Sigmoid", "Softmax")

    def __post_init__(self) -> None:
        ElementwiseLoss.__post_init__(self)
        self._set("gamma", _check.non_negative("gamma", self.gamma))
        if self.alpha is not None:
            rule = "be None or a number between 0 and 1"
            alpha = _check.number("alpha", self.alpha, rule)
            self._set("alpha", alpha if 0 < alpha < 1 else _check.refuse("alpha", rule, alpha))

    def compare(self, xp: Namespace, outputs: Array, targets: Array) -> tuple[Array, Array]:
        """Cost of each logit and its derivative."""
        is_yes = targets > 0
        wrong = xp.where(is_yes, -outputs, outputs)
        decay = xp.exp(-xp.abs(wrong))
        total = 1.0 + decay
        cost = xp.maximum(wrong, 0.0) + xp.log1p(decay)
        miss = xp.exp(xp.minimum(wrong, 0.0)) / total
        hit = xp.exp(-xp.maximum(wrong, 0.0)) / total
        factor = power(xp, miss, self.gamma)
        if self.alpha is not None:
            factor *= self.alpha + (1.0 - 2.0 * self.alpha) * xp.astype(targets <= 0, outputs.dtype)
        slope = factor * (miss + self.gamma * (hit * xp.minimum(cost, _FAR)))
        return factor * cost, xp.where(is_yes, -slope, slope)

    def check_targets(self, targets: HostArray, output_shape: Shape) -> HostArray:
        """Accept 0 and 1, or -1 and 1, one for each output."""
        return side_targets(targets, output_shape)

    def link(self, xp: Namespace, outputs: Array) -> Array:
        """Sigmoid."""
        decay = xp.exp(-xp.abs(outputs))
        return xp.where(outputs > 0, 1.0, decay) / (1.0 + decay)
