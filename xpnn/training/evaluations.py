"""`Evaluations`: the loss of one batch and its gradient as functions of the parameters, for optimizers that ask."""

from typing import Any

from xpnn.training.gradients import Gradients
from xpnn.typing import Array

__all__ = ["Evaluations"]


class Evaluations:
    """What `learner` computes for a batch, at whatever parameters an optimizer chooses.

    Random masks are drawn anew for each evaluation of `gradient`, and are the same in all of `value_and_gradient`, so
    that a search looks at one function. All begin with the layers' state before the step.
    """

    def __init__(self, learner: Any, x: Any, y: Any, weight: Any) -> None:
        self._learner, self._batch = learner, (x, y, weight)
        self._positions = learner.streams.positions if learner.updater.optimizer.searches else None
        self.first: Any = None
        self.penalty: Array | None = None

    def gradient(self, p: Array) -> Array:
        """Gradient at the flat parameters `p`, penalties included; valid until the next call."""
        return self._masked(self._learner.full_gradient(self._run(p), p))

    def value_and_gradient(self, p: Array) -> tuple[Array, Array]:
        """Loss and gradient at `p`, penalties included; the gradient is valid until the next call."""
        self._learner.streams.positions = self._positions
        result = self._run(p)
        return self._learner.full_value(result, p), self._masked(self._learner.full_gradient(result, p))

    def _masked(self, gradient: Array) -> Array:
        """Let the gradients of frozen parameters be 0."""
        learner = self._learner
        return learner.updater.masks.keep(learner.backend.xp, gradient)

    def _run(self, p: Array) -> Gradients:
        """Run the batch; the first result is what the step tells, and its state is the layers' new one."""
        learner = self._learner
        result: Gradients = learner.run_step(*self._batch, p)
        if self.first is None:
            self.first = result
            self.penalty = learner.penalty(p) if learner.updater.penalty else None
        return result
