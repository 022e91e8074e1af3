"""`Network`: layers that learn, on one backend.

One long page, because it is the one that users read: each method checks its arguments and hands them on to
`xpnn.training`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import deepcopy
from functools import wraps
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

import numpy as np

from xpnn import _check
from xpnn.backend import float_dtype, get_backend, to_host, using
from xpnn.callbacks import Callback, Progress
from xpnn.callbacks.progress import verbosity
from xpnn.errors import ArgumentError, ArgumentTypeError, NotBuiltError
from xpnn.layers import Sequential
from xpnn.losses import get_loss
from xpnn.metrics import Metric, get_metric
from xpnn.optimizers import get_optimizer
from xpnn.random import Streams
from xpnn.training import archive, evaluation, snapshot
from xpnn.training.batches import Samples
from xpnn.training.history import History
from xpnn.training.ingest import ingest_inputs, ingest_targets, ingest_weights, sample_shape
from xpnn.training.learner import Learner
from xpnn.training.loop import run_epochs
from xpnn.training.output_function import refuse_double_link
from xpnn.training.penalty import Penalty
from xpnn.training.sample_weights import combine_weights
from xpnn.training.split import split_validation
from xpnn.training.summary import Summary, summarise
from xpnn.typing import Array, Backend, HostArray, Named

__all__ = ["Network"]

P = ParamSpec("P")
T = TypeVar("T")


def _on_device(method: Callable[Concatenate["Network", P], T]) -> Callable[Concatenate["Network", P], T]:
    """Run a method of a network with the device of its backend as the current one."""

    @wraps(method)
    def wrapped(self: "Network", /, *args: P.args, **options: P.kwargs) -> T:
        with using(self.backend):
            return method(self, *args, **options)

    return wrapped


class Network:
    """A neural network: layers, loss, optimizer, and the backend on which they run.

    Parameters
    ----------
    layers : sequence of layers
        As for `xpnn.layers.Sequential`; more may be added with `add`.
    loss : str or Loss
        What training makes small.
    optimizer : str or Optimizer
        How parameters change.
    metrics : sequence of str or Metric
        What else is measured.
    backend : str or Backend
        ``"numpy"``, ``"cupy"``, ``"torch:cuda:0"``, ``"jax"``, ``"auto"``, ...; see `xpnn.available_backends`.
    dtype : {"float32", "float64"}
        Type of parameters and activations.
    seed : int
        Determines initial parameters, order of samples and dropout masks, with the same bits on every backend.
    l1, l2 : float
        Penalty ``l1 * sum(|w|) + l2 / 2 * sum(w**2)`` over all weights (not biases and norms), part of the loss.

    Attributes
    ----------
    history : History
        Measurements of all epochs so far.
    notes : dict
        Whatever shall travel with the network, e.g. names of classes: JSON data, saved and copied along.
    stop_training : bool
        Set it in a callback to end `fit`.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument breaks its rule; an unknown name is answered with the nearest match and the list.
    BackendError
        If the backend cannot run here: with the reason and the install line.

    Examples
    --------
    >>> from xpnn import Network, data
    >>> from xpnn.layers import Dense
    >>> from xpnn.optimizers import Adam
    >>> x, y = data.moons(200, noise=0.1, seed=0)
    >>> net = Network([Dense(16, activation="relu"), Dense(2)], optimizer=Adam(0.02), metrics=["accuracy"])
    >>> history = net.fit(x, y, batch_size=32, epochs=60)
    >>> net.evaluate(x, y)["accuracy"] > 0.95
    True
    """

    def __init__(
        self,
        layers: Iterable[Any] = (),
        *,
        loss: Named = "cross_entropy",
        optimizer: Named = "adam",
        metrics: Sequence[Named] = (),
        backend: str | Backend = "numpy",
        dtype: str = "float32",
        seed: int = 0,
        l1: float = 0.0,
        l2: float = 0.0,
    ) -> None:
        self._layer = Sequential(_as_tuple(layers))
        self.loss = get_loss("loss", loss)
        self.optimizer = get_optimizer("optimizer", optimizer)
        self.metrics = _get_metrics(metrics, getattr(self.loss, "threshold", 0.5))
        self.backend = get_backend(backend)
        self.dtype = _check.choice("dtype", dtype, ("float32", "float64"))
        float_dtype(self.backend, self.dtype)
        self.seed = _check.integer("seed", seed, minimum=0)
        self.l1, self.l2 = _check.non_negative("l1", l1), _check.non_negative("l2", l2)
        self.history = History()
        self.notes: dict[str, Any] = {}
        self.stop_training = False
        self._learner: Learner | None = None
        refuse_double_link(self._layer, self.loss)

    # ---------------------------------------------------------------------------------------------- construction

    @property
    def layers(self) -> tuple[Any, ...]:
        """The layers, in order."""
        return self._layer.layers

    def add(self, layer: Any) -> "Network":
        """Append a layer, or an activation by name, to a network that is not built yet; return the network."""
        if self._learner is not None:
            raise ArgumentError(f"layers must be added before the network is built, got {layer!r}.")
        self._layer = Sequential((*self._layer.layers, layer))
        return self

    @_on_device
    def build(self, input_shape: int | Sequence[int]) -> "Network":
        """Make the parameters for samples of `input_shape`; without it the first call that sees data does it.

        Raises
        ------
        ShapeError
            If a layer cannot take its input: with its place and name.
        ArgumentError
            If the network has no layer or is built for another shape already.
        """
        entries = (input_shape,) if isinstance(input_shape, int) else tuple(input_shape)
        shape = tuple(_check.integer("input_shape", n) for n in entries)
        if self._learner is not None:
            if shape != self._learner.input_shape:
                _check.refuse("input_shape", f"stay {self._learner.input_shape} once the network is built", shape)
            return self
        if not self._layer.layers:
            raise ArgumentError("layers must hold at least one layer, got none.")
        refuse_double_link(self._layer, self.loss)
        self._learner = snapshot.initialise(self._recipe, self.backend, Streams(self.seed), shape)
        return self

    @property
    def built(self) -> bool:
        """Whether the network has parameters."""
        return self._learner is not None

    def summary(self) -> Summary:
        """Layers, output shapes and parameter counts; printed, it is a table."""
        return summarise(self._layer, self._built.weights.layout, self._built.input_shape)

    def count_parameters(self) -> int:
        """Count the parameters; tied ones once."""
        return self._built.weights.layout.size

    # ---------------------------------------------------------------------------------------------------- training

    @_on_device
    def fit(
        self,
        x: Any,
        y: Any,
        *,
        batch_size: int | None = 32,
        epochs: int = 1,
        validation_data: Sequence[Any] | None = None,
        validation_split: float = 0.0,
        sample_weight: Any = None,
        class_weight: Mapping[int, float] | str | None = None,
        shuffle: bool = True,
        callbacks: Sequence[Callback] = (),
        verbose: int | str = "auto",
    ) -> History:
        """Train.

        Parameters
        ----------
        x : array, shape (n, ...)
            Inputs: an array of any library, or nested sequences. The whole data set is brought to the device once.
        y : array, shape (n, ...)
            Targets as the loss wants them. Labels are range-checked on the host.
        batch_size : int or None
            Number of samples per step; None is all. The last batch of an epoch may be shorter, and is used.
        epochs : int
            Number of passes over the data.
        validation_data : (x, y) or (x, y, sample_weight), optional
            Measured after each epoch.
        validation_split : float
            Share of samples, taken from the end before shuffling, that is kept for validation instead.
        sample_weight : array, shape (n,), optional
            Weight of each sample in the loss and the metrics.
        class_weight : mapping of int to float, or "balanced", optional
            Weight of each class, multiplied with the sample weights.
        shuffle : bool
            Whether each epoch has a fresh order, drawn from the stream ``shuffle``.
        callbacks : sequence of Callback
            See `xpnn.callbacks`.
        verbose : {"auto", 0, 1, 2} or bool
            Progress on stderr: none, one line that is rewritten, or a line per epoch. ``"auto"`` is 1 before a person.

        Returns
        -------
        history : History
            Loss and metrics of these epochs. `history` on the network has all epochs so far.

        Raises
        ------
        ArgumentError, ArgumentTypeError, ShapeError
            If an argument breaks its rule; nothing has changed then.
        """
        if batch_size is not None:
            batch_size = _check.integer("batch_size", batch_size)
        epochs = _check.integer("epochs", epochs, minimum=0)
        shuffle = _check.boolean("shuffle", shuffle)
        watchers = _check_callbacks(callbacks)
        level = verbosity(_check.choice("verbose", str(_as_level(verbose)), ("auto", "0", "1", "2")))
        weight = combine_weights(y, sample_weight, class_weight)
        if validation_split:
            share = _check.fraction("validation_split", validation_split)
            (x, y, weight), validation_data = split_validation(x, y, weight, share, validation_data)
        samples = self._samples(x, y, weight)
        validation = None if validation_data is None else self._validation(validation_data)
        if level:
            watchers = (*watchers, Progress(level))
        self.stop_training = False
        first = self.history.epoch[-1] + 1 if self.history.epoch else 0
        run_epochs(self, self._built, samples, validation, batch_size, epochs, shuffle, watchers)
        return self.history.since(first)

    @_on_device
    def train_on_batch(self, x: Any, y: Any, *, sample_weight: Any = None) -> Array:
        """One step of training on one batch.

        Returns
        -------
        loss : Array, shape ()
            The loss before the step, on the device: ``float(loss)`` waits for it, the step itself does not.
        """
        learner = self._ready(x)
        x = ingest_inputs(x, learner.weights, learner.input_shape)
        y = ingest_targets(y, x, learner.loss, learner.weights, learner.output_shape)
        return learner.step(x, y, ingest_weights(sample_weight, x, learner.weights)).value

    @_on_device
    def loss_and_gradients(
        self, x: Any, y: Any, *, sample_weight: Any = None, training: bool = True
    ) -> tuple[float, dict[str, HostArray], HostArray]:
        """Loss of one batch and its gradients, without a step: parameters, state and random streams stay as they are.

        Parameters
        ----------
        x, y, sample_weight : array
            As for `fit`.
        training : bool
            Whether layers behave as in training.

        Returns
        -------
        loss : float
            The loss, penalties included.
        gradients : dict of str to ndarray
            By the names of `parameters`.
        dx : ndarray, shape of `x`
            Gradient with respect to the input.
        """
        learner = self._ready(x)
        x = ingest_inputs(x, learner.weights, learner.input_shape)
        y = ingest_targets(y, x, learner.loss, learner.weights, learner.output_shape)
        weight = ingest_weights(sample_weight, x, learner.weights)
        positions = learner.streams.positions
        result = learner.gradients(x, y, weight, training)
        learner.streams.positions = positions
        flat = learner.full_gradient(result)
        to_numpy = learner.backend.to_numpy
        return float(result.value), learner.weights.split(to_numpy(flat)), np.array(to_numpy(result.dx))

    @property
    def learning_rate(self) -> float:
        """The learning rate in use; assign to change it."""
        return self._built.updater.learning_rate

    @learning_rate.setter
    def learning_rate(self, value: float) -> None:
        self._built.updater.learning_rate = _check.non_negative("learning_rate", value)

    # ------------------------------------------------------------------------------------------------- using it

    @_on_device
    def evaluate(self, x: Any, y: Any, *, batch_size: int | None = None, sample_weight: Any = None) -> dict[str, float]:
        """Loss and metrics, in inference mode, as Python floats: ``{"loss": ..., "accuracy": ...}``."""
        if batch_size is not None:
            batch_size = _check.integer("batch_size", batch_size)
        return evaluation.evaluate(self._ready(x), self._samples(x, y, sample_weight), batch_size)

    @_on_device
    def predict(self, x: Any, *, batch_size: int | None = None) -> HostArray:
        """Raw outputs, shape (n, ...), as a host array: logits for the losses that want logits."""
        learner, outputs = self._outputs(x, batch_size)
        return np.array(learner.backend.to_numpy(outputs))

    @_on_device
    def predict_proba(self, x: Any, *, batch_size: int | None = None) -> HostArray:
        """Outputs with the loss's link applied, as a host array: probabilities, or for regression the outputs."""
        learner, outputs = self._outputs(x, batch_size)
        return np.array(learner.backend.to_numpy(learner.loss.link(learner.backend.xp, outputs)))

    # ------------------------------------------------------------------------------------------------ parameters

    @property
    @_on_device
    def parameters(self) -> dict[str, HostArray]:
        """Host copies of all parameters by name, e.g. ``"0.weight"``; tied ones once, under their first name."""
        return self._built.weights.host_parameters()

    @_on_device
    def set_parameters(self, parameters: Mapping[str, Any]) -> None:
        """Replace the named parameters; the others stay. All are checked before any is replaced.

        Raises
        ------
        ArgumentError, ShapeError
            If a name is unknown or a shape differs.
        """
        self._built.weights.set_parameters(parameters)

    @property
    @_on_device
    def flat_parameters(self) -> HostArray:
        """Host copy of all parameters as one vector, in the order of `parameters`; can be assigned."""
        weights = self._built.weights
        return np.array(weights.backend.to_numpy(weights.flat))

    @flat_parameters.setter
    @_on_device
    def flat_parameters(self, values: Any) -> None:
        self._built.weights.set_flat(values)

    @property
    @_on_device
    def state(self) -> dict[str, HostArray]:
        """Host copies of what layers remember besides parameters, e.g. ``"1.running_mean"``."""
        return self._built.weights.host_state()

    @_on_device
    def set_state(self, state: Mapping[str, Any]) -> None:
        """Replace the named parts of the state; the others stay. All are checked before any is replaced."""
        self._built.weights.set_state(state)

    # ------------------------------------------------------------------------------------------- moving and keeping

    def to(self, backend: str | Backend) -> "Network":
        """Move to another backend: parameters, state, optimizer, random streams; return the network itself."""
        target = get_backend(backend)
        float_dtype(target, self.dtype)
        if self._learner is not None:
            self._learner = _restore(self._recipe, target, self.seed, self._taken())
        self.backend = target
        return self

    def copy_to(self, backend: str | Backend, *, dtype: str | None = None) -> "Network":
        """Return an independent copy on another backend (or the same), optionally in another dtype."""
        arguments = self._arguments | ({} if dtype is None else {"dtype": dtype})
        copy = Network(**arguments, backend=backend)
        copy.history, copy.notes = self.history.since(0), deepcopy(self.notes)
        if self._learner is not None:
            copy._learner = _restore(copy._recipe, copy.backend, self.seed, self._taken())
        return copy

    @_on_device
    def save(self, path: str | Path) -> None:
        """Write everything that prediction and further training need to one file in the safetensors layout.

        Written whole or not at all; the same network gives the same bytes, whatever its backend.

        Raises
        ------
        NotBuiltError
            If the network has no parameters yet.
        ArgumentTypeError
            If a part of the network is no record (a frozen dataclass).
        """
        archive.save(path, archive.Archive(self._arguments, self.history, self.notes, self._taken()))

    @classmethod
    def load(
        cls, path: str | Path, *, backend: str | Backend = "numpy", custom_types: Sequence[type] = ()
    ) -> "Network":
        """Read a network from a file, on any backend.

        Parameters
        ----------
        path : str or Path
            File that `save` wrote.
        backend : str or Backend
            Where it shall run.
        custom_types : sequence of type
            Classes of the caller's own layers, losses, ... that the file may name.

        Raises
        ------
        CheckpointError
            If the file is no network that this version can read: one sentence that names the file and what is wrong.
        """
        target = get_backend(backend)
        content = archive.load(path, {kind.__name__: kind for kind in custom_types})
        try:
            net = cls(**content.arguments, backend=target)
            net._learner = _restore(net._recipe, target, net.seed, content.snapshot)
        except archive.FAULTS as error:
            raise archive.unreadable(path, error) from error
        net.history, net.notes = content.history, content.notes
        return net

    # ------------------------------------------------------------------------------------------------------ inside

    @property
    def _arguments(self) -> dict[str, Any]:
        return {
            "layers": self._layer.layers,
            "loss": self.loss,
            "optimizer": self.optimizer,
            "metrics": self.metrics,
            "dtype": self.dtype,
            "seed": self.seed,
            "l1": self.l1,
            "l2": self.l2,
        }

    @property
    def _recipe(self) -> snapshot.Recipe:
        penalty = Penalty(self.l1, self.l2)
        return snapshot.Recipe(self._layer, self.loss, self.optimizer, self.metrics, penalty, self.dtype)

    @property
    def _built(self) -> Learner:
        if self._learner is None:
            raise NotBuiltError("the network must be built first: call build(input_shape), fit(x, y) or predict(x).")
        return self._learner

    @_on_device
    def _taken(self) -> snapshot.Snapshot:
        return snapshot.take(self._built)

    def _ready(self, x: Any) -> Learner:
        if self._learner is None:
            self.build(sample_shape(x))
        return self._built

    def _samples(self, x: Any, y: Any, sample_weight: Any) -> Samples:
        learner = self._ready(x)
        x = ingest_inputs(x, learner.weights, learner.input_shape)
        if x.shape[0] == 0:
            raise ArgumentError("x must hold at least one sample, got none.")
        y = ingest_targets(to_host(y), x, learner.loss, learner.weights, learner.output_shape)
        return Samples(x, y, ingest_weights(sample_weight, x, learner.weights))

    def _validation(self, data: Sequence[Any]) -> Samples:
        if not isinstance(data, tuple | list) or len(data) not in (2, 3):
            raise ArgumentTypeError(
                f"validation_data must be (x, y) or (x, y, sample_weight), got {type(data).__name__}."
            )
        return self._samples(data[0], data[1], data[2] if len(data) == 3 else None)

    def _outputs(self, x: Any, batch_size: int | None) -> tuple[Learner, Array]:
        if batch_size is not None:
            batch_size = _check.integer("batch_size", batch_size)
        learner = self._ready(x)
        x = ingest_inputs(x, learner.weights, learner.input_shape)
        return learner, evaluation.predict(learner, x, batch_size)


def _restore(recipe: snapshot.Recipe, backend: Backend, seed: int, taken: snapshot.Snapshot) -> Learner:
    with using(backend):
        return snapshot.restore(recipe, backend, Streams(seed), taken)


def _as_tuple(parts: Any) -> tuple[Any, ...]:
    return (parts,) if isinstance(parts, str) or not isinstance(parts, Iterable) else tuple(parts)


def _get_metrics(metrics: Any, threshold: float) -> tuple[Metric, ...]:
    parts = tuple(get_metric("metrics", metric, threshold) for metric in _as_tuple(metrics))
    labels = ["loss", *(part.label for part in parts)]
    for label in labels:
        if labels.count(label) > 1:
            raise ArgumentError(f"metrics must have different names, got {label!r} twice: give one a name of its own.")
    return parts


def _as_level(verbose: Any) -> Any:
    return int(verbose) if isinstance(verbose, bool) else verbose


def _check_callbacks(callbacks: Any) -> tuple[Callback, ...]:
    parts = _as_tuple(callbacks)
    for part in parts:
        if not isinstance(part, Callback):
            raise ArgumentTypeError(f"callbacks must be instances of xpnn.callbacks.Callback, got {part!r}.")
    return parts
