"""Recording for many members: the step of a family, written down below the batching namespace."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from xpnn import special
from xpnn.context import RunContext
from xpnn.namespaces import Batched, BatchedNamespace, Recorder
from xpnn.namespaces.number import Number
from xpnn.program import optimize
from xpnn.random import Streams
from xpnn.training.draws import Draw, Mask, Noise
from xpnn.training.gradients import loss_and_gradients
from xpnn.training.layout import leaves
from xpnn.training.measurement import measure
from xpnn.training.tape import Recording
from xpnn.typing import Array, DType, Shape, State

__all__ = ["record_measurement", "record_outputs", "record_step"]


class Notes:
    """A recorder with a batching namespace above it; its first inputs are the parameters and the state of a learner."""

    def __init__(self, learner: Any, training: bool) -> None:
        backend, weights, self._learner = learner.backend.inner, learner.weights, learner
        self.recorder, self.device, self.draws = Recorder(backend), backend.device, list[Draw]()
        self.xp = BatchedNamespace(self.recorder, learner.backend.xp.members)
        fast = getattr(backend, "erfc", None)
        erfc = partial(self.recorder.elementwise_call, fast) if fast else partial(special.erfc, xp=self.recorder)
        self.erfc = self.xp.lift(erfc)
        self.flat, self.state = self.hold(weights.flat), self._hold_tree(weights.state)
        self.tree = self.make_tree(self.flat)
        self.context = NotesContext(self, training, learner.streams, wants_dx=not training)

    def make_tree(self, flat: Any) -> Any:
        """A vector of parameters as layers see it."""
        layout = self._learner.weights.layout
        return layout.complete(layout.tree(flat, self.xp), self._learner.layer)

    def hold(self, x: Batched) -> Batched:
        """Input that lives from run to run."""
        return Batched(self.recorder.hold(x.array))

    def give(self, array: Array | None) -> Any:
        """Input that is new in each run."""
        return None if array is None else Batched(self.recorder.give(array))

    def measure(self, outputs: Any, targets: Any, weight: Any) -> list[Any]:
        """What `xpnn.training.measurement.measure` returns, as outputs of a program."""
        loss, metrics = self._learner.loss, self._learner.metrics
        measured = measure(loss, metrics, self.xp, self.device, outputs, targets, weight)
        return [*([] if weight is None else [measured.share]), *measured.totals]

    def finish(self, outputs: list[Batched], updates: list[tuple[Batched, Batched]]) -> Recording:
        """Return what has been recorded, simplified."""
        arrays = {held.array: self.xp.spread(value) for held, value in updates if value is not held}
        program = self.recorder.program([x.array for x in outputs], arrays)
        return Recording(optimize(program, self._learner.backend.inner.xp, self.recorder.dtype), tuple(self.draws))

    def _hold_tree(self, tree: State) -> dict[str, Any]:
        return {key: self._hold_tree(v) if isinstance(v, Mapping) else self.hold(v) for key, v in tree.items()}


class NotesContext(RunContext):
    """The context of layers that are being recorded."""

    __slots__ = ("_notes",)

    def __init__(self, notes: Notes, training: bool, streams: Streams, path: str = "", wants_dx: bool = True) -> None:
        super().__init__(notes, training, streams, path, wants_dx)  # type: ignore[arg-type]
        self._notes = notes

    def bernoulli(self, probability: float, shape: Shape) -> Array:
        """Note the draw; the booleans are an input."""
        shape = (self._notes.xp.members, *shape)
        self._notes.draws.append(Mask(self._path, probability, shape))
        return Batched(self._notes.recorder.give_like(shape, "bool"))

    def normal(self, shape: Shape, dtype: DType) -> Array:
        """Note the draw; the numbers are an input."""
        return self._note("normal", shape, dtype)

    def uniform(self, shape: Shape, dtype: DType) -> Array:
        """Note the draw; the numbers are an input."""
        return self._note("uniform", shape, dtype)

    def _note(self, kind: str, shape: Shape, dtype: DType) -> Array:
        shape = (self._notes.xp.members, *shape)
        self._notes.draws.append(Noise(self._path, kind, shape, dtype))
        return Batched(self._notes.recorder.give_like(shape, dtype))

    def _inner(self, path: str, wants_dx: bool) -> RunContext:
        return NotesContext(self._notes, self.training, self._streams, path, wants_dx)


def record_step(learner: Any, x: Array, y: Array, weight: Array | None, columns: Array | None) -> Recording:
    """Write down one step on a batch like this; `columns` are the optimizers' numbers where members differ.

    Outputs and updates are those of `xpnn.training.recording.record_step`.
    """
    weights, updater = learner.weights, learner.updater
    notes = Notes(learner, training=True)
    vectors = {name: notes.hold(vector) for name, vector in updater.vectors.items()}
    masks = updater.masks.map(notes.hold)
    batch, targets, shares = (notes.give(array) for array in (x, y, weight))
    given = None if columns is None else notes.recorder.give(columns)
    seen: list[Any] = []

    def gradient_at(p: Any) -> Any:
        tree = notes.tree if p is notes.flat else notes.make_tree(p)
        result = loss_and_gradients(
            learner.layer, learner.loss, tree, notes.state, batch, targets, shares, notes.context
        )
        gradient = weights.layout.join(result.grads, notes.xp, weights.dtype, notes.device)
        penalty = updater.penalty.value(notes.xp, p, masks.penalty) if updater.penalty else None
        seen.append((result, penalty))
        return gradient + updater.penalty.gradient(notes.xp, p, masks.penalty) if updater.penalty else gradient

    optimizer = updater.optimizer
    gradient = optimizer.gradient(notes.xp, notes.flat, vectors, gradient_at)
    result, penalty = seen[0]
    outputs = [result.value] if penalty is None else [result.value + penalty, penalty]
    outputs += notes.measure(result.outputs, targets, shares)
    numbers = {name: Number.named(name) for name in optimizer.names} if given is None else optimizer.named(given)
    gradient = optimizer.clip(notes.xp, gradient)
    flat, moved = updater.apply(notes.xp, notes.flat, gradient, vectors, numbers, masks)
    flat = updater.constrain(notes.xp, flat)
    updates = [(notes.flat, flat), *((vectors[name], moved[name]) for name in vectors)]
    pairs = zip(leaves(notes.state), leaves(result.state), strict=True)
    return notes.finish(outputs, [*updates, *((old, new) for (_, old), (_, new) in pairs)])


def record_outputs(learner: Any, x: Array) -> Recording:
    """Write down the forward pass in inference mode."""
    notes = Notes(learner, training=False)
    return notes.finish([learner.layer.forward(notes.tree, notes.state, notes.give(x), notes.context)[0]], [])


def record_measurement(learner: Any, x: Array, y: Array, weight: Array | None) -> Recording:
    """Write down loss and metrics in inference mode; the outputs are as for a step, the penalties left out."""
    notes = Notes(learner, training=False)
    batch, targets, shares = (notes.give(array) for array in (x, y, weight))
    outputs = learner.layer.forward(notes.tree, notes.state, batch, notes.context)[0]
    value, _ = learner.loss.value_and_gradient(notes.xp, outputs, targets, shares)
    return notes.finish([value, *notes.measure(outputs, targets, shares)], [])
