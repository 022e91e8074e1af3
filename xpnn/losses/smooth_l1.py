"""`SmoothL1`: squared error for small errors, absolute error of slope 1 for large ones."""

from dataclasses import dataclass

from xpnn import _check
from xpnn.losses.elementwise import ElementwiseLoss
from xpnn.typing import Array, Namespace

__all__ = ["SmoothL1"]


@dataclass(frozen=True, slots=True, repr=False)
class SmoothL1(ElementwiseLoss):
    r"""Smooth absolute error, for each output :math:`y` with target :math:`t` and :math:`e = y - t`.

    .. math:: l = \begin{cases} \tfrac12 e^2 / \beta & |e| \le \beta, \\ |e| - \tfrac12 \beta & |e| > \beta. \end{cases}

    Parameters
    ----------
    beta : float
        The error :math:`\beta` from which on the cost grows linearly, in units of the targets.
    reduction : {"mean", "sum"}
        Over all elements.

    Raises
    ------
    ArgumentError
        If `beta` is not a finite number above 0.

    Notes
    -----
    It is `Huber` with :math:`\delta = \beta`, divided by :math:`\beta`, so that large errors have the slope 1 whatever
    :math:`\beta` is. With :math:`c = \min(\max(e, -\beta), \beta)`, :math:`\partial l/\partial y = c / \beta`.

    References
    ----------
    .. [1] Girshick, Fast R-CNN, ICCV 2015, eq. 3 (with beta = 1).

    Examples
    --------
    >>> import numpy as np
    >>> value, gradient = SmoothL1(beta=2.0)(np.asarray([[2.0], [5.0]]), np.asarray([[1.0], [2.0]]))
    >>> float(value), gradient.tolist()
    (1.125, [[0.25], [0.5]])
    """

    beta: float = 1.0

    def __post_init__(self) -> None:
        ElementwiseLoss.__post_init__(self)
        self._set("beta", _check.positive("beta", self.beta))

    def compare(self, xp: Namespace, outputs: Array, targets: Array) -> tuple[Array, Array]:
        """Cost of each difference, and its share of `beta`."""
        error = outputs - targets
        slope = xp.minimum(xp.maximum(error, -self.beta), self.beta) / self.beta
        return slope * (error - (0.5 * self.beta) * slope), slope
