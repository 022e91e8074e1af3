"""`Learner`: layers, loss, optimizer and weights on one backend; it can run one step."""

from collections.abc import Sequence

from xpnn.context import RunContext
from xpnn.losses import Loss
from xpnn.metrics import Metric
from xpnn.optimizers import Optimizer
from xpnn.random import Streams
from xpnn.training.gradients import Gradients, loss_and_gradients
from xpnn.training.penalty import Penalty
from xpnn.training.updater import Updater
from xpnn.training.weights import Weights
from xpnn.typing import Array, Shape

__all__ = ["Learner"]


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
    ) -> None:
        self.weights, self.layer, self.backend = weights, weights.layer, weights.backend
        self.loss, self.metrics, self.streams = loss, metrics, streams
        self.input_shape, self.output_shape = input_shape, output_shape
        self.updater = Updater(optimizer, weights, penalty)
        self._step = RunContext(self.backend, True, streams, wants_dx=False)
        self._training = RunContext(self.backend, True, streams)
        self._inference = RunContext(self.backend, False, streams)

    def step(self, x: Array, y: Array, weight: Array | None) -> Gradients:
        """One step of training: gradients, then the update, then the state. Nothing waits for the device.

        The value of the result is the loss before the step, penalties included; `penalty` is their part of it.
        """
        result = self._run(x, y, weight, self._step)
        if self.updater.penalty:
            result.penalty = self.penalty()
            result.value = result.value + result.penalty
        self.updater.update(self.full_gradient(result))
        self.weights.state = result.state
        return result

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
        return self.layer.forward(self.weights.tree, self.weights.state, x, self._inference)[0]

    def penalty(self) -> Array:
        """Value of the penalties at the present parameters, a 0-d array."""
        return self.updater.penalty.value(self.backend.xp, self.weights.flat, self.updater.mask)
