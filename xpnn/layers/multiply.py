"""`Multiply`: the product of several inputs."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import mul
from typing import Any

from xpnn.layers.merge import Merge
from xpnn.typing import Array, Namespace

__all__ = ["Multiply"]


@dataclass(frozen=True, slots=True, repr=False)
class Multiply(Merge):
    r"""Elementwise product of inputs, :math:`y = \prod_i x_i`.

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
    :math:`\partial L/\partial x_i = \partial L/\partial y \prod_{j \ne i} x_j`, without a division, so that zeros do no
    harm.
    """

    def combine(self, xp: Namespace, parts: Sequence[Array]) -> tuple[Array, Any]:
        """Multiply the arrays."""
        return _product(parts), parts

    def pull(self, xp: Namespace, saved: Any, dy: Array, count: int) -> Sequence[Array]:
        """Multiply `dy` by all other inputs."""
        return [_product([dy, *saved[:i], *saved[i + 1 :]]) for i in range(count)]


def _product(factors: Sequence[Array]) -> Array:
    return reduce(mul, factors)
