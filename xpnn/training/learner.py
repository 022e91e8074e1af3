"""`Learner`: layers, loss, optimizer and weights on one backend; it can run one step."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import NamedTuple

from xpnn.context import RunContext
from xpnn.losses import Loss
from xpnn.metrics import Metric
from xpnn.optimizers import Optimizer
from xpnn.random import Streams
from xpnn.training.compiled import Compilation, CompiledFunction
from xpnn.training.gradients import Gradients, loss_and_gradients
from xpnn.training.held import Held
from xpnn.training.penalty import Penalty
from xpnn.training.recording import record_outputs, record_step
from xpnn.training.updater import Updater
from xpnn.training.weights import Weights
from xpnn.typing import Array, Shape

__all__ = ["Learner", "Step"]


class Step(NamedTuple):
    """What a step of training tells: all of it from before the update.

    Attributes
    ----------
    value : Array, shape ()
        The loss, penalties included.
    penalty : Array, shape (), or None
        The penalties' part of it.
    outputs : Array or None
        Outputs of the network; None if there are no metrics to read them.
    """

    value: Array
    penalty: Array | None
    outputs: Array | None


class Learner:
    """Everything that a built network needs to learn and to predict.

    Parameters
    ----------
    weights : Weights
        Parameters and state, with their layers and their backend.
    loss : Loss
        Compares outputs with targets.
    metrics : sequence of Metric
        Measured along with the loss.
    optimizer : Optimizer
        Changes the parameters.
    penalty : Penalty
        L1 and L2 on the weights.
    streams : Streams
        Random streams.
    input_shape, output_shape : tuple of int
        Shapes of one sample.
    compile : bool or str
        See `xpnn.training.compiled.CompiledFunction`.
    """

    def __init__(
        self,
        weights: Weights,
        loss: Loss,
        metrics: Sequence[Metric],
        optimizer: Optimizer,
        penalty: Penalty,
        streams: Streams,
        input_shape: Shape,
        output_shape: Shape,
        compile: bool | str = True,  # noqa: A002
    ) -> None:
        self.weights, self.layer, self.backend = weights, weights.layer, weights.backend
        self.loss, self.metrics, self.streams = loss, metrics, streams
        self.input_shape, self.output_shape = input_shape, output_shape
        self.updater = Updater(optimizer, weights, penalty)
        self._held = Held(weights, self.updater)
        record, record_x = partial(record_step, self, bool(self.metrics)), partial(record_outputs, self)
        self._compiled_step = CompiledFunction("step", self.backend, compile, record, streams)
        self._compiled_outputs = CompiledFunction("outputs", self.backend, compile, record_x, streams)
        self._step = RunContext(self.backend, True, streams, wants_dx=False)
        self._training = RunContext(self.backend, True, streams)
        self._inference = RunContext(self.backend, False, streams)

    def step(self, x: Array, y: Array, weight: Array | None) -> Step:
        """One step of training: gradients, then the update, then the state. Nothing waits for the device."""
        return self._compiled_step.run(  # type: ignore[no-any-return]
            (x, y, weight), self._held.for_step, lambda: self._step_eagerly(x, y, weight), self._finish_step, self._scalars
        )

    def _step_eagerly(self, x: Array, y: Array, weight: Array | None) -> Step:
        result = self._run(x, y, weight, self._step)
        penalty = self.penalty() if self.updater.penalty else None
        self.updater.update(self.full_gradient(result))
        self.weights.state = result.state
        return Step(result.value if penalty is None else result.value + penalty, penalty, result.outputs)

    def _finish_step(self, results: list[Array], held: Sequence[Array]) -> Step:
        """Take over what a compiled step has computed."""
        self._held.take_over(held)
        self.updater.step += 1
        value, *rest = results
        penalty = rest.pop(0) if self.updater.penalty else None
        return Step(value, penalty, rest[0] if rest else None)

    def _scalars(self) -> Mapping[str, float]:
        return self.updater.optimizer.scalars(self.updater.step + 1, self.updater.learning_rate)

    @property
    def compilations(self) -> list[Compilation]:
        """What has been compiled, and how."""
        return [*self._compiled_step.reports, *self._compiled_outputs.reports]

    def gradients(self, x: Array, y: Array, weight: Array | None, training: bool) -> Gradients:
        """Loss and gradients of one batch, that of the input too, without the penalties; see `full_gradient`."""
        return self._run(x, y, weight, self._training if training else self._inference)

    def _run(self, x: Array, y: Array, weight: Array | None, ctx: RunContext) -> Gradients:
        weights = self.weights
        return loss_and_gradients(self.layer, self.loss, weights.tree, weights.state, x, y, weight, ctx)

    def full_value(self, result: Gradients) -> Array:
        """Loss of the batch with the penalties at the present parameters, a 0-d array."""
        return result.value + self.penalty() if self.updater.penalty else result.value

    def full_gradient(self, result: Gradients) -> Array:
        """Gradient of the loss as one vector, that of the penalties included; valid until the next call."""
        gradient = self.weights.gradient(result.grads)
        if not self.updater.penalty:
            return gradient
        return gradient + self.updater.penalty.gradient(self.backend.xp, self.weights.flat, self.updater.mask)

    def outputs(self, x: Array) -> Array:
        """Raw outputs for a batch, in inference mode."""
        return self._compiled_outputs.run(
            (x,), self._held.for_outputs, lambda: self._outputs_eagerly(x), lambda results, held: results[0], dict
        )

    def _outputs_eagerly(self, x: Array) -> Array:
        return self.layer.forward(self.weights.tree, self.weights.state, x, self._inference)[0]

    def penalty(self) -> Array:
        """Value of the penalties at the present parameters, a 0-d array."""
        return self.updater.penalty.value(self.backend.xp, self.weights.flat, self.updater.mask)
