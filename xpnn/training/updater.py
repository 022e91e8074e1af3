"""`Updater`: applies an optimizer to the flat vector of a network, and keeps its state."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from xpnn.optimizers import Optimizer
from xpnn.schedules import Schedule, rate_at
from xpnn.training.frozen import trainable_mask
from xpnn.training.masks import Masks, make_masks
from xpnn.training.parameter_group import ParameterGroup
from xpnn.training.parts import Part, Parts
from xpnn.training.penalty import Penalties, Penalty
from xpnn.training.rules import find_rules, rewrite
from xpnn.training.weights import Weights
from xpnn.typing import Array, Namespace

__all__ = ["Updater"]


class Updater:
    """State of `optimizer` for `weights`: step count, learning rate, and state vectors.

    Where vectors are written in place, the update runs over blocks of the backend's `block_size`: the temporaries of
    the formula then stay in the processor's cache, whatever the size of the network. An optimizer that needs the shapes
    of the parameters runs over these instead.
    """

    def __init__(
        self, optimizer: Optimizer, weights: Weights, penalty: Penalty, groups: Sequence[ParameterGroup] = ()
    ) -> None:
        self.optimizer, self._weights, self.groups = optimizer, weights, groups
        self.penalty = Penalties(penalty, find_rules(weights.layer, weights.layout, "regularizer"))
        self._constraints = find_rules(weights.layer, weights.layout, "constraint")
        self.step = 0
        self.learning_rate: float | Schedule = optimizer.learning_rate
        self._parts = Parts(optimizer, weights.layout) if optimizer.per_parameter else None
        self._apply = self._parts.apply if self._parts else optimizer.apply
        start = self._parts.zero_state if self._parts else optimizer.zero_state
        self.vectors: dict[str, Array] = start(weights.backend.xp, weights.flat)
        self._base_masks = self.masks = make_masks(optimizer, penalty, weights, groups)

    @property
    def mask(self) -> Array | None:
        """1 where penalties act, 0 elsewhere; None without penalties."""
        return self.masks.penalty

    def apply(
        self, xp: Namespace, p: Array, g: Array, vectors: Mapping[str, Array], scalars: Any, masks: Masks
    ) -> tuple[Array, dict[str, Array]]:
        """Return new parameters and state vectors, as a pure function of arrays of any namespace."""
        new, vectors = self._apply(xp, p, g, vectors, scalars, masks.decay)
        return masks.scale(p, new), vectors

    def freeze(self, frozen: frozenset[str]) -> None:
        """Let the named parameters, and their part of the state, stay as they are, and the others move."""
        weights = self._weights
        mask = trainable_mask(weights.layout, frozen)
        self.masks = self._base_masks
        if not mask.all():
            factor, trainable = weights.backend.asarray(mask, weights.dtype), weights.backend.asarray(mask)
            self.masks = self.masks.map(lambda base: base * factor)._replace(trainable=trainable)

    def scalars(self) -> Mapping[str, Any]:
        """Numbers of the next step."""
        return self.optimizer.scalars(self.step + 1, rate_at(self.learning_rate, self.step))

    def step_by(self, evaluations: Any) -> None:
        """One step of the optimizer, which asks `evaluations` for gradients, or for values too where it searches."""
        weights, optimizer, xp = self._weights, self.optimizer, self._weights.backend.xp
        if not optimizer.searches:
            self.update(optimizer.gradient(xp, weights.flat, self.vectors, evaluations.gradient))
            return
        function, before = evaluations.value_and_gradient, self._remember()
        weights.flat, self.vectors = optimizer.search(xp, weights.flat, self.vectors, self.scalars(), function)
        if self._constraints:
            weights.flat = self.constrain(xp, weights.flat)
        self._put_back(before)
        self.step += 1

    def update(self, gradient: Array) -> None:
        """One step of the optimizer along `gradient`, shape (size,). Nothing waits for the device."""
        weights, xp = self._weights, self._weights.backend.xp
        gradient = self.optimizer.clip(xp, self.masks.keep(xp, gradient))
        scalars, before = self.scalars(), self._remember()
        if not weights.in_place:
            weights.flat, self.vectors = self.apply(xp, weights.flat, gradient, self.vectors, scalars, self.masks)
        else:
            for part in self._parts or self._blocks():
                part.update(xp, weights.flat, gradient, self.vectors, scalars, self.masks.decay, self.masks.rate)
        if self._constraints:
            weights.flat = self.constrain(xp, weights.flat)
        self._put_back(before)
        self.step += 1

    def _remember(self) -> Any:
        """Copies of the vectors that a step is about to change, where something is frozen."""
        if self.masks.trainable is None:
            return None
        xp = self._weights.backend.xp
        copies = {name: xp.asarray(vector, copy=True) for name, vector in self.vectors.items()}
        return xp.asarray(self._weights.flat, copy=True), copies

    def _put_back(self, before: Any) -> None:
        """Undo a step where parameters are frozen."""
        if before is None:
            return
        weights, xp, (flat, vectors) = self._weights, self._weights.backend.xp, before
        weights.flat = self.masks.keep(xp, weights.flat, flat)
        kept = {name: self.masks.keep(xp, new, vectors[name]) for name, new in self.vectors.items()}
        if not weights.in_place:
            self.vectors = kept
            return
        for name, vector in self.vectors.items():
            vector[...] = kept[name]

    def constrain(self, xp: Namespace, p: Array) -> Array:
        """Bring the parameters with a constraint back to where they must be; without any, return `p` itself."""
        if not self._constraints:
            return p
        return rewrite(xp, p, self._constraints, lambda rule, w: rule.project(xp, w), lambda rest: rest)

    def _blocks(self) -> Iterator[Part]:
        size = self._weights.layout.size
        length = getattr(self._weights.backend, "block_size", None) or size
        for start in range(0, size, max(length, 1)):
            block = slice(start, min(start + length, size))
            yield Part(self.optimizer, block, None, dict.fromkeys(self.vectors, (block, None)))
