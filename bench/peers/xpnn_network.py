"""xpnn: ``Network.train_on_batch`` with arrays of the backend, on any backend, compiled or not."""

from typing import Any

import xpnn
from peers.problem import Problem, Stage
from xpnn.layers import LSTM, Conv2D, Dense, Flatten, MaxPool2D
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
    layers: list[Any] = []
    numbers = []
    stages = problem.stages
    for stage in stages:
        activation = None if stage is stages[-1] else "relu"
        if stage.kind == "dense" and len(stage.shape) > 1:
            layers.append(Flatten())
        if stage.weight_shape:
            numbers.append(len(layers))
        layers.append(_layer(stage, activation))
    options |= {"optimizer": Adam(learning_rate=problem.learning_rate), "dtype": str(problem.x.dtype)}
    net = xpnn.Network(layers, backend=backend, **options).build(problem.x.shape[1:])
    trained = (stage for stage in stages if stage.weight_shape)
    for i, stage, (weight, bias) in zip(numbers, trained, problem.layers, strict=True):
        parts = {"weight": weight, "bias": bias}
        if stage.kind == "lstm":
            parts |= {"weight": weight[: stage.shape[-1]], "recurrent": weight[stage.shape[-1] :]}
        net.set_parameters({f"{i}.{name}": part for name, part in parts.items()})
    return net


def _layer(stage: Stage, activation: str | None) -> Any:
    if stage.kind == "pool":
        return MaxPool2D(stage.size)
    if stage.kind == "lstm":
        return LSTM(stage.size)
    if stage.kind == "conv":
        return Conv2D(stage.size, stage.kernel, padding=stage.padding, activation=activation)
    return Dense(stage.size, activation=activation)
