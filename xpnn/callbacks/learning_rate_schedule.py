"""`LearningRateSchedule`: another learning rate in each epoch."""

from collections.abc import Callable
from typing import Any

from xpnn import _check
from xpnn.callbacks.callback import Callback

__all__ = ["LearningRateSchedule"]


class LearningRateSchedule(Callback):
    """Set the learning rate before each epoch.

    Parameters
    ----------
    schedule : callable
        ``schedule(epoch, learning_rate)`` returns the learning rate of epoch `epoch`, counted from 0 over the whole
        life of the network, given the one in use.

    Examples
    --------
    >>> halve_every_10 = LearningRateSchedule(lambda epoch, rate: rate / 2 if epoch and epoch % 10 == 0 else rate)
    """

    def __init__(self, schedule: Callable[[int, float], float]) -> None:
        if not callable(schedule):
            _check.refuse("schedule", "be a function of epoch and learning rate", schedule)
        self.schedule = schedule

    def on_epoch_begin(self, network: Any, epoch: int) -> None:
        """Ask the schedule; not again where an epoch is gone on with that was left in its middle."""
        if network.batches_done:
            return
        rate = self.schedule(epoch, network.learning_rate)
        network.learning_rate = _check.non_negative("schedule's learning rate", rate)
