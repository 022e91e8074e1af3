"""`Ftrl`: follow the regularized leader, with sparse weights."""

from dataclasses import dataclass

from xpnn import _check
from xpnn.optimizers.optimizer import Optimizer, Scalars, Vectors
from xpnn.schedules import Schedule, rate_at
from xpnn.typing import Array, Namespace

__all__ = ["Ftrl"]


@dataclass(frozen=True, slots=True, repr=False)
class Ftrl(Optimizer):
    r"""FTRL-Proximal, whose L1 penalty makes weights exactly 0.

    .. math::
        n_t &= n_{t-1} + g_t^2, \qquad z_t = z_{t-1} + g_t - \frac{\sqrt{n_t} - \sqrt{n_{t-1}}}{\eta} \, p_{t-1}, \\
        p_t &= -\frac{\operatorname{sign}(z_t) \max(|z_t| - \lambda_1, 0)}{(\beta + \sqrt{n_t}) / \eta + \lambda_2}

    Parameters
    ----------
    learning_rate : float or Schedule
        The step size :math:`\eta`; :math:`\alpha` in [1]_.
    initial_accumulator_value : float
        The value :math:`n_0` of every element, as in Keras; 0 in [1]_. Where it and `beta` are 0, an element whose
        gradient has always been 0 becomes 0/0, NaN.
    beta : float
        Added to the root of :math:`n_t`.
    l1, l2 : float
        Penalties :math:`\lambda_1 |p|` and :math:`\tfrac12 \lambda_2 p^2`, on biases too; Keras's
        ``l2_regularization_strength`` is half of :math:`\lambda_2`.
    clip_value, clip_norm : float, optional
        See `Optimizer`.

    Raises
    ------
    ArgumentError
        If an argument breaks its rule.

    Notes
    -----
    The parameters are a function of :math:`n` and :math:`z` alone. In [1]_ they begin as 0, and :math:`z_0 = 0`; here
    :math:`z_0` is chosen so that they begin as they are, for a network whose weights begin as 0 never learns.

    References
    ----------
    .. [1] McMahan et al., Ad click prediction: a view from the trenches, KDD 2013, Algorithm 1.

    Examples
    --------
    >>> import numpy as np
    >>> ftrl = Ftrl(learning_rate=0.5, initial_accumulator_value=0.0, beta=1.0, l1=1.0)
    >>> p = np.asarray([0.0, 0.0])
    >>> p, state = ftrl.update(p, np.asarray([3.0, 0.5]), ftrl.init(p))
    >>> p.tolist()  # -(3 - 1) / ((1 + 3) / 0.5)
    [-0.25, 0.0]
    """

    learning_rate: float | Schedule = 0.001
    initial_accumulator_value: float = 0.1
    beta: float = 0.0
    l1: float = 0.0
    l2: float = 0.0

    def __post_init__(self) -> None:
        Optimizer.__post_init__(self)
        self._normalise(_check.non_negative, "initial_accumulator_value", "beta", "l1", "l2")

    @property
    def vectors(self) -> tuple[str, ...]:
        """The sum of the squared gradients, and the sum that determines the parameters."""
        return ("square_sum", "linear_sum")

    def zero_state(self, xp: Namespace, p: Array) -> dict[str, Array]:
        """State before the first step: that of which the parameters are what they are."""
        curvature = (self.beta + self.initial_accumulator_value**0.5) / rate_at(self.learning_rate, 0) + self.l2
        linear = -curvature * p
        linear -= self.l1 * xp.sign(p)
        return {"square_sum": xp.full_like(p, self.initial_accumulator_value), "linear_sum": linear}

    def apply(
        self, xp: Namespace, p: Array, g: Array, vectors: Vectors, scalars: Scalars, decay: Array | None
    ) -> tuple[Array, dict[str, Array]]:
        """One step; see the formula above. There is no weight decay besides `l2`."""
        n = g * g
        n += vectors["square_sum"]
        root = xp.sqrt(n)
        z = xp.sqrt(vectors["square_sum"]) - root
        z /= scalars["learning_rate"]
        z *= p
        z += vectors["linear_sum"]
        z += g
        root += self.beta
        root /= scalars["learning_rate"]
        root += self.l2
        change = xp.maximum(xp.minimum(z, self.l1), -self.l1) - z
        change /= root
        return change, {"square_sum": n, "linear_sum": z}
