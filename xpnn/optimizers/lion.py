"""`Lion`: the sign of a momentum."""

from dataclasses import dataclass

from xpnn import _check
from xpnn.optimizers.optimizer import Optimizer, Scalars, Vectors
from xpnn.schedules import Schedule
from xpnn.typing import Array, Namespace

__all__ = ["Lion"]


@dataclass(frozen=True, slots=True, repr=False)
class Lion(Optimizer):
    r"""Lion (evolved sign momentum): every element moves by the learning rate, up or down.

    .. math::
        c_t = \beta_1 m_{t-1} + (1 - \beta_1) g_t, \qquad
        p_t = p_{t-1} - \eta \, (\operatorname{sign}(c_t) + \lambda p_{t-1}), \qquad
        m_t = \beta_2 m_{t-1} + (1 - \beta_2) g_t

    Parameters
    ----------
    learning_rate : float or Schedule
        The step size :math:`\eta`; the authors advise a third to a tenth of what suits `AdamW`.
    beta1, beta2 : float
        The weights of the momentum in the step, and in its own successor, in [0, 1).
    weight_decay : float
        The factor :math:`\lambda`, decoupled as in `AdamW`.
    clip_value, clip_norm : float, optional
        See `Optimizer`.

    Raises
    ------
    ArgumentError
        If an argument breaks its rule.

    References
    ----------
    .. [1] Chen et al., Symbolic discovery of optimization algorithms, NeurIPS 2023, Algorithm 2.

    Examples
    --------
    >>> import numpy as np
    >>> lion = Lion(learning_rate=0.125)
    >>> p = np.asarray([1.0, -1.0])
    >>> p, state = lion.update(p, 2 * p, lion.init(p))
    >>> p.tolist()
    [0.875, -0.875]
    """

    learning_rate: float | Schedule = 0.0001
    beta1: float = 0.9
    beta2: float = 0.99
    weight_decay: float = 0.0

    def __post_init__(self) -> None:
        Optimizer.__post_init__(self)
        self._normalise(_check.fraction, "beta1", "beta2")
        self._normalise(_check.non_negative, "weight_decay")

    @property
    def vectors(self) -> tuple[str, ...]:
        """The momentum."""
        return ("momentum",)

    def apply(
        self, xp: Namespace, p: Array, g: Array, vectors: Vectors, scalars: Scalars, decay: Array | None
    ) -> tuple[Array, dict[str, Array]]:
        """One step; see the formula above."""
        direction = self.beta1 * vectors["momentum"]
        direction += (1.0 - self.beta1) * g
        m = self.beta2 * vectors["momentum"]
        m += (1.0 - self.beta2) * g
        change = xp.sign(direction)
        if self.weight_decay:
            change += self.weight_decay * p if decay is None else self.weight_decay * decay * p
        return p - scalars["learning_rate"] * change, {"momentum": m}
