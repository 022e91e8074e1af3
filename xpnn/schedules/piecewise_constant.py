"""`PiecewiseConstant`: learning rates that change at given steps."""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

from xpnn import _check
from xpnn.schedules.schedule import Schedule

__all__ = ["PiecewiseConstant"]


@dataclass(frozen=True, slots=True, repr=False)
class PiecewiseConstant(Schedule):
    """One learning rate up to each boundary, and one after the last.

    Parameters
    ----------
    boundaries : sequence of int
        Numbers of steps after which the learning rate changes, rising.
    learning_rates : sequence of float
        The learning rates, one more than there are boundaries.

    Raises
    ------
    ArgumentError
        If an argument breaks its rule.

    Notes
    -----
    With boundary 10 the first 10 steps have the first learning rate, as with PyTorch's ``MultiStepLR`` and optax. In
    Keras's ``PiecewiseConstantDecay`` it is the first 11.

    Examples
    --------
    >>> schedule = PiecewiseConstant([10, 20], [0.1, 0.01, 0.001])
    >>> [schedule(step) for step in (0, 9, 10, 19, 20)]
    [0.1, 0.1, 0.01, 0.01, 0.001]
    """

    boundaries: tuple[int, ...]
    learning_rates: tuple[float, ...]

    def __post_init__(self) -> None:
        for name, check in (("boundaries", _check.integer), ("learning_rates", _check.non_negative)):
            values = getattr(self, name)
            if isinstance(values, str) or not isinstance(values, Iterable):
                _check.refuse(name, "be a sequence of numbers", values)
            self._set(name, tuple(check(name, value) for value in values))
        if any(a >= b for a, b in zip(self.boundaries, self.boundaries[1:], strict=False)):
            _check.refuse("boundaries", "rise", self.boundaries)
        if len(self.learning_rates) != len(self.boundaries) + 1:
            _check.refuse("learning_rates", f"hold {len(self.boundaries) + 1} numbers", self.learning_rates)

    def __call__(self, step: int) -> float:
        """Learning rate after `step` steps."""
        return self.learning_rates[bisect_right(self.boundaries, step)]
