"""`Callback`: moments of training at which something else may happen."""

from collections.abc import Mapping
from typing import Any

__all__ = ["Callback"]


class Callback:
    """Base of the callbacks; override the moments that matter.

    Every method gets the network first, on which ``stop_training = True`` ends the training after the present step, and
    ``learning_rate`` may be set. A callback that raises ends the training; what was learnt until then is kept.

    An epoch that is left in its middle has not ended: there is no validation and no `on_epoch_end`, but `on_train_end`.
    They follow once, when the next `fit` has learnt the rest of the epoch, so that callbacks see what they would have
    seen of a training that was never stopped. (Keras calls `on_epoch_end` at the stop, too.)

    A callback that remembers something over the epochs may have a `state_dict` and a `load_state_dict`, as in PyTorch
    Lightning: what it remembers is then saved with the network, and a training that was cut off goes on with it.

    Examples
    --------
    >>> class Longest(Callback):
    ...     longest = 0
    ...
    ...     def on_epoch_end(self, network, epoch, logs):
    ...         self.longest = max(self.longest, epoch)
    ...
    ...     def state_dict(self):
    ...         return {"longest": self.longest}
    ...
    ...     def load_state_dict(self, state):
    ...         self.longest = state["longest"]
    """

    def on_train_begin(self, network: Any, epochs: int) -> None:
        """Called before the first epoch; `epochs` is the number of epochs to come."""

    def on_epoch_begin(self, network: Any, epoch: int) -> None:
        """Called before epoch `epoch`, counted from 0 over the whole life of the network.

        Also before the rest of an epoch that was left in its middle: then ``network.batches_done`` is not 0.
        """

    def on_batch_end(self, network: Any, step: int, loss: Any) -> None:
        """Called after each step; `loss` is a 0-d device array: reading it waits for the device.

        Where the gradients of several batches make one step, it is the loss of all of them.
        """

    def on_validation_begin(self, network: Any, epoch: int) -> None:
        """Called after the last step of an epoch, before the validation data are measured, if there are any.

        One that lends the network other parameters until `on_validation_end` sets ``network.lender``, so that they are
        found again where the best ones are kept; see `xpnn.Network`.
        """

    def on_validation_end(self, network: Any, epoch: int) -> None:
        """Called after that, also if it or `on_validation_begin` failed, in the reverse order of the callbacks."""

    def on_epoch_end(self, network: Any, epoch: int, logs: Mapping[str, float]) -> None:
        """Called after each epoch that is complete, with its loss and metrics."""

    def on_train_end(self, network: Any) -> None:
        """Called after the last epoch, or at the stop in the middle of one: then ``network.batches_done`` is not 0."""

    def state_dict(self) -> dict[str, Any]:
        """Return what is to be saved with the network: names, and JSON data or host arrays; nothing by default.

        It is asked for whenever the network is saved or copied, also in the midst of an epoch.
        """
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over what `state_dict` of a callback of this class has returned, just after `on_train_begin`.

        Called if there is such a state: in the first `fit` of a network that was loaded or copied, and where a training
        was left by an error, by Ctrl-C or in the middle of an epoch; unless ``fit(resume=False)``. States are told
        apart by the names of the classes, several of one class by their order. A callback without a saved state
        starts afresh, and a state without its callback is dropped.
        """
