"""`EarlyStopping`: stop when a value no longer improves."""

import math
from collections.abc import Mapping
from typing import Any

from xpnn import _check
from xpnn.callbacks._monitor import Monitor
from xpnn.callbacks.callback import Callback
from xpnn.typing import HostArray

__all__ = ["EarlyStopping"]


class EarlyStopping(Callback):
    """Stop when a monitored value has not improved for `patience` epochs.

    Parameters
    ----------
    monitor : str
        Name in the history, e.g. ``"val_loss"``.
    patience : int
        Number of epochs without improvement that are borne; it is the next one that stops. (Keras counts that one too,
        so its patience is greater by 1.) A value of NaN stops at once, since what follows it is seldom a number again.
    min_delta : float
        Least change that counts as improvement.
    mode : {"auto", "min", "max"}
        Which direction is better; ``"auto"`` is min for losses and errors and max for scores.
    baseline : float, optional
        Value that must be beaten: patience is not restored by epochs that do not.
    start_from_epoch : int
        So many epochs of a training go by before anything is watched, for values that are wild at first.
    restore_best : bool
        Whether the network gets the parameters and state of its best epoch back at the end, stopped or not. Where
        another callback lends the network averaged parameters for the validation, and `monitor` is a value of it, they
        are the best ones, since it is they that were measured.

    Attributes
    ----------
    best_epoch : int or None
        Number of the best epoch.
    stopped_epoch : int or None
        Number of the epoch after which training stopped; None if it ran to the end.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument breaks its rule; when training begins, if `monitor` is a validation value and there is none.

    Notes
    -----
    A training that was cut off goes on as if it had not been, also from a file: the patience that is used up, the best
    value and, with `restore_best`, the best parameters are saved with the network while the training is under way.
    One that was to stop already stops at once. A saved state of another `monitor` or `mode` is not taken, and a
    training that came to its end leaves none. See `xpnn.Network.fit`, `resume`.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        *,
        patience: int = 0,
        min_delta: float = 0.0,
        mode: str = "auto",
        baseline: float | None = None,
        start_from_epoch: int = 0,
        restore_best: bool = True,
    ) -> None:
        self._monitor = Monitor(monitor, mode, _check.non_negative("min_delta", min_delta))
        self.patience = _check.integer("patience", patience, minimum=0)
        self.baseline = None if baseline is None else _check.number("baseline", baseline)
        self.start_from_epoch = _check.integer("start_from_epoch", start_from_epoch, minimum=0)
        self.restore_best = _check.boolean("restore_best", restore_best)
        self._is_over = True
        self._forget()

    def on_train_begin(self, network: Any, epochs: int) -> None:
        """Forget earlier trainings."""
        self._monitor.check(network.measured)
        self._is_over = False
        self._forget()

    def _forget(self) -> None:
        self._monitor.reset()
        self.best_epoch: int | None = None
        self.stopped_epoch: int | None = None
        self._best: tuple[HostArray, dict[str, HostArray]] | None = None
        self._waited = self._seen = 0

    def on_epoch_begin(self, network: Any, epoch: int) -> None:
        """Stop a training that was cut off when it was to stop anyway."""
        if self.stopped_epoch is not None:
            network.stop_training = True

    def on_epoch_end(self, network: Any, epoch: int, logs: Mapping[str, float]) -> None:
        """Remember the best epoch, or wait, or stop."""
        value, self._seen = self._monitor.value(logs), self._seen + 1
        if self._seen <= self.start_from_epoch:
            return
        if self._monitor.improves(value):
            self.best_epoch = epoch
            if self.restore_best:
                with self._monitor.swap(network):
                    self._best = (network.flat_parameters, network.state)
            if self.baseline is None or self._monitor.beats(value, self.baseline):
                self._waited = 0
                return
        self._waited += 1
        if self._waited > self.patience or math.isnan(value):
            self.stopped_epoch = epoch
            network.stop_training = True

    def on_train_end(self, network: Any) -> None:
        """Give the best parameters back."""
        if self._best is not None:
            network.flat_parameters, state = self._best
            network.set_state(state)
        self._is_over = network.batches_done == 0
        if self._is_over:
            self._best = None

    def state_dict(self) -> dict[str, Any]:
        """Return what was seen in the training that is under way."""
        if self._is_over:
            return {}
        numbers = {"waited": self._waited, "seen": self._seen}
        epochs = {"best_epoch": self.best_epoch, "stopped_epoch": self.stopped_epoch}
        flat, state = self._best or (None, {})
        arrays = {} if flat is None else {"parameters": flat} | {f"state.{name}": a for name, a in state.items()}
        return self._monitor.state_dict() | numbers | epochs | arrays

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on; afresh, if something else was watched."""
        if not self._monitor.load_state_dict(state):
            return
        self._waited, self._seen = int(state["waited"]), int(state["seen"])
        self.best_epoch, self.stopped_epoch = state["best_epoch"], state["stopped_epoch"]
        if "parameters" in state:
            found = {name.removeprefix("state."): a for name, a in state.items() if name.startswith("state.")}
            self._best = state["parameters"], found
