"""The loop of `train_many`: epochs, batches, measurements, for one family."""

from collections.abc import Sequence
from typing import Any, cast

import numpy as np

from xpnn.many.batched_backend import BatchedBackend
from xpnn.many.member_learner import MemberLearner
from xpnn.many.member_totals import MemberTotals
from xpnn.many.streams import MemberStreams
from xpnn.namespaces import Batched
from xpnn.training.batches import Samples
from xpnn.training.mixing import Mixing

__all__ = ["run_epochs"]


def run_epochs(
    networks: Sequence[Any],
    learner: MemberLearner,
    samples: Samples,
    validation: Samples | None,
    batch_size: int | None,
    epochs: int,
    shuffle: bool,
    mixing: Mixing | None = None,
) -> None:
    """Train all members for `epochs`, and write each one's measurements to its network's history.

    The device is waited for once per epoch, when the sums of all members are read.
    """
    names = ["loss", *(metric.label for metric in learner.metrics)]
    for network in networks:
        network.measured = (*names, *(f"val_{name}" for name in names if validation is not None))
    chunk = None if batch_size is None else max(batch_size, 1024)
    for epoch in range(epochs):
        logs = _run_epoch(learner, samples, batch_size, shuffle, mixing)
        if validation is not None:
            for log, measured in zip(logs, _evaluate(learner, validation, chunk), strict=True):
                log |= {f"val_{name}": value for name, value in measured.items()}
        for network, log in zip(networks, logs, strict=True):
            network.history.append(epoch, log)


def _run_epoch(
    learner: MemberLearner, samples: Samples, batch_size: int | None, shuffle: bool, mixing: Mixing | None
) -> list[dict[str, float]]:
    totals = MemberTotals(learner.loss, learner.metrics, learner.backend)
    rng, n = learner.streams["shuffle"] if shuffle else None, len(samples)
    order = None if rng is None or batch_size is None or batch_size >= n else rng.permutation(n)
    for batch in samples.batches(learner.backend, batch_size, order):
        x, y, weight = batch if mixing is None else mixing.mix(learner, batch, _draw(learner, mixing))
        result = learner.step(x, y, weight)
        if result.penalty is None:
            totals.add(result.value, result.measured)
        else:
            totals.add(result.value - result.penalty, result.measured)
            totals.add_penalty(result.penalty, x.shape[0] / len(samples))
    return totals.read_members()


def _draw(learner: MemberLearner, mixing: Mixing) -> Batched:
    """Draw the share of one batch for each member, from its own stream."""
    streams, backend = cast("MemberStreams", learner.streams), cast("BatchedBackend", learner.backend)
    shares = np.asarray([mixing.augment.draw(rng) for rng in streams["mixup"].members])
    return Batched(backend.inner.asarray(shares, learner.weights.dtype))


def _evaluate(learner: MemberLearner, samples: Samples, batch_size: int | None) -> list[dict[str, float]]:
    totals = MemberTotals(learner.loss, learner.metrics, learner.backend)
    for x, y, weight in samples.batches(learner.backend, batch_size, None):
        totals.add(*learner.measure(x, y, weight))
    if learner.updater.penalty:
        totals.add_penalty(learner.penalty(), 1.0)
    return totals.read_members()
