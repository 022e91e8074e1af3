"""`RAdam`: Adam with a rectified learning rate."""

from dataclasses import dataclass

from xpnn import _check
from xpnn.optimizers.optimizer import Optimizer, Scalars, Vectors
from xpnn.optimizers.weight_decay import add_l2_gradient
from xpnn.schedules import Schedule
from xpnn.typing import Array, Namespace

__all__ = ["RAdam"]


@dataclass(frozen=True, slots=True, repr=False)
class RAdam(Optimizer):
    r"""Rectified Adam: steps adapt only as far as the second moment is known.

    .. math::
        \rho_\infty &= \frac{2}{1 - \beta_2} - 1, \qquad \rho_t = \rho_\infty - \frac{2 t \beta_2^t}{1 - \beta_2^t}, \\
        r_t^2 &= \frac{(\rho_t - 4)(\rho_t - 2) \, \rho_\infty}{(\rho_\infty - 4)(\rho_\infty - 2) \, \rho_t}, \\
        p_t &= p_{t-1} - \eta \, \frac{m_t}{1 - \beta_1^t} \cdot \begin{cases}
        r_t \sqrt{1 - \beta_2^t} / (\sqrt{v_t} + \epsilon) & \rho_t > 5 \\ 1 & \text{else} \end{cases}

    with the moments :math:`m` and :math:`v` of `Adam`.

    Parameters
    ----------
    learning_rate : float or Schedule
        The step size :math:`\eta`.
    beta1, beta2 : float
        Decay rates of the two moments, in [0, 1).
    eps : float
        Added to the root before bias correction, as in PyTorch. With 0, an element whose gradient has always been 0
        becomes 0/0, NaN.
    weight_decay : float
        L2 penalty: ``weight_decay * p`` is added to the gradient, as in PyTorch; the authors' program decouples it.
    clip_value, clip_norm : float, optional
        See `Optimizer`.

    Raises
    ------
    ArgumentError
        If an argument breaks its rule.

    Notes
    -----
    The bound is 5, as in PyTorch and the authors' program; in [1]_ it is 4. The state vectors are sums in place of
    averages; see `Adam`.

    References
    ----------
    .. [1] Liu et al., On the variance of the adaptive learning rate and beyond, ICLR 2020, Algorithm 2.

    Examples
    --------
    >>> import numpy as np
    >>> radam = RAdam(learning_rate=0.1)
    >>> p = np.asarray([1.0, -1.0])
    >>> p, state = radam.update(p, 2 * p, radam.init(p))  # the first steps are those of momentum
    >>> p.round(6).tolist()
    [0.8, -0.8]
    """

    learning_rate: float | Schedule = 0.001
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
        """The weighted sums of gradients and of their squares."""
        return ("first_moment", "second_moment")

    def scalars(self, step: int, learning_rate: float) -> dict[str, float]:
        """Learning rate, and the rates of the step with and without the second moment, of which one is 0."""
        rate = learning_rate * (1.0 - self.beta1) / (1.0 - self.beta1**step)
        rest = 1.0 - self.beta2**step
        spread = (1.0 - self.beta2) ** 0.5
        most = 2.0 / (1.0 - self.beta2) - 1.0
        if most <= 5.0:
            return {"learning_rate": learning_rate, "plain": rate, "adaptive": 0.0, "eps": self.eps / spread}
        known = most - 2.0 * step * self.beta2**step / rest
        ratio = (known - 4.0) * (known - 2.0) * most / ((most - 4.0) * (most - 2.0) * known)
        is_known = known > 5.0
        adaptive = is_known * rate * (abs(ratio) * rest) ** 0.5 / spread
        return {
            "learning_rate": learning_rate,
            "plain": (1 - is_known) * rate,
            "adaptive": adaptive,
            "eps": self.eps / spread,
        }

    def apply(
        self, xp: Namespace, p: Array, g: Array, vectors: Vectors, scalars: Scalars, decay: Array | None
    ) -> tuple[Array, dict[str, Array]]:
        """One step; see the formula above."""
        g = add_l2_gradient(p, g, self.weight_decay, decay)
        m = self.beta1 * vectors["first_moment"]
        m += g
        v = self.beta2 * vectors["second_moment"]
        v += g * g
        factor = xp.sqrt(v)
        factor += scalars["eps"]
        factor = scalars["adaptive"] / factor
        factor += scalars["plain"]
        return p - m * factor, {"first_moment": m, "second_moment": v}
