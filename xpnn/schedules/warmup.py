"""`Warmup`: a linear rise before any other schedule."""

from dataclasses import dataclass

from xpnn import _check
from xpnn.schedules.schedule import Schedule, rate_at

__all__ = ["Warmup"]


@dataclass(frozen=True, slots=True, repr=False)
class Warmup(Schedule):
    r"""A straight line up to where another schedule begins, then that schedule.

    .. math:: \eta_t = \left(s + (1 - s) \, t / n\right) \eta'_0 \quad (t < n), \qquad \eta_t = \eta'_{t - n}

    Parameters
    ----------
    schedule : Schedule or float
        What follows, :math:`\eta'`; its first step is the first after the warm-up.
    steps : int
        The number :math:`n` of steps of the warm-up.
    start_factor : float
        The share :math:`s` of the learning rate with which the warm-up begins, in [0, 1).

    Raises
    ------
    ArgumentError
        If an argument breaks its rule.

    Notes
    -----
    PyTorch's ``LinearLR`` followed by another schedule with ``SequentialLR``, and optax's ``linear_schedule`` with
    ``join_schedules``. Gradual warm-up is section 2.2 of [1]_.

    References
    ----------
    .. [1] Goyal et al., arXiv 1706.02677, 2017.

    Examples
    --------
    >>> schedule = Warmup(0.5, steps=5)
    >>> [schedule(step) for step in (0, 1, 4, 5, 100)]
    [0.0, 0.1, 0.4, 0.5, 0.5]
    """

    schedule: Schedule | float
    steps: int
    start_factor: float = 0.0

    def __post_init__(self) -> None:
        if not isinstance(self.schedule, Schedule):
            self._normalise(_check.positive, "schedule")
        self._normalise(_check.integer, "steps")
        self._normalise(_check.fraction, "start_factor")

    def __call__(self, step: int) -> float:
        """Learning rate after `step` steps."""
        if step >= self.steps:
            return rate_at(self.schedule, step - self.steps)
        share = self.start_factor + (1.0 - self.start_factor) * (step / self.steps)
        return share * rate_at(self.schedule, 0)
