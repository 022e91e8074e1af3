"""`PolynomialDecay`: a learning rate that falls to its end along a power."""

from dataclasses import dataclass
from math import ceil

from xpnn import _check
from xpnn.schedules.schedule import Schedule

__all__ = ["PolynomialDecay"]


@dataclass(frozen=True, slots=True, repr=False)
class PolynomialDecay(Schedule):
    r"""Polynomial decay, :math:`\eta_t = \eta_e + (\eta_0 - \eta_e) (1 - t / n)^p`, and :math:`\eta_e` after step n.

    Parameters
    ----------
    initial_learning_rate : float
        The first learning rate :math:`\eta_0`.
    decay_steps : int
        The number :math:`n` of steps until the end.
    end_learning_rate : float
        The last learning rate :math:`\eta_e`.
    power : float
        The power :math:`p`; 1 is a straight line.
    cycle : bool
        Whether, after step :math:`n`, the decay goes on over twice, three times, ... that time, as in Keras.

    Raises
    ------
    ArgumentError
        If an argument breaks its rule.

    Notes
    -----
    As in Keras and optax; with ``end_learning_rate=0`` it is PyTorch's ``PolynomialLR``.

    Examples
    --------
    >>> schedule = PolynomialDecay(0.5, decay_steps=10)
    >>> schedule(5), schedule(20)
    (0.25, 0.0)
    """

    initial_learning_rate: float
    decay_steps: int
    end_learning_rate: float = 0.0
    power: float = 1.0
    cycle: bool = False

    def __post_init__(self) -> None:
        self._normalise(_check.positive, "initial_learning_rate", "power")
        self._normalise(_check.integer, "decay_steps")
        self._normalise(_check.non_negative, "end_learning_rate")
        self._normalise(_check.boolean, "cycle")

    def __call__(self, step: int) -> float:
        """Learning rate after `step` steps."""
        length = self.decay_steps * (max(ceil(step / self.decay_steps), 1) if self.cycle else 1)
        rest = 1.0 - min(step, length) / length
        height: float = (self.initial_learning_rate - self.end_learning_rate) * rest**self.power
        return self.end_learning_rate + height
