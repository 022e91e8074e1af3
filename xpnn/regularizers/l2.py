"""`L2`: a cost that keeps weights small."""

from dataclasses import dataclass

from xpnn import _check
from xpnn._record import Record
from xpnn.typing import Array, Namespace

__all__ = ["L2"]


@dataclass(frozen=True, slots=True, repr=False)
class L2(Record):
    r"""The cost :math:`\tfrac12 \lambda \sum w^2`, as the `l2` of `xpnn.Network` is for all weights.

    Parameters
    ----------
    l2 : float
        The factor :math:`\lambda`. With plain SGD it does what weight decay of the same factor does, in PyTorch too;
        Keras's L2 has no half, so its 0.01 is 0.02 here.

    Raises
    ------
    ArgumentError
        If `l2` is not a finite number of at least 0.

    Examples
    --------
    >>> import numpy as np
    >>> float(L2(0.5).value(np, np.asarray([3.0, -4.0])))
    6.25
    """

    l2: float = 0.01

    def __post_init__(self) -> None:
        self._set("l2", _check.non_negative("l2", self.l2))

    def value(self, xp: Namespace, w: Array) -> Array:
        """Half the sum of squares times the factor."""
        return xp.sum(w * w) * (0.5 * self.l2)

    def gradient(self, xp: Namespace, w: Array) -> Array:
        """The parameter times the factor."""
        return w * self.l2
