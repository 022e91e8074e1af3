"""`Sparse`: every unit starts with a few connections."""

from dataclasses import dataclass
from math import prod

from xpnn import _check
from xpnn._record import Record
from xpnn.errors import ShapeError
from xpnn.typing import HostArray, Rng, Shape

__all__ = ["Sparse"]


@dataclass(frozen=True, slots=True, repr=False)
class Sparse(Record):
    """For each unit a fixed number of inputs, chosen at random, get normal weights; all other weights are 0.

    So the sum that reaches a unit does not grow with the number of its inputs, and units start out different.

    Parameters
    ----------
    connections : int
        How many inputs each unit gets; all if there are fewer.
    std : float
        Standard deviation of their weights.

    Raises
    ------
    ArgumentError
        If an argument breaks its rule.
    ShapeError
        If the weight has fewer than two axes.

    References
    ----------
    .. [1] Martens, Deep learning via Hessian-free optimization, ICML 2010, section 5 (with 15 connections).

    Examples
    --------
    >>> import numpy as np
    >>> from xpnn.random import HostRng
    >>> weight = Sparse(2).draw(HostRng(np.random.default_rng(0)), (50, 3))
    >>> np.count_nonzero(weight, axis=0).tolist()
    [2, 2, 2]
    """

    connections: int = 15
    std: float = 1.0

    def __post_init__(self) -> None:
        self._set("connections", _check.integer("connections", self.connections))
        self._set("std", _check.positive("std", self.std))

    def draw(self, rng: Rng, shape: Shape) -> HostArray:
        """Draw values of `shape`."""
        if len(shape) < 2:
            raise ShapeError(f"weight must have at least two axes to be sparse, got shape {shape}.")
        return rng.sparse(self.connections, self.std, prod(shape[:-1]), shape[-1]).reshape(shape)
