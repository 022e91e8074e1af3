"""Running averages of `BatchNorm`, estimated anew for the present parameters."""

from collections.abc import Iterator, Mapping
from typing import Any

from xpnn.context import RunContext
from xpnn.layers import BatchNorm
from xpnn.training.batches import Samples
from xpnn.training.layout import leaves
from xpnn.training.learner import Learner
from xpnn.training.ports import rows
from xpnn.typing import Array, State

__all__ = ["update_batch_norm"]


def update_batch_norm(learner: Learner, x: Any, batch_size: int | None) -> None:
    """Replace running means and variances by the means of those of all batches of `x`, weighted by their sizes.

    A layer makes of the running average :math:`r` and the value :math:`b` of a batch :math:`(1 - m) r + m b` with its
    own momentum :math:`m`. So from :math:`r = 0` each batch gives :math:`m b`.
    """
    weights, backend = learner.weights, learner.backend
    momenta = dict(_momenta(learner.layer, weights.state, ""))
    if not momenta or rows(x) == 0:
        return
    start = _cleared(weights.state, momenta, backend.xp, "")
    ctx, sums = RunContext(backend, True, learner.streams), dict[str, Array]()
    for batch in Samples(x, x, None).batches(backend, batch_size, None):
        state = dict(leaves(learner.layer.forward(weights.tree, start, batch.x, ctx)[2]))
        share = rows(batch.x) / rows(x)
        for name, momentum in momenta.items():
            value = state[name] * (share / momentum)
            sums[name] = sums[name] + value if name in sums else value
    weights.set_state({name: backend.to_numpy(value) for name, value in sums.items()})


def _momenta(layer: Any, state: State, prefix: str) -> Iterator[tuple[str, float]]:
    """Momentum of each running average, by its dotted name."""
    if isinstance(layer, BatchNorm):
        yield from ((f"{prefix}{key}", layer.momentum) for key in state)
    for name, child in getattr(layer, "children", {}).items():
        yield from _momenta(child, state.get(name, {}), f"{prefix}{name}.")


def _cleared(state: State, names: Mapping[str, float], xp: Any, prefix: str) -> dict[str, Any]:
    """The tree with zeros under `names`."""
    new: dict[str, Any] = {}
    for key, value in state.items():
        if isinstance(value, Mapping):
            new[key] = _cleared(value, names, xp, f"{prefix}{key}.")
        else:
            new[key] = xp.zeros_like(value) if prefix + key in names else value
    return new
