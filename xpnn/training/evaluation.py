"""Loss, metrics and outputs without learning."""

from typing import Any

from xpnn._tree import map_tree
from xpnn.training.batches import Samples
from xpnn.training.learner import Learner
from xpnn.training.totals import Totals

__all__ = ["evaluate", "predict"]


def evaluate(learner: Learner, samples: Samples, batch_size: int | None) -> dict[str, float]:
    """Loss (penalties included) and metrics over all samples, as Python floats; one wait for the device at the end."""
    totals = Totals(learner.loss, learner.metrics, learner.backend)
    for x, y, weight in samples.batches(learner.backend, batch_size, None):
        totals.add(*learner.measure(x, y, weight))
    if learner.updater.penalty:
        totals.add_penalty(learner.penalty(), 1.0)
    return totals.read()


def predict(learner: Learner, x: Any, batch_size: int | None) -> Any:
    """Raw outputs of all samples, on the device."""
    parts = [learner.outputs(batch.x) for batch in Samples(x, x, None).batches(learner.backend, batch_size, None)]
    return parts[0] if len(parts) == 1 else map_tree(lambda *a: learner.backend.xp.concat(a, axis=0), *parts)
