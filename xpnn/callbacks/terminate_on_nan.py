"""`TerminateOnNaN`: stop when the loss is no longer a number."""

import math
from collections.abc import Mapping
from typing import Any

from xpnn import _check
from xpnn.callbacks.callback import Callback

__all__ = ["TerminateOnNaN"]


class TerminateOnNaN(Callback):
    """Stop when the loss is NaN or infinite. The step that gave it has been taken: start again from a saved network.

    Parameters
    ----------
    every : int
        Look at the loss after every so many steps, and after each epoch. Each look waits for the device.

    Attributes
    ----------
    stopped_step : int or None
        Number of the step at which training stopped.
    """

    def __init__(self, every: int = 1) -> None:
        self.every = _check.integer("every", every)

    def on_train_begin(self, network: Any, epochs: int) -> None:
        """Forget earlier trainings."""
        self.stopped_step: int | None = None
        self._step = 0

    def on_batch_end(self, network: Any, step: int, loss: Any) -> None:
        """Look at the loss of the step."""
        self._step = step
        if step % self.every == 0:
            self._look(network, float(loss))

    def on_epoch_end(self, network: Any, epoch: int, logs: Mapping[str, float]) -> None:
        """Look at the loss of the epoch."""
        self._look(network, logs["loss"])

    def _look(self, network: Any, loss: float) -> None:
        if not math.isfinite(loss) and self.stopped_step is None:
            self.stopped_step = self._step
            network.stop_training = True
