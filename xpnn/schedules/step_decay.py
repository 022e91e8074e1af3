"""`StepDecay`: a learning rate that falls by a factor every so many steps."""

from dataclasses import dataclass

from xpnn import _check
from xpnn.schedules.schedule import Schedule

__all__ = ["StepDecay"]


@dataclass(frozen=True, slots=True, repr=False)
class StepDecay(Schedule):
    r"""A staircase, :math:`\eta_t = \eta_0 \, \gamma^{\lfloor t / n \rfloor}`.

    Parameters
    ----------
    initial_learning_rate : float
        The first learning rate :math:`\eta_0`.
    step_size : int
        The number :math:`n` of steps of the optimizer on one stair.
    factor : float
        The factor :math:`\gamma` from stair to stair.

    Raises
    ------
    ArgumentError
        If an argument breaks its rule.

    Notes
    -----
    PyTorch's ``StepLR``, which is commonly asked once per epoch; here `step_size` always counts steps.

    Examples
    --------
    >>> schedule = StepDecay(0.5, step_size=10, factor=0.5)
    >>> [schedule(step) for step in (0, 9, 10, 25)]
    [0.5, 0.5, 0.25, 0.125]
    """

    initial_learning_rate: float
    step_size: int
    factor: float = 0.1

    def __post_init__(self) -> None:
        self._normalise(_check.positive, "initial_learning_rate", "factor")
        self._normalise(_check.integer, "step_size")

    def __call__(self, step: int) -> float:
        """Learning rate after `step` steps."""
        return self.initial_learning_rate * self.factor ** (step // self.step_size)
