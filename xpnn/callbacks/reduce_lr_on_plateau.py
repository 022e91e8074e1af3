"""`ReduceLROnPlateau`: a lower learning rate when a value no longer improves."""

from collections.abc import Mapping
from typing import Any

from xpnn import _check
from xpnn.callbacks._monitor import Monitor
from xpnn.callbacks.callback import Callback
from xpnn.errors import ArgumentError

__all__ = ["ReduceLROnPlateau"]


class ReduceLROnPlateau(Callback):
    """Multiply the learning rate by a factor when a monitored value has not improved for `patience` epochs.

    Parameters
    ----------
    monitor : str
        Name in the history, e.g. ``"val_loss"``.
    factor : float
        What the learning rate is multiplied by, above 0 and below 1.
    patience : int
        Number of epochs without improvement that are borne, as in PyTorch; the next one lowers the learning rate.
    min_delta : float
        Least change that counts as improvement, absolute as in Keras.
    mode : {"auto", "min", "max"}
        Which direction is better; ``"auto"`` is min for losses and errors and max for scores.
    cooldown : int
        Number of epochs after a reduction in which nothing is counted.
    min_lr : float
        The learning rate is never made lower than this.

    Attributes
    ----------
    reductions : list of int
        Numbers of the epochs after which the learning rate was lowered.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument breaks its rule; and by `on_train_begin` if the learning rate of the network is a schedule.

    Notes
    -----
    Like all callbacks it forgets at the beginning of a training what it saw in earlier ones. A training that was cut
    off goes on as if it had not been, also from a file: see `xpnn.Network.fit`, `resume`. A saved state of another
    `monitor` or `mode` is not taken.

    Examples
    --------
    >>> plateau = ReduceLROnPlateau("loss", factor=0.5, patience=2)
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        *,
        factor: float = 0.1,
        patience: int = 10,
        min_delta: float = 1e-4,
        mode: str = "auto",
        cooldown: int = 0,
        min_lr: float = 0.0,
    ) -> None:
        self._monitor = Monitor(monitor, mode, _check.non_negative("min_delta", min_delta))
        self.factor = _check.positive("factor", factor)
        if self.factor >= 1.0:
            _check.refuse("factor", "be a number above 0 and below 1", factor)
        self.patience = _check.integer("patience", patience, minimum=0)
        self.cooldown = _check.integer("cooldown", cooldown, minimum=0)
        self.min_lr = _check.non_negative("min_lr", min_lr)
        self.reductions: list[int] = []
        self._waited = self._cooling = 0
        self._is_over = True

    def on_train_begin(self, network: Any, epochs: int) -> None:
        """Forget earlier trainings."""
        if network.schedule is not None:
            raise ArgumentError(
                f"learning_rate must be a number where ReduceLROnPlateau shall lower it, got {network.schedule!r}."
            )
        self._monitor.check(network.measured)
        self._monitor.reset()
        self.reductions = []
        self._waited = self._cooling = 0
        self._is_over = False

    def on_epoch_end(self, network: Any, epoch: int, logs: Mapping[str, float]) -> None:
        """Remember the best value, or wait, or lower the learning rate."""
        improves = self._monitor.improves(self._monitor.value(logs))
        self._waited = 0 if improves else self._waited + 1
        if self._cooling:
            self._cooling -= 1
            self._waited = 0
        if self._waited > self.patience:
            self._waited, self._cooling = 0, self.cooldown
            lower = max(network.learning_rate * self.factor, self.min_lr)
            if lower < network.learning_rate:
                network.learning_rate = lower
                self.reductions.append(epoch)

    def on_train_end(self, network: Any) -> None:
        """Note that there is nothing to go on with, unless an epoch was left in its middle."""
        self._is_over = network.batches_done == 0

    def state_dict(self) -> dict[str, Any]:
        """Return what was seen in the training that is under way."""
        if self._is_over:
            return {}
        counts = {"waited": self._waited, "cooling": self._cooling, "reductions": list(self.reductions)}
        return self._monitor.state_dict() | counts

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on; afresh, if something else was watched."""
        if self._monitor.load_state_dict(state):
            self._waited, self._cooling = int(state["waited"]), int(state["cooling"])
            self.reductions = list(state["reductions"])
