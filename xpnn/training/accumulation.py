"""Recording of accumulated steps: a batch whose gradient is added up, and the update with the mean."""

from typing import Any

from xpnn.training.gradients import loss_and_gradients
from xpnn.training.ports import rows
from xpnn.training.tape import Recording, Tape, pairs
from xpnn.typing import Array

__all__ = ["record_accumulation", "record_update"]


def record_accumulation(accumulator: Any, x: Any, y: Any, weight: Array | None) -> Recording:
    """Write down `xpnn.training.accumulator.Accumulator.add`; the outputs are those of a step."""
    learner = accumulator.learner
    tape = Tape(learner, training=True)
    vectors, masks = tape.hold_optimizer()
    total, count = _hold_sums(tape, accumulator)
    batch, targets, shares = tape.give(x, y, weight)
    parts = learner.layer, learner.loss, tape.tree, tape.state, batch, targets, shares, tape.ctx
    result = loss_and_gradients(*parts, learner.updater.scale_of(vectors))
    gradient = learner.weights.layout.join(result.grads, tape.recorder, learner.weights.dtype, learner.backend.device)
    measured = tape.measure(result.outputs, targets, shares, result.losses)
    updates = {}
    if accumulator.is_mean:
        share = float(rows(y)) if weight is None else measured[0]
        updates[count] = count + share
        gradient = gradient * share
    updates[total] = total + gradient
    outputs = [*tape.penalise(result.value, tape.flat, masks), *measured]
    return tape.finish(outputs, updates | dict(pairs(tape.state, result.state)))


def record_update(accumulator: Any) -> Recording:
    """Write down `xpnn.training.accumulator.Accumulator.update`; nothing is returned."""
    tape = Tape(accumulator.learner, training=True)
    vectors, masks = tape.hold_optimizer()
    total, count = _hold_sums(tape, accumulator)
    gradient = total
    if accumulator.is_mean:
        gradient = gradient / tape.recorder.where(count == 0, 1.0, count)
    updates = tape.update(tape.penalised(gradient, tape.flat, masks), vectors, masks)
    zeros = {held: tape.recorder.zeros_like(held) for held in (total, count)}
    return tape.finish([], updates | zeros)


def _hold_sums(tape: Tape, accumulator: Any) -> tuple[Any, Any]:
    return tape.recorder.hold(accumulator.gradient), tape.recorder.hold(accumulator.share)
