"""`Perceptron` and `OwnNetwork`: one training step, the same numbers on every backend."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isclose
from typing import Protocol

import numpy as np

from xpnn.bench.runner import Runner
from xpnn.layers import Dense
from xpnn.network import Network
from xpnn.typing import Backend, HostArray

__all__ = ["OwnNetwork", "Perceptron", "Workload", "disagreements"]

CLASSES = 10


class Workload(Protocol):
    """A network and a batch; `width` and `depth` are None where it is no perceptron of one width."""

    @property
    def width(self) -> int | None:
        """Units of each hidden layer."""

    @property
    def depth(self) -> int | None:
        """Number of hidden layers."""

    @property
    def batch(self) -> int:
        """Samples in a step."""

    def open(self, backend: Backend) -> Runner:
        """Make the network, and bring the data to the device."""


@dataclass(frozen=True, slots=True)
class Perceptron:
    """A perceptron of `depth` hidden layers of `width` rectifiers on `width` features, with 10 classes.

    Float32, cross-entropy, Adam, batches of `batch` samples; weights and data have one seed.
    """

    width: int
    batch: int
    depth: int

    def open(self, backend: Backend) -> Runner:
        """Make the network, and bring the data to the device."""
        rng = np.random.default_rng(0)
        x = rng.standard_normal((self.batch, self.width), dtype=np.float32)
        y = rng.integers(CLASSES, size=self.batch, dtype=np.int64)
        hidden = [Dense(self.width, activation="relu") for _ in range(self.depth)]
        net = Network([*hidden, Dense(CLASSES)], backend=backend, compile=_fastest(backend))
        return Runner(net.build(self.width), x, y)


@dataclass(frozen=True, slots=True)
class OwnNetwork:
    """A network of the user's with data that fit it; the network itself stays as it is.

    Parameters
    ----------
    network : Network
        Built.
    x, y : HostArray, shape (n, ...)
        Inputs and targets, repeated where a batch needs more of them.
    batch : int
        Samples in a step.
    width, depth : int or None
        Units of each hidden layer and their number, if they are one number each.
    """

    network: Network
    x: HostArray
    y: HostArray
    batch: int
    width: int | None = None
    depth: int | None = None

    def open(self, backend: Backend) -> Runner:
        """Copy the network, and bring the data to the device."""
        rows = np.arange(self.batch) % len(self.x)
        return Runner(self.network.copy_to(backend, compile=_fastest(backend)), self.x[rows], self.y[rows])


def _fastest(backend: Backend) -> bool | str:
    """Return the last way to compile that a backend offers, to be used from the first step on."""
    compilers = getattr(backend, "compilers", ())
    return str(compilers[-1].name) if compilers else True


def disagreements(losses: Mapping[str, Sequence[float]], tolerance: float = 1e-4) -> dict[str, str]:
    """Say which backends have other losses than the first one, to a relative `tolerance`, and where."""
    reference = next(iter(losses), "")
    reasons = {}
    for name, values in losses.items():
        for step, (value, expected) in enumerate(zip(values, losses[reference], strict=True), start=1):
            if not isclose(value, expected, rel_tol=tolerance):
                reasons[name] = f"its loss at step {step} is {value:.7g}, that of {reference} is {expected:.7g}"
                break
    return reasons
