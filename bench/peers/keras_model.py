"""Keras: ``train_on_batch`` of a compiled model, on JAX unless KERAS_BACKEND says otherwise."""

import os
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "jax")

import keras  # type: ignore[import-untyped, import-not-found, unused-ignore]

from peers.problem import Problem

__all__ = ["Peer", "backend"]


class Peer:
    """A sequential model; its loss is a float, so that every step waits for it.

    Keras adds eps before the bias correction of Adam, the others after it. With an eps of 1e-8 the losses of the first
    steps differ by about 1e-5, relative.
    """

    def __init__(self, problem: Problem) -> None:
        self.model = _build(problem)
        self.x, self.y = problem.x, problem.y

    @property
    def versions(self) -> dict[str, str]:
        """What is measured."""
        return {"keras": f"{keras.__version__} on {backend()}"}

    def step(self) -> Any:
        """One training step."""
        return self.model.train_on_batch(self.x, self.y)

    def synchronize(self) -> None:
        """Return at once: a step has waited."""


def backend() -> str:
    """Name of the library on which Keras runs."""
    return str(keras.backend.backend())


def _build(problem: Problem) -> Any:
    """Make the model, give it the weights of the problem, and compile it."""
    *hidden, classes = problem.sizes[1:]
    layers = [*(keras.layers.Dense(units, activation="relu") for units in hidden), keras.layers.Dense(classes)]
    model = keras.Sequential([keras.Input((problem.sizes[0],)), *layers])
    model.set_weights([part for layer in problem.layers for part in layer])
    optimizer = keras.optimizers.Adam(problem.learning_rate, epsilon=1e-8)
    model.compile(optimizer, keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model
