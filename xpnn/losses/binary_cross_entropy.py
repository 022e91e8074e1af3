"""`BinaryCrossEntropy`: sigmoid and the negative log-likelihood of yes or no in one, on logits."""

from dataclasses import dataclass, field
from typing import ClassVar

from xpnn import _check
from xpnn.losses._sigmoid import sigmoid
from xpnn.losses._targets import real_targets
from xpnn.losses.elementwise import ElementwiseLoss
from xpnn.typing import Array, HostArray, Namespace, Shape

__all__ = ["BinaryCrossEntropy"]


@dataclass(frozen=True, slots=True, repr=False)
class BinaryCrossEntropy(ElementwiseLoss):
    r"""Cross-entropy between yes-or-no targets and the sigmoid of the outputs, in nats.

    For a logit :math:`z` and a target :math:`t`, 0, 1 or a probability between:
    :math:`l = -t \log \sigma(z) - (1 - t) \log \sigma(-z)`.

    Parameters
    ----------
    label_smoothing : float
        Share :math:`\epsilon` in [0, 1) of the certainty that the targets lose: they become
        :math:`(1 - \epsilon) t + \epsilon / 2` [2]_.
    reduction : {"mean", "sum"}
        Over all elements.

    Raises
    ------
    ArgumentError
        If `label_smoothing` is not in [0, 1).

    Notes
    -----
    :math:`\partial l/\partial z = \sigma(z) - t`. Both are computed without cancellation, in both tails: with
    :math:`a = |z|`, :math:`e = e^{-a}`, and :math:`m` the probability that `t` gives to the side on which `z` is not
    (:math:`m = 1 - t` for :math:`z > 0`, else :math:`m = t`),

    .. math:: l = \log(1 + e) + a m, \qquad
        \frac{\partial l}{\partial z} = \pm \frac{m - (1 - m) e}{1 + e},

    with plus for :math:`z > 0`. Infinite logits on the right side cost 0, on the wrong side infinitely much.

    References
    ----------
    .. [1] Bishop, Pattern Recognition and Machine Learning, 2006, eq. 4.90 and 4.91.
    .. [2] Szegedy et al., CVPR 2016, section 7, for two classes; metrics see the targets as they are.

    Examples
    --------
    >>> import numpy as np
    >>> value, gradient = BinaryCrossEntropy()(np.asarray([[0.0], [50.0]]), np.asarray([1, 1]))
    >>> round(float(value), 12), gradient.tolist()
    (0.34657359028, [[-0.25], [-9.643749239819589e-23]])
    """

    label_smoothing: float = field(default=0.0, kw_only=True)

    wants_logits: ClassVar[tuple[str, ...]] = ("LogSoftmax", "Sigmoid", "Softmax")

    def __post_init__(self) -> None:
        ElementwiseLoss.__post_init__(self)
        self._set("label_smoothing", _check.fraction("label_smoothing", self.label_smoothing))

    def compare(self, xp: Namespace, outputs: Array, targets: Array) -> tuple[Array, Array]:
        """Cost of each logit and its derivative."""
        if self.label_smoothing:
            targets = targets * (1.0 - self.label_smoothing) + 0.5 * self.label_smoothing
        is_positive, size = outputs > 0, xp.abs(outputs)
        decay = xp.exp(-size)
        miss = xp.where(is_positive, 1.0 - targets, targets)
        costs = xp.log1p(decay) + miss * xp.where(miss == 0, 0.0, size)
        slope = (miss - (1.0 - miss) * decay) / (1.0 + decay)
        return costs, xp.where(is_positive, slope, -slope)

    def check_targets(self, targets: HostArray, output_shape: Shape) -> HostArray:
        """Accept 0 and 1, False and True, or probabilities, one for each output."""
        return real_targets(targets, output_shape, "numbers from 0 to 1", 0.0, 1.0)

    def link(self, xp: Namespace, outputs: Array) -> Array:
        """Sigmoid."""
        return sigmoid(xp, outputs)
