"""`CosineDecay`: a learning rate that falls along half a cosine, after a warm-up."""

from dataclasses import dataclass
from math import cos, pi

from xpnn import _check
from xpnn.schedules.schedule import Schedule

__all__ = ["CosineDecay"]


@dataclass(frozen=True, slots=True, repr=False)
class CosineDecay(Schedule):
    r"""Half a cosine, :math:`\eta_t = \eta_e + \frac12 (\eta_0 - \eta_e) (1 + \cos(\pi t / n))`; before it a warm-up.

    Parameters
    ----------
    initial_learning_rate : float
        The learning rate :math:`\eta_0` at which the decay begins.
    decay_steps : int
        The number :math:`n` of steps until the end, those of the warm-up not counted.
    end_learning_rate : float
        The learning rate :math:`\eta_e` after :math:`n` steps and ever after.
    warmup_steps : int
        Number of steps before, in which the learning rate rises along a straight line to :math:`\eta_0`.
    warmup_from : float
        Where it begins to rise.

    Raises
    ------
    ArgumentError
        If an argument breaks its rule.

    Notes
    -----
    As in Keras and optax, where the end is written as a share of the beginning, ``alpha``; PyTorch's
    ``CosineAnnealingLR`` is the same as far as :math:`n`, where it begins to rise again. In optax's
    ``warmup_cosine_decay_schedule`` the steps of the decay contain those of the warm-up.

    References
    ----------
    .. [1] Loshchilov & Hutter, ICLR 2017, equation 5, one period of it.

    Examples
    --------
    >>> schedule = CosineDecay(0.5, decay_steps=10, warmup_steps=5)
    >>> [round(schedule(step), 6) for step in (0, 1, 5, 10, 15, 100)]
    [0.0, 0.1, 0.5, 0.25, 0.0, 0.0]
    """

    initial_learning_rate: float
    decay_steps: int
    end_learning_rate: float = 0.0
    warmup_steps: int = 0
    warmup_from: float = 0.0

    def __post_init__(self) -> None:
        self._normalise(_check.positive, "initial_learning_rate")
        self._normalise(_check.integer, "decay_steps")
        self._normalise(_check.non_negative, "end_learning_rate", "warmup_from")
        self._set("warmup_steps", _check.integer("warmup_steps", self.warmup_steps, minimum=0))

    def __call__(self, step: int) -> float:
        """Learning rate after `step` steps."""
        top = self.initial_learning_rate
        if step < self.warmup_steps:
            return self.warmup_from + (top - self.warmup_from) * (step / self.warmup_steps)
        share = min(step - self.warmup_steps, self.decay_steps) / self.decay_steps
        return self.end_learning_rate + 0.5 * (top - self.end_learning_rate) * (1.0 + cos(pi * share))
