"""`Normal`, `TruncatedNormal` and `Uniform`: initial values of a given spread."""

from dataclasses import dataclass

from xpnn import _check
from xpnn._record import Record
from xpnn.typing import HostArray, Rng, Shape

__all__ = ["Normal", "TruncatedNormal", "Uniform"]


@dataclass(frozen=True, slots=True, repr=False)
class Normal(Record):
    """Normal distribution with mean `mean` and standard deviation `std`."""

    std: float = 1.0
    mean: float = 0.0

    def __post_init__(self) -> None:
        self._set("std", _check.non_negative("std", self.std))
        self._set("mean", _check.number("mean", self.mean))

    def draw(self, rng: Rng, shape: Shape) -> HostArray:
        """Draw values of `shape`."""
        return rng.normal(self.mean, self.std, shape)


@dataclass(frozen=True, slots=True, repr=False)
class TruncatedNormal(Record):
    """Normal distribution whose values beyond two standard deviations from `mean` are drawn anew.

    As in Keras, `std` is that of the distribution before it is cut; what remains has 0.88 of it.
    """

    std: float = 0.05
    mean: float = 0.0

    def __post_init__(self) -> None:
        self._set("std", _check.non_negative("std", self.std))
        self._set("mean", _check.number("mean", self.mean))

    def draw(self, rng: Rng, shape: Shape) -> HostArray:
        """Draw values of `shape`."""
        return rng.truncated_normal(self.mean, self.std, shape)


@dataclass(frozen=True, slots=True, repr=False)
class Uniform(Record):
    """Uniform distribution on [`low`, `high`)."""

    low: float = -0.05
    high: float = 0.05

    def __post_init__(self) -> None:
        self._set("low", _check.number("low", self.low))
        self._set("high", _check.number("high", self.high))
        if self.high < self.low:
            _check.refuse("high", f"be at least low={self.low!r}", self.high)

    def draw(self, rng: Rng, shape: Shape) -> HostArray:
        """Draw values of `shape`."""
        return rng.uniform(self.low, self.high, shape)
