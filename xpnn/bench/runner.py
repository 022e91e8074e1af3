"""`Runner`: a network on one backend with a batch, whose step and its parts can be timed."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from xpnn.backend import float_dtype, using
from xpnn.bench.timing import Contender
from xpnn.context import RunContext
from xpnn.network import Network
from xpnn.training.gradients import Gradients
from xpnn.typing import Array, HostArray

__all__ = ["EPOCH_STEPS", "PARTS", "Runner"]

EPOCH_STEPS = 8
"""Steps in the epoch that is timed."""

PARTS = {
    "copy": "inputs and targets of a batch go from the host to the device (nothing moves where memory is shared)",
    "forward": "from the inputs to the outputs, operation by operation",
    "backward": "the loss, and from it back to the gradient of all parameters, operation by operation",
    "update": "the optimizer, operation by operation",
    "epoch": f"fit over {EPOCH_STEPS} batches, with the copy, the shuffle and the measurements",
}
"""What is timed besides the whole step."""


class Runner:
    """A network and one batch; `x` and `y` lie on the host."""

    def __init__(self, net: Network, x: HostArray, y: HostArray) -> None:
        self.net, self._host = net, (x, y)
        self._x, self._y = self._copy()
        self._kept: object = None

    @property
    def batch(self) -> int:
        """Samples in a step."""
        return len(self._host[0])

    @property
    def data(self) -> tuple[Array, Array]:
        """The batch on the device."""
        return self._x, self._y

    def step(self) -> Array:
        """One training step; returns its loss and does not wait for the device."""
        return self.net.train_on_batch(self._x, self._y)

    def first_losses(self, steps: int, clock: Callable[[], int] = time.perf_counter_ns) -> tuple[float, list[float]]:
        """Microseconds of the first step, compilation included, and the losses of the first `steps` steps.

        After them the learning rate is 0: the arithmetic stays the same, and so do the numbers, however long they are
        timed. Else the gradients of a batch that is learned by heart would become subnormal, which is slow.
        """
        start = clock()
        losses = [self.step()]
        self.net.backend.synchronize()
        first = (clock() - start) / 1e3
        losses += [self.step() for _ in range(steps - 1)]
        self.net.learning_rate = 0.0
        return first, [float(loss) for loss in losses]

    @property
    def contender(self) -> Contender:
        """The step and the wait, to be timed."""
        return Contender(self.step, self.net.backend.synchronize)

    def parts(self) -> dict[str, Contender]:
        """The parts of a step and an epoch, by the names of `PARTS`; each has run once."""
        backend, learner = self.net.backend, self.net._built
        weights, updater = learner.weights, learner.updater
        ctx = RunContext(backend, True, learner.streams, wants_dx=False)

        def forward() -> Any:
            return learner.layer.forward(weights.tree, weights.state, self._x, ctx)

        def backward() -> Array:
            value, dy = learner.loss.value_and_gradient(ctx.xp, outputs, self._y, None)
            dx, grads = learner.layer.backward(weights.tree, saved, dy, ctx)
            return learner.full_gradient(Gradients(value, outputs, dx, grads, weights.state))

        with using(backend):
            outputs, saved, _ = forward()
            gradient = backward()
        steps = {"copy": self._copy, "forward": forward, "backward": backward}
        steps |= {"update": lambda: updater.update(gradient), "epoch": self._epoch()}
        return {name: Contender(self._on_device(step), backend.synchronize) for name, step in steps.items()}

    def saved(self) -> tuple[Array, Any]:
        """Outputs of a forward pass, and all that a backward pass would need."""
        learner = self.net._built
        ctx = RunContext(self.net.backend, True, learner.streams, wants_dx=False)
        with using(self.net.backend):
            outputs, saved, _ = learner.layer.forward(learner.weights.tree, learner.weights.state, self._x, ctx)
        return outputs, saved

    def _copy(self) -> tuple[Array, Array]:
        backend = self.net.backend
        x, y = self._host
        dtype = float_dtype(backend, self.net.dtype)
        return backend.asarray(x, dtype), backend.asarray(y, dtype if y.dtype.kind == "f" else None)

    def _epoch(self) -> Callable[[], object]:
        x, y = (np.concatenate([part] * EPOCH_STEPS) for part in self._host)
        return lambda: self.net.fit(x, y, batch_size=self.batch, verbose=0)

    def _on_device(self, step: Callable[[], object]) -> Callable[[], None]:
        """Run `step` on the device and keep its result alive: some libraries wait for nothing but what is alive."""
        backend = self.net.backend

        def run() -> None:
            with using(backend):
                self._kept = step()

        return run
