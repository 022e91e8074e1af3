"""`ModelCheckpoint`: save the network while it trains."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from xpnn import _check
from xpnn.callbacks._monitor import Monitor
from xpnn.callbacks.callback import Callback

__all__ = ["ModelCheckpoint"]


class ModelCheckpoint(Callback):
    """Save the whole network, with all that training needs to go on, after epochs or in their midst.

    A network that was saved in the midst of an epoch goes on there: ``Network.load(path).fit(...)``, with the same data
    and arguments, learns the rest of the epoch, and ends as if it had never stopped. What other callbacks remember is
    saved too; so that they have seen the epoch, this callback acts after all others, wherever it stands in `callbacks`.
    Where ``stop_training`` ends the training in the midst of an epoch, `xpnn.Network.save` after `fit` keeps the place.

    Parameters
    ----------
    path : str or Path
        File in a folder that exists. Fields in braces are filled in as by `str.format`: the number of the epoch and its
        values, e.g. ``"net-{epoch:02d}-{val_loss:.2f}.safetensors"``.
    monitor : str, optional
        Save only when this value of the history improves on all that this callback has seen. Where another callback
        lends the network averaged parameters for the validation, and this is a value of it, they are what is saved,
        since it is they that were measured; a training that goes on from the file with such a callback goes on with
        the parameters in training, and any other one with the averaged ones.
    mode : {"auto", "min", "max"}
        Which direction is better; ``"auto"`` is min for losses and errors and max for scores.
    every : int
        Save after every so many epochs.
    every_steps : int, optional
        Save after every so many steps instead, counted over the whole life of the network. Fields of `path` are then
        ``{epoch}`` and ``{step}`` alone, and nothing can be monitored.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument breaks its rule, or both `every_steps` and `monitor` are given. When training begins: if a field
        of `path` or `monitor` is not measured, or the folder does not exist.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        monitor: str | None = None,
        mode: str = "auto",
        every: int = 1,
        every_steps: int | None = None,
    ) -> None:
        self.path = str(_check.path("path", path))
        self.every = _check.integer("every", every)
        self.every_steps = None if every_steps is None else _check.integer("every_steps", every_steps)
        if self.every_steps is not None and monitor is not None:
            _check.refuse("monitor", "be left out where every_steps is given", monitor)
        self._monitor = None if monitor is None else Monitor(monitor, mode)

    def on_train_begin(self, network: Any, epochs: int) -> None:
        """Check the path and the monitored value before anything is learnt."""
        if self._monitor is not None:
            self._monitor.check(network.measured)
        self._epoch = 0
        fields = {"step": 0} if self.every_steps is not None else dict.fromkeys(network.measured, 0.0)
        _check.writable("path", self._fill(0, fields), self.path)

    def on_epoch_begin(self, network: Any, epoch: int) -> None:
        """Note the number of the epoch."""
        self._epoch = epoch

    def on_batch_end(self, network: Any, step: int, loss: Any) -> None:
        """Save, if this step is to be saved."""
        if self.every_steps is not None and step % self.every_steps == 0:
            network.save(self._fill(self._epoch, {"step": step}))

    def on_epoch_end(self, network: Any, epoch: int, logs: Mapping[str, float]) -> None:
        """Save, if this epoch is to be saved."""
        if self.every_steps is not None or (epoch + 1) % self.every:
            return
        if self._monitor is None:
            network.save(self._fill(epoch, logs))
        elif self._monitor.improves(self._monitor.value(logs)):
            with self._monitor.swap(network):
                network.save(self._fill(epoch, logs))

    def state_dict(self) -> dict[str, Any]:
        """Return the best value that was saved here, also that of a training that is over."""
        return {} if self._monitor is None else {"path": self.path} | self._monitor.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on; afresh, if something else was watched or the path is another."""
        if self._monitor is not None and state["path"] == self.path:
            self._monitor.load_state_dict(state)

    def _fill(self, epoch: int, logs: Mapping[str, float]) -> Path:
        try:
            return Path(self.path.format(epoch=epoch, **logs))
        except (KeyError, ValueError, IndexError, AttributeError, TypeError):
            _check.refuse("path", f"have no other fields in braces than {', '.join(['epoch', *logs])}", self.path)
