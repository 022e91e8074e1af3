"""`MeanSquaredLogarithmicError`: the square of each error of the logarithms."""

from dataclasses import dataclass

from xpnn.losses._targets import real_targets
from xpnn.losses.elementwise import ElementwiseLoss
from xpnn.typing import Array, HostArray, Namespace, Shape

__all__ = ["MeanSquaredLogarithmicError"]


@dataclass(frozen=True, slots=True, repr=False)
class MeanSquaredLogarithmicError(ElementwiseLoss):
    r"""Squared logarithmic error, :math:`l = (\log(1 + \max(y, 0)) - \log(1 + t))^2`, for targets from 0 on.

    Parameters
    ----------
    reduction : {"mean", "sum"}
        Over all elements.

    Notes
    -----
    With :math:`e` the difference of the logarithms, :math:`\partial l/\partial y = 2 e / (1 + y)` where :math:`y > 0`,
    else 0: outputs below 0 count as 0, as in Keras, and do not learn. Near the target the difference would cancel, so
    its size is computed as :math:`\log(1 + (b - a) / (1 + a))` with :math:`a` the lesser of the two numbers and
    :math:`b` the greater.

    Examples
    --------
    >>> import numpy as np
    >>> value, gradient = MeanSquaredLogarithmicError()(np.asarray([[np.e - 1], [-1.0]]), np.asarray([[0.0], [0.0]]))
    >>> round(float(value), 12), gradient.round(6).tolist()
    (0.5, [[0.367879], [0.0]])
    """

    def compare(self, xp: Namespace, outputs: Array, targets: Array) -> tuple[Array, Array]:
        """Square of each difference of the logarithms, and its derivative."""
        counted = xp.maximum(outputs, 0.0)
        less = xp.minimum(counted, targets)
        size = xp.log1p((xp.maximum(counted, targets) - less) / (1.0 + less))
        error = xp.where(counted < targets, -size, size)
        return error * error, xp.where(outputs > 0, 2.0 * error / (1.0 + counted), 0.0)

    def check_targets(self, targets: HostArray, output_shape: Shape) -> HostArray:
        """Accept finite numbers from 0 on, one for each output."""
        return real_targets(targets, output_shape, "finite numbers of at least 0", 0.0)
