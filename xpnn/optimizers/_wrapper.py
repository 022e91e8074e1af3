"""`Wrapper`: the base of optimizers that change how another one works."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from xpnn import _check
from xpnn.optimizers.optimizer import GradientAt, Optimizer, Scalars, Vectors
from xpnn.schedules import Schedule
from xpnn.typing import Array, Namespace, Shape

__all__ = ["Wrapper"]


@dataclass(frozen=True, slots=True, repr=False)
class Wrapper(Optimizer):
    """An optimizer that does what `inner` does, until a subclass says otherwise.

    Learning rate and clipping are those of `inner`.
    """

    learning_rate: float | Schedule = field(init=False, repr=False)
    inner: Optimizer
    clip_value: float | None = field(init=False, repr=False)
    clip_norm: float | None = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if not isinstance(self.inner, Optimizer) or self.inner.searches:
            _check.refuse("inner", "be an optimizer that takes one step along one gradient", self.inner)
        for name in ("learning_rate", "clip_value", "clip_norm"):
            self._set(name, getattr(self.inner, name))

    @property
    def weight_decay(self) -> float:
        """That of the inner optimizer."""
        return getattr(self.inner, "weight_decay", 0.0)

    @property
    def vectors(self) -> tuple[str, ...]:
        """Those of the inner optimizer."""
        return self.inner.vectors

    @property
    def per_parameter(self) -> bool:
        """Whether the inner optimizer needs each parameter in its shape."""
        return self.inner.per_parameter

    def check_parameters(self, names: Sequence[str]) -> None:
        """Ask the inner optimizer."""
        self.inner.check_parameters(names)

    def for_parameter(self, name: str, shape: Shape) -> Any:
        """Wrap what treats the parameter."""
        return replace(self, inner=self.inner.for_parameter(name, shape))

    def state_shapes(self, shape: Shape) -> dict[str, Shape]:
        """Those of the inner optimizer."""
        return self.inner.state_shapes(shape)

    def zero_state(self, xp: Namespace, p: Array) -> dict[str, Array]:
        """That of the inner optimizer."""
        return self.inner.zero_state(xp, p)

    def scalars(self, step: int, learning_rate: float) -> dict[str, float]:
        """Those of the inner optimizer."""
        return self.inner.scalars(step, learning_rate)

    @property
    def needs_function(self) -> bool:
        """Whether the inner optimizer needs more than the gradient at one place."""
        return self.inner.needs_function

    def gradient(self, xp: Namespace, p: Array, vectors: Vectors, gradient_at: GradientAt) -> Array:
        """Take the gradient where the inner optimizer wants it."""
        return self.inner.gradient(xp, p, vectors, gradient_at)

    def apply(
        self, xp: Namespace, p: Array, g: Array, vectors: Vectors, scalars: Scalars, decay: Array | None
    ) -> tuple[Array, dict[str, Array]]:
        """One step of the inner optimizer."""
        return self.inner.apply(xp, p, g, vectors, scalars, decay)
