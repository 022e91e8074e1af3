"""Recording: a step, a forward pass, or a measurement written down as a program."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

from xpnn import special
from xpnn._tree import map_tree, tree_leaves
from xpnn.context import RunContext, draw_mask, draw_noise
from xpnn.namespaces import Recorder
from xpnn.namespaces.number import Number
from xpnn.optimizers import Optimizer
from xpnn.program import Program, optimize
from xpnn.random import Streams
from xpnn.training.gradients import loss_and_gradients
from xpnn.training.masks import Masks
from xpnn.training.measurement import compare, measure
from xpnn.typing import Array, Backend, DType, Shape, State

__all__ = ["Draw", "Mask", "Noise", "Recording", "Tape", "pairs", "record_measurement", "record_outputs", "record_step"]


@dataclass(frozen=True, slots=True)
class Mask:
    """A draw of `RunContext.bernoulli`, to be repeated before each run: masks are inputs of a program."""

    path: str
    probability: float
    shape: Shape

    def repeat(self, streams: Streams, backend: Backend) -> Array:
        """Draw again."""
        return draw_mask(streams, backend, self.path, self.probability, self.shape)


@dataclass(frozen=True, slots=True)
class Noise:
    """A draw of `RunContext.normal` or `RunContext.uniform`, to be repeated like a `Mask`."""

    path: str
    kind: str
    shape: Shape
    dtype: DType

    def repeat(self, streams: Streams, backend: Backend) -> Array:
        """Draw again."""
        return draw_noise(streams, backend, self.path, self.kind, self.shape, self.dtype)


Draw: TypeAlias = Mask | Noise


@dataclass(frozen=True, slots=True)
class Recording:
    """A program, and the random draws that follow its other inputs."""

    program: Program
    draws: tuple[Draw, ...]


class RecordingContext(RunContext):
    """The context of layers that are being recorded."""

    __slots__ = ("_draws", "_recorder")

    def __init__(
        self,
        recorder: Recorder,
        draws: list[Draw],
        backend: Backend,
        training: bool,
        streams: Streams,
        path: str = "",
        wants_dx: bool = True,
        frozen_layers: frozenset[str] = frozenset(),
    ) -> None:
        super().__init__(backend, training, streams, path, wants_dx, frozen_layers)
        self._recorder, self._draws, self.xp = recorder, draws, recorder
        fast = getattr(backend, "erfc", None)
        self.erfc = partial(recorder.elementwise_call, fast) if fast else partial(special.erfc, xp=recorder)

    def bernoulli(self, probability: float, shape: Shape) -> Array:
        """Note the draw; the booleans are an input."""
        self._draws.append(Mask(self._path, probability, tuple(shape)))
        return self._recorder.give_like(tuple(shape), "bool")

    def normal(self, shape: Shape, dtype: DType) -> Array:
        """Note the draw; the numbers are an input."""
        return self._note("normal", tuple(shape), dtype)

    def uniform(self, shape: Shape, dtype: DType) -> Array:
        """Note the draw; the numbers are an input."""
        return self._note("uniform", tuple(shape), dtype)

    def _note(self, kind: str, shape: Shape, dtype: DType) -> Array:
        self._draws.append(Noise(self._path, kind, shape, dtype))
        return self._recorder.give_like(shape, dtype)

    def _inner(self, path: str, wants_dx: bool) -> RunContext:
        parts = self.backend, self.training, self._streams, path, wants_dx, self._frozen_layers
        return RecordingContext(self._recorder, self._draws, *parts)


def record_step(learner: Any, x: Any, y: Any, weight: Array | None) -> Recording:
    """Write down one step of training on a batch like this.

    The outputs of the program are the loss with the penalties, the penalties' part if there are any, the sum of the
    sample weights if there are any, the losses of several outputs, and the totals of the metrics. It updates the
    parameters, the optimizer's vectors, and the layers' state.
    """
    weights, updater = learner.weights, learner.updater
    tape = Tape(learner, training=True)
    vectors, masks = tape.hold_optimizer()
    batch, targets, shares = tape.give(x, y, weight)
    seen: list[Any] = []

    def gradient_at(p: Any) -> Any:
        tree = tape.tree if p is tape.flat else tape.make_tree(p)
        parts = learner.layer, learner.loss, tree, tape.state, batch, targets, shares, tape.ctx
        result = loss_and_gradients(*parts, updater.scale_of(vectors))
        gradient = weights.layout.join(result.grads, tape.recorder, weights.dtype, learner.backend.device)
        seen.append((result, tape.penalise(result.value, p, masks)))
        return tape.penalised(gradient, p, masks)

    optimizer: Optimizer = updater.optimizer
    gradient = optimizer.gradient(tape.recorder, tape.flat, vectors, gradient_at)
    result, outputs = seen[0]
    outputs = [*outputs, *tape.measure(result.outputs, targets, shares, result.losses)]
    updates = tape.update(gradient, vectors, masks)
    return tape.finish(outputs, updates | dict(pairs(tape.state, result.state)))


def record_outputs(learner: Any, x: Any) -> Recording:
    """Write down the forward pass in inference mode."""
    tape = Tape(learner, training=False)
    (batch,) = tape.give(x)
    return tape.finish(tree_leaves(learner.layer.forward(tape.tree, tape.state, batch, tape.ctx)[0]), {})


def record_measurement(learner: Any, x: Any, y: Any, weight: Array | None) -> Recording:
    """Write down loss and metrics in inference mode; the outputs are as for a step, the penalties left out."""
    tape = Tape(learner, training=False)
    batch, targets, shares = tape.give(x, y, weight)
    outputs = learner.layer.forward(tape.tree, tape.state, batch, tape.ctx)[0]
    value, losses, _ = compare(learner.loss, tape.recorder, outputs, targets, shares)
    return tape.finish([value, *tape.measure(outputs, targets, shares, losses)], {})


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
