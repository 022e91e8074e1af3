"""`Adamax`: Adam with the infinity norm."""

from dataclasses import dataclass

from xpnn import _check
from xpnn.optimizers.optimizer import Optimizer, Scalars, Vectors
from xpnn.optimizers.weight_decay import add_l2_gradient
from xpnn.schedules import Schedule
from xpnn.typing import Array, Namespace

__all__ = ["Adamax"]


@dataclass(frozen=True, slots=True, repr=False)
class Adamax(Optimizer):
    r"""Adamax, the limit of Adam for norms of ever higher order.

    .. math::
        m_t = \beta_1 m_{t-1} + (1 - \beta_1) g_t, \qquad u_t = \max(\beta_2 u_{t-1}, |g_t| + \epsilon), \qquad
        p_t = p_{t-1} - \frac{\eta}{1 - \beta_1^t} \, \frac{m_t}{u_t}

    Parameters
    ----------
    learning_rate : float or Schedule
        The step size :math:`\eta`.
    beta1, beta2 : float
        Decay rates, in [0, 1).
    eps : float
        Added to the size of the gradient, as in PyTorch; in Keras it is added to :math:`u_t`, in [1]_ there is none.
        With 0, an element whose gradient has always been 0 becomes 0/0, NaN.
    weight_decay : float
        L2 penalty: ``weight_decay * p`` is added to the gradient.
    clip_value, clip_norm : float, optional
        See `Optimizer`.

    Raises
    ------
    ArgumentError
        If an argument breaks its rule.

    Notes
    -----
    The state vector is :math:`m_t / (1 - \beta_1)`, a sum in place of an average; see `Adam`.

    References
    ----------
    .. [1] Kingma & Ba, ICLR 2015, Algorithm 2.

    Examples
    --------
    >>> import numpy as np
    >>> adamax = Adamax(learning_rate=0.1)
    >>> p = np.asarray([1.0, -1.0])
    >>> p, state = adamax.update(p, 2 * p, adamax.init(p))
    >>> p.round(6).tolist()
    [0.9, -0.9]
    """

    learning_rate: float | Schedule = 0.002
    beta1: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-8
    weight_decay: float = 0.0

    def __post_init__(self) -> None:
        Optimizer.__post_init__(self)
        self._normalise(_check.fraction, "beta1", "beta2")
        self._normalise(_check.non_negative, "eps", "weight_decay")

    @property
    def vectors(self) -> tuple[str, ...]:
        """The weighted sum of gradients, and the weighted maximum of their sizes."""
        return ("first_moment", "maximum")

    def scalars(self, step: int, learning_rate: float) -> dict[str, float]:
        """Learning rate, and rate with the sum of the weights in it."""
        weights = (1.0 - self.beta1**step) / (1.0 - self.beta1)
        return {"learning_rate": learning_rate, "rate": learning_rate / weights}

    def apply(
        self, xp: Namespace, p: Array, g: Array, vectors: Vectors, scalars: Scalars, decay: Array | None
    ) -> tuple[Array, dict[str, Array]]:
        """One step; see the formula above."""
        g = add_l2_gradient(p, g, self.weight_decay, decay)
        m = self.beta1 * vectors["first_moment"]
        m += g
        u = xp.maximum(self.beta2 * vectors["maximum"], xp.abs(g) + self.eps)
        return p - scalars["rate"] * (m / u), {"first_moment": m, "maximum": u}
