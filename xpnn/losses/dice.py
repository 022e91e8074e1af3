"""`Dice`: how much two sets overlap."""

from dataclasses import dataclass
from typing import ClassVar

from xpnn import _check
from xpnn.losses._sigmoid import sigmoid
from xpnn.losses._targets import real_targets
from xpnn.losses.loss import Loss
from xpnn.losses.tversky import overlap
from xpnn.typing import Array, HostArray, Namespace, Shape

__all__ = ["Dice"]


@dataclass(frozen=True, slots=True, repr=False)
class Dice(Loss):
    r"""One minus the Dice coefficient of each sample, on logits, for masks.

    Every output says whether its place belongs to the mask. With the sigmoids :math:`p` and the targets :math:`t` of
    all outputs of a sample,

    .. math:: l = 1 - \frac{2 \sum p t + s}{\sum p + \sum t + s}.

    Parameters
    ----------
    smooth : float
        The :math:`s`, above 0, thanks to which an empty mask has a cost, too.
    reduction : {"mean", "sum"}
        Over the samples.

    Raises
    ------
    ArgumentError
        If `smooth` is not a finite number above 0.

    Notes
    -----
    It is `Tversky` with the prices 1/2 and :math:`\tfrac12 s`. The sums run over one sample, so that sample weights
    have a meaning; Keras sums over the whole batch by default. The denominator has no squares, unlike that of [1]_.

    References
    ----------
    .. [1] Milletari, Navab & Ahmadi, V-Net, 3DV 2016, section 3.

    Examples
    --------
    >>> import numpy as np
    >>> value, gradient = Dice()(np.asarray([[0.0, 0.0]]), np.asarray([[1.0, 0.0]]))
    >>> round(float(value), 12)
    0.333333333333
    """

    smooth: float = 1.0

    wants_logits: ClassVar[tuple[str, ...]] = ("LogSoftmax", "Sigmoid", "Softmax")

    def __post_init__(self) -> None:
        Loss.__post_init__(self)
        self._set("smooth", _check.positive("smooth", self.smooth))

    def terms(self, xp: Namespace, outputs: Array, targets: Array) -> tuple[Array, Array]:
        """Cost of each sample and its derivative."""
        return overlap(xp, outputs, _check.targets_like(xp, outputs, targets), 0.5, 0.5, 0.5 * self.smooth)

    def check_targets(self, targets: HostArray, output_shape: Shape) -> HostArray:
        """Accept 0 and 1, False and True, or probabilities, one for each output."""
        return real_targets(targets, output_shape, "numbers from 0 to 1", 0.0, 1.0)

    def link(self, xp: Namespace, outputs: Array) -> Array:
        """Sigmoid."""
        return sigmoid(xp, outputs)
