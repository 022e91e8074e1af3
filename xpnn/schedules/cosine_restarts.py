"""`CosineRestarts`: cosine decay again and again, SGDR."""

from dataclasses import dataclass
from math import cos, pi

from xpnn import _check
from xpnn.schedules.schedule import Schedule

__all__ = ["CosineRestarts"]


@dataclass(frozen=True, slots=True, repr=False)
class CosineRestarts(Schedule):
    r"""Cosine decay with warm restarts (SGDR).

    .. math:: \eta_t = \eta_e + \tfrac12 (\eta_i - \eta_e) \left(1 + \cos(\pi \, t_i / n_i)\right)

    In period :math:`i`, which has :math:`n_i = n_0 f^i` steps, :math:`t_i` of them have been taken; then the learning
    rate jumps back to :math:`\eta_{i+1} = s \, \eta_i`.

    Parameters
    ----------
    initial_learning_rate : float
        The first learning rate :math:`\eta_0`.
    first_period : int
        The number :math:`n_0` of steps of the first period.
    period_factor : float
        How much longer each period is than the one before, :math:`f \ge 1`; PyTorch's and the paper's ``T_mult``.
    peak_factor : float
        How much lower each peak is than the one before, :math:`s` (Keras's ``m_mul``); 1 is the paper's method.
    end_learning_rate : float
        The learning rate :math:`\eta_e` towards which each period falls.

    Raises
    ------
    ArgumentError
        If an argument breaks its rule.

    References
    ----------
    .. [1] Loshchilov & Hutter, ICLR 2017, equation 5.

    Examples
    --------
    >>> schedule = CosineRestarts(0.5, first_period=10)
    >>> [round(schedule(step), 6) for step in (0, 5, 10, 20, 30)]
    [0.5, 0.25, 0.5, 0.25, 0.5]
    """

    initial_learning_rate: float
    first_period: int
    period_factor: float = 2.0
    peak_factor: float = 1.0
    end_learning_rate: float = 0.0

    def __post_init__(self) -> None:
        self._normalise(_check.positive, "initial_learning_rate", "peak_factor")
        self._normalise(_check.integer, "first_period")
        self._normalise(_check.non_negative, "end_learning_rate")
        self._set("period_factor", _check.number("period_factor", self.period_factor))
        if self.period_factor < 1.0:
            _check.refuse("period_factor", "be a finite number of at least 1", self.period_factor)

    def __call__(self, step: int) -> float:
        """Learning rate after `step` steps."""
        period, past, length = 0, float(step), float(self.first_period)
        if self.period_factor == 1.0:
            period, past = step // self.first_period, float(step % self.first_period)
        while past >= length:
            period, past, length = period + 1, past - length, length * self.period_factor
        peak = self.initial_learning_rate * self.peak_factor**period
        return self.end_learning_rate + 0.5 * (peak - self.end_learning_rate) * (1.0 + cos(pi * past / length))
