"""`Tape`: a recorder in which the parameters and the state of a network are inputs already."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from xpnn._tree import map_tree
from xpnn.namespaces import Recorder
from xpnn.namespaces.number import Number
from xpnn.program import Program, optimize
from xpnn.training.draws import Draw
from xpnn.training.masks import Masks
from xpnn.training.measurement import measure
from xpnn.training.recording_context import RecordingContext
from xpnn.typing import State

__all__ = ["Recording", "Tape", "pairs"]


@dataclass(frozen=True, slots=True)
class Recording:
    """A program, and the random draws that follow its other inputs."""

    program: Program
    draws: tuple[Draw, ...]


class Tape:
    """A recorder with the parameters and the state of a learner as inputs, in the order of `xpnn.training.held`."""

    def __init__(self, learner: Any, training: bool) -> None:
        weights, self._learner = learner.weights, learner
        self.recorder, self._draws = Recorder(learner.backend), list[Draw]()
        self.flat, self.state = self.recorder.hold(weights.flat), _map(self.recorder.hold, weights.state)
        self.tree = self.make_tree(self.flat)
        self.ctx = RecordingContext(
            self.recorder,
            self._draws,
            learner.backend,
            training,
            learner.streams,
            wants_dx=not training,
            frozen_layers=weights.frozen_layers,
        )

    def make_tree(self, flat: Any) -> Any:
        """A vector of parameters as layers see it."""
        layout = self._learner.weights.layout
        return layout.complete(layout.tree(flat, self.recorder), self._learner.layer)

    def give(self, *arrays: Any) -> tuple[Any, ...]:
        """Inputs that are new in each run."""
        given: tuple[Any, ...] = map_tree(self.recorder.give, arrays)
        return given

    def hold_optimizer(self) -> tuple[dict[str, Any], Masks]:
        """Inputs for the optimizer's vectors and for the masks."""
        updater, hold = self._learner.updater, self.recorder.hold
        return {name: hold(vector) for name, vector in updater.vectors.items()}, updater.masks.map(hold)

    def penalise(self, value: Any, p: Any, masks: Masks) -> list[Any]:
        """Return the loss with the penalties at `p` and, if there are any, their part of it."""
        penalty = self._learner.updater.penalty
        if not penalty:
            return [value]
        part = penalty.value(self.recorder, p, masks.penalty)
        return [value + part, part]

    def penalised(self, gradient: Any, p: Any, masks: Masks) -> Any:
        """Add the gradient of the penalties at `p`, if there are any; that of frozen parameters is 0."""
        penalty = self._learner.updater.penalty
        gradient = gradient + penalty.gradient(self.recorder, p, masks.penalty) if penalty else gradient
        return masks.keep(self.recorder, gradient)

    def update(self, gradient: Any, vectors: Mapping[str, Any], masks: Masks) -> dict[Any, Any]:
        """Take a step along a gradient; return what changes with its new contents."""
        updater = self._learner.updater
        numbers = {name: Number.named(name) for name in updater.scalars()}
        xp, finite = self.recorder, updater.is_finite(self.recorder, gradient)
        gradient = updater.optimizer.clip(xp, gradient)
        flat, moved = updater.apply(xp, self.flat, gradient, vectors, numbers, masks)
        changes = [(None, self.flat, updater.constrain(xp, flat)), *((n, old, moved[n]) for n, old in vectors.items())]
        return {old: updater.settle(xp, name, new, old, masks, finite) for name, old, new in changes}

    def measure(self, outputs: Any, targets: Any, weight: Any, losses: Any) -> list[Any]:
        """What `xpnn.training.measurement.measure` returns, as outputs of a program."""
        learner = self._learner
        device = learner.backend.device
        measured = measure(learner.loss, learner.metrics, self.recorder, device, outputs, targets, weight, losses)
        shares = [] if weight is None else [measured.share]
        return [*shares, *([] if measured.losses is None else [measured.losses]), *measured.totals]

    def finish(self, outputs: list[Any], updates: Mapping[Any, Any]) -> Recording:
        """Return what has been recorded, simplified."""
        program = self.recorder.program(outputs, updates)
        return Recording(optimize(program, self._learner.backend.xp, self.recorder.dtype), tuple(self._draws))


def _map(function: Callable[[Any], Any], tree: State) -> dict[str, Any]:
    return {key: _map(function, v) if isinstance(v, Mapping) else function(v) for key, v in tree.items()}


def pairs(old: State, new: State) -> Any:
    """Arrays of two trees of one structure, as pairs."""
    for key, value in old.items():
        if isinstance(value, Mapping):
            yield from pairs(value, new[key])
        else:
            yield value, new[key]
