"""`Model`: what a network is: layers, loss, optimizer, backend and parameters; how it is built, moved and kept.

Over 150 lines: most of them are the properties and the documentation of what users call.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn, Self

import numpy as np

from xpnn import _check
from xpnn.backend import DTYPES, MIXED, float_dtype, get_backend, using
from xpnn.errors import ArgumentError, ArgumentTypeError, BackendError, NotBuiltError
from xpnn.layers import Sequential
from xpnn.metrics import Metric
from xpnn.optimizers import Optimizer, get_optimizer
from xpnn.random import Streams
from xpnn.schedules import Schedule, as_learning_rate, rate_at
from xpnn.training import archive, snapshot
from xpnn.training.callback_states import CallbackStates
from xpnn.training.compilation import Compilation
from xpnn.training.compile_mode import carry_mode, check_mode
from xpnn.training.frozen import find_parameters, trainable_mask
from xpnn.training.history import History
from xpnn.training.learner import Learner
from xpnn.training.on_device import on_device
from xpnn.training.output_function import refuse_double_link
from xpnn.training.outputs import as_tuple, get_losses, get_metrics
from xpnn.training.parameter_group import ParameterGroup, as_parameter_groups
from xpnn.training.penalty import Penalty
from xpnn.training.ports import as_parts, input_names, output_names
from xpnn.training.summary import Summary, summarise
from xpnn.typing import Array, Backend, HostArray, Named

__all__ = ["Model"]


class Model:
    """The part of `xpnn.Network` that does not look at data. See there for the parameters."""

    def __init__(
        self,
        layers: Iterable[Any] = (),
        *,
        loss: Named = "cross_entropy",
        optimizer: Named = "adam",
        metrics: Sequence[Named] | Mapping[str, Any] = (),
        backend: str | Backend = "numpy",
        dtype: str = "float32",
        seed: int = 0,
        l1: float = 0.0,
        l2: float = 0.0,
        parameter_groups: Mapping[str, Any] | Sequence[ParameterGroup] = (),
        loss_weights: Any = None,
        compile: bool | str = True,  # noqa: A002
    ) -> None:
        self._layer = Sequential(as_tuple(layers))
        self._loss = get_losses(loss, loss_weights, output_names(self._layer))
        self._optimizer = get_optimizer("optimizer", optimizer)
        self._metrics = get_metrics(metrics, self._loss)
        self._backend = get_backend(backend)
        self._dtype = _check.choice("dtype", _dtype_name(dtype), DTYPES)
        float_dtype(self._backend, self._dtype)
        if self._dtype == MIXED and self._optimizer.searches:
            _check.refuse("optimizer", f"take one step along one gradient with dtype={MIXED!r}", self._optimizer)
        self._seed = _check.integer("seed", seed, minimum=0)
        self._penalty = Penalty(_check.non_negative("l1", l1), _check.non_negative("l2", l2))
        self._groups = as_parameter_groups(parameter_groups)
        self._compile = check_mode(self._backend, compile)
        self._learning_rate: float | Schedule = self._optimizer.learning_rate
        self._is_training = False
        self._learner: Learner | None = None
        self.measured: tuple[str, ...] = ()
        self.history = History()
        self.notes: dict[str, Any] = {}
        self.stop_training = False
        self.lender: Any = None
        self.callback_states = CallbackStates()
        refuse_double_link(self._layer, self._loss)

    # ---------------------------------------------------------------------------------------------- construction

    @property
    def layers(self) -> tuple[Any, ...]:
        """The layers, in order."""
        return self._layer.layers

    @property
    def loss(self) -> Any:
        """The loss, a `Loss` or `WeightedLosses`."""
        return self._loss

    @property
    def optimizer(self) -> Optimizer:
        """The optimizer."""
        return self._optimizer

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """The metrics."""
        return self._metrics

    @property
    def backend(self) -> Backend:
        """The backend; see `to`."""
        return self._backend

    @property
    def dtype(self) -> str:
        """Precision: ``"float32"``, ``"float64"`` or ``"mixed_float16"``; see `copy_to`."""
        return self._dtype

    @property
    def seed(self) -> int:
        """The seed."""
        return self._seed

    @property
    def compile(self) -> bool | str:
        """Whether, or how, steps and predictions are compiled."""
        return self._compile

    @property
    def compilations(self) -> tuple[Compilation, ...]:
        """How steps and predictions run now, for each shape of a batch, and what compiling them has cost."""
        return () if self._learner is None else tuple(self._learner.compilations)

    @property
    def l1(self) -> float:
        """Factor of the L1 penalty."""
        return self._penalty.l1

    @property
    def l2(self) -> float:
        """Factor of the L2 penalty."""
        return self._penalty.l2

    @property
    def parameter_groups(self) -> tuple[ParameterGroup, ...]:
        """Parameters with factors of their own."""
        return self._groups

    def __repr__(self) -> str:
        """Return what would make such a network."""
        layers = ", ".join(map(repr, self.layers))
        metrics = f", metrics={list(self.metrics)!r}" if self.metrics else ""
        return (
            f"{type(self).__name__}([{layers}], loss={self.loss!r}, optimizer={self.optimizer!r}{metrics}, "
            f"backend={self.backend.name!r}, dtype={self.dtype!r})"
        )

    def add(self, layer: Any) -> Self:
        """Append a layer, or an activation by name, to a network that is not built yet; return the network."""
        if self._learner is not None:
            raise ArgumentError(f"layers must be added before the network is built, got {layer!r}.")
        self._layer = Sequential((*self._layer.layers, layer))
        return self

    @on_device
    def build(self, input_shape: Any) -> Self:
        """Make the parameters for samples of `input_shape`; without it the first call that sees data does it.

        For several inputs it is a tuple of shapes, or a mapping by the names of the inputs of a `Graph`.

        Raises
        ------
        ShapeError
            If a layer cannot take its input: with its place and name.
        ArgumentError
            If the network has no layer or is built for another shape already.
        """
        if isinstance(input_shape, Mapping):
            parts = as_parts("input_shape", input_shape, self._input_names)
            several = len(self._input_names) > 1
            input_shape = tuple([_check.shape("input_shape", part) for part in parts]) if several else parts
        shape = _check.shapes("input_shape", input_shape)
        if self._learner is not None:
            if shape != self._learner.input_shape:
                _check.refuse("input_shape", f"stay {self._learner.input_shape} once the network is built", shape)
            return self
        if not self._layer.layers:
            raise ArgumentError("layers must hold at least one layer, got none.")
        refuse_double_link(self._layer, self.loss)
        self._learner = snapshot.initialise(self._recipe, self.backend, Streams(self.seed), shape)
        self._learner.updater.learning_rate = self._learning_rate
        return self

    @property
    def built(self) -> bool:
        """Whether the network has parameters."""
        return self._learner is not None

    @property
    def batches_done(self) -> int:
        """Number of batches that have been learnt of an epoch that is under way; 0 between epochs."""
        return 0 if self._learner is None or self._learner.epoch is None else self._learner.epoch.batches

    def summary(self) -> Summary:
        """Layers, output shapes and parameter counts; printed, it is a table."""
        return summarise(self._layer, self._built.weights.layout, self._built.input_shape, self._built.weights.frozen)

    def count_parameters(self, trainable: bool | None = None) -> int:
        """Count the parameters, tied ones once: all of them, or those that are not frozen, or those that are."""
        mask = trainable_mask(self._built.weights.layout, self._built.weights.frozen)
        return mask.size if trainable is None else int(np.sum(mask == _check.boolean("trainable", trainable)))

    @property
    def frozen(self) -> tuple[str, ...]:
        """Names of the frozen parameters."""
        return tuple(name for name in self.parameters if name in self._built.weights.frozen)

    @on_device
    def freeze(self, *names: str) -> None:
        """Keep parameters as they are, whatever the optimizer; also within `fit`, e.g. by a callback.

        Parameters
        ----------
        names : str
            Names of parameters or of layers, e.g. ``"2.weight"``, ``"0"``; without any, all parameters.

        Raises
        ------
        NotBuiltError, ArgumentError
            If there are no parameters yet, or none of such a name.

        Notes
        -----
        Neither weight decay, penalties nor momentum move a frozen parameter, and its part of the optimizer's state
        stays. ``clip_norm`` is that of the gradients of the others, as in PyTorch, where a frozen parameter has no
        gradient. A `BatchNorm` whose parameters are all frozen uses its running averages and leaves them alone, as in
        Keras; `Dropout` goes on. `loss_and_gradients` still gives all gradients.
        """
        built = self._built
        built.freeze(built.weights.frozen | find_parameters(built.weights.layout, names))

    @on_device
    def unfreeze(self, *names: str) -> None:
        """Let frozen parameters move again; names are as for `freeze`."""
        built = self._built
        built.freeze(built.weights.frozen - find_parameters(built.weights.layout, names))

    @property
    def learning_rate(self) -> float:
        """The learning rate of the next step; assign a number or a schedule to take the place of what is in use.

        With a schedule it is what the schedule says for the steps taken so far, and a number that is assigned ends the
        schedule. See `schedule`.
        """
        return rate_at(self._rate_in_use, 0 if self._learner is None else self._learner.updater.step)

    @learning_rate.setter
    def learning_rate(self, value: float | Schedule) -> None:
        self._learning_rate = as_learning_rate(value)
        if self._learner is not None:
            self._learner.updater.learning_rate = self._learning_rate

    @property
    def schedule(self) -> Schedule | None:
        """The schedule of the learning rate that is in use; None where it is a number."""
        return self._rate_in_use if isinstance(self._rate_in_use, Schedule) else None

    # ------------------------------------------------------------------------------------------------ parameters

    @property
    @on_device
    def parameters(self) -> dict[str, HostArray]:
        """Host copies of all parameters by name, e.g. ``"0.weight"``; tied ones once, under their first name."""
        return self._built.weights.host_parameters()

    @on_device
    def set_parameters(self, parameters: Mapping[str, Any]) -> None:
        """Replace the named parameters; the others stay. All are checked before any is replaced.

        Raises
        ------
        ArgumentError, ShapeError
            If a name is unknown or a shape differs.
        """
        self._built.weights.set_parameters(_as_mapping("parameters", parameters))

    @property
    @on_device
    def flat_parameters(self) -> HostArray:
        """Host copy of all parameters as one vector, in the order of `parameters`; can be assigned."""
        weights = self._built.weights
        return np.array(weights.backend.to_numpy(weights.flat))

    @flat_parameters.setter
    @on_device
    def flat_parameters(self, values: Any) -> None:
        self._built.weights.set_flat(values)

    @property
    def device_parameters(self) -> Array:
        """All parameters as one vector on the device, without waiting; can be assigned, and the values are copied.

        It is the vector itself, which the next step changes or gives up: compute with it now, or copy it.
        """
        return self._built.weights.flat

    @device_parameters.setter
    @on_device
    def device_parameters(self, values: Array) -> None:
        weights = self._built.weights
        copies = weights.in_place or isinstance(values, np.ndarray)
        weights.flat = values if copies else weights.backend.xp.asarray(values, copy=True)

    @property
    @on_device
    def state(self) -> dict[str, HostArray]:
        """Host copies of what layers remember besides parameters, e.g. ``"1.running_mean"``."""
        return self._built.weights.host_state()

    @on_device
    def set_state(self, state: Mapping[str, Any]) -> None:
        """Replace the named parts of the state; the others stay. All are checked before any is replaced."""
        self._built.weights.set_state(_as_mapping("state", state))

    @contextmanager
    def as_validated(self) -> Iterator[None]:
        """Let the network have the parameters with which an epoch was validated inside a ``with`` block.

        For callbacks, in ``on_epoch_end``: they are the parameters in training, unless another callback has lent
        others, such as an average. See `lender`.
        """
        with nullcontext() if self.lender is None else self.lender.swap(self):
            yield

    # ------------------------------------------------------------------------------------------- moving and keeping

    def to(self, backend: str | Backend) -> Self:
        """Move to another backend: parameters, state, optimizer, random streams; return the network itself."""
        if self._is_training:
            raise ArgumentError("a network must not be moved by `to` while `fit` runs: use copy_to.")
        target = get_backend(backend)
        float_dtype(target, self.dtype)
        mode = carry_mode(target, self._compile)
        if self._learner is not None:
            recipe = replace(self._recipe, compile=mode)
            self._learner = _restore(recipe, target, self.seed, self._taken())
        self._backend, self._compile = target, mode
        return self

    def copy_to(
        self,
        backend: str | Backend,
        *,
        dtype: str | None = None,
        compile: bool | str | None = None,  # noqa: A002
    ) -> Self:
        """Return an independent copy on another backend (or the same), optionally in another dtype.

        `compile` is as for `Network`; by default it is that of this network where the other backend has such a way.
        """
        arguments = self._arguments | ({} if dtype is None else {"dtype": dtype})
        backend = get_backend(backend)
        compile = carry_mode(backend, self._compile) if compile is None else compile  # noqa: A001
        copy = object.__new__(type(self))
        Model.__init__(copy, **arguments, backend=backend, compile=compile)
        copy._learning_rate = self._learning_rate
        copy.history, copy.notes = self.history.since(0), deepcopy(self.notes)
        copy.callback_states = CallbackStates(deepcopy(self.callback_states.take()))
        if self._learner is not None:
            copy._learner = _restore(copy._recipe, copy.backend, self.seed, self._taken())
        return copy

    @on_device
    def save(self, path: str | Path) -> None:
        """Write everything that prediction and further training need to one file in the safetensors layout.

        What callbacks remember is part of it: see `resume` of `xpnn.Network.fit` and `xpnn.callbacks.Callback`.
        Written whole or not at all; the same network gives the same bytes, whatever its backend.

        Raises
        ------
        NotBuiltError
            If the network has no parameters yet.
        ArgumentTypeError
            If a part of the network is no record (a frozen dataclass).
        """
        states = self.callback_states.take()
        archive.save(path, archive.Archive(self._arguments, self.history, self.notes, self._taken(), states))

    def __copy__(self) -> Self:
        return self.copy_to(self.backend)

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self.copy_to(self.backend)

    def __reduce__(self) -> NoReturn:
        raise ArgumentTypeError("a network must be kept with save(path) and Network.load(path), it cannot be pickled.")

    @classmethod
    def load(
        cls,
        path: str | Path,
        *,
        backend: str | Backend = "numpy",
        dtype: str | None = None,
        compile: bool | str = True,  # noqa: A002
        custom_types: Sequence[type] = (),
    ) -> Self:
        """Read a network from a file, on any backend.

        Parameters
        ----------
        path : str or Path
            File that `save` wrote.
        backend : str or Backend
            Where it shall run.
        dtype : {"float32", "float64", "mixed_float16"}, optional
            Instead of the type that it was saved with.
        compile : bool or str
            As for `Network`.
        custom_types : sequence of type
            Classes of the caller's own layers, losses, ... that the file may name.

        Raises
        ------
        CheckpointError
            If the file is no network that this version can read: one sentence that names the file and what is wrong.
        BackendError
            If the backend cannot run here, or cannot compute in the dtype of the network.
        """
        target = get_backend(backend)
        content = archive.load(path, {kind.__name__: kind for kind in custom_types})
        try:
            net = object.__new__(cls)
            arguments = {**content.arguments, **({} if dtype is None else {"dtype": dtype})}
            Model.__init__(net, **arguments, backend=target, compile=compile)
            net._learner = _restore(net._recipe, target, net.seed, content.snapshot)
        except BackendError:
            raise
        except archive.FAULTS as error:
            raise archive.unreadable(path, error) from error
        net.history, net.notes = content.history, content.notes
        net.callback_states = CallbackStates(content.callbacks)
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
            "parameter_groups": self.parameter_groups,
        }

    @property
    def _input_names(self) -> tuple[str, ...]:
        return input_names(self._layer) if self._learner is None else self._learner.weights.input_names

    @property
    def _output_names(self) -> tuple[str, ...]:
        return output_names(self._layer) if self._learner is None else self._learner.weights.output_names

    @property
    def _recipe(self) -> snapshot.Recipe:
        parts = self._layer, self.loss, self.optimizer, self.metrics, self._penalty, self.dtype
        return snapshot.Recipe(*parts, self._compile, self._groups)

    @property
    def _rate_in_use(self) -> float | Schedule:
        return self._learning_rate if self._learner is None else self._learner.updater.learning_rate

    @property
    def _built(self) -> Learner:
        if self._learner is None:
            raise NotBuiltError("the network must be built first: call build(input_shape), fit(x, y) or predict(x).")
        return self._learner

    @on_device
    def _taken(self) -> snapshot.Snapshot:
        return snapshot.take(self._built)


def _restore(recipe: snapshot.Recipe, backend: Backend, seed: int, taken: snapshot.Snapshot) -> Learner:
    with using(backend):
        return snapshot.restore(recipe, backend, Streams(seed), taken)


def _dtype_name(dtype: Any) -> Any:
    """Name of a dtype of any library: float, numpy.float32, torch.float32, "float32"."""
    if dtype is float:
        return "float64"
    return dtype if isinstance(dtype, str) else str(getattr(dtype, "__name__", dtype)).rpartition(".")[2]


def _as_mapping(argument: str, values: Any) -> Mapping[str, Any]:
    if not isinstance(values, Mapping):
        raise ArgumentTypeError(f"{argument} must be a mapping from names to arrays, got {type(values).__name__}.")
    return values
