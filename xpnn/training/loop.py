"""The loop of `Network.fit`: epochs, batches, measurements, callbacks.

Over 150 lines: the loop over epochs and all that may end it.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing
from typing import Any

import numpy as np

from xpnn.callbacks import Callback
from xpnn.callbacks._average import WeightAverage
from xpnn.random import generator_at, position_of
from xpnn.training.batches import Batch
from xpnn.training.epoch import Epoch, begin_epoch
from xpnn.training.evaluation import evaluate
from xpnn.training.interrupt import interrupt_between
from xpnn.training.learner import Learner
from xpnn.training.measurement import Step, loss_names
from xpnn.training.mixing import Mixing
from xpnn.training.plan import Plan
from xpnn.training.ports import rows
from xpnn.typing import Array

__all__ = ["run_epochs"]


def run_epochs(
    network: Any,
    learner: Learner,
    source: Any,
    validation: Any,
    plan: Plan,
    epochs: int,
    callbacks: Sequence[Callback],
    mixing: Mixing | None = None,
) -> int:
    """Train for `epochs`, write their measurements to ``network.history``, and return the number of the first.

    An epoch under way is gone on with, and is the first of them. One that is left in its middle has not ended: nothing
    is validated and no callback told of its end until its rest is learnt. The device is waited for once per epoch, when
    the sums of loss and metrics are read.
    """
    first = begin_epoch(network, learner, plan).number if epochs else 0
    _give_back(network, learner.epoch)
    measured = [*loss_names(learner.loss), *(metric.label for metric in learner.metrics)]
    network.measured = (*measured, *(f"val_{name}" for name in measured if validation is not None))
    network.callback_states.begin(network, epochs, callbacks)
    with interrupt_between() as check:
        for number in range(first, first + epochs):
            if network.stop_training:
                break
            epoch = begin_epoch(network, learner, plan)
            for callback in callbacks:
                callback.on_epoch_begin(network, number)
            if network.stop_training:
                break
            is_complete = _run_epoch(network, learner, source, plan, epoch, callbacks, mixing, check)
            logs = epoch.read()
            if not is_complete:
                network.history.append(number, dict.fromkeys(network.measured, math.nan) | logs)
                break
            if validation is not None:
                logs |= _validate(network, learner, validation, plan, callbacks)
            network.history.append(number, logs)
            learner.epoch = None
            for callback in callbacks:
                callback.on_epoch_end(network, number, logs)
            check()
    learner.epoch = None if learner.epoch is None or learner.epoch.batches == 0 else learner.epoch
    _end_training(network, learner.epoch, callbacks)
    network.callback_states.end(is_cut_off=learner.epoch is not None)
    return first


def _end_training(network: Any, epoch: Epoch | None, callbacks: Sequence[Callback]) -> None:
    """Tell the callbacks of the end; where an epoch was left in its middle, keep the parameters that they replace.

    Averages are told first, so that the best parameters of all are not replaced by the last average.
    """
    own = {} if epoch is None else {**network.parameters, **network.state}
    for callback in sorted(callbacks, key=lambda callback: not isinstance(callback, WeightAverage)):
        callback.on_train_end(network)
    if epoch is not None:
        now = {**network.parameters, **network.state}
        epoch.own = {} if all(np.array_equal(now[name], own[name]) for name in own) else own


def _give_back(network: Any, epoch: Epoch | None) -> None:
    """Let the network have its own parameters again, to go on in the middle of an epoch."""
    if epoch is not None and epoch.own:
        state = network.state
        network.set_parameters({name: value for name, value in epoch.own.items() if name not in state})
        network.set_state({name: value for name, value in epoch.own.items() if name in state})
        epoch.own = {}


def _run_epoch(
    network: Any,
    learner: Learner,
    source: Any,
    plan: Plan,
    epoch: Epoch,
    callbacks: Sequence[Callback],
    mixing: Mixing | None,
    check: Callable[[], None],
) -> bool:
    """Run the rest of an epoch, and tell whether it came to its end."""
    order = plan.order(_generator(learner, plan, epoch))
    epoch.size = plan.samples if order is None else len(order)
    watchers = [c for c in callbacks if getattr(c.on_batch_end, "__func__", None) is not Callback.on_batch_end]
    batches = source.batches(learner.backend, plan.batch_size, order, epoch.batches)
    with closing(batches):
        mixed = batches if mixing is None else mixing.batches(learner, batches)
        for steps in _steps(learner, mixed, plan.gradient_accumulation_steps):
            for step, n in steps:
                epoch.add(step, n)
            for callback in watchers:
                callback.on_batch_end(network, learner.updater.step, _loss(learner, [step for step, _ in steps]))
            check()
            if network.stop_training:
                return epoch.samples == epoch.size if epoch.size is not None else next(batches, None) is None
    return True


def _generator(learner: Learner, plan: Plan, epoch: Epoch) -> Any:
    """Where the order of the samples is drawn from: again at the same position, if the epoch is gone on with."""
    if epoch.batches and epoch.position is not None:
        return generator_at(epoch.position)
    if not plan.shuffle and plan.sampler is None:
        return None
    rng = learner.streams["shuffle"]
    epoch.position = position_of(rng) if plan.draws else None
    return rng


def _validate(
    network: Any, learner: Learner, validation: Any, plan: Plan, callbacks: Sequence[Callback]
) -> dict[str, float]:
    chunk = None if plan.batch_size is None else max(plan.batch_size, 1024)
    number = learner.epoch.number if learner.epoch else 0
    network.lender = None
    with ExitStack() as ends:
        for callback in callbacks:
            ends.callback(callback.on_validation_end, network, number)
            callback.on_validation_begin(network, number)
        return {f"val_{name}": value for name, value in evaluate(learner, validation, chunk).items()}


def _steps(learner: Learner, batches: Iterable[Batch], accumulate: int) -> Iterator[list[tuple[Step, int]]]:
    """Learn; for each update, what its batches tell and their sizes."""
    if accumulate == 1:
        for x, y, weight in batches:
            yield [(learner.step(x, y, weight), rows(y))]
        return
    accumulator = learner.accumulator
    accumulator.clear()
    group: list[tuple[Step, int]] = []
    for x, y, weight in batches:
        group.append((accumulator.add(x, y, weight), rows(y)))
        if len(group) == accumulate:
            accumulator.update()
            yield group
            group = []
    if group:
        accumulator.update()
        yield group


def _loss(learner: Learner, steps: Sequence[Step]) -> Array:
    """Loss of all batches of a step as one, on the device."""
    if len(steps) == 1:
        return steps[0].value
    if learner.loss.reduction == "mean":
        total = sum(step.measured.share for step in steps)
        return sum(step.value * step.measured.share for step in steps) / total
    penalties = [step.penalty for step in steps[1:] if step.penalty is not None]
    return sum(step.value for step in steps) - sum(penalties)
