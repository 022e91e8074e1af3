"""`Snapshot`: all that a network has learnt and where its training stands, on the host.

Moving to another backend, copying, saving and loading are one thing: take a snapshot here, build a learner from it
there.

Over 150 lines: writing and reading stand side by side.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from xpnn.errors import CheckpointError
from xpnn.losses import Loss
from xpnn.metrics import Metric
from xpnn.optimizers import Optimizer
from xpnn.random import HostRng, ShapeRng, Streams
from xpnn.schedules import Schedule
from xpnn.training import loss_scale
from xpnn.training.epoch import Epoch, EpochRecord
from xpnn.training.frozen import find_parameters
from xpnn.training.layout import Layout, leaves
from xpnn.training.learner import Learner
from xpnn.training.outputs import arrange
from xpnn.training.parameter_group import ParameterGroup
from xpnn.training.parts import state_sizes
from xpnn.training.penalty import Penalty
from xpnn.training.ports import number_names
from xpnn.training.totals import Totals
from xpnn.training.weights import Weights
from xpnn.typing import Backend, HostArray, Layer, Params, Shape, State

__all__ = ["Recipe", "Snapshot", "initialise", "restore", "take"]


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a learner is made of, without any array."""

    layer: Layer
    loss: Loss
    optimizer: Optimizer
    metrics: Sequence[Metric]
    penalty: Penalty
    dtype: str
    compile: bool | str
    groups: Sequence[ParameterGroup] = ()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Host copies of everything that training changes.

    Parameters
    ----------
    input_shape : tuple of int, or tuple of such tuples
        Shape of one sample, or of one of each input.
    parameters, state : dict of str to ndarray
        By dotted names.
    vectors : dict of str to ndarray
        State vectors of the optimizer, flat.
    step : int
        Number of steps taken.
    learning_rate : float or Schedule
        The learning rate in use.
    streams : dict of str to list of int
        Positions of the random streams.
    epoch : EpochRecord or None
        The epoch under way.
    frozen : tuple of str
        Names of the frozen parameters.
    """

    input_shape: Any
    parameters: dict[str, HostArray]
    state: dict[str, HostArray]
    vectors: dict[str, HostArray]
    step: int
    learning_rate: float | Schedule
    streams: dict[str, list[int]]
    epoch: EpochRecord | None = None
    frozen: tuple[str, ...] = ()


def initialise(recipe: Recipe, backend: Backend, streams: Streams, input_shape: Any) -> Learner:
    """Build a learner with fresh parameters from the stream ``init``."""
    params, state, output_shape = recipe.layer.init(HostRng(streams["init"]), input_shape)
    return _assemble(recipe, backend, streams, params, state, (input_shape, output_shape))


def take(learner: Learner) -> Snapshot:
    """Copy everything that training changes to the host."""
    updater, backend = learner.updater, learner.backend
    return Snapshot(
        learner.input_shape,
        learner.weights.host_parameters(),
        learner.weights.host_state(),
        {name: backend.to_numpy(vector).copy() for name, vector in updater.vectors.items()},
        updater.step,
        updater.learning_rate,
        learner.streams.positions,
        None if learner.epoch is None or learner.epoch.batches == 0 else learner.epoch.take(),
        tuple(sorted(learner.weights.frozen)),
    )


def restore(recipe: Recipe, backend: Backend, streams: Streams, snapshot: Snapshot) -> Learner:
    """Build a learner that goes on where `snapshot` was taken.

    Nothing is drawn, and no array is made before all shapes fit.

    Raises
    ------
    CheckpointError
        If arrays are missing, left over, or of another shape than the layers need.
    """
    params, state, output_shape = recipe.layer.init(ShapeRng(), snapshot.input_shape)
    layout = Layout(recipe.layer, params, state)
    _compare("parameters", {leaf.name: leaf.shape for leaf in layout}, snapshot.parameters)
    _compare("state", {name: value.shape for name, value in leaves(state)}, snapshot.state)
    vectors = {name: vector for name, vector in snapshot.vectors.items() if name != loss_scale.NAME}
    sizes = state_sizes(recipe.optimizer, layout)
    _compare("optimizer state", {name: (size,) for name, size in sizes.items()}, vectors)
    params, state = _fill(params, snapshot.parameters), _fill(state, snapshot.state)
    learner = _assemble(recipe, backend, streams, params, state, (snapshot.input_shape, output_shape))
    updater = learner.updater
    updater.vectors = {
        name: backend.asarray(snapshot.vectors[name].copy(), learner.weights.dtype)
        if name in snapshot.vectors
        else vector
        for name, vector in updater.vectors.items()
    }
    updater.step, updater.learning_rate = snapshot.step, snapshot.learning_rate
    streams.positions = snapshot.streams
    if snapshot.epoch is not None:
        totals = Totals(learner.loss, learner.metrics, backend)
        totals.put(snapshot.epoch.sums, learner.weights.dtype)
        learner.epoch = Epoch(totals=totals, own=_known(snapshot.epoch.own, snapshot), **snapshot.epoch.place)
    if snapshot.frozen:
        learner.freeze(find_parameters(layout, snapshot.frozen))
    return learner


def _assemble(
    recipe: Recipe, backend: Backend, streams: Streams, params: Params, state: State, shapes: tuple[Any, Any]
) -> Learner:
    weights = Weights(recipe.layer, params, state, backend, recipe.dtype)
    weights.input_names = number_names(weights.input_names, shapes[0])
    weights.output_names = number_names(weights.output_names, shapes[1])
    loss, metrics = arrange(recipe.loss, recipe.metrics, weights.output_names)
    rules = loss, metrics, recipe.optimizer, recipe.penalty
    return Learner(weights, *rules, streams, *shapes, recipe.compile, recipe.groups)


def _known(own: dict[str, HostArray], snapshot: Snapshot) -> dict[str, HostArray]:
    if own:
        wanted = {name: value.shape for name, value in {**snapshot.parameters, **snapshot.state}.items()}
        _compare("parameters of the epoch", wanted, own)
    return own


def _fill(tree: Mapping[str, Any], values: Mapping[str, HostArray], prefix: str = "") -> dict[str, Any]:
    """Replace the arrays of a tree by those of the same dotted names; tied appearances, which have none, stay."""
    return {
        key: _fill(value, values, f"{prefix}{key}.")
        if isinstance(value, Mapping)
        else values.get(f"{prefix}{key}", value)
        for key, value in tree.items()
    }


def _compare(what: str, wanted: Mapping[str, Shape], found: Mapping[str, HostArray]) -> None:
    for name, shape in wanted.items():
        if name not in found:
            raise CheckpointError(f"{what} must hold {name!r} of shape {shape}, got none of that name.")
        if found[name].shape != shape:
            raise CheckpointError(f"{what} must hold {name!r} of shape {shape}, got shape {found[name].shape}.")
    for name in found:
        if name not in wanted:
            raise CheckpointError(f"{what} must hold no array that the layers do not use, got {name!r}.")
