"""`WeightAverage`: the base of the callbacks that average the parameters along the way.

Over 150 lines: one vector is gathered, lent, given back, kept and moved; each takes a few lines.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from weakref import ref

from xpnn import _check
from xpnn.backend import to_host, using
from xpnn.callbacks.callback import Callback
from xpnn.errors import ArgumentError, NotBuiltError
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
        """Forget the average; otherwise the next `fit` of the same network goes on with it."""
        self.count = 0
        self._average: Any = None
        self._backend: Backend | None = None
        self._network: Callable[[], Any] | None = None
        self._aside: Any = None

    @property
    def average(self) -> HostArray | None:
        """Host copy of the averaged parameters, in the order of ``network.flat_parameters``; None before there are any.

        With `count` it is all that this callback remembers; both are saved with the network. One that is assigned is
        that of the network whose `fit` comes next.
        """
        return None if self._average is None else self._on_host(self._average)

    @average.setter
    def average(self, values: Any) -> None:
        if values is not None:
            values = to_host(values, "average")
            if values.ndim != 1 or values.dtype.kind not in "biuf":
                found = f"an array of shape {values.shape} and dtype {values.dtype}"
                raise ArgumentError(f"average must be one vector of real numbers, got {found}.")
            values = values.copy()
        self._average, self._backend, self._network = values, None, None

    def on_train_begin(self, network: Any, epochs: int) -> None:
        """Forget the average of another network, and bring that of an earlier training to the device."""
        if self._network is not None and self._network() is not network:
            self.reset()
        self._network = ref(network)
        self._bring(network)

    def on_epoch_begin(self, network: Any, epoch: int) -> None:
        """Give a network that was saved with the averaged parameters its own ones back."""
        self._give_back(network)
        self._bring(network)

    def on_validation_begin(self, network: Any, epoch: int) -> None:
        """Lend the network the averaged parameters."""
        if self.validate and self._average is not None:
            self._lend(network)
            network.lender = self

    def on_validation_end(self, network: Any, epoch: int) -> None:
        """Give it its own ones back."""
        self._give_back(network)

    def on_train_end(self, network: Any) -> None:
        """Install the average."""
        if self.install and self._average is not None:
            self._bring(network)
            network.device_parameters = self._average

    def state_dict(self) -> dict[str, Any]:
        """Return the average, also that of a training that is over; while it is lent, also what stands in training."""
        if self._average is None:
            return {}
        own = {} if self._aside is None else {"own": self._on_host(self._aside)}
        return {"count": self.count, "average": self.average, **own}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on with an average."""
        network, own = self._network, state.get("own")
        self.count, self.average = int(state["count"]), state["average"]
        self._network, self._aside = network, None if own is None else to_host(own, "own parameters")

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
        if self._aside is not None:
            yield
            return
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
            _refuse_other_shape("own parameters", self._aside, network)
            network.device_parameters, self._aside = self._aside, None

    def _bring(self, network: Any) -> None:
        """Bring the average to the backend of the network."""
        if self._average is None:
            return
        _refuse_other_shape("average", self._average, network)
        if self._backend is not network.backend:
            values, dtype = self._on_host(self._average), network.device_parameters.dtype
            self._average, self._backend = network.backend.asarray(values, dtype), network.backend

    def _on_host(self, values: Any) -> HostArray:
        if self._backend is None:
            return values.copy()
        with using(self._backend):
            return self._backend.to_numpy(values).copy()

    def _add(self, network: Any, share: float) -> None:
        """Move the average by `share` of the way to the parameters; the first ones are taken as they are."""
        parameters = network.device_parameters
        self._bring(network)
        if self._average is None:
            self._average, self._backend = _copy(parameters), network.backend
        else:
            self._average += (parameters - self._average) * share
        self.count += 1


def _refuse_other_shape(name: str, values: Any, network: Any) -> None:
    wanted = tuple(network.device_parameters.shape)
    if tuple(values.shape) != wanted:
        _check.refuse(name, f"have the shape {wanted}", tuple(values.shape))


def _copy(parameters: Array) -> Array:
    return parameters * 1.0
