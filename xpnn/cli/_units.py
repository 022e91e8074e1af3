"""`Units`: a regression learns standardized targets, and speaks in the units of the data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from xpnn.callbacks import Callback
from xpnn.data import Standardizer
from xpnn.layers import Standardize
from xpnn.network import Network
from xpnn.training.history import History
from xpnn.typing import HostArray

__all__ = ["InUnits", "Units"]

_POWERS = {"loss": 2, "mae": 1}
"""How measurements grow with the targets: the loss is the mean squared error."""


@dataclass(frozen=True, slots=True, eq=False)
class Units:
    r"""Shift and scale of the targets, :math:`t = (y - \mu) / \sigma`, with one :math:`\sigma` for all outputs.

    So the loss of the data, penalties included, is exactly :math:`\sigma^2` times the one that is made small, and the
    weights of the outputs in it stay what they were.

    Parameters
    ----------
    mean : array, shape (outputs,)
        :math:`\mu`.
    scale : float
        :math:`\sigma`.
    """

    mean: HostArray
    scale: float

    @classmethod
    def fit(cls, y: HostArray) -> "Units":
        """Take mean and scale from targets of shape (n, outputs)."""
        mean = Standardizer.fit(y).mean
        return cls(mean, float(Standardizer.fit(np.reshape(y - mean, (-1, 1))).scale[0]))

    def standardize(self, y: HostArray) -> HostArray:
        """Targets to learn from, shape (n, outputs)."""
        return (y - self.mean) / self.scale

    def measured(self, logs: Mapping[str, float]) -> dict[str, float]:
        """Turn loss and metrics into the units of the data."""
        return {name: value * self.scale ** _POWERS.get(name.removeprefix("val_"), 0) for name, value in logs.items()}

    def finish(self, net: Network) -> Network:
        r"""Return the same network with a last layer that gives :math:`y = \sigma t + \mu`, its history in units, too.

        The optimizer starts anew: its averages belong to the other loss.
        """
        layers = [*net.layers, Standardize(name="units")]
        final = Network(
            layers,
            loss=net.loss,
            optimizer=net.optimizer,
            metrics=net.metrics,
            backend=net.backend,
            dtype=net.dtype,
            seed=net.seed,
            l2=net.l2 * self.scale**2,
        ).build(net.summary().input_shape)
        final.set_parameters(net.parameters)
        scale = np.full_like(self.mean, 1.0 / self.scale)
        final.set_state({**net.state, "units.mean": -self.mean / self.scale, "units.scale": scale})
        rows = zip(*net.history.values(), strict=True)
        final.history = History()
        for epoch, values in zip(net.history.epoch, rows, strict=True):
            final.history.append(epoch, self.measured(dict(zip(net.history, values, strict=True))))
        return final


class InUnits(Callback):
    """Show other callbacks the measurements in the units of the data."""

    def __init__(self, units: Units, inner: Sequence[Callback]) -> None:
        self._units, self._inner = units, inner

    def on_train_begin(self, network: Any, epochs: int) -> None:
        """Pass it on."""
        for callback in self._inner:
            callback.on_train_begin(network, epochs)

    def on_epoch_begin(self, network: Any, epoch: int) -> None:
        """Pass it on."""
        for callback in self._inner:
            callback.on_epoch_begin(network, epoch)

    def on_epoch_end(self, network: Any, epoch: int, logs: Mapping[str, float]) -> None:
        """Pass it on, in units."""
        for callback in self._inner:
            callback.on_epoch_end(network, epoch, self._units.measured(logs))

    def on_train_end(self, network: Any) -> None:
        """Pass it on."""
        for callback in self._inner:
            callback.on_train_end(network)
