"""`Updater`: applies an optimizer to the flat vector of a network, and keeps its state."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from xpnn.optimizers import Optimizer
from xpnn.schedules import Schedule, rate_at
from xpnn.training import loss_scale
from xpnn.training.frozen import trainable_mask
from xpnn.training.masks import Masks, make_masks
from xpnn.training.parameter_group import ParameterGroup
from xpnn.training.parts import Part, Parts
from xpnn.training.penalty import Penalties, Penalty
from xpnn.training.rules import check_shapes, find_rules, rewrite
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
        check_shapes(self._constraints)
        self.step = 0
        self.learning_rate: float | Schedule = optimizer.learning_rate
        self._parts = Parts(optimizer, weights.layout) if optimizer.per_parameter else None
        self._apply = self._parts.apply if self._parts else optimizer.apply
        start = self._parts.zero_state if self._parts else optimizer.zero_state
        self.vectors: dict[str, Array] = start(weights.backend.xp, weights.flat)
        if weights.half is not None:
            self.vectors[loss_scale.NAME] = loss_scale.start(weights.backend, weights.dtype)
        self._base_masks = self.masks = make_masks(optimizer, penalty, weights, groups)

    @staticmethod
    def scale_of(vectors: Mapping[str, Array]) -> Array | None:
        """Factor of the loss on its way back, a 0-d array; None but for half precision."""
        return vectors[loss_scale.NAME][0, ...] if loss_scale.NAME in vectors else None

    @property
    def mask(self) -> Array | None:
        """1 where penalties act, 0 elsewhere; None without penalties."""
        return self.masks.penalty

    def apply(
        self, xp: Namespace, p: Array, g: Array, vectors: Mapping[str, Array], scalars: Any, masks: Masks
    ) -> tuple[Array, dict[str, Array]]:
        """Return new parameters and state vectors, as a pure function of arrays of any namespace."""
        new, moved = self._apply(xp, p, g, vectors, scalars, masks.decay)
        return masks.scale(p, new), {**vectors, **moved}

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
        gradient, finite = self.masks.keep(xp, gradient), self.is_finite(xp, gradient)
        gradient = self.optimizer.clip(xp, gradient)
        scalars, before = self.scalars(), self._remember()
        if not weights.in_place:
            weights.flat, self.vectors = self.apply(xp, weights.flat, gradient, self.vectors, scalars, self.masks)
        else:
            for part in self._parts or self._blocks():
                part.update(xp, weights.flat, gradient, self.vectors, scalars, self.masks.decay, self.masks.rate)
        if self._constraints:
            weights.flat = self.constrain(xp, weights.flat)
        self._put_back(before, finite)
        self.step += 1

    def is_finite(self, xp: Namespace, gradient: Array) -> Array | None:
        """Whether a step may be taken along `gradient`, a 0-d array; None if it may in any case."""
        return loss_scale.is_finite(xp, gradient) if loss_scale.NAME in self.vectors else None

    @staticmethod
    def settle(xp: Namespace, name: str | None, new: Array, old: Array, masks: Masks, finite: Array | None) -> Array:
        """Return the parameters, or the vector `name`, after a step: `old` where frozen, or where no step is taken."""
        if name == loss_scale.NAME:
            return loss_scale.advance(xp, old, finite)
        new = masks.keep(xp, new, old)
        return new if finite is None else xp.where(finite, new, old)

    def _remember(self) -> Any:
        """Copies of the vectors that a step is about to change, where it may have to be undone."""
        if self.masks.trainable is None and loss_scale.NAME not in self.vectors:
            return None
        xp = self._weights.backend.xp
        copies = {name: xp.asarray(vector, copy=True) for name, vector in self.vectors.items()}
        return xp.asarray(self._weights.flat, copy=True), copies

    def _put_back(self, before: Any, finite: Array | None = None) -> None:
        """Undo a step where parameters are frozen, and all of it if its gradient was not finite."""
        if before is None:
            return
        weights, xp, (flat, vectors) = self._weights, self._weights.backend.xp, before
        weights.flat = self.settle(xp, None, weights.flat, flat, self.masks, finite)
        kept = {n: self.settle(xp, n, new, vectors[n], self.masks, finite) for n, new in self.vectors.items()}
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
        names = [name for name in self.vectors if name != loss_scale.NAME]
        for start in range(0, size, max(length, 1)):
            block = slice(start, min(start + length, size))
            yield Part(self.optimizer, block, None, dict.fromkeys(names, (block, None)))
