"""`Workload`: one training step of a perceptron, the same numbers on every backend."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import isclose

import numpy as np

from xpnn.bench.timing import Contender
from xpnn.layers import Dense
from xpnn.network import Network
from xpnn.typing import Array, Backend

__all__ = ["Runner", "Workload", "disagreements"]

CLASSES = 10


@dataclass(frozen=True, slots=True)
class Workload:
    """A perceptron of `depth` hidden layers of `width` rectifiers on `width` features, with 10 classes.

    Float32, cross-entropy, Adam, batches of `batch` samples; weights and data have one seed.
    """

    width: int
    batch: int
    depth: int

    def open(self, backend: Backend) -> "Runner":
        """Make the network, and bring the data to the device."""
        rng = np.random.default_rng(0)
        x = rng.standard_normal((self.batch, self.width), dtype=np.float32)
        y = rng.integers(CLASSES, size=self.batch, dtype=np.int32)
        hidden = [Dense(self.width, activation="relu") for _ in range(self.depth)]
        net = Network([*hidden, Dense(CLASSES)], backend=backend).build(self.width)
        return Runner(net, backend.asarray(x), backend.asarray(y))

    @property
    def parameters(self) -> int:
        """Number of parameters."""
        return self.depth * self.width * (self.width + 1) + CLASSES * (self.width + 1)


class Runner:
    """A network and one batch on its device."""

    def __init__(self, net: Network, x: Array, y: Array) -> None:
        self.net, self._x, self._y = net, x, y

    def step(self) -> Array:
        """One training step; returns its loss and does not wait for the device."""
        return self.net.train_on_batch(self._x, self._y)

    def first_losses(self, steps: int, clock: Callable[[], int] = time.perf_counter_ns) -> tuple[float, list[float]]:
        """Microseconds of the first step, compilation included, and the losses of the first `steps` steps."""
        start = clock()
        losses = [self.step()]
        self.net.backend.synchronize()
        first = (clock() - start) / 1e3
        losses += [self.step() for _ in range(steps - 1)]
        return first, [float(loss) for loss in losses]

    @property
    def contender(self) -> Contender:
        """The step and the wait, to be timed."""
        return Contender(self.step, self.net.backend.synchronize)


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
