"""Recording: a step, a forward pass, or a measurement written down as a program."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from xpnn import special
from xpnn.context import RunContext
from xpnn.namespaces import Recorder
from xpnn.namespaces.number import Number
from xpnn.optimizers import Optimizer
from xpnn.program import Program, optimize
from xpnn.random import Streams
from xpnn.training.gradients import loss_and_gradients
from xpnn.typing import Array, Backend, Shape, State

__all__ = ["Mask", "Recording", "record_outputs", "record_step"]


@dataclass(frozen=True, slots=True)
class Mask:
    """A draw of `RunContext.bernoulli`, to be repeated before each run: masks are inputs of a program."""

    path: str
    probability: float
    shape: Shape


@dataclass(frozen=True, slots=True)
class Recording:
    """A program, and the masks that follow its other inputs."""

    program: Program
    masks: tuple[Mask, ...]


class RecordingContext(RunContext):
    """The context of layers that are being recorded."""

    __slots__ = ("_masks", "_recorder")

    def __init__(
        self,
        recorder: Recorder,
        masks: list[Mask],
        backend: Backend,
        training: bool,
        streams: Streams,
        path: str = "",
        wants_dx: bool = True,
    ) -> None:
        super().__init__(backend, training, streams, path, wants_dx)
        self._recorder, self._masks, self.xp = recorder, masks, recorder
        fast = getattr(backend, "erfc", None)
        self.erfc = partial(recorder.elementwise_call, fast) if fast else partial(special.erfc, xp=recorder)

    def bernoulli(self, probability: float, shape: Shape) -> Array:
        """Note the draw; the booleans are an input."""
        self._masks.append(Mask(self._path, probability, tuple(shape)))
        return self._recorder.give_like(tuple(shape), "bool")

    def _inner(self, path: str, wants_dx: bool) -> RunContext:
        return RecordingContext(
            self._recorder, self._masks, self.backend, self.training, self._streams, path, wants_dx
        )


def record_step(learner: Any, with_outputs: bool, x: Array, y: Array, weight: Array | None) -> Recording:
    """Write down one step of training on a batch like this.

    The outputs of the program are the loss with the penalties, the penalties' part if there are any, and `with_outputs`
    those of the network. It updates the parameters, the optimizer's vectors, and the layers' state.
    """
    weights, updater, backend = learner.weights, learner.updater, learner.backend
    recorder, masks = Recorder(backend), list[Mask]()
    flat, state = recorder.hold(weights.flat), _hold(recorder, weights.state)
    vectors = {name: recorder.hold(vector) for name, vector in updater.vectors.items()}
    decay = None if updater.mask is None else recorder.hold(updater.mask)
    batch = [None if array is None else recorder.give(array) for array in (x, y, weight)]
    ctx = RecordingContext(recorder, masks, backend, True, learner.streams, wants_dx=False)
    tree = weights.layout.complete(weights.layout.tree(flat, recorder), learner.layer)
    result = loss_and_gradients(learner.layer, learner.loss, tree, state, *batch, ctx)
    gradient = weights.layout.join(result.grads, recorder, weights.dtype, backend.device)
    outputs = [result.value]
    if updater.penalty:
        penalty = updater.penalty.value(recorder, flat, decay)
        outputs = [result.value + penalty, penalty]
        gradient = gradient + updater.penalty.gradient(recorder, flat, decay)
    if with_outputs:
        outputs.append(result.outputs)
    optimizer: Optimizer = updater.optimizer
    numbers = {name: Number.named(name) for name in optimizer.scalars(1, optimizer.learning_rate)}
    gradient = optimizer.clip(recorder, gradient)
    new, moved = optimizer.apply(recorder, flat, gradient, vectors, numbers, decay if updater.decays else None)
    updates = {flat: new, **{vectors[name]: moved[name] for name in vectors}}
    updates |= dict(_pairs(state, result.state))
    return _finish(recorder, outputs, updates, masks, backend)


def record_outputs(learner: Any, x: Array) -> Recording:
    """Write down the forward pass in inference mode."""
    weights, backend = learner.weights, learner.backend
    recorder, masks = Recorder(backend), list[Mask]()
    flat, state = recorder.hold(weights.flat), _hold(recorder, weights.state)
    ctx = RecordingContext(recorder, masks, backend, False, learner.streams)
    tree = weights.layout.complete(weights.layout.tree(flat, recorder), learner.layer)
    outputs = learner.layer.forward(tree, state, recorder.give(x), ctx)[0]
    return _finish(recorder, [outputs], {}, masks, backend)


def _finish(
    recorder: Recorder, outputs: list[Any], updates: Mapping[Any, Any], masks: list[Mask], backend: Backend
) -> Recording:
    program = recorder.program(outputs, updates)
    return Recording(optimize(program, backend.xp, recorder.dtype), tuple(masks))


def _hold(recorder: Recorder, tree: State) -> dict[str, Any]:
    return _map(recorder.hold, tree)


def _map(function: Callable[[Any], Any], tree: State) -> dict[str, Any]:
    return {key: _map(function, v) if isinstance(v, Mapping) else function(v) for key, v in tree.items()}


def _pairs(old: State, new: State) -> Any:
    """Arrays of two trees of one structure, as pairs."""
    for key, value in old.items():
        if isinstance(value, Mapping):
            yield from _pairs(value, new[key])
        else:
            yield value, new[key]
