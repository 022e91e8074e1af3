"""`dead_units`: units that are 0 whatever the input, and so never learn."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from xpnn.backend import using
from xpnn.context import RunContext
from xpnn.diagnostics._table import as_table
from xpnn.diagnostics._watching import watch
from xpnn.network import Network
from xpnn.training.batches import Samples
from xpnn.training.ingest import ingest_inputs
from xpnn.typing import HostArray

__all__ = ["DeadUnits", "dead_units"]

_FLAT_BELOW_0 = ("ReLU", "ReLU6")
"""Activations whose derivative is 0 wherever their value is not above 0."""


class Row(NamedTuple):
    """One layer of `DeadUnits`.

    Attributes
    ----------
    layer : str
        Its name, e.g. ``"0"``.
    units : int
        Size of the last axis of its output.
    dead : tuple of int
        Numbers of the units that were never above 0.
    """

    layer: str
    units: int
    dead: tuple[int, ...]

    @property
    def share(self) -> float:
        """Part of the units that are dead."""
        return len(self.dead) / self.units


@dataclass(frozen=True, slots=True)
class DeadUnits:
    """Dead units layer by layer; printed, it is a table.

    Parameters
    ----------
    rows : tuple of Row
        One for each layer that ends in a ReLU or its like.
    """

    rows: tuple[Row, ...]

    def __str__(self) -> str:
        cells = [(row.layer, str(row.units), str(len(row.dead)), f"{row.share:.1%}") for row in self.rows]
        return as_table(("layer", "units", "dead", "share"), cells)


def dead_units(net: Network, x: Any, *, batch_size: int | None = 1024) -> DeadUnits:
    """Find the units of layers with ReLU (or ReLU6) that are not above 0 for any sample.

    Their gradient is 0, so no step will wake them: a learning rate too high or a bias too low has killed them. In
    layers of images and sequences a unit is a channel or feature, dead if it is so at all places.

    Parameters
    ----------
    net : Network
        Stays as it is.
    x : array, shape (n, ...)
        Inputs on which to look, best all of the training data.
    batch_size : int or None
        Number of samples at a time.

    Examples
    --------
    >>> import numpy as np
    >>> from xpnn import Network
    >>> from xpnn.layers import Dense
    >>> net = Network([Dense(4, activation="relu"), Dense(2)], seed=0).build(3)
    >>> net.set_parameters({"0.bias": [0.0, -100.0, 0.0, 0.0]})
    >>> print(dead_units(net, np.random.default_rng(0).standard_normal((50, 3))))
    layer  units  dead  share
    -------------------------
    0          4     1  25.0%
    """
    alive: dict[str, HostArray] = {}
    learner = net._ready(x)
    backend = learner.backend

    def note(layer: Any, ctx: Any, y: Any) -> None:
        function = getattr(layer, "function", getattr(layer, "activation", None))
        if type(function).__name__ in _FLAT_BELOW_0:
            active = (backend.to_numpy(y) > 0).reshape(-1, y.shape[-1]).any(axis=0)
            alive[ctx.path] = alive.get(ctx.path, np.zeros_like(active)) | active

    with using(backend):
        weights, layer = learner.weights, watch(learner.weights.layer, note)
        inputs = ingest_inputs(x, weights, learner.input_shape)
        ctx = RunContext(backend, False, learner.streams)
        for batch in Samples(inputs, inputs, None).batches(backend, batch_size):
            layer.forward(weights.tree, weights.state, batch.x, ctx)
    return DeadUnits(tuple(Row(name, len(a), tuple(np.flatnonzero(~a).tolist())) for name, a in alive.items()))
