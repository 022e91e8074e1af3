"""`ScheduleFreeAdamW`: AdamW that averages in the place of momentum and of a schedule."""

from dataclasses import dataclass

from xpnn import _check
from xpnn.optimizers._schedule_free import ScheduleFree
from xpnn.optimizers.optimizer import Scalars, Vectors
from xpnn.schedules import Schedule
from xpnn.typing import Array, Namespace

__all__ = ["ScheduleFreeAdamW"]


@dataclass(frozen=True, slots=True, repr=False)
class ScheduleFreeAdamW(ScheduleFree):
    r"""Schedule-free AdamW.

    .. math::
        y_t &= (1 - \beta_1) z_t + \beta_1 x_t, \qquad g_t = \nabla L(y_t), \qquad
        v_t = \beta_2 v_{t-1} + (1 - \beta_2) g_t^2, \\
        z_{t+1} &= z_t - \gamma_t \left(\frac{g_t}{\sqrt{v_t / (1 - \beta_2^t)} + \epsilon} + \lambda y_t\right), \qquad
        x_{t+1} = (1 - c_t) x_t + c_t z_{t+1}, \qquad c_t = \frac{\gamma_t^2}{\sum_{i \le t} \gamma_i^2}

    Parameters
    ----------
    learning_rate : float
        The step size :math:`\gamma` after the warm-up.
    beta1 : float
        The weight :math:`\beta_1` of the average where the gradient is taken, in [0, 1).
    weight_decay : float
        The factor :math:`\lambda`, decoupled.
    warmup_steps : int
        Number of steps in which :math:`\gamma_t` rises along a straight line.
    beta2 : float
        Decay rate of the second moment, in [0, 1).
    eps : float
        Added to the root after bias correction. With 0, an element whose gradient has always been 0 becomes 0/0, NaN.
    clip_value, clip_norm : float, optional
        See `Optimizer`.

    Raises
    ------
    ArgumentError
        If an argument breaks its rule, or the learning rate is a schedule.

    Notes
    -----
    Which point is where is said at `ScheduleFreeSGD`. The decay is taken at :math:`y`, the default of the authors'
    program. The second moment is kept as a sum in place of an average; see `Adam`. Bias correction is that of optax:
    it acts on the root alone, before eps is added. In the authors' program :math:`\sqrt{1 - \beta_2^t}` is a factor of
    :math:`\gamma_t`, and so acts on :math:`c_t` and on the decay as well, and eps is added before it.

    References
    ----------
    .. [1] Defazio et al., The road less scheduled, NeurIPS 2024, Algorithm 1, in the variant of
       ``optax.contrib.schedule_free_adamw`` (where the steps of a warm-up lag one behind the weights).

    Examples
    --------
    >>> import numpy as np
    >>> optimizer = ScheduleFreeAdamW(learning_rate=0.5)
    >>> x, state = optimizer.update(np.asarray([8.0]), lambda y: y, optimizer.init(np.asarray([8.0])))
    >>> x.round(6).tolist()
    [7.5]
    """

    learning_rate: float | Schedule = 0.0025
    beta2: float = 0.999
    eps: float = 1e-8

    def __post_init__(self) -> None:
        ScheduleFree.__post_init__(self)
        self._normalise(_check.fraction, "beta2")
        self._normalise(_check.non_negative, "eps")

    @property
    def vectors(self) -> tuple[str, ...]:
        """The point that moves along the gradients, and the weighted sum of their squares."""
        return ("base", "second_moment")

    def scalars(self, step: int, learning_rate: float) -> dict[str, float]:
        """Those of the base; rate and eps with the sum of the weights in them."""
        root2 = ((1.0 - self.beta2**step) / (1.0 - self.beta2)) ** 0.5
        return {**ScheduleFree.scalars(self, step, learning_rate), "root": root2, "eps": self.eps * root2}

    def apply(
        self, xp: Namespace, p: Array, g: Array, vectors: Vectors, scalars: Scalars, decay: Array | None
    ) -> tuple[Array, dict[str, Array]]:
        """One step; see the formula above."""
        v = self.beta2 * vectors["second_moment"]
        v += g * g
        change = xp.sqrt(v)
        change += scalars["eps"]
        change = g / change
        change *= scalars["root"]
        z = vectors["base"] - scalars["learning_rate"] * self._decayed(p, change, vectors, decay)
        return p + scalars["weight"] * (z - p), {"base": z, "second_moment": v}
