"""`Lamb`: Adam with steps in proportion to the size of each parameter."""

from dataclasses import dataclass

from xpnn import _check
from xpnn.optimizers.optimizer import Optimizer, Scalars, Vectors
from xpnn.schedules import Schedule
from xpnn.typing import Array, Namespace

__all__ = ["Lamb"]


@dataclass(frozen=True, slots=True, repr=False)
class Lamb(Optimizer):
    r"""LAMB: layerwise adaptive moments for large batches.

    .. math::
        u_t = \frac{m_t / (1 - \beta_1^t)}{\sqrt{v_t / (1 - \beta_2^t)} + \epsilon} + \lambda p_{t-1}, \qquad
        p_t = p_{t-1} - \eta \, \frac{\lVert p_{t-1} \rVert}{\lVert u_t \rVert} \, u_t

    with the moments :math:`m` and :math:`v` of `Adam`. The norms are those of each parameter: a weight matrix, a bias.

    Parameters
    ----------
    learning_rate : float or Schedule
        The step size :math:`\eta`, relative to the norm of each parameter.
    beta1, beta2 : float
        Decay rates of the two moments, in [0, 1).
    eps : float
        Added to the root after bias correction.
    weight_decay : float
        The factor :math:`\lambda`.
    clip_value, clip_norm : float, optional
        See `Optimizer`.

    Raises
    ------
    ArgumentError
        If an argument breaks its rule.

    Notes
    -----
    As in optax: with bias correction, with :math:`\phi(z) = z`, and with 1 in the place of the quotient of the norms
    where one of them is 0, so that biases that begin as 0 move. State vectors are sums in place of averages; see
    `Adam`.

    References
    ----------
    .. [1] You et al., Large batch optimization for deep learning, ICLR 2020, Algorithm 2.

    Examples
    --------
    >>> import numpy as np
    >>> lamb = Lamb(learning_rate=0.5, eps=0.0)
    >>> p = np.asarray([[3.0, 4.0], [0.0, 0.0]])
    >>> p, state = lamb.update(p, np.ones((2, 2)), lamb.init(p))
    >>> p.tolist()  # moved by 0.5 * 5 / 2 along the ones
    [[1.75, 2.75], [-1.25, -1.25]]
    """

    learning_rate: float | Schedule = 0.001
    beta1: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-6
    weight_decay: float = 0.0

    def __post_init__(self) -> None:
        Optimizer.__post_init__(self)
        self._normalise(_check.fraction, "beta1", "beta2")
        self._normalise(_check.non_negative, "eps", "weight_decay")

    @property
    def vectors(self) -> tuple[str, ...]:
        """The weighted sums of gradients and of their squares."""
        return ("first_moment", "second_moment")

    @property
    def per_parameter(self) -> bool:
        """True: the norms are those of each parameter."""
        return True

    def scalars(self, step: int, learning_rate: float) -> dict[str, float]:
        """Learning rate, and with the sums of the weights in them, the factor of the quotient, and eps."""
        weights1 = (1.0 - self.beta1**step) / (1.0 - self.beta1)
        root2 = ((1.0 - self.beta2**step) / (1.0 - self.beta2)) ** 0.5
        return {"learning_rate": learning_rate, "factor": root2 / weights1, "eps": self.eps * root2}

    def apply(
        self, xp: Namespace, p: Array, g: Array, vectors: Vectors, scalars: Scalars, decay: Array | None
    ) -> tuple[Array, dict[str, Array]]:
        """One step of one parameter; see the formula above."""
        m = self.beta1 * vectors["first_moment"]
        m += g
        v = self.beta2 * vectors["second_moment"]
        v += g * g
        u = xp.sqrt(v)
        u += scalars["eps"]
        u = m / u
        u *= scalars["factor"]
        if self.weight_decay:
            u += self.weight_decay * p if decay is None else self.weight_decay * decay * p
        u *= scalars["learning_rate"] * _trust(xp, p, u)
        return p - u, {"first_moment": m, "second_moment": v}


def _trust(xp: Namespace, p: Array, u: Array) -> Array:
    """Quotient of the norms, shape (); 1 where one of them is 0."""
    size, change = xp.sqrt(xp.sum(p * p)), xp.sqrt(xp.sum(u * u))
    one = xp.ones_like(size)
    ratio = size / xp.where(change == 0.0, one, change)
    return xp.where(size == 0.0, one, xp.where(change == 0.0, one, ratio))
