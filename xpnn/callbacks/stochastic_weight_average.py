"""`StochasticWeightAverage`: parameters averaged over the last epochs."""

import warnings
from collections.abc import Mapping
from typing import Any

from xpnn import _check
from xpnn.callbacks._average import WeightAverage

__all__ = ["StochasticWeightAverage"]


class StochasticWeightAverage(WeightAverage):
    r"""Average the parameters at the ends of epochs with equal weights, and use the average after the training.

    Parameters
    ----------
    start_epoch : int
        First epoch that is averaged, counted from 0 over the whole life of the network. Usually about three quarters of
        the training lie before it.
    every : int
        Average after every so many epochs.
    learning_rate : float, optional
        Learning rate from `start_epoch` on, constant and rather large; by default the one in use.
    inputs : array, optional
        Inputs of the training data, with which the running averages of `xpnn.layers.BatchNorm` are estimated anew for
        the averaged parameters after the training; see `xpnn.Network.update_batch_norm`.
    validate : bool
        Whether validation values of `fit` are those of the averaged parameters, and with them what `EarlyStopping` and
        `ModelCheckpoint` keep as the best for such a value. The running averages are then still those of the parameters
        in training.
    install : bool
        Whether the network has the averaged parameters after the training; but the best ones of an `EarlyStopping` that
        restores them come last, wherever it stands among the callbacks.

    Attributes
    ----------
    average : ndarray or None
        The averaged parameters as one vector on the host; can be assigned.
    count : int
        Number of vectors in the average.

    Raises
    ------
    ArgumentError
        If an argument breaks its rule.

    Warns
    -----
    UserWarning
        When the average is installed in a network with running averages and there are no `inputs`: they belong to other
        parameters.

    Notes
    -----
    With :math:`n` vectors in the average, :math:`a \leftarrow a + (p - a) / (n + 1)`. The next `fit` of the
    same network goes on with the average, and so does that of a network that was saved with it and loaded; `reset`
    forgets it, and so does the `fit` of another network.

    References
    ----------
    .. [1] Izmailov et al., UAI 2018, Algorithm 1.
    """

    def __init__(
        self,
        start_epoch: int,
        *,
        every: int = 1,
        learning_rate: float | None = None,
        inputs: Any = None,
        validate: bool = True,
        install: bool = True,
    ) -> None:
        super().__init__(validate, install)
        self.start_epoch = _check.integer("start_epoch", start_epoch, minimum=0)
        self.every = _check.integer("every", every)
        self.learning_rate = None if learning_rate is None else _check.positive("learning_rate", learning_rate)
        self.inputs = inputs
        self._last: int | None = None

    def on_train_begin(self, network: Any, epochs: int) -> None:
        """Bring an average of an earlier training to the device."""
        super().on_train_begin(network, epochs)
        self._last = None

    def state_dict(self) -> dict[str, Any]:
        """Return the average and the epoch that was averaged last."""
        state = super().state_dict()
        return {**state, "last": self._last} if state else {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on with an average."""
        super().load_state_dict(state)
        self._last = state["last"]

    def on_epoch_begin(self, network: Any, epoch: int) -> None:
        """Set the learning rate."""
        super().on_epoch_begin(network, epoch)
        if self.learning_rate is not None and epoch >= self.start_epoch:
            network.learning_rate = self.learning_rate

    def on_validation_begin(self, network: Any, epoch: int) -> None:
        """Average first, so that the validation sees this epoch."""
        self._average_epoch(network, epoch)
        super().on_validation_begin(network, epoch)

    def on_epoch_end(self, network: Any, epoch: int, logs: Mapping[str, float]) -> None:
        """Average, if there was no validation."""
        self._average_epoch(network, epoch)

    def on_train_end(self, network: Any) -> None:
        """Install the average and estimate the running averages anew."""
        super().on_train_end(network)
        if not self.install or self._average is None:
            return
        if self.inputs is not None:
            network.update_batch_norm(self.inputs)
        elif any(name.endswith("running_mean") for name in network.state):
            warnings.warn(
                "The running averages of BatchNorm belong to other parameters than the averaged ones: call "
                "network.update_batch_norm(x), or give StochasticWeightAverage inputs=x.",
                UserWarning,
                stacklevel=2,
            )

    def _average_epoch(self, network: Any, epoch: int) -> None:
        if epoch < self.start_epoch or (epoch - self.start_epoch) % self.every or epoch == self._last:
            return
        self._add(network, 1.0 / (self.count + 1))
        self._last = epoch
