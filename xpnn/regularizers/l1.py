"""`L1`: a cost that makes weights sparse."""

from dataclasses import dataclass

from xpnn import _check
from xpnn._record import Record
from xpnn.typing import Array, Namespace

__all__ = ["L1"]


@dataclass(frozen=True, slots=True, repr=False)
class L1(Record):
    r"""The cost :math:`\lambda \sum |w|`, as the `l1` of `xpnn.Network` is for all weights; its gradient is 0 at 0.

    Parameters
    ----------
    l1 : float
        The factor :math:`\lambda`.

    Raises
    ------
    ArgumentError
        If `l1` is not a finite number of at least 0.

    Examples
    --------
    >>> import numpy as np
    >>> float(L1(0.5).value(np, np.asarray([3.0, -4.0])))
    3.5
    """

    l1: float = 0.01

    def __post_init__(self) -> None:
        self._set("l1", _check.non_negative("l1", self.l1))

    def value(self, xp: Namespace, w: Array) -> Array:
        """Sum of the sizes times the factor."""
        return xp.sum(xp.abs(w)) * self.l1

    def gradient(self, xp: Namespace, w: Array) -> Array:
        """Signs times the factor."""
        return xp.sign(w) * self.l1
