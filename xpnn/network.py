"""`Network`: layers that learn, on one backend.

Over 150 lines: nearly half of them are the documentation of `Network` and of `fit`.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from xpnn import _check
from xpnn._tree import map_tree
from xpnn.callbacks import Callback, ModelCheckpoint, Progress
from xpnn.callbacks.progress import verbosity
from xpnn.errors import ArgumentError, ArgumentTypeError, XpnnError
from xpnn.model import Model
from xpnn.training import evaluation
from xpnn.training.accumulator import check_accumulation
from xpnn.training.batches import Batch, Samples
from xpnn.training.callback_states import CallbackStates
from xpnn.training.epoch import begin_epoch
from xpnn.training.history import History
from xpnn.training.ingest import ingest_batch, ingest_inputs, sample_shape
from xpnn.training.learner import Learner
from xpnn.training.loop import run_epochs
from xpnn.training.mixing import as_mixing
from xpnn.training.on_device import on_device
from xpnn.training.ports import by_names
from xpnn.training.running_averages import update_batch_norm
from xpnn.training.sample_weights import combine_weights
from xpnn.training.sources import (
    array_samples,
    is_mapped,
    make_plan,
    make_source,
    refuse_beside_batches,
)
from xpnn.training.split import split_validation
from xpnn.training.totals import measure_nothing
from xpnn.training.validation import validation_samples
from xpnn.typing import Array, HostArray

if TYPE_CHECKING:
    from xpnn.data import Sampler

__all__ = ["Network"]


class Network(Model):
    """A neural network: layers, loss, optimizer, and the backend on which they run.

    Parameters
    ----------
    layers : sequence of layers
        As for `xpnn.layers.Sequential`; more may be added with `add`.
    loss : str or Loss, or mapping or tuple of them
        What training makes small. For several outputs a loss for each, by the names of the outputs of a `Graph` or in
        their order; a single one is then that of every output.
    optimizer : str or Optimizer
        How parameters change.
    metrics : sequence of str or Metric
        What else is measured. For several outputs a mapping from their names to such sequences.
    backend : str or Backend
        ``"numpy"``, ``"cupy"``, ``"torch:cuda:0"``, ``"jax"``, ``"auto"``, ...; see `xpnn.available_backends`.
    dtype : {"float32", "float64", "mixed_float16"}
        Type of parameters and activations. With ``"mixed_float16"``, for GPUs, parameters, sums and the update are in
        float32, products of matrices and most of what a step keeps in float16, and the loss is multiplied by a factor
        that keeps gradients in the range of float16; see `xpnn.namespaces.MixedNamespace` and
        `xpnn.training.loss_scale`. NumPy has no such products and refuses it.
    seed : int
        Determines initial parameters, order of samples and dropout masks, with the same bits on every backend.
    l1, l2 : float
        Penalty ``l1 * sum(|w|) + l2 / 2 * sum(w**2)`` over all weights (not biases and norms), part of the loss.
    loss_weights : mapping of str to float, or sequence of float, optional
        Factors of the losses of several outputs in their sum; see `xpnn.losses.WeightedLosses`.
    parameter_groups : mapping of str to mapping, or sequence of ParameterGroup
        Learning rates and weight decay of their own for some parameters, e.g.
        ``{"0": {"learning_rate_factor": 0.1}, "*.bias": {"weight_decay_factor": 0}}``. A group is a name, all inside
        a layer, or a pattern; where two set the same factor, the later one counts. See `xpnn.ParameterGroup`.
    compile : bool or str
        Whether steps and predictions are recorded and compiled once that pays; the numbers stay the same. A name, such
        as ``"replay"`` on NumPy, chooses one way and compiles before the first run. See `compilations`.

    Attributes
    ----------
    history : History
        Measurements of all epochs so far.
    notes : dict
        Whatever shall travel with the network, e.g. names of classes: JSON data, saved and copied along.
    stop_training : bool
        Set it in a callback to end `fit` after the present step. An epoch that is then left in its middle has neither a
        validation nor an ``on_epoch_end``: both follow when the next `fit` has learnt the rest of it.
    lender : Callback or None
        Whose parameters the network had for the last validation, if not its own. A callback that lends some by
        ``on_validation_begin`` sets it to itself, and offers a context manager ``swap(network)`` that lends them again;
        see `as_validated`.
    measured : tuple of str
        Names of what `fit` measures, set before its callbacks begin.
    callback_states : CallbackStates
        What the callbacks of the last training remember; saved and copied along, see `xpnn.callbacks.Callback`.

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

    # ---------------------------------------------------------------------------------------------------- training

    @on_device
    def fit(
        self,
        x: Any,
        y: Any = None,
        *,
        batch_size: int | None = 32,
        epochs: int = 1,
        steps_per_epoch: int | None = None,
        gradient_accumulation_steps: int = 1,
        validation_data: Sequence[Any] | None = None,
        validation_split: float = 0.0,
        sample_weight: Any = None,
        class_weight: Mapping[Any, Any] | str | None = None,
        shuffle: bool = True,
        augment: Any = None,
        sampler: "Sampler | None" = None,
        resume: bool = True,
        callbacks: Sequence[Callback] | None = None,
        verbose: int | str = "auto",
    ) -> History:
        """Train.

        Parameters
        ----------
        x : array, shape (n, ...), or ArrayStream, or iterable of batches
            Inputs: an array of any library, or nested sequences, of finite numbers. The whole data set is brought to
            the device once, but for memory-mapped arrays of NumPy and those in a `xpnn.data.ArrayStream`, of which a
            thread brings one batch after another. Without `y`: an iterable of batches ``(x, y)`` or
            ``(x, y, sample_weight)`` that is gone through in each epoch, or a function without arguments that makes
            one, e.g. a generator function. Several inputs are a tuple of arrays, or a mapping by the names of the
            inputs of a `Graph`; so are several targets. All are shuffled by one permutation.
        y : array, shape (n, ...)
            Targets as the loss wants them. Labels are range-checked on the host.
        batch_size : int or None
            Number of samples per batch; None is all. The last batch of an epoch may be shorter, and is used. Batches
            of an iterable stay as they are.
        epochs : int
            Number of passes over the data, the rest of one that was left included.
        steps_per_epoch : int, optional
            Number of batches that are taken from an iterable in each epoch; by default all. An iterator, which can be
            gone through once, then goes on from epoch to epoch.
        gradient_accumulation_steps : int
            Number of batches whose gradients make one step of the optimizer: their mean, weighted by the sizes of the
            batches (their sum, for a loss with reduction ``"sum"``), as if they were one batch; the last step of an
            epoch takes those that are left. Batch norms see each batch on its own.
        validation_data : (x, y) or (x, y, sample_weight) or ArrayStream, optional
            Measured after each epoch.
        validation_split : float
            Share of samples, taken from the end before shuffling, that is kept for validation instead.
        sample_weight : array, shape (n,), optional
            Weight of each sample in the loss and the metrics. Several outputs may have weights of their own: a mapping
            from their names, or a tuple in their order; an output that is left out has weights of 1. The loss of each
            output is then divided by the sum of its own weights.
        class_weight : mapping of int to float, or "balanced", optional
            Weight of each class, multiplied with the sample weights, where `y` has one label or one-hot row per sample;
            for several outputs a mapping from their names to such weights, e.g. ``{"kind": "balanced"}``.
        shuffle : bool
            Whether each epoch has a fresh order, drawn from the stream ``shuffle``.
        augment : Mixup, or mapping of str to Mixup, optional
            Mixes the samples of each batch; see `xpnn.data.Mixup`. Of several inputs all are mixed by one share, or
            those alone that are named, e.g. ``{"image": Mixup(0.2)}`` where another one holds indices; the targets of
            all outputs are. What changes single samples is a layer, e.g. `xpnn.layers.RandomFlip`.
        sampler : Sampler, optional
            Draws the samples of each epoch instead: `xpnn.data.BalancedSampler`, `xpnn.data.WeightedSampler`. For
            several outputs ``BalancedSampler(output="kind")`` says whose classes are drawn equally often.
        resume : bool
            Whether an epoch is gone on with that was left in its middle (by Ctrl-C, an error, or `stop_training`, in
            this program or before the network was saved), and callbacks go on from what was saved of them, e.g. by
            `xpnn.callbacks.ModelCheckpoint` after an epoch. With the same data, arguments and callbacks the result is
            that of a training that was never stopped, in the history, too, where the row of an epoch that was left
            (NaN in what validation measures) is replaced. False begins a new epoch and starts all callbacks afresh.
        callbacks : sequence of Callback
            See `xpnn.callbacks`. They act in their order, but those that save the network after all others, and at the
            end of the training those that average parameters before all others.
        verbose : {"auto", 0, 1, 2} or bool
            Progress on stderr: none, one line that is rewritten, or a line per epoch. ``"auto"`` is 1 before a person.

        Returns
        -------
        history : History
            Loss and metrics of these epochs: ``"loss"``, for several outputs also ``"<output>_loss"`` of each, without
            the factors of `loss_weights` and the penalties, then the metrics. `history` on the network has all epochs.

        Raises
        ------
        ArgumentError, ArgumentTypeError, ShapeError
            If an argument breaks its rule; nothing has changed then.
        """
        if batch_size is not None:
            batch_size = _check.integer("batch_size", batch_size)
        epochs = _check.integer("epochs", epochs, minimum=0)
        accumulate = _check.integer("gradient_accumulation_steps", gradient_accumulation_steps)
        shuffle, resume = _check.boolean("shuffle", shuffle), _check.boolean("resume", resume)
        watchers = _check_callbacks(callbacks)
        level = verbosity(_check.choice("verbose", str(_as_level(verbose)), ("auto", "0", "1", "2")))
        share = _check.fraction("validation_split", validation_split)
        if self._is_training:
            raise ArgumentError("fit must not be called while fit runs.")
        if share:
            several = len(self._input_names) > 1, len(self._output_names) > 1
            (x, y, sample_weight), validation_data = split_validation(
                x, y, sample_weight, share, validation_data, several
            )
        was_built, left = self.built, None if self._learner is None else self._learner.epoch
        try:
            if y is None:
                refuse_beside_batches(x, sample_weight, class_weight, sampler)
            elif steps_per_epoch is not None:
                _check.refuse("steps_per_epoch", "be left out where y is given", steps_per_epoch)
            else:
                names = () if class_weight is None else self._ready(x).weights.output_names
                sample_weight = combine_weights(y, sample_weight, class_weight, names)
            source = make_source(self._ready, x, y, sample_weight, steps_per_epoch)
            place = "" if share else "validation_data"
            validation = validation_samples(self._ready, validation_data, place=place)
            built = self._built
            measure_nothing(built.loss, built.metrics, source.first().y, built.output_shape, built.weights)
            mixing = as_mixing(augment, built)
            if mixing is not None:
                mixing.check(built, source if isinstance(source, Samples) else source.first())
            check_accumulation(self.optimizer, built.loss, source.first().weight, accumulate)
            names = built.weights.output_names
            plan = make_plan(source, y, names, batch_size, shuffle, accumulate, sampler)
            built.epoch = left if resume else None
            self.callback_states = self.callback_states if resume else CallbackStates()
            begin_epoch(self, built, plan)
        except XpnnError:
            self._learner = self._learner if was_built else None
            raise
        if level:
            watchers = (*watchers, Progress(level))
        self.stop_training, self._is_training = False, True
        try:
            first = run_epochs(self, built, source, validation, plan, epochs, watchers, mixing)
        finally:
            self._is_training, self.lender = False, None
        return self.history.since(first)

    @on_device
    def train_on_batch(self, x: Any, y: Any, *, sample_weight: Any = None) -> Array:
        """One step of training on one batch.

        Labels in host arrays are range-checked; arrays that are on the device already are trusted, since reading their
        values would wait for it.

        Returns
        -------
        loss : Array, shape ()
            The loss before the step, on the device: ``float(loss)`` waits for it, the step itself does not.
        """
        learner, batch = self._batch(x, y, sample_weight)
        return learner.step(*batch).value

    @on_device
    def loss_and_gradients(
        self, x: Any, y: Any, *, sample_weight: Any = None, training: bool = True
    ) -> tuple[float, dict[str, HostArray], Any]:
        """Loss of one batch and its gradients, without a step: parameters, state and random streams stay as they are.

        With ``dtype="mixed_float16"`` the loss is multiplied by a factor with which no gradient overflows on its way.

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
            Gradient with respect to the input; a tuple or a mapping, like `x`, for several. None for an input that has
            no gradient, such as indices.
        """
        learner, batch = self._batch(x, y, sample_weight)
        positions = learner.streams.positions
        try:
            result = learner.gradients(*batch, training)
        finally:
            learner.streams.positions = positions
        flat = learner.full_gradient(result)
        gradients = learner.weights.split(learner.backend.to_numpy(flat))
        return float(learner.full_value(result)), gradients, self._host(result.dx, learner.weights.input_names, x)

    @on_device
    def update_batch_norm(self, x: Any, *, batch_size: int | None = None) -> None:
        """Estimate the running averages of `xpnn.layers.BatchNorm` anew for the present parameters.

        They become the means of the averages of all batches, weighted by the sizes of the batches, as if those had been
        seen by nothing else. Needed where parameters were not reached by training, e.g. after averaging them. Other
        layers run as in training; random streams stay as they are.

        Parameters
        ----------
        x : array, shape (n, ...)
            Inputs of the training data.
        batch_size : int or None
            Number of samples per batch, best that of the training; None is all.
        """
        if batch_size is not None:
            batch_size = _check.integer("batch_size", batch_size)
        learner = self._ready(x)
        positions = learner.streams.positions
        try:
            update_batch_norm(learner, ingest_inputs(x, learner.weights, learner.input_shape), batch_size)
        finally:
            learner.streams.positions = positions

    # ------------------------------------------------------------------------------------------------- using it

    @on_device
    def evaluate(self, x: Any, y: Any, *, batch_size: int | None = None, sample_weight: Any = None) -> dict[str, float]:
        """Loss and metrics, in inference mode, as Python floats: ``{"loss": ..., "accuracy": ...}``.

        With several outputs there is also the loss of each, ``"<output>_loss"``.
        """
        if batch_size is not None:
            batch_size = _check.integer("batch_size", batch_size)
        samples = array_samples(self._ready, x, y, sample_weight)
        return evaluation.evaluate(self._built, samples, batch_size)

    @on_device
    def predict(self, x: Any, *, batch_size: int | None = None) -> Any:
        """Raw outputs, shape (n, ...), as a host array: logits for the losses that want logits.

        Several outputs are a tuple of such arrays, or, where `x` is a mapping, a mapping by their names.
        """
        learner, outputs = self._outputs(x, batch_size)
        return self._host(outputs, learner.weights.output_names, x)

    @on_device
    def predict_proba(self, x: Any, *, batch_size: int | None = None) -> Any:
        """Outputs with the loss's link applied, as a host array: probabilities, or for regression the outputs.

        Several outputs are as for `predict`.
        """
        learner, outputs = self._outputs(x, batch_size)
        return self._host(learner.loss.link(learner.backend.xp, outputs), learner.weights.output_names, x)

    # ------------------------------------------------------------------------------------------------------ inside

    def _ready(self, x: Any) -> Learner:
        if self._learner is None:
            self.build(sample_shape(x, self._input_names))
        return self._built

    def _batch(self, x: Any, y: Any, sample_weight: Any) -> tuple[Learner, Batch]:
        """Check one batch and bring it to the device; a network that was not built stays so if the batch is refused."""
        was_built = self.built
        try:
            learner = self._ready(x)
            return learner, ingest_batch(learner, x, y, sample_weight, finite=False)
        except XpnnError:
            self._learner = self._learner if was_built else None
            raise

    def _host(self, value: Any, names: tuple[str, ...], given: Any) -> Any:
        return by_names(map_tree(lambda a: np.array(self.backend.to_numpy(a)), value), names, given)

    def _outputs(self, x: Any, batch_size: int | None) -> tuple[Learner, Any]:
        if batch_size is not None:
            batch_size = _check.integer("batch_size", batch_size)
        learner = self._ready(x)
        if is_mapped(x):
            return learner, evaluation.predict_mapped(learner, x, batch_size or 1024)
        x = ingest_inputs(x, learner.weights, learner.input_shape)
        return learner, evaluation.predict(learner, x, batch_size)


def _as_level(verbose: Any) -> Any:
    return int(verbose) if isinstance(verbose, bool) else verbose


def _check_callbacks(callbacks: Any) -> tuple[Callback, ...]:
    if callbacks is None:
        return ()
    parts = tuple(callbacks) if isinstance(callbacks, Iterable) else (callbacks,)
    for part in parts:
        if not isinstance(part, Callback):
            raise ArgumentTypeError(f"callbacks must be instances of xpnn.callbacks.Callback, got {part!r}.")
    return tuple(sorted(parts, key=lambda part: isinstance(part, ModelCheckpoint)))
