"""`ScheduleFree`: the base of optimizers that average their steps in the place of a schedule."""

from dataclasses import dataclass

from xpnn import _check
from xpnn.optimizers.optimizer import GradientAt, Optimizer, Vectors
from xpnn.schedules import Schedule
from xpnn.typing import Array, Namespace

__all__ = ["ScheduleFree"]


@dataclass(frozen=True, slots=True, repr=False)
class ScheduleFree(Optimizer):
    """What schedule-free SGD and AdamW have in common: three points, of which the average holds the parameters."""

    learning_rate: float | Schedule
    beta1: float = 0.9
    weight_decay: float = 0.0
    warmup_steps: int = 0

    def __post_init__(self) -> None:
        Optimizer.__post_init__(self)
        if isinstance(self.learning_rate, Schedule):
            _check.refuse("learning_rate", "be a number: its warm-up is warmup_steps", self.learning_rate)
        self._normalise(_check.fraction, "beta1")
        self._normalise(_check.non_negative, "weight_decay")
        self._set("warmup_steps", _check.integer("warmup_steps", self.warmup_steps, minimum=0))

    @property
    def vectors(self) -> tuple[str, ...]:
        """The point that moves along the gradients."""
        return ("base",)

    def zero_state(self, xp: Namespace, p: Array) -> dict[str, Array]:
        """State before the first step: all points are one."""
        return {**{name: xp.zeros_like(p) for name in self.vectors}, "base": 1.0 * p}

    def scalars(self, step: int, learning_rate: float) -> dict[str, float]:
        """Learning rate of the warm-up, and weight of the new point in the average."""
        return {
            "learning_rate": learning_rate * self._warmth(step),
            "weight": self._warmth(step) ** 2 / self._sum(step),
        }

    @property
    def needs_function(self) -> bool:
        """True: the gradient is taken elsewhere than at the parameters."""
        return True

    def gradient(self, xp: Namespace, p: Array, vectors: Vectors, gradient_at: GradientAt) -> Array:
        """Take the gradient between the average and the point that moves."""
        return gradient_at(self._between(p, vectors))

    def _between(self, p: Array, vectors: Vectors) -> Array:
        y = self.beta1 * p
        y += (1.0 - self.beta1) * vectors["base"]
        return y

    def _decayed(self, p: Array, change: Array, vectors: Vectors, decay: Array | None) -> Array:
        """Add the decay to `change`, in proportion to where the gradient is taken."""
        if not self.weight_decay:
            return change
        penalty = self.weight_decay * self._between(p, vectors)
        return change + (penalty if decay is None else penalty * decay)

    def _warmth(self, step: int) -> float:
        return min(step / self.warmup_steps, 1.0) if self.warmup_steps else 1.0

    def _sum(self, step: int) -> float:
        """Sum of the squares of all warmths so far."""
        n, cold = self.warmup_steps, min(step, self.warmup_steps)
        return step - cold + (cold * (cold + 1) * (2 * cold + 1) / (6.0 * n * n) if n else 0.0)
