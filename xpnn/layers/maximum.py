"""`Maximum`: the largest of several inputs."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

from xpnn.layers.merge import Merge, to_first
from xpnn.typing import Array, Namespace

__all__ = ["Maximum"]


@dataclass(frozen=True, slots=True, repr=False)
class Maximum(Merge):
    r"""Elementwise maximum of inputs, :math:`y = \max_i x_i`; NaN if one is NaN.

    Parameters
    ----------
    name : str, optional
        Name of the layer; by default its position.

    Raises
    ------
    ShapeError
        If there are fewer than two inputs, or their shapes do not broadcast; see `Merge`.

    Notes
    -----
    The gradient goes to the input that is the largest, of equal ones to the first (PyTorch shares it out).
    """

    def combine(self, xp: Namespace, parts: Sequence[Array]) -> tuple[Array, Any]:
        """Take the largest of the arrays."""
        y = reduce(xp.maximum, parts)
        return y, (parts, y)

    def pull(self, xp: Namespace, saved: Any, dy: Array, count: int) -> Sequence[Array]:
        """Hand `dy` to the first input that has the value of the output."""
        parts, y = saved
        return to_first(xp, parts, y, dy)
