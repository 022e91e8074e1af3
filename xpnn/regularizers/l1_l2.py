"""`L1L2`: both costs."""

from dataclasses import dataclass

from xpnn import _check
from xpnn._record import Record
from xpnn.typing import Array, Namespace

__all__ = ["L1L2"]


@dataclass(frozen=True, slots=True, repr=False)
class L1L2(Record):
    r"""The cost :math:`\lambda_1 \sum |w| + \tfrac12 \lambda_2 \sum w^2` of the elastic net.

    Parameters
    ----------
    l1, l2 : float
        The factors :math:`\lambda_1` and :math:`\lambda_2`; see `L1` and `L2`.

    Raises
    ------
    ArgumentError
        If a factor is not a finite number of at least 0.

    References
    ----------
    .. [1] Zou & Hastie, Journal of the Royal Statistical Society B 67, 2005, eq. 3 (there without the half).

    Examples
    --------
    >>> import numpy as np
    >>> float(L1L2(1.0, 0.5).value(np, np.asarray([3.0, -4.0])))
    13.25
    """

    l1: float = 0.01
    l2: float = 0.01

    def __post_init__(self) -> None:
        self._set("l1", _check.non_negative("l1", self.l1))
        self._set("l2", _check.non_negative("l2", self.l2))

    def value(self, xp: Namespace, w: Array) -> Array:
        """Sum of both costs."""
        return xp.sum(xp.abs(w)) * self.l1 + xp.sum(w * w) * (0.5 * self.l2)

    def gradient(self, xp: Namespace, w: Array) -> Array:
        """Sum of both gradients."""
        return xp.sign(w) * self.l1 + w * self.l2
