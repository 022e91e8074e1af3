"""The loop of `Network.fit`: epochs, batches, measurements, callbacks."""

from collections.abc import Sequence
from typing import Any

from xpnn.callbacks import Callback
from xpnn.training.batches import Samples
from xpnn.training.evaluation import evaluate
from xpnn.training.learner import Learner
from xpnn.training.ports import rows
from xpnn.training.totals import Totals

__all__ = ["run_epochs", "try_mixing"]


def run_epochs(
    network: Any,
    learner: Learner,
    samples: Samples,
    validation: Samples | None,
    batch_size: int | None,
    epochs: int,
    shuffle: bool,
    callbacks: Sequence[Callback],
    augment: Any = None,
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
        logs = _run_epoch(network, learner, samples, batch_size, shuffle, callbacks, augment)
        if validation is not None:
            logs |= _validate(network, learner, validation, batch_size, epoch, callbacks)
        network.history.append(epoch, logs)
        for callback in callbacks:
            callback.on_epoch_end(network, epoch, logs)
    for callback in callbacks:
        callback.on_train_end(network)
    return first


def try_mixing(augment: Any, samples: Samples, learner: Learner) -> None:
    """Mix about a hundred samples, so that a loss that wants no mixed targets says so before anything is learnt.

    Raises
    ------
    ArgumentError
        What the loss raises.
    """
    xp, shape, some = learner.backend.xp, learner.output_shape, slice(None, None, max(len(samples) // 100, 1))
    y = augment.mix(xp, samples.x[some, ...], samples.y[some, ...], None, 0.75, shape)[1]
    learner.loss.check_targets(learner.backend.to_numpy(y), shape)


def _run_epoch(
    network: Any,
    learner: Learner,
    samples: Samples,
    batch_size: int | None,
    shuffle: bool,
    callbacks: Sequence[Callback],
    augment: Any,
) -> dict[str, float]:
    totals = Totals(learner.loss, learner.metrics, learner.backend)
    rng = learner.streams["shuffle"] if shuffle else None
    watchers = [c for c in callbacks if type(c).on_batch_end is not Callback.on_batch_end]
    for x, y, weight in samples.batches(learner.backend, batch_size, rng):
        if augment is not None:
            share = augment.draw(learner.streams["mixup"])
            x, y, weight = augment.mix(learner.backend.xp, x, y, weight, share, learner.output_shape)
        result = learner.step(x, y, weight)
        if result.penalty is None:
            totals.add(result.value, result.measured)
        else:
            totals.add(result.value - result.penalty, result.measured)
            totals.add_penalty(result.penalty, rows(x) / len(samples))
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
