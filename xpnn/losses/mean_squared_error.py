"""`MeanSquaredError`: the square of each error."""

from dataclasses import dataclass

from xpnn.losses.elementwise import ElementwiseLoss
from xpnn.typing import Array, Namespace

__all__ = ["MeanSquaredError"]


@dataclass(frozen=True, slots=True, repr=False)
class MeanSquaredError(ElementwiseLoss):
    r"""Squared error, :math:`l = (y - t)^2`, for each output :math:`y` with target :math:`t`.

    Parameters
    ----------
    reduction : {"mean", "sum"}
        Over all elements.

    Notes
    -----
    :math:`\partial l/\partial y = 2 (y - t)`. There is no factor 1/2, and the mean is over the elements: the quadratic
    cost of [1]_, eq. 6, which halves the sum over the outputs, is this one times half the number of outputs.

    References
    ----------
    .. [1] Nielsen, Neural Networks and Deep Learning, 2015, chapter 1.

    Examples
    --------
    >>> import numpy as np
    >>> value, gradient = MeanSquaredError()(np.asarray([[1.0], [5.0]]), np.asarray([[1.0], [2.0]]))
    >>> float(value), gradient.tolist()
    (4.5, [[0.0], [3.0]])
    """

    def compare(self, xp: Namespace, outputs: Array, targets: Array) -> tuple[Array, Array]:
        """Square of each difference, and twice the difference."""
        error = outputs - targets
        return error * error, 2.0 * error
