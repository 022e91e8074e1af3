"""`Subtract`: the difference of two inputs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from xpnn.layers.merge import Merge, several
from xpnn.typing import Array, Namespace, Params, Rng, Shape, State

__all__ = ["Subtract"]


@dataclass(frozen=True, slots=True, repr=False)
class Subtract(Merge):
    r"""Difference of two inputs, :math:`y = x_0 - x_1`.

    Parameters
    ----------
    name : str, optional
        Name of the layer; by default its position.

    Raises
    ------
    ShapeError
        If there are not two inputs, or their shapes do not broadcast; see `Merge`.

    Notes
    -----
    :math:`\partial L/\partial x_0 = \partial L/\partial y = -\partial L/\partial x_1`.
    """

    def init(self, rng: Rng, input_shape: Any) -> tuple[Params, State, Shape]:
        """Find the common shape of two inputs."""
        return Merge.init(self, rng, several(input_shape, 2))

    def combine(self, xp: Namespace, parts: Sequence[Array]) -> tuple[Array, Any]:
        """Subtract the second array from the first."""
        return parts[0] - parts[1], None

    def pull(self, xp: Namespace, saved: Any, dy: Array, count: int) -> Sequence[Array]:
        """Turn the sign for the second input."""
        return dy, -dy
