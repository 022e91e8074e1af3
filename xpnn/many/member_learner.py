"""`MemberLearner`: many networks that learn together, each as if it were alone."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from xpnn.many.batched_backend import BatchedBackend
from xpnn.many.columns import MemberPenalty, join_records
from xpnn.many.member_held import MemberHeld
from xpnn.many.member_optimizer import MemberOptimizer
from xpnn.many.member_weights import MemberWeights, member_copy
from xpnn.many.recording import record_measurement, record_outputs, record_step
from xpnn.many.streams import JoinedStreams, MemberStreams
from xpnn.namespaces import Batched
from xpnn.training.compiled import CompiledFunction
from xpnn.training.learner import Learner
from xpnn.training.measurement import Measurement, Step
from xpnn.typing import Array

__all__ = ["MemberLearner"]


class MemberLearner(Learner):
    """The learners of a family as one; its arrays are batched.

    Layers, loss, metrics, update and penalties are those of `Learner`, run on a batching namespace. What a step has to
    compute is recorded below it, as operations on the arrays of the library, and compiled like the step of one network.

    Parameters
    ----------
    members : sequence of Learner
        Fresh ones, of one architecture, with optimizers of one structure.
    compile : bool or str
        As for `xpnn.Network`.
    """

    def __init__(self, members: Sequence[Learner], compile: bool | str) -> None:  # noqa: A002
        first, self._members = members[0], members
        inner, dtype, updaters = first.backend, first.weights.dtype, [learner.updater for learner in members]
        rates = [updater.learning_rate for updater in updaters]
        optimizer: Any = MemberOptimizer([updater.optimizer for updater in updaters], rates, inner, dtype)
        penalties = [updater.penalty.network for updater in updaters]
        penalty = join_records(penalties, inner, dtype, MemberPenalty if any(penalties) else None)
        streams: Any = MemberStreams([learner.streams for learner in members])
        weights = MemberWeights([learner.weights for learner in members], BatchedBackend(inner, len(members)))
        shapes = first.input_shape, first.output_shape
        super().__init__(
            weights,
            first.loss,
            first.metrics,
            optimizer,
            penalty,
            streams,
            *shapes,
            compile=False,
            groups=first.updater.groups,
        )
        self._held = MemberHeld(weights, self.updater)
        joined: Any = JoinedStreams(streams)
        self._compiled_step, self._compiled_outputs, self._compiled_measurement = (
            CompiledFunction(name, inner, compile, partial(record, self), joined)
            for name, record in (
                ("step", record_step),
                ("outputs", record_outputs),
                ("measurement", record_measurement),
            )
        )

    def step(self, x: Array, y: Array, weight: Array | None) -> Step:
        """One step of training of every member."""
        optimizer: Any = self.updater.optimizer
        columns = None if optimizer.is_uniform else optimizer.columns(self.updater.step + 1)
        share = y.shape[0] if weight is None else None
        step: Step = self._compiled_step.run(
            (*_arrays(x, y, weight), columns),
            self._held.for_step,
            lambda: self._step_eagerly(x, y, weight),
            lambda results, held: self._finish_step(_batched(results), held, share),
            self.updater.scalars if columns is None else dict,
        )
        return step

    def outputs(self, x: Array) -> Array:
        """Raw outputs of every member for a batch, in inference mode."""
        return self._compiled_outputs.run(
            _arrays(x),
            self._held.for_outputs,
            lambda: self._outputs_eagerly(x),
            lambda results, held: Batched(results[0]),
            dict,
        )

    def measure(self, x: Array, y: Array, weight: Array | None) -> tuple[Array, Measurement]:
        """Loss of every member without its penalties, and what the batch adds to its metrics, in inference mode."""
        share = y.shape[0] if weight is None else None
        result: tuple[Array, Measurement] = self._compiled_measurement.run(
            _arrays(x, y, weight),
            self._held.for_outputs,
            lambda: self._measure_eagerly(x, y, weight),
            lambda results, held: _as_measurement(_batched(results), share),
            dict,
        )
        return result

    def give_back(self) -> None:
        """Write what has been learnt into the members' own learners."""
        weights: Any = self.weights
        xp = weights.backend.inner.xp
        weights.give_back([learner.weights for learner in self._members])
        for i, learner in enumerate(self._members):
            learner.updater.vectors = {name: member_copy(xp, v, i) for name, v in self.updater.vectors.items()}
            learner.updater.step = self.updater.step


def _arrays(*args: Batched | None) -> tuple[Array | None, ...]:
    return tuple([None if x is None else x.array for x in args])


def _as_measurement(results: list[Array], share: int | None) -> tuple[Array, Measurement]:
    value, *rest = results
    return value, Measurement(rest.pop(0) if share is None else share, rest)


def _batched(results: Sequence[Array]) -> list[Array]:
    return [Batched(result) for result in results]
