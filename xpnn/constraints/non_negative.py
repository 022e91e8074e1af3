"""`NonNegative`: no weight below 0."""

from dataclasses import dataclass

from xpnn._record import Record
from xpnn.typing import Array, Namespace

__all__ = ["NonNegative"]


@dataclass(frozen=True, slots=True, repr=False)
class NonNegative(Record):
    """Set negative weights to 0.

    Examples
    --------
    >>> import numpy as np
    >>> NonNegative().project(np, np.asarray([-1.0, 2.0])).tolist()
    [0.0, 2.0]
    """

    def project(self, xp: Namespace, w: Array) -> Array:
        """Cut off what is below 0; NaN stays NaN."""
        return xp.where(w < 0, 0.0, w)
