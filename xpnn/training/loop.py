"""The loop of `Network.fit`: epochs, batches, measurements, callbacks."""

from collections.abc import Sequence
from typing import Any

from xpnn.callbacks import Callback
from xpnn.training.batches import Samples
from xpnn.training.evaluation import evaluate
from xpnn.training.learner import Learner
from xpnn.training.totals import Totals

__all__ = ["run_epochs"]


def run_epochs(
    network: Any,
    learner: Learner,
    samples: Samples,
    validation: Samples | None,
    batch_size: int | None,
    epochs: int,
    shuffle: bool,
    callbacks: Sequence[Callback],
) -> int:
    """Train for `epochs`, write their measurements to ``network.history``, and return the number of the first.

    The device is waited for once per epoch, when the sums of loss and metrics are read.
    """
    first = _next_epoch(network)
    measured = ["loss", *(metric.label for metric in learner.metrics)]
    network.measured = (*measured, *(f"val_{name}" for name in measured if validation is not None))
    for callback in callbacks:
        callback.on_train_begin(network, epochs)
    for epoch in range(first, first + epochs):
        if network.stop_training:
            break
        for callback in callbacks:
            callback.on_epoch_begin(network, epoch)
        if network.stop_training:
            break
        logs = _run_epoch(network, learner, samples, batch_size, shuffle, callbacks)
        if validation is not None:
            logs |= _validate(network, learner, validation, batch_size, epoch, callbacks)
        network.history.append(epoch, logs)
        for callback in callbacks:
            callback.on_epoch_end(network, epoch, logs)
    for callback in callbacks:
        callback.on_train_end(network)
    return first


def _run_epoch(
    network: Any,
    learner: Learner,
    samples: Samples,
    batch_size: int | None,
    shuffle: bool,
    callbacks: Sequence[Callback],
) -> dict[str, float]:
    totals = Totals(learner.loss, learner.metrics, learner.backend)
    rng = learner.streams["shuffle"] if shuffle else None
    watchers = [c for c in callbacks if type(c).on_batch_end is not Callback.on_batch_end]
    for x, y, weight in samples.batches(learner.backend, batch_size, rng):
        result = learner.step(x, y, weight)
        if result.penalty is None:
            totals.add(result.value, result.measured)
        else:
            totals.add(result.value - result.penalty, result.measured)
            totals.add_penalty(result.penalty, x.shape[0] / len(samples))
        for callback in watchers:
            callback.on_batch_end(network, learner.updater.step, result.value)
        if network.stop_training:
            break
    return totals.read()


def _validate(
    network: Any,
    learner: Learner,
    validation: Samples,
    batch_size: int | None,
    epoch: int,
    callbacks: Sequence[Callback],
) -> dict[str, float]:
    chunk = None if batch_size is None else max(batch_size, 1024)
    for callback in callbacks:
        callback.on_validation_begin(network, epoch)
    try:
        return {f"val_{name}": value for name, value in evaluate(learner, validation, chunk).items()}
    finally:
        for callback in reversed(callbacks):
            callback.on_validation_end(network, epoch)


def _next_epoch(network: Any) -> int:
    epochs = network.history.epoch
    return epochs[-1] + 1 if epochs else 0
