"""Derivatives beyond the gradient: products with the Jacobian and with the Hessian, by dual numbers."""

from functools import partial
from typing import Any

import numpy as np

from xpnn._tree import map_tree
from xpnn.backend import using
from xpnn.context import RunContext
from xpnn.errors import ArgumentError, ShapeError
from xpnn.namespaces import Dual, DualNamespace
from xpnn.network import Network
from xpnn.training.gradients import loss_and_gradients
from xpnn.training.ingest import ingest_batch, ingest_inputs
from xpnn.training.learner import Learner
from xpnn.training.ports import as_parts
from xpnn.typing import Array, HostArray, Namespace

__all__ = ["hessian_vector_product", "jvp"]


def jvp(network: Network, x: Any, tangent_x: Any = None, tangent_parameters: Any = None) -> tuple[Any, Any]:
    r"""Outputs of a network, and how they change when input and parameters move.

    Parameters
    ----------
    network : Network
        Runs in inference mode.
    x : array, shape (batch, ...)
        Inputs.
    tangent_x : array, shape of `x`, optional
        Direction :math:`u` in which the inputs move; by default they stay.
    tangent_parameters : array, shape (count_parameters(),), optional
        Direction :math:`v` in which the parameters move; by default they stay.

    Returns
    -------
    outputs : ndarray, shape (batch, ...)
        What `Network.predict` gives.
    tangent : ndarray, shape of `outputs`
        The Jacobian-vector product :math:`J_x u + J_\theta v`, exact but for rounding. Several inputs, directions and
        outputs are tuples.

    Raises
    ------
    ShapeError
        If a direction has another shape than what it moves.
    """
    with using(network.backend):
        return _jvp(network._ready(x), x, tangent_x, tangent_parameters)


def _jvp(learner: Learner, x: Any, tangent_x: Any, tangent_parameters: Any) -> tuple[Any, Any]:
    x = ingest_inputs(x, learner.weights, learner.input_shape)
    flat = _dual(learner, learner.weights.flat, tangent_parameters, "tangent_parameters")
    ctx = RunContext(_LiftedBackend(learner.backend), False, learner.streams)
    moving_x = _dual_inputs(learner, x, tangent_x)
    outputs = learner.weights.layer.forward(_tree(learner, flat, ctx.xp), learner.weights.state, moving_x, ctx)[0]
    to_numpy = learner.backend.to_numpy
    primal, tangent = (
        map_tree(lambda a, part=part: np.array(to_numpy(getattr(a, part))), outputs) for part in ("primal", "tangent")
    )
    return primal, tangent


def hessian_vector_product(network: Network, x: Any, y: Any, direction: Any) -> HostArray:
    r"""Product of a direction with the matrix of second derivatives of the loss with respect to the parameters.

    The backward code itself is run on dual numbers (Pearlmutter, Neural Computation 6, 1994): about the cost of two
    gradients, and no matrix.

    Parameters
    ----------
    network : Network
        Runs in inference mode; penalties are left out.
    x, y : array
        A batch.
    direction : array, shape (count_parameters(),)
        Direction :math:`v`.

    Returns
    -------
    product : ndarray, shape (count_parameters(),)
        :math:`H v`.
    """
    with using(network.backend):
        return _hessian_vector_product(network._ready(x), x, y, direction)


def _hessian_vector_product(learner: Learner, x: Any, y: Any, direction: Any) -> HostArray:
    x, y, _ = ingest_batch(learner, x, y, finite=False)
    isdtype = learner.backend.xp.isdtype
    y = map_tree(lambda a: _dual(learner, a, None, "y") if isdtype(a.dtype, "real floating") else a, y)
    flat = _dual(learner, learner.weights.flat, direction, "direction")
    ctx = RunContext(_LiftedBackend(learner.backend), False, learner.streams, wants_dx=False)
    tree = _tree(learner, flat, ctx.xp)
    still = _dual_inputs(learner, x, None)
    result = loss_and_gradients(learner.weights.layer, learner.loss, tree, learner.weights.state, still, y, None, ctx)
    weights = learner.weights
    joined = weights.layout.join(result.grads, ctx.xp, weights.dtype, learner.backend.device)
    return np.array(learner.backend.to_numpy(joined.tangent))


def _moving(learner: Learner, x: Array, direction: Any, name: str) -> Any:
    """Inputs that move in a direction; indices stay as they are."""
    if not learner.backend.xp.isdtype(x.dtype, "integral"):
        return _dual(learner, x, direction, name)
    if direction is not None:
        raise ArgumentError(f"{name} must be left out where the inputs are indices.")
    return x


class _LiftedBackend:
    """A backend whose namespace computes with dual arrays."""

    def __init__(self, backend: Any) -> None:
        self._backend = backend
        self.xp = DualNamespace(backend.xp)
        plain = RunContext(backend, False, None).erfc  # type: ignore[arg-type]
        self.erfc = partial(self.xp.erfc, erfc=plain)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._backend, name)


def _dual(learner: Learner, values: Array, direction: Any, name: str) -> Dual:
    if direction is None:
        return Dual(values, learner.backend.xp.zeros_like(values))
    if np.shape(direction) != tuple(values.shape):
        raise ShapeError(f"{name} must have shape {tuple(values.shape)}, got {np.shape(direction)}.")
    return Dual(values, learner.backend.asarray(np.array(direction), learner.weights.dtype))


def _dual_inputs(learner: Learner, x: Any, tangent: Any) -> Any:
    """Inputs with directions; of several inputs and directions, each is a tuple or a mapping by names."""
    if not isinstance(x, tuple):
        return _moving(learner, x, tangent, "tangent_x")
    names = learner.weights.input_names
    tangents = (None,) * len(x) if tangent is None else as_parts("tangent_x", tangent, names)
    triples = zip(x, tangents, names, strict=True)
    return tuple([_moving(learner, part, u, f"tangent_x[{name!r}]") for part, u, name in triples])


def _tree(learner: Learner, flat: Dual, xp: Namespace) -> Any:
    return learner.weights.layout.complete(learner.weights.layout.tree(flat, xp), learner.weights.layer)
