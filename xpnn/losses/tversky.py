"""`Tversky`: how much two sets overlap, with a price for what is missed and one for false alarms."""

from dataclasses import dataclass
from math import prod
from typing import ClassVar

from xpnn import _check
from xpnn.losses._sigmoid import sigmoid
from xpnn.losses._targets import real_targets
from xpnn.losses.loss import Loss
from xpnn.typing import Array, HostArray, Namespace, Shape

__all__ = ["Tversky", "overlap"]


@dataclass(frozen=True, slots=True, repr=False)
class Tversky(Loss):
    r"""One minus the Tversky index of each sample, on logits, for masks.

    Every output says whether its place belongs to the mask. With the sigmoids :math:`p` and the targets :math:`t` of
    all outputs of a sample, :math:`T = \sum p t`, :math:`F_+ = \sum p (1 - t)` and :math:`F_- = \sum (1 - p) t`,

    .. math:: l = 1 - \frac{T + s}{T + \alpha F_+ + \beta F_- + s}.

    Parameters
    ----------
    alpha, beta : float
        Prices of a false alarm and of a miss, of at least 0, not both 0.
    smooth : float
        The :math:`s`, above 0, thanks to which an empty mask has a cost, too.
    reduction : {"mean", "sum"}
        Over the samples.

    Raises
    ------
    ArgumentError
        If an argument breaks its rule.

    Notes
    -----
    With :math:`M = \alpha F_+ + \beta F_-`, :math:`l = M / (T + M + s)`, in which nothing cancels, and
    :math:`m = \alpha (1 - t) - \beta t`,
    :math:`\partial l/\partial z = p (1 - p) (m - l (t + m)) / (T + M + s)`.

    References
    ----------
    .. [1] Salehi, Erdogmus & Gholipour, Tversky loss function for image segmentation, MLMI 2017, eq. 3.

    Examples
    --------
    >>> import numpy as np
    >>> value, gradient = Tversky(alpha=0.25, beta=0.75)(np.asarray([[0.0, 0.0]]), np.asarray([[1.0, 0.0]]))
    >>> float(value)
    0.25
    """

    alpha: float = 0.5
    beta: float = 0.5
    smooth: float = 1.0

    wants_logits: ClassVar[tuple[str, ...]] = ("LogSoftmax", "Sigmoid", "Softmax")

    def __post_init__(self) -> None:
        Loss.__post_init__(self)
        self._set("alpha", _check.non_negative("alpha", self.alpha))
        self._set("beta", _check.non_negative("beta", self.beta))
        if self.alpha + self.beta == 0:
            _check.refuse("beta", "be above 0 where alpha is 0", self.beta)
        self._set("smooth", _check.positive("smooth", self.smooth))

    def terms(self, xp: Namespace, outputs: Array, targets: Array) -> tuple[Array, Array]:
        """Cost of each sample and its derivative."""
        targets = _check.targets_like(xp, outputs, targets)
        return overlap(xp, outputs, targets, self.alpha, self.beta, self.smooth)

    def check_targets(self, targets: HostArray, output_shape: Shape) -> HostArray:
        """Accept 0 and 1, False and True, or probabilities, one for each output."""
        return real_targets(targets, output_shape, "numbers from 0 to 1", 0.0, 1.0)

    def link(self, xp: Namespace, outputs: Array) -> Array:
        """Sigmoid."""
        return sigmoid(xp, outputs)


def overlap(
    xp: Namespace, outputs: Array, targets: Array, alpha: float, beta: float, smooth: float
) -> tuple[Array, Array]:
    """Cost of each sample and its derivative, as in `Tversky`; the targets have the shape and dtype of the outputs."""
    shape = tuple(outputs.shape)
    rows = (shape[0], prod(shape[1:]))
    z, t = xp.reshape(outputs, rows), xp.reshape(targets, rows)
    decay = xp.exp(-xp.abs(z))
    total = 1.0 + decay
    p, q = xp.where(z > 0, 1.0, decay) / total, xp.where(z > 0, decay, 1.0) / total
    missed = xp.sum((alpha * (1.0 - t)) * p + beta * (q * t), axis=1, keepdims=True)
    size = xp.sum(p * t, axis=1, keepdims=True) + missed + smooth
    costs, price = missed / size, alpha * (1.0 - t) - beta * t
    slope = (decay / (total * total)) * ((price - costs * (t + price)) / size)
    return xp.reshape(costs, shape[:1]), xp.reshape(slope, shape)
