"""`Huber`: squared error for small errors, absolute error for large ones."""

from dataclasses import dataclass

from xpnn import _check
from xpnn.losses.elementwise import ElementwiseLoss
from xpnn.typing import Array, Namespace

__all__ = ["Huber"]


@dataclass(frozen=True, slots=True, repr=False)
class Huber(ElementwiseLoss):
    r"""Huber's loss [1]_, for each output :math:`y` with target :math:`t` and :math:`e = y - t`.

    .. math:: l = \begin{cases} \tfrac12 e^2 & |e| \le \delta, \\
        \delta (|e| - \tfrac12 \delta) & |e| > \delta. \end{cases}

    Parameters
    ----------
    delta : float
        The error :math:`\delta` from which on the cost grows linearly, in units of the targets.
    reduction : {"mean", "sum"}
        Over all elements.

    Raises
    ------
    ArgumentError
        If `delta` is not a finite number above 0.

    Notes
    -----
    With :math:`c = \min(\max(e, -\delta), \delta)`, :math:`l = c (e - \tfrac12 c)` and
    :math:`\partial l/\partial y = c`. It is half of [2]_, eq. 10.23, so that the derivative is the error itself;
    `MeanSquaredError` has no such half.

    References
    ----------
    .. [1] Huber, Annals of Mathematical Statistics 35, 1964.
    .. [2] Hastie, Tibshirani & Friedman, The Elements of Statistical Learning, 2nd edition, 2009.

    Examples
    --------
    >>> import numpy as np
    >>> value, gradient = Huber(delta=1.0)(np.asarray([[1.5], [5.0]]), np.asarray([[1.0], [2.0]]))
    >>> float(value), gradient.tolist()
    (1.3125, [[0.25], [0.5]])
    """

    delta: float = 1.0

    def __post_init__(self) -> None:
        ElementwiseLoss.__post_init__(self)
        self._set("delta", _check.positive("delta", self.delta))

    def compare(self, xp: Namespace, outputs: Array, targets: Array) -> tuple[Array, Array]:
        """Cost of each difference, and the difference clipped at `delta`."""
        error = outputs - targets
        clipped = xp.minimum(xp.maximum(error, -self.delta), self.delta)
        return clipped * (error - 0.5 * clipped), clipped
