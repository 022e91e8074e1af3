"""`ExponentialDecay`: a learning rate that falls by a constant factor per step."""

from dataclasses import dataclass

from xpnn import _check
from xpnn.schedules.schedule import Schedule

__all__ = ["ExponentialDecay"]


@dataclass(frozen=True, slots=True, repr=False)
class ExponentialDecay(Schedule):
    r"""Exponential decay, :math:`\eta_t = \eta_0 \, r^{t / n}`.

    Parameters
    ----------
    initial_learning_rate : float
        The first learning rate :math:`\eta_0`.
    decay_steps : int
        The number :math:`n` of steps in which it falls by `decay_rate`.
    decay_rate : float
        The factor :math:`r`.
    staircase : bool
        Whether :math:`t / n` is rounded down, so that the learning rate falls in stairs; see also `StepDecay`.

    Raises
    ------
    ArgumentError
        If an argument breaks its rule.

    Notes
    -----
    As in Keras and optax; with ``decay_steps=1`` it is PyTorch's ``ExponentialLR``.

    Examples
    --------
    >>> ExponentialDecay(0.5, decay_steps=10, decay_rate=0.25)(5)
    0.25
    """

    initial_learning_rate: float
    decay_steps: int
    decay_rate: float
    staircase: bool = False

    def __post_init__(self) -> None:
        self._normalise(_check.positive, "initial_learning_rate", "decay_rate")
        self._normalise(_check.integer, "decay_steps")
        self._normalise(_check.boolean, "staircase")

    def __call__(self, step: int) -> float:
        """Learning rate after `step` steps."""
        time = step // self.decay_steps if self.staircase else step / self.decay_steps
        return self.initial_learning_rate * self.decay_rate**time
