"""`InverseTimeDecay`: a learning rate that falls like one over the time."""

from dataclasses import dataclass

from xpnn import _check
from xpnn.schedules.schedule import Schedule

__all__ = ["InverseTimeDecay"]


@dataclass(frozen=True, slots=True, repr=False)
class InverseTimeDecay(Schedule):
    r"""Decay by the inverse of the time, :math:`\eta_t = \eta_0 / (1 + r \, t / n)`.

    Parameters
    ----------
    initial_learning_rate : float
        The first learning rate :math:`\eta_0`.
    decay_steps : int
        The number :math:`n` of steps that make one unit of time.
    decay_rate : float
        The rate :math:`r` per unit of time.
    staircase : bool
        Whether :math:`t / n` is rounded down.

    Raises
    ------
    ArgumentError
        If an argument breaks its rule.

    Notes
    -----
    As in Keras. It is the oldest schedule, with which the sum of learning rates diverges and that of their squares
    converges, as [1]_ asks.

    References
    ----------
    .. [1] Robbins & Monro, Annals of Mathematical Statistics 22, 1951, equations 6 and 26.

    Examples
    --------
    >>> InverseTimeDecay(0.5, decay_steps=10, decay_rate=1.0)(10)
    0.25
    """

    initial_learning_rate: float
    decay_steps: int
    decay_rate: float
    staircase: bool = False

    def __post_init__(self) -> None:
        self._normalise(_check.positive, "initial_learning_rate")
        self._normalise(_check.integer, "decay_steps")
        self._normalise(_check.non_negative, "decay_rate")
        self._normalise(_check.boolean, "staircase")

    def __call__(self, step: int) -> float:
        """Learning rate after `step` steps."""
        time = step // self.decay_steps if self.staircase else step / self.decay_steps
        return self.initial_learning_rate / (1.0 + self.decay_rate * time)
