"""`LogAxis`: a logarithmic axis of a chart."""

import math
from collections.abc import Sequence

__all__ = ["LogAxis"]


class LogAxis:
    """Maps the logarithm of values from `low` to `high` to pixels from `start` to `end`."""

    def __init__(self, values: Sequence[float], start: float, end: float) -> None:
        low, high = min(values), max(values)
        margin = max((math.log10(high) - math.log10(low)) * 0.06, 0.08)
        self._low, self._high = math.log10(low) - margin, math.log10(high) + margin
        self._start, self._end = start, end

    def __call__(self, value: float) -> float:
        """Pixel of a value."""
        share = (math.log10(value) - self._low) / (self._high - self._low)
        return round(self._start + share * (self._end - self._start), 1)

    def ticks(self) -> list[float]:
        """Powers of ten, with 2 and 5 between where there are few."""
        powers = range(math.floor(self._low), math.ceil(self._high) + 1)
        steps = (1, 2, 5) if self._high - self._low < 3.0 else (1,)
        ticks = [digit * 10.0**power for power in powers for digit in steps]
        return [tick for tick in ticks if self._low <= math.log10(tick) <= self._high]
