"""xpnn: ``Network.train_on_batch`` with host arrays, on any backend."""

from typing import Any

import xpnn
from peers.problem import Problem
from xpnn.layers import Dense
from xpnn.optimizers import Adam

__all__ = ["Peer"]


class Peer:
    """A network that is given the weights of the problem."""

    def __init__(self, problem: Problem, backend: str = "numpy") -> None:
        self.net = network(problem, backend)
        self.x, self.y = problem.x, problem.y
        self.synchronize = self.net.backend.synchronize

    @property
    def versions(self) -> dict[str, str]:
        """What is measured."""
        return {"xpnn": xpnn.__version__}

    def step(self) -> Any:
        """One training step."""
        return self.net.train_on_batch(self.x, self.y)


def network(problem: Problem, backend: str = "numpy") -> xpnn.Network:
    """Build the network of a problem."""
    *hidden, classes = problem.sizes[1:]
    layers = [*(Dense(units, activation="relu") for units in hidden), Dense(classes)]
    optimizer = Adam(learning_rate=problem.learning_rate)
    net = xpnn.Network(layers, optimizer=optimizer, backend=backend, dtype=str(problem.x.dtype)).build(problem.sizes[0])
    for i, (weight, bias) in enumerate(problem.layers):
        net.set_parameters({f"{i}.weight": weight, f"{i}.bias": bias})
    return net
