"""`Zeros`, `Ones` and `Constant`: initial values without chance."""

from dataclasses import dataclass

from xpnn import _check
from xpnn._record import Record
from xpnn.typing import HostArray, Rng, Shape

__all__ = ["Constant", "Ones", "Zeros"]


@dataclass(frozen=True, slots=True, repr=False)
class Zeros(Record):
    """All values 0."""

    def draw(self, rng: Rng, shape: Shape) -> HostArray:
        """Return zeros."""
        return rng.constant(0.0, shape)


@dataclass(frozen=True, slots=True, repr=False)
class Ones(Record):
    """All values 1."""

    def draw(self, rng: Rng, shape: Shape) -> HostArray:
        """Return ones."""
        return rng.constant(1.0, shape)


@dataclass(frozen=True, slots=True, repr=False)
class Constant(Record):
    """All values `value`."""

    value: float

    def __post_init__(self) -> None:
        self._set("value", _check.number("value", self.value))

    def draw(self, rng: Rng, shape: Shape) -> HostArray:
        """Return `value` everywhere."""
        return rng.constant(self.value, shape)
