"""`MeanAbsolutePercentageError`: the size of each error, in percent of its target."""

from dataclasses import dataclass

from xpnn import _check
from xpnn.losses.elementwise import ElementwiseLoss
from xpnn.typing import Array, Namespace

__all__ = ["MeanAbsolutePercentageError"]


@dataclass(frozen=True, slots=True, repr=False)
class MeanAbsolutePercentageError(ElementwiseLoss):
    r"""Absolute percentage error, :math:`l = 100 \, |y - t| / \max(|t|, \epsilon)`.

    Parameters
    ----------
    eps : float
        Least size :math:`\epsilon` of a target, in units of the targets.
    reduction : {"mean", "sum"}
        Over all elements.

    Raises
    ------
    ArgumentError
        If `eps` is not a finite number above 0.

    Notes
    -----
    :math:`\partial l/\partial y = 100 \operatorname{sign}(y - t) / \max(|t|, \epsilon)`. In percent, as in Keras;
    scikit-learn's metric of this name lacks the factor 100.

    Examples
    --------
    >>> import numpy as np
    >>> value, gradient = MeanAbsolutePercentageError()(np.asarray([[3.0], [5.0]]), np.asarray([[4.0], [2.0]]))
    >>> float(value), gradient.tolist()
    (87.5, [[-12.5], [25.0]])
    """

    eps: float = 1e-7

    def __post_init__(self) -> None:
        ElementwiseLoss.__post_init__(self)
        self._set("eps", _check.positive("eps", self.eps))

    def compare(self, xp: Namespace, outputs: Array, targets: Array) -> tuple[Array, Array]:
        """Size of each difference in percent of the target, and its derivative."""
        error = outputs - targets
        scale = 100.0 / xp.maximum(xp.abs(targets), self.eps)
        return xp.abs(error) * scale, xp.sign(error) * scale
