"""`ASGD`: stochastic gradient descent whose steps are averaged."""

from dataclasses import dataclass

from xpnn import _check
from xpnn.optimizers.optimizer import GradientAt, Optimizer, Scalars, Vectors
from xpnn.optimizers.weight_decay import add_l2_gradient
from xpnn.schedules import Schedule
from xpnn.typing import Array, Namespace

__all__ = ["ASGD"]


@dataclass(frozen=True, slots=True, repr=False)
class ASGD(Optimizer):
    r"""Averaged stochastic gradient descent.

    .. math::
        \eta_t = \frac{\eta}{(1 + \lambda \eta (t - 1))^\alpha}, \qquad
        z_t = (1 - \lambda \eta_t) z_{t-1} - \eta_t \nabla L(z_{t-1}), \qquad
        p_t = p_{t-1} + \mu_t (z_t - p_{t-1}), \qquad
        \mu_t = \frac{1}{\max(1, t - 1 - t_0)}

    Parameters
    ----------
    learning_rate : float or Schedule
        The first step size :math:`\eta`.
    lambd : float
        The factor :math:`\lambda` of the decay, of all parameters and of the step size.
    alpha : float
        The power :math:`\alpha` with which the step size falls.
    t0 : float
        Step :math:`t_0` from which on there is an average; until then :math:`p_t = z_t`. As in PyTorch the default is a
        million: choose it to suit, about where the loss no longer falls.
    weight_decay : float
        L2 penalty: ``weight_decay * z`` is added to the gradient.
    clip_value, clip_norm : float, optional
        See `Optimizer`.

    Raises
    ------
    ArgumentError
        If an argument breaks its rule.

    Notes
    -----
    The parameters of the network are the averages :math:`p`, with which it predicts; only the gradient of a step, and
    the loss and running averages that go with it, are taken at :math:`z`, the state vector ``base``. In PyTorch the
    parameters are :math:`z`, and :math:`p` is called ``ax``. Used alone, `update` needs the gradient as a function of
    the parameters.

    References
    ----------
    .. [1] Polyak & Juditsky, SIAM Journal on Control and Optimization 30, 1992.
    .. [2] Bottou, Large-scale machine learning with stochastic gradient descent, COMPSTAT 2010, section 5 (the step
       sizes, with :math:`\alpha` = 0.75).

    Examples
    --------
    >>> import numpy as np
    >>> optimizer = ASGD(learning_rate=0.5, lambd=0.0, t0=0)
    >>> p, state = np.asarray([8.0]), optimizer.init(np.asarray([8.0]))
    >>> for _ in range(3):  # z = 4, 2, 1; of these the first counts for nothing
    ...     p, state = optimizer.update(p, lambda z: z, state)
    >>> p.tolist(), state["base"].tolist()
    ([1.5], [1.0])
    """

    learning_rate: float | Schedule = 0.01
    lambd: float = 1e-4
    alpha: float = 0.75
    t0: float = 1e6
    weight_decay: float = 0.0

    def __post_init__(self) -> None:
        Optimizer.__post_init__(self)
        self._normalise(_check.non_negative, "lambd", "alpha", "t0", "weight_decay")

    @property
    def vectors(self) -> tuple[str, ...]:
        """The point that moves along the gradients."""
        return ("base",)

    def zero_state(self, xp: Namespace, p: Array) -> dict[str, Array]:
        """State before the first step: both points are one."""
        return {"base": 1.0 * p}

    def scalars(self, step: int, learning_rate: float) -> dict[str, float]:
        """The step size, what the decay leaves, and the weight of the new point in the average."""
        rate = learning_rate / (1.0 + self.lambd * learning_rate * (step - 1)) ** self.alpha
        return {
            "learning_rate": rate,
            "kept": 1.0 - self.lambd * rate,
            "weight": 1.0 / max(1.0, step - 1 - self.t0),
        }

    @property
    def needs_function(self) -> bool:
        """True: the gradient is taken elsewhere than at the parameters."""
        return True

    def gradient(self, xp: Namespace, p: Array, vectors: Vectors, gradient_at: GradientAt) -> Array:
        """Take the gradient at the point that moves."""
        return gradient_at(vectors["base"])

    def apply(
        self, xp: Namespace, p: Array, g: Array, vectors: Vectors, scalars: Scalars, decay: Array | None
    ) -> tuple[Array, dict[str, Array]]:
        """One step; see the formula above."""
        g = add_l2_gradient(vectors["base"], g, self.weight_decay, decay)
        z = scalars["kept"] * vectors["base"] - scalars["learning_rate"] * g
        # Written as a sum of shares, so that a weight of 1 gives z to the last bit.
        return (1.0 - scalars["weight"]) * p + scalars["weight"] * z, {"base": z}
