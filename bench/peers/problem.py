"""`Problem`: the weights and the batch from which all peers start."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

__all__ = ["Problem", "draw"]


@dataclass(frozen=True, slots=True)
class Problem:
    """A perceptron with rectifiers, cross-entropy and Adam, on one batch.

    Attributes
    ----------
    layers : list of (weight, bias)
        Shapes (in_features, out_features) and (out_features,).
    x : array, shape (batch, features)
        Inputs.
    y : array of int64, shape (batch,)
        Labels.
    learning_rate : float
        Step size of Adam; its other numbers are the usual ones (0.9, 0.999, 1e-8).
    """

    layers: list[tuple[Any, Any]]
    x: Any
    y: Any
    learning_rate: float

    @property
    def sizes(self) -> list[int]:
        """Features, units of each hidden layer, classes."""
        return [self.layers[0][0].shape[0], *(weight.shape[1] for weight, _ in self.layers)]


def draw(sizes: list[int], batch: int, learning_rate: float = 0.001) -> Problem:
    """Draw weights (He et al. 2015, eq. 10), inputs and labels, in float32."""
    rng = np.random.default_rng(0)
    layers = []
    for n_in, n_out in pairwise(sizes):
        weight = rng.standard_normal((n_in, n_out)) * np.sqrt(2 / n_in)
        layers.append((weight.astype(np.float32), np.zeros(n_out, np.float32)))
    x = rng.standard_normal((batch, sizes[0])).astype(np.float32)
    return Problem(layers, x, rng.integers(sizes[-1], size=batch), learning_rate)
