"""`Updater`: applies an optimizer to the flat vector of a network, and keeps its state."""

from collections.abc import Iterator
from typing import Any

from xpnn.optimizers import Optimizer
from xpnn.training.penalty import Penalties, Penalty
from xpnn.training.rules import find_rules, rewrite
from xpnn.training.weights import Weights
from xpnn.typing import Array, Namespace

__all__ = ["Updater"]


class Updater:
    """State of `optimizer` for `weights`: step count, learning rate, and state vectors.

    Where vectors are written in place, the update runs over blocks of the backend's `block_size`: the temporaries of
    the formula then stay in the processor's cache, whatever the size of the network.
    """

    def __init__(self, optimizer: Optimizer, weights: Weights, penalty: Penalty) -> None:
        self.optimizer, self._weights = optimizer, weights
        self.penalty = Penalties(penalty, find_rules(weights.layer, weights.layout, "regularizer"))
        self._constraints = find_rules(weights.layer, weights.layout, "constraint")
        self.step = 0
        self.learning_rate: float = optimizer.learning_rate
        self.vectors: dict[str, Array] = optimizer.zero_state(weights.backend.xp, weights.flat)
        decays = bool(getattr(optimizer, "weight_decay", 0.0))
        self.mask: Array | None = weights.decay_mask() if decays or penalty else None
        self.decays = decays
        self._decay = self.mask if decays else None

    def update(self, gradient: Array) -> None:
        """One step of the optimizer along `gradient`, shape (size,). Nothing waits for the device."""
        weights, optimizer = self._weights, self.optimizer
        xp = weights.backend.xp
        gradient = optimizer.clip(xp, gradient)
        scalars = optimizer.scalars(self.step + 1, self.learning_rate)
        if not weights.in_place:
            weights.flat, self.vectors = optimizer.apply(xp, weights.flat, gradient, self.vectors, scalars, self._decay)
        else:
            for block in self._blocks():
                self._update_block(block, gradient, scalars)
        if self._constraints:
            weights.flat = self.constrain(xp, weights.flat)
        self.step += 1

    def constrain(self, xp: Namespace, p: Array) -> Array:
        """Bring the parameters with a constraint back to where they must be; without any, return `p` itself."""
        if not self._constraints:
            return p
        return rewrite(xp, p, self._constraints, lambda rule, w: rule.project(xp, w), lambda rest: rest)

    def _update_block(self, block: slice, gradient: Array, scalars: dict[str, Any]) -> None:
        p = self._weights.flat[block]
        vectors = {name: vector[block] for name, vector in self.vectors.items()}
        decay = None if self._decay is None else self._decay[block]
        xp = self._weights.backend.xp
        p[...], new = self.optimizer.apply(xp, p, gradient[block], vectors, scalars, decay)
        for name, vector in vectors.items():
            vector[...] = new[name]

    def _blocks(self) -> Iterator[slice]:
        size = self._weights.layout.size
        length = getattr(self._weights.backend, "block_size", None) or size
        return (slice(start, min(start + length, size)) for start in range(0, size, max(length, 1)))
