"""`Schedule`: the base of all schedules: a learning rate as a function of the step."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from xpnn import _check
from xpnn._record import Record

__all__ = ["Schedule", "as_learning_rate", "rate_at"]


@dataclass(frozen=True, slots=True, repr=False)
class Schedule(Record, ABC):
    """Base of the schedules; a schedule takes the place of the number `learning_rate` of an optimizer.

    It is a pure function of the number of steps taken so far: nothing counts, so a training that is resumed goes on
    exactly where it stopped. It is computed on the host in float64 before each step, and handed in.
    """

    @abstractmethod
    def __call__(self, step: int) -> float:
        """Learning rate of the next step, after `step` steps have been taken: the first is ``schedule(0)``."""

    def _normalise(self, check: Callable[[str, Any], Any], *names: str) -> None:
        """Replace each of the fields `names` by what `check` makes of it."""
        for name in names:
            self._set(name, check(name, getattr(self, name)))


def as_learning_rate(value: Any) -> float | Schedule:
    """Accept a schedule, or a finite number of at least 0.

    Raises
    ------
    ArgumentError
        If it is neither.
    """
    return value if isinstance(value, Schedule) else _check.non_negative("learning_rate", value)


def rate_at(learning_rate: float | Schedule, step: int) -> float:
    """Learning rate after `step` steps: the number itself, or what the schedule says.

    Raises
    ------
    ArgumentError
        If a schedule returns something that is no finite number of at least 0.
    """
    if not isinstance(learning_rate, Schedule):
        return learning_rate
    return _check.non_negative(f"learning rate of {learning_rate!r} at step {step}", learning_rate(step))
