"""`MeanAbsoluteError`: the size of each error."""

from dataclasses import dataclass

from xpnn.losses.elementwise import ElementwiseLoss
from xpnn.typing import Array, Namespace

__all__ = ["MeanAbsoluteError"]


@dataclass(frozen=True, slots=True, repr=False)
class MeanAbsoluteError(ElementwiseLoss):
    r"""Absolute error, :math:`l = |y - t|`, for each output :math:`y` with target :math:`t`.

    Parameters
    ----------
    reduction : {"mean", "sum"}
        Over all elements.

    Notes
    -----
    :math:`\partial l/\partial y = \operatorname{sign}(y - t)`, which is 0 at :math:`y = t`. The best constant output is
    the median of the targets.

    Examples
    --------
    >>> import numpy as np
    >>> value, gradient = MeanAbsoluteError()(np.asarray([[1.0], [5.0]]), np.asarray([[1.0], [2.0]]))
    >>> float(value), gradient.tolist()
    (1.5, [[0.0], [0.5]])
    """

    def compare(self, xp: Namespace, outputs: Array, targets: Array) -> tuple[Array, Array]:
        """Size of each difference, and its sign."""
        error = outputs - targets
        return xp.abs(error), xp.sign(error)
