"""`ConstantRate`: the same learning rate in every step."""

from dataclasses import dataclass

from xpnn import _check
from xpnn.schedules.schedule import Schedule

__all__ = ["ConstantRate"]


@dataclass(frozen=True, slots=True, repr=False)
class ConstantRate(Schedule):
    """The same learning rate in every step: what a number is, for code that wants a schedule.

    Parameters
    ----------
    learning_rate : float
        The learning rate.

    Raises
    ------
    ArgumentError
        If an argument breaks its rule.

    Examples
    --------
    >>> ConstantRate(0.1)(1000)
    0.1
    """

    learning_rate: float

    def __post_init__(self) -> None:
        self._normalise(_check.positive, "learning_rate")

    def __call__(self, step: int) -> float:
        """Learning rate after `step` steps."""
        return self.learning_rate
