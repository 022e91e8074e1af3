"""scikit-learn: ``MLPClassifier.partial_fit`` on one batch."""

from typing import Any

import numpy as np
import sklearn  # type: ignore[import-untyped]
from sklearn.neural_network import MLPClassifier  # type: ignore[import-untyped]

from peers.problem import Problem

__all__ = ["Peer"]


class Peer:
    """A classifier whose weights and moments are set after its first call has made them."""

    def __init__(self, problem: Problem) -> None:
        self.x, self.y = problem.x, problem.y
        self.model = MLPClassifier(
            hidden_layer_sizes=problem.sizes[1:-1],
            alpha=0.0,
            batch_size=len(self.y),
            learning_rate_init=problem.learning_rate,
            shuffle=False,
        )
        self.model.partial_fit(self.x, self.y, classes=np.arange(problem.sizes[-1]))
        for i, (weight, bias) in enumerate(problem.layers):
            self.model.coefs_[i][...], self.model.intercepts_[i][...] = weight, bias
        self.optimizer = self.model._optimizer
        self.optimizer.t = 0
        for moment in (*self.optimizer.ms, *self.optimizer.vs):
            moment[...] = 0.0

    @property
    def versions(self) -> dict[str, str]:
        """What is measured."""
        return {"scikit-learn": sklearn.__version__}

    def step(self) -> Any:
        """One training step; eps is added before the bias correction here, so it is corrected too."""
        self.optimizer.epsilon = 1e-8 * (1 - 0.999 ** (self.optimizer.t + 1)) ** 0.5
        return self.model.partial_fit(self.x, self.y).loss_

    def synchronize(self) -> None:
        """Return at once."""
