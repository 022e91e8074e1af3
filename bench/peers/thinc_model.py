"""thinc: a chain of its layers, trained with its own Adam."""

from typing import Any

import numpy as np
import thinc  # type: ignore[import-not-found, unused-ignore]
from thinc.api import (  # type: ignore[import-not-found, unused-ignore]
    Adam,
    Relu,
    Schedule,
    Softmax,
    chain,
    use_ops,
)

from peers.problem import Problem

__all__ = ["Peer"]


class Peer:
    """Layers `Relu` and a `Softmax`, whose callback takes the gradient of the logits.

    thinc's Adam averages and clips by default, and it adds eps before the bias correction. The first two are switched
    off; eps follows a schedule that undoes the third, so that the numbers are those of the others. Products are left to
    NumPy, whose library is faster than the BLIS that thinc brings along.
    """

    def __init__(self, problem: Problem) -> None:
        *hidden, classes = problem.sizes[1:]
        self.x, self.y = problem.x, problem.y
        self.rows = np.arange(len(self.y))
        with use_ops("numpy", use_blis=False):
            self.model = chain(*(Relu(units) for units in hidden), Softmax(classes)).initialize(X=self.x)
        for layer, (weight, bias) in zip(self.model.layers, problem.layers, strict=True):
            layer.set_param("W", weight.T.copy())
            layer.set_param("b", bias.copy())
        eps: Any = Schedule("eps", _eps)
        self.optimizer = Adam(problem.learning_rate, L2=0.0, eps=eps, grad_clip=0.0, use_averages=False)

    @property
    def versions(self) -> dict[str, str]:
        """What is measured."""
        return {"thinc": thinc.__version__}

    def step(self) -> Any:
        """One training step."""
        p, backprop = self.model.begin_update(self.x)
        loss = -np.log(p[self.rows, self.y]).mean()
        p[self.rows, self.y] -= 1
        p /= len(self.y)
        backprop(p)
        self.model.finish_update(self.optimizer)
        self.optimizer.step_schedules()
        return loss

    def synchronize(self) -> None:
        """Return at once."""


def _eps(schedule: Any, step: int, **rest: Any) -> Any:
    """What is 1e-8 after the bias correction of step `step`, counted from 0."""
    return 1e-8 * (1.0 - 0.999 ** (step + 1)) ** 0.5
