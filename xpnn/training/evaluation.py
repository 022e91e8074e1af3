"""Loss, metrics and outputs without learning."""

from typing import Any

import numpy as np

from xpnn._tree import map_tree, tree_leaves
from xpnn.training.batches import Samples
from xpnn.training.host_samples import HostSamples
from xpnn.training.ingest import ingest_inputs
from xpnn.training.learner import Learner
from xpnn.training.totals import Totals

__all__ = ["evaluate", "predict", "predict_mapped"]


def evaluate(learner: Learner, samples: Samples | HostSamples, batch_size: int | None) -> dict[str, float]:
    """Loss (penalties included) and metrics over all samples, as Python floats; one wait for the device at the end."""
    totals = Totals(learner.loss, learner.metrics, learner.backend)
    if isinstance(samples, HostSamples):
        batch_size = batch_size or 1024  # they may be more than the device can hold
    for x, y, weight in samples.batches(learner.backend, batch_size, None):
        totals.add(*learner.measure(x, y, weight))
    if learner.updater.penalty:
        totals.add_penalty(learner.penalty(), 1.0)
    return totals.read()


def predict(learner: Learner, x: Any, batch_size: int | None) -> Any:
    """Raw outputs of all samples, on the device."""
    parts = [learner.outputs(batch.x) for batch in Samples(x, x, None).batches(learner.backend, batch_size, None)]
    return parts[0] if len(parts) == 1 else map_tree(lambda *a: learner.backend.xp.concat(a, axis=0), *parts)


def predict_mapped(learner: Learner, x: Any, batch_size: int) -> Any:
    """Raw outputs for inputs with memory-mapped arrays, of which one batch is in memory at a time."""
    parts = []
    for start in range(0, max(max(map(len, tree_leaves(x))), 1), batch_size):
        picked = slice(start, start + batch_size)
        rows = map_tree(lambda a, picked=picked: np.asarray(a[picked]), x)
        parts.append(learner.outputs(ingest_inputs(rows, learner.weights, learner.input_shape)))
    return map_tree(lambda *a: learner.backend.xp.concat(a, axis=0), *parts)
