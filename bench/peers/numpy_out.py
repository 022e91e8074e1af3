"""NumPy as an expert writes it by hand: no array is made in a step, and no bias costs an operation.

Arrays of activations have shape (features + 1, batch) and a last row of ones. A layer's weight and bias are one matrix,
the bias its last row, so that one product applies both, and one gives both gradients. Reductions over the classes run
along the batch, where NumPy is fast. All parameters lie in one vector, which Adam walks in blocks that fit the cache.
"""

from itertools import pairwise
from typing import Any

import numpy as np

from peers.problem import Problem

__all__ = ["Peer"]

BLOCK = 65536
"""Numbers per block of Adam: large enough that calls cost little, small enough that blocks stay in the cache."""

BETA1, BETA2, EPS = 0.9, 0.999, 1e-8


class Peer:
    """Forward, backward and Adam on buffers that are made once."""

    def __init__(self, problem: Problem) -> None:
        batch, dtype, sizes = len(problem.y), problem.x.dtype, problem.sizes
        parts = [np.concatenate([weight, bias[None]]) for weight, bias in problem.layers]
        self.flat = np.concatenate([part.reshape(-1) for part in parts])
        self.gradient, self.m, self.v = (np.zeros_like(self.flat) for _ in range(3))
        self.params, self.grads = (_views(vector, sizes) for vector in (self.flat, self.gradient))
        self.blocks = list(zip(*map(_blocks, (self.flat, self.gradient, self.m, self.v)), strict=True))
        self.scratch = np.empty(min(BLOCK, self.flat.size), dtype)
        self.inputs = [np.ones((size + 1, batch), dtype) for size in sizes[:-1]]
        self.inputs[0][:-1] = problem.x.T
        self.d = [np.empty((size, batch), dtype) for size in sizes]
        self.masks = [np.empty((size, batch), bool) for size in sizes[:-1]]
        self.row, self.picked, self.ones = np.empty((3, batch), dtype)
        self.ones[:] = 1
        self.labels = problem.y * batch + np.arange(batch)
        self.batch, self.rate, self.t = batch, problem.learning_rate, 0

    @property
    def versions(self) -> dict[str, str]:
        """What is measured."""
        return {"numpy": np.__version__}

    def step(self) -> Any:
        """One training step."""
        *hidden, last = self.params
        for i, weight in enumerate(hidden):
            h = self.inputs[i + 1][:-1]
            np.dot(weight.T, self.inputs[i], h)
            np.maximum(h, 0, out=h)
        np.dot(last.T, self.inputs[-1], self.d[-1])
        loss = self._cross_entropy(self.d[-1])
        for i in range(len(self.params) - 1, -1, -1):
            np.dot(self.inputs[i], self.d[i + 1].T, self.grads[i])
            if i:
                np.dot(self.params[i][:-1], self.d[i + 1], self.d[i])
                np.greater(self.inputs[i][:-1], 0, self.masks[i])
                np.multiply(self.d[i], self.masks[i], self.d[i])
        self._adam()
        return loss

    def synchronize(self) -> None:
        """Return at once."""

    def _cross_entropy(self, z: Any) -> float:
        """Turn logits, shape (classes, batch), into the gradient of the mean loss in place, and return the loss."""
        np.maximum.reduce(z, 0, None, self.row)
        np.subtract(z, self.row, z)
        flat = z.reshape(-1)
        flat.take(self.labels, 0, self.picked, "clip")
        np.exp(z, z)
        np.add.reduce(z, 0, None, self.row)
        total = -np.dot(self.picked, self.ones)
        np.log(self.row, self.picked)
        total += np.dot(self.picked, self.ones)
        np.multiply(self.row, self.batch, self.row)
        np.divide(z, self.row, z)
        flat[self.labels] -= 1 / self.batch
        return float(total) / self.batch

    def _adam(self) -> None:
        """Adam on sums of weighted gradients, whose corrections are in the rate and eps: three operations fewer."""
        self.t += 1
        root = ((1 - BETA2**self.t) / (1 - BETA2)) ** 0.5
        rate, eps = self.rate * root * (1 - BETA1) / (1 - BETA1**self.t), EPS * root
        for p, g, m, v in self.blocks:
            t = self.scratch[: len(p)]
            np.multiply(m, BETA1, m)
            np.add(m, g, m)
            np.multiply(v, BETA2, v)
            np.multiply(g, g, g)
            np.add(v, g, v)
            np.sqrt(v, t)
            np.add(t, eps, t)
            np.divide(m, t, t)
            np.multiply(t, rate, t)
            np.subtract(p, t, p)


def _views(vector: Any, sizes: list[int]) -> list[Any]:
    """Matrices of shape (in_features + 1, out_features), one after the other."""
    views, start = [], 0
    for n_in, n_out in pairwise(sizes):
        stop = start + (n_in + 1) * n_out
        views.append(vector[start:stop].reshape(n_in + 1, n_out))
        start = stop
    return views


def _blocks(vector: Any) -> list[Any]:
    return [vector[start : start + BLOCK] for start in range(0, len(vector), BLOCK)]
