"""`SquaredHinge`: the hinge loss with a parabola in place of its line."""

from dataclasses import dataclass
from typing import ClassVar

from xpnn import _check
from xpnn.losses._targets import side_targets
from xpnn.losses.elementwise import ElementwiseLoss
from xpnn.typing import Array, HostArray, Namespace, Shape

__all__ = ["SquaredHinge"]


@dataclass(frozen=True, slots=True, repr=False)
class SquaredHinge(ElementwiseLoss):
    r"""Squared hinge loss, :math:`l = \max(0, \Delta - t z)^2`, for each output :math:`z` with a side :math:`t`.

    The targets are -1 and 1, or 0 and 1, where 0 stands for -1.

    Parameters
    ----------
    margin : float
        The margin :math:`\Delta`.
    reduction : {"mean", "sum"}
        Over all elements.

    Raises
    ------
    ArgumentError
        If `margin` is not a finite number above 0.

    Notes
    -----
    :math:`\partial l/\partial z = -2 t \max(0, \Delta - t z)`. The outputs are scores; the side changes at 0.

    References
    ----------
    .. [1] Tang, Deep Learning using Linear Support Vector Machines, 2013, eq. 6.

    Examples
    --------
    >>> import numpy as np
    >>> value, gradient = SquaredHinge()(np.asarray([[0.5], [3.0]]), np.asarray([1, 1]))
    >>> float(value), gradient.tolist()
    (0.125, [[-0.5], [0.0]])
    """

    margin: float = 1.0

    threshold: ClassVar[float] = 0.0

    def __post_init__(self) -> None:
        ElementwiseLoss.__post_init__(self)
        self._set("margin", _check.positive("margin", self.margin))

    def compare(self, xp: Namespace, outputs: Array, targets: Array) -> tuple[Array, Array]:
        """Cost of each output and its derivative."""
        is_positive = targets > 0
        excess = xp.maximum(self.margin - xp.where(is_positive, outputs, -outputs), 0.0)
        slope = 2.0 * excess
        return excess * excess, xp.where(is_positive, 0.0 - slope, slope)

    def check_targets(self, targets: HostArray, output_shape: Shape) -> HostArray:
        """Accept -1 and 1, or 0 and 1, one for each output."""
        return side_targets(targets, output_shape)
