"""Recording: a step, a forward pass, or a measurement written down as a program."""

from typing import Any

from xpnn._tree import tree_leaves
from xpnn.optimizers import Optimizer
from xpnn.training.gradients import loss_and_gradients
from xpnn.training.measurement import compare
from xpnn.training.tape import Recording, Tape, pairs
from xpnn.typing import Array

__all__ = ["record_measurement", "record_outputs", "record_step"]


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
