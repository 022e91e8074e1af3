"""`Identity`: no activation."""

from dataclasses import dataclass

from xpnn._record import Record
from xpnn.typing import Array, Context

__all__ = ["Identity"]


@dataclass(frozen=True, slots=True, repr=False)
class Identity(Record):
    r"""The input itself, :math:`y = x`.

    Notes
    -----
    :math:`\partial L/\partial x = \partial L/\partial y`. Nothing is copied: output and input are one array.

    Examples
    --------
    >>> import numpy as np
    >>> from types import SimpleNamespace
    >>> y, saved = Identity().forward(np.asarray([-1.0, 2.0]), SimpleNamespace(xp=np))
    >>> y.tolist()
    [-1.0, 2.0]
    """

    def forward(self, x: Array, ctx: Context) -> tuple[Array, None]:
        """Return `x` itself."""
        return x, None

    def backward(self, saved: None, dy: Array, ctx: Context) -> Array:
        """Return `dy` itself."""
        return dy
