"""`OneCycle`: up to a large learning rate, and down to a tiny one."""

from dataclasses import dataclass
from math import cos, pi

from xpnn import _check
from xpnn.schedules.schedule import Schedule

__all__ = ["OneCycle"]


@dataclass(frozen=True, slots=True, repr=False)
class OneCycle(Schedule):
    r"""The 1cycle policy: from :math:`\eta / d` up to :math:`\eta`, then down to :math:`\eta / (d \, d_e)`.

    Parameters
    ----------
    max_learning_rate : float
        The peak :math:`\eta`.
    total_steps : int
        Number of steps of the whole cycle, at least 2; the last learning rate stays ever after.
    rising : float
        Share of the steps in which the learning rate rises.
    start_divisor : float
        The quotient :math:`d` of peak and beginning.
    end_divisor : float
        The quotient :math:`d_e` of beginning and end.
    shape : {"cosine", "linear"}
        How the learning rate goes from each to the next.
    three_phase : bool
        Whether it first goes down to the beginning again, as fast as it came up, and then to the end.

    Raises
    ------
    ArgumentError
        If an argument breaks its rule.

    Notes
    -----
    The learning rates are those of PyTorch's ``OneCycleLR``, which follows fastai in its defaults (one phase down, by
    a cosine); [1]_ has three straight phases. The momentum stays as it is; PyTorch lets it go the other way.

    References
    ----------
    .. [1] Smith & Topin, arXiv 1708.07120, 2017, section 3.

    Examples
    --------
    >>> schedule = OneCycle(0.5, total_steps=11, rising=0.5, start_divisor=5, end_divisor=10)
    >>> [round(schedule(step), 6) for step in (0, 4, 10, 99)]
    [0.1, 0.487939, 0.01, 0.01]
    """

    max_learning_rate: float
    total_steps: int
    rising: float = 0.3
    start_divisor: float = 25.0
    end_divisor: float = 1e4
    shape: str = "cosine"
    three_phase: bool = False

    def __post_init__(self) -> None:
        self._normalise(_check.positive, "max_learning_rate", "start_divisor", "end_divisor")
        self._set("total_steps", _check.integer("total_steps", self.total_steps, minimum=2))
        self._normalise(_check.fraction, "rising")
        self._set("shape", _check.choice("shape", self.shape, ("cosine", "linear")))
        self._normalise(_check.boolean, "three_phase")
        most = (self.total_steps + 1) / (2 if self.three_phase else 1)
        if not 1.0 < self.rising * self.total_steps < most:
            _check.refuse("rising * total_steps", f"be above 1 and below {most}", self.rising * self.total_steps)

    def __call__(self, step: int) -> float:
        """Learning rate after `step` steps."""
        top, start = self.max_learning_rate, self.max_learning_rate / self.start_divisor
        up, last = self.rising * self.total_steps - 1.0, self.total_steps - 1.0
        down = [(2.0 * up, start)] if self.three_phase else []
        begin, first, now = 0.0, start, min(float(step), last)
        for end, second in [(up, top), *down, (last, start / self.end_divisor)]:
            if now <= end:
                break
            begin, first = end, second
        return self._between(first, second, (now - begin) / (end - begin))

    def _between(self, first: float, second: float, share: float) -> float:
        weight = 0.5 * (1.0 + cos(pi * share)) if self.shape == "cosine" else 1.0 - share
        return second + (first - second) * weight
