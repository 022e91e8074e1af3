"""xpnn: ``Network.train_on_batch`` with arrays of the backend, on any backend, compiled or not."""

from typing import Any

import xpnn
from peers.problem import Problem
from xpnn.layers import Dense
from xpnn.optimizers import Adam

__all__ = ["Peer"]


class Peer:
    """A network that is given the weights of the problem; `options` are further ones of `Network`."""

    def __init__(self, problem: Problem, backend: str = "numpy", **options: Any) -> None:
        self.net = network(problem, backend, **options)
        asarray = self.net.backend.asarray
        self.x, self.y = asarray(problem.x), asarray(problem.y.astype("int32"))
        self.synchronize = self.net.backend.synchronize

    @property
    def versions(self) -> dict[str, str]:
        """What is measured."""
        return {"xpnn": xpnn.__version__}

    def step(self) -> Any:
        """One training step."""
        return self.net.train_on_batch(self.x, self.y)


def network(problem: Problem, backend: str = "numpy", **options: Any) -> xpnn.Network:
    """Build the network of a problem."""
    *hidden, classes = problem.sizes[1:]
    layers = [*(Dense(units, activation="relu") for units in hidden), Dense(classes)]
    options |= {"optimizer": Adam(learning_rate=problem.learning_rate), "dtype": str(problem.x.dtype)}
    net = xpnn.Network(layers, backend=backend, **options).build(problem.sizes[0])
    for i, (weight, bias) in enumerate(problem.layers):
        net.set_parameters({f"{i}.weight": weight, f"{i}.bias": bias})
    return net
