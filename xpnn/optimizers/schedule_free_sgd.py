"""`ScheduleFreeSGD`: gradient descent that averages in the place of a schedule."""

from dataclasses import dataclass

from xpnn.optimizers._schedule_free import ScheduleFree
from xpnn.optimizers.optimizer import Scalars, Vectors
from xpnn.schedules import Schedule
from xpnn.typing import Array, Namespace

__all__ = ["ScheduleFreeSGD"]


@dataclass(frozen=True, slots=True, repr=False)
class ScheduleFreeSGD(ScheduleFree):
    r"""Schedule-free SGD.

    .. math::
        y_t = (1 - \beta_1) z_t + \beta_1 x_t, \qquad
        z_{t+1} = z_t - \gamma_t (\nabla L(y_t) + \lambda y_t), \qquad
        x_{t+1} = (1 - c_t) x_t + c_t z_{t+1}, \qquad
        c_t = \frac{\gamma_t^2}{\sum_{i \le t} \gamma_i^2}

    Parameters
    ----------
    learning_rate : float
        The step size :math:`\gamma` after the warm-up; larger ones than for SGD suit, 1 to 10 times.
    beta1 : float
        The weight :math:`\beta_1` of the average where the gradient is taken, in [0, 1).
    weight_decay : float
        The factor :math:`\lambda`.
    warmup_steps : int
        Number of steps in which :math:`\gamma_t` rises along a straight line.
    clip_value, clip_norm : float, optional
        See `Optimizer`.

    Raises
    ------
    ArgumentError
        If an argument breaks its rule, or the learning rate is a schedule.

    Notes
    -----
    The parameters of the network are the averages :math:`x`, with which it predicts; only the gradient of a step, and
    the loss and running averages that go with it, are taken at :math:`y`. The state vector ``base`` is :math:`z`. A
    learning rate that is assigned during the training changes the steps, and not the weights :math:`c_t`. Used alone,
    `update` needs the gradient as a function of the parameters.

    References
    ----------
    .. [1] Defazio et al., The road less scheduled, NeurIPS 2024, equations 3 to 5; with the weights of its section 4.

    Examples
    --------
    >>> import numpy as np
    >>> optimizer = ScheduleFreeSGD(learning_rate=0.5, beta1=0.5)
    >>> x, state = np.asarray([8.0]), optimizer.init(np.asarray([8.0]))
    >>> for _ in range(2):  # y = 8, z = 4, x = 4; y = 4, z = 2, x = 3
    ...     x, state = optimizer.update(x, lambda y: y, state)
    >>> x.tolist(), state["base"].tolist()
    ([3.0], [2.0])
    """

    learning_rate: float | Schedule = 1.0

    def apply(
        self, xp: Namespace, p: Array, g: Array, vectors: Vectors, scalars: Scalars, decay: Array | None
    ) -> tuple[Array, dict[str, Array]]:
        """One step; see the formula above."""
        z = vectors["base"] - scalars["learning_rate"] * self._decayed(p, g, vectors, decay)
        return p + scalars["weight"] * (z - p), {"base": z}
