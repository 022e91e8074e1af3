"""`Nadam`: Adam with Nesterov's momentum."""

from dataclasses import dataclass
from math import exp, expm1, log

from xpnn import _check
from xpnn.optimizers.optimizer import Optimizer, Scalars, Vectors
from xpnn.optimizers.weight_decay import add_l2_gradient
from xpnn.schedules import Schedule
from xpnn.typing import Array, Namespace

__all__ = ["Nadam"]


@dataclass(frozen=True, slots=True, repr=False)
class Nadam(Optimizer):
    r"""Nadam with its momentum schedule.

    .. math::
        \mu_t &= \beta_1 \left(1 - \tfrac12 \, 0.96^{\psi t}\right), \qquad
        m_t = \beta_1 m_{t-1} + (1 - \beta_1) g_t, \qquad v_t = \beta_2 v_{t-1} + (1 - \beta_2) g_t^2, \\
        p_t &= p_{t-1} - \frac{\eta}{\sqrt{v_t / (1 - \beta_2^t)} + \epsilon} \left(
        \frac{(1 - \mu_t) \, g_t}{1 - \prod_{i=1}^{t} \mu_i} + \frac{\mu_{t+1} \, m_t}{1 - \prod_{i=1}^{t+1} \mu_i}
        \right)

    Parameters
    ----------
    learning_rate : float or Schedule
        The step size :math:`\eta`.
    beta1, beta2 : float
        Decay rates of the two moments, in [0, 1).
    eps : float
        Added to the root after bias correction, as in PyTorch and Keras. With 0, an element whose gradient has always
        been 0 becomes 0/0, NaN.
    momentum_decay : float
        The factor :math:`\psi`; 0 makes the momentum constant, :math:`\beta_1 / 2`.
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
    As in PyTorch and Keras, the average :math:`m` has the constant :math:`\beta_1`; in [1]_ it has :math:`\mu_t` too.
    The state vectors are sums in place of averages; see `Adam`. With :math:`a = 0.96^\psi` the product of the momenta
    is, whatever the step,

    .. math:: \prod_{i=1}^{t} \mu_i = \beta_1^t \exp\left(-\sum_{m \ge 1} \frac{2^{-m}}{m} \sum_{i=1}^{t} a^{m i}
        \right), \qquad \sum_{i=1}^{t} a^{m i} = a^m \, \frac{1 - a^{m t}}{1 - a^m},

    from the series of :math:`\log(1 - a^i / 2)`; the step has to be a number of Python.

    References
    ----------
    .. [1] Dozat, Incorporating Nesterov momentum into Adam, ICLR workshop 2016, Algorithm 2 and section 3.

    Examples
    --------
    >>> import numpy as np
    >>> nadam = Nadam(learning_rate=0.1, momentum_decay=0.0, beta1=0.5)
    >>> p = np.asarray([1.0, -1.0])
    >>> p, state = nadam.update(p, 2 * p, nadam.init(p))
    >>> p.round(6).tolist()  # 0.1 * (0.75 / 0.75 + 0.25 * 0.5 / 0.9375)
    [0.886667, -0.886667]
    """

    learning_rate: float | Schedule = 0.002
    beta1: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-8
    momentum_decay: float = 0.004
    weight_decay: float = 0.0

    def __post_init__(self) -> None:
        Optimizer.__post_init__(self)
        self._normalise(_check.fraction, "beta1", "beta2")
        self._normalise(_check.non_negative, "eps", "momentum_decay", "weight_decay")

    @property
    def vectors(self) -> tuple[str, ...]:
        """The weighted sums of gradients and of their squares."""
        return ("first_moment", "second_moment")

    def scalars(self, step: int, learning_rate: float) -> dict[str, float]:
        """Learning rate, and with the weights in them, the factors of gradient and sum, and eps."""
        now, later, product = self._momentum(step), self._momentum(step + 1), self._product(step)
        root2 = ((1.0 - self.beta2**step) / (1.0 - self.beta2)) ** 0.5
        rate = learning_rate * root2
        return {
            "learning_rate": learning_rate,
            "gradient": rate * (1.0 - now) / (1.0 - product),
            "sum": rate * later * (1.0 - self.beta1) / (1.0 - product * later),
            "eps": self.eps * root2,
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
        root = xp.sqrt(v)
        root += scalars["eps"]
        change = scalars["gradient"] * g
        change += scalars["sum"] * m
        change /= root
        return p - change, {"first_moment": m, "second_moment": v}

    def _momentum(self, step: int) -> float:
        fading: float = 0.96 ** (step * self.momentum_decay)
        return self.beta1 * (1.0 - 0.5 * fading)

    def _product(self, step: int) -> float:
        """Product of the momenta up to `step` by the series above; 0 where it could not change 1 any more."""
        rate = self.momentum_decay * log(0.96)
        if rate == 0.0:
            return (0.5 * self.beta1) ** step

        def part(m: int) -> float:
            return 0.5**m / m * exp(m * rate) * expm1(m * rate * step) / expm1(m * rate)

        bound: float = self.beta1**step * exp(-part(1))
        return bound * exp(-sum(part(m) for m in range(2, 57))) if bound > 2.0**-60 else 0.0
