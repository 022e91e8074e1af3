"""`ModelCheckpoint`: save the network while it trains."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from xpnn import _check
from xpnn.callbacks._monitor import Monitor
from xpnn.callbacks.callback import Callback

__all__ = ["ModelCheckpoint"]


class ModelCheckpoint(Callback):
    """Save the whole network, with all that training needs to go on, after epochs.

    Parameters
    ----------
    path : str or Path
        File; ``{epoch}`` is replaced by the number of the epoch.
    monitor : str, optional
        Save only when this value of the history improves.
    mode : {"auto", "min", "max"}
        Which direction is better; ``"auto"`` is min for losses and errors and max for scores.
    every : int
        Save after every so many epochs.
    """

    def __init__(self, path: str | Path, *, monitor: str | None = None, mode: str = "auto", every: int = 1) -> None:
        self.path = str(path)
        self.every = _check.integer("every", every)
        self._monitor = None if monitor is None else Monitor(monitor, mode)

    def on_train_begin(self, network: Any, epochs: int) -> None:
        """Forget earlier trainings."""
        if self._monitor is not None:
            self._monitor.reset()

    def on_epoch_end(self, network: Any, epoch: int, logs: Mapping[str, float]) -> None:
        """Save, if this epoch is to be saved."""
        if (epoch + 1) % self.every:
            return
        if self._monitor is None or self._monitor.improves(self._monitor.value(logs)):
            network.save(self.path.replace("{epoch}", str(epoch)))
