"""`WeightAverage`: the base of the callbacks that average the parameters along the way."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from xpnn import _check
from xpnn.backend import using
from xpnn.callbacks.callback import Callback
from xpnn.errors import NotBuiltError
from xpnn.typing import Array, Backend, HostArray

__all__ = ["WeightAverage"]


class WeightAverage(Callback):
    """Keeps an average of the parameters, one flat vector on the device; it never waits for the device.

    Parameters
    ----------
    validate : bool
        Whether validation values of `fit` are those of the averaged parameters.
    install : bool
        Whether the network has the averaged parameters after the training.
    """

    def __init__(self, validate: bool, install: bool) -> None:
        self.validate = _check.boolean("validate", validate)
        self.install = _check.boolean("install", install)
        self.reset()

    def reset(self) -> None:
        """Forget the average; otherwise the next `fit` goes on with it."""
        self.count = 0
        self._average: Any = None
        self._backend: Backend | None = None
        self._aside: Any = None

    @property
    def average(self) -> HostArray | None:
        """Host copy of the averaged parameters, in the order of ``network.flat_parameters``; None before there are any.

        With `count` it is all that this callback remembers; both are saved with the network.
        """
        if self._average is None or self._backend is None:
            return self._average
        with using(self._backend):
            return self._backend.to_numpy(self._average).copy()

    @average.setter
    def average(self, values: HostArray) -> None:
        self._average, self._backend = values, None

    def on_train_begin(self, network: Any, epochs: int) -> None:
        """Bring an average of an earlier training to the device."""
        self._bring(network)

    def on_validation_begin(self, network: Any, epoch: int) -> None:
        """Lend the network the averaged parameters."""
        if self.validate and self._average is not None:
            self._lend(network)

    def on_validation_end(self, network: Any, epoch: int) -> None:
        """Give it its own ones back."""
        self._give_back(network)

    def on_train_end(self, network: Any) -> None:
        """Install the average."""
        if self.install and self._average is not None:
            self._bring(network)
            network.device_parameters = self._average

    def state_dict(self) -> dict[str, Any]:
        """Return the average, also that of a training that is over: the next one goes on with it."""
        return {} if self.average is None else {"count": self.count, "average": self.average}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on with an average."""
        self.count, self.average = int(state["count"]), state["average"]

    @contextmanager
    def swap(self, network: Any) -> Iterator[None]:
        """Let `network` have the averaged parameters inside a ``with`` block.

        Raises
        ------
        NotBuiltError
            If there is no average yet.
        """
        if self._average is None:
            raise NotBuiltError("the average must exist before it is swapped in: train with this callback first.")
        with using(network.backend):
            self._lend(network)
        try:
            yield
        finally:
            self._give_back(network)

    def _lend(self, network: Any) -> None:
        self._bring(network)
        self._aside = _copy(network.device_parameters)
        network.device_parameters = self._average

    def _give_back(self, network: Any) -> None:
        if self._aside is not None:
            network.device_parameters, self._aside = self._aside, None

    def _bring(self, network: Any) -> None:
        """Bring the average to the backend of the network."""
        if self._average is None or self._backend is network.backend:
            return
        values, parameters = self.average, network.device_parameters
        if values is None or tuple(values.shape) != tuple(parameters.shape):
            _check.refuse("average", f"have the shape {tuple(parameters.shape)}", getattr(values, "shape", None))
        self._average, self._backend = network.backend.asarray(values.copy(), parameters.dtype), network.backend

    def _add(self, network: Any, share: float) -> None:
        """Move the average by `share` of the way to the parameters; the first ones are taken as they are."""
        parameters = network.device_parameters
        self._bring(network)
        if self._average is None:
            self._average, self._backend = _copy(parameters), network.backend
        else:
            self._average += (parameters - self._average) * share
        self.count += 1


def _copy(parameters: Array) -> Array:
    return parameters * 1.0
