"""`Timings` and `Spread`: what was measured, and what can be said about it."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

__all__ = ["Spread", "Timings"]


@dataclass(frozen=True, slots=True)
class Spread:
    """Median, lower and upper quartile of repeated measurements."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """Summarise one value or more; quartiles are interpolated between the values."""
        if len(values) == 1:
            return cls(values[0], values[0], values[0])
        low, median, high = statistics.quantiles(values, n=4, method="inclusive")
        return cls(median, low, high)


@dataclass(frozen=True, slots=True)
class Timings:
    """What `interleave` measured.

    Parameters
    ----------
    rounds_us : mapping of str to tuple of float
        Microseconds per step of each contender, one value per round.
    calls : mapping of str to int
        Steps in each slice.
    """

    rounds_us: Mapping[str, tuple[float, ...]]
    calls: Mapping[str, int]

    def step_us(self, name: str) -> Spread:
        """Microseconds per step of a contender."""
        return Spread.of(self.rounds_us[name])

    def ratio(self, name: str, other: str) -> Spread:
        """Time of a contender divided by that of another, computed in each round, where both met the same noise.

        If one of them was disturbed the spread is that of all rounds, from the least ratio to the greatest.
        """
        pairs = zip(self.rounds_us[name], self.rounds_us[other], strict=True)
        ratios = [mine / theirs for mine, theirs in pairs]
        if not (self.is_disturbed(name) or self.is_disturbed(other)):
            return Spread.of(ratios)
        return Spread(statistics.median(ratios), min(ratios), max(ratios))

    def is_disturbed(self, name: str) -> bool:
        """Whether the median round of a contender took over twice as long as its fastest: others used the cores."""
        return statistics.median(self.rounds_us[name]) > 2.0 * min(self.rounds_us[name])
