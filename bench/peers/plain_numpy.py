"""NumPy as a textbook writes it: whole arrays, and a fresh one for every result."""

from typing import Any

import numpy as np

from peers.numpy_images import STAGES
from peers.problem import Problem

__all__ = ["Peer"]


class Peer:
    """Forward, backward and Adam, layer by layer."""

    def __init__(self, problem: Problem) -> None:
        self.x, self.y, self.rate = problem.x, problem.y, problem.learning_rate
        if any(stage.kind not in STAGES for stage in problem.stages):
            raise RuntimeError("This peer is not written for recurrent layers.")
        self.rows = np.arange(len(self.y))
        self.stages = problem.stages
        self.params = [array.copy() for layer in problem.layers for array in layer]
        self.m = [np.zeros_like(p) for p in self.params]
        self.v = [np.zeros_like(p) for p in self.params]
        self.t = 0

    @property
    def versions(self) -> dict[str, str]:
        """What is measured."""
        return {"numpy": np.__version__}

    def step(self) -> Any:
        """One training step."""
        x, kept, params = self.x, [], iter(self.params)
        for stage in self.stages:
            forward, _ = STAGES[stage.kind]
            given = (next(params), next(params)) if stage.weight_shape else ()
            z, saved = forward(stage, x, *given)
            x = np.maximum(z, 0) if given else z
            kept.append((saved, given, x))
        loss, d = self._cross_entropy(z)
        grads: list[Any] = []
        for stage, (saved, given, y) in zip(self.stages[::-1], kept[::-1], strict=True):
            _, backward = STAGES[stage.kind]
            if given and stage is not self.stages[-1]:
                d = d * (y > 0)
            d, new = backward(stage, saved, d, *given, wants_dx=stage is not self.stages[0])
            grads = [*new, *grads]
        self._adam(grads)
        return loss

    def synchronize(self) -> None:
        """Return at once."""

    def _cross_entropy(self, z: Any) -> tuple[Any, Any]:
        e = np.exp(z - z.max(axis=1, keepdims=True))
        p = e / e.sum(axis=1, keepdims=True)
        loss = -np.log(p[self.rows, self.y]).mean()
        p[self.rows, self.y] -= 1
        return loss, p / len(self.y)

    def _adam(self, grads: list[Any]) -> None:
        self.t += 1
        for i, g in enumerate(grads):
            self.m[i] = 0.9 * self.m[i] + 0.1 * g
            self.v[i] = 0.999 * self.v[i] + 0.001 * g**2
            m_hat = self.m[i] / (1 - 0.9**self.t)
            v_hat = self.v[i] / (1 - 0.999**self.t)
            self.params[i] -= self.rate * m_hat / (np.sqrt(v_hat) + 1e-8)
