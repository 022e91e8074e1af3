"""`Average`: the mean of several inputs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from xpnn.layers.merge import Merge
from xpnn.typing import Array, Namespace

__all__ = ["Average"]


@dataclass(frozen=True, slots=True, repr=False)
class Average(Merge):
    r"""Mean of inputs, :math:`y = \frac1n \sum_i x_i`.

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
    :math:`\partial L/\partial x_i = \frac1n\, \partial L/\partial y`.
    """

    def combine(self, xp: Namespace, parts: Sequence[Array]) -> tuple[Array, Any]:
        """Take the mean of the arrays."""
        return sum(parts[1:], parts[0]) / float(len(parts)), None

    def pull(self, xp: Namespace, saved: Any, dy: Array, count: int) -> Sequence[Array]:
        """Share `dy` out evenly."""
        return [dy / float(count)] * count
