"""`Masks`: vectors of the length of all parameters that say where and how much penalties, decay and steps act."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from xpnn import _check
from xpnn.errors import ArgumentError
from xpnn.optimizers import Optimizer
from xpnn.training.parameter_group import ParameterGroup
from xpnn.training.penalty import Penalty
from xpnn.training.weights import Weights
from xpnn.typing import Array, HostArray, Namespace

__all__ = ["Masks", "make_masks"]


class Masks(NamedTuple):
    """Vectors of shape (size,), or None where nothing is to be told.

    Attributes
    ----------
    penalty : Array or None
        1 where penalties act, 0 elsewhere.
    decay : Array or None
        Factor of the optimizer's weight decay; often the same array as `penalty`.
    rate : Array or None
        Factor of the change of each parameter.
    trainable : Array or None
        True where a parameter may move, False where it is frozen.
    """

    penalty: Array | None
    decay: Array | None
    rate: Array | None
    trainable: Array | None = None

    @property
    def arrays(self) -> list[Array]:
        """Those that there are, each once."""
        return list({id(mask): mask for mask in self if mask is not None}.values())

    def map(self, function: Callable[[Array], Any]) -> "Masks":
        """Apply a function to each of `arrays`, once."""
        done = {id(mask): function(mask) for mask in self.arrays}
        return Masks(*(None if mask is None else done[id(mask)] for mask in self))

    def keep(self, xp: Namespace, new: Array, old: Any = 0.0) -> Array:
        """Take `new` where a parameter may move, and `old` elsewhere; without frozen parameters all of `new`.

        A vector of another length, in which an optimizer keeps something else than a number for each parameter, is
        taken.
        """
        is_free = self.trainable is None or new.shape != self.trainable.shape
        return new if is_free else xp.where(self.trainable, new, old)

    def scale(self, p: Array, new: Array) -> Array:
        """Return `new` parameters with their change from `p` scaled by `rate`."""
        return new if self.rate is None else p + self.rate * (new - p)


def make_masks(optimizer: Optimizer, penalty: Penalty, weights: Weights, groups: Sequence[ParameterGroup]) -> Masks:
    """Make those vectors that will be used.

    Raises
    ------
    ArgumentError
        If a group holds no parameter, or sets a learning rate for an optimizer that searches along all of them.
    """
    names = [leaf.name for leaf in weights.layout]
    for group in groups:
        if not any(group.includes(name) for name in names):
            known = sorted({name.rpartition(".")[0] for name in names} | set(names))
            _check.choice("names of a parameter group", group.names, known)
    decays = bool(getattr(optimizer, "weight_decay", 0.0))
    rate = _vector(weights, groups, "learning_rate_factor", lambda leaf: 1.0)
    decay = _vector(weights, groups, "weight_decay_factor", lambda leaf: float(len(leaf.shape) >= 2))
    if rate is not None and optimizer.searches:
        raise ArgumentError(f"parameter_groups must set no learning_rate_factor for {optimizer!r}, which searches.")
    shared = weights.decay_mask() if penalty or (decays and decay is None) else None
    return Masks(
        shared if penalty else None,
        None if not decays else shared if decay is None else weights.vector(decay),
        None if rate is None else weights.vector(rate),
    )


def _vector(
    weights: Weights, groups: Sequence[ParameterGroup], factor: str, default: Callable[[Any], float]
) -> HostArray | None:
    """Host vector of a factor; None if no group sets it. The last group that sets it for a parameter counts."""
    groups = [group for group in groups if getattr(group, factor) is not None]
    if not groups:
        return None
    vector = np.empty(weights.layout.size)
    for leaf in weights.layout:
        values = [getattr(group, factor) for group in groups if group.includes(leaf.name)]
        vector[leaf.start : leaf.stop] = values[-1] if values else default(leaf)
    return vector
