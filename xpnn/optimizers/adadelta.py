"""`Adadelta`: steps in the units of the parameters."""

from dataclasses import dataclass

from xpnn import _check
from xpnn.optimizers.optimizer import Optimizer, Scalars, Vectors
from xpnn.optimizers.weight_decay import add_l2_gradient
from xpnn.schedules import Schedule
from xpnn.typing import Array, Namespace

__all__ = ["Adadelta"]


@dataclass(frozen=True, slots=True, repr=False)
class Adadelta(Optimizer):
    r"""Adadelta, which needs no learning rate.

    .. math::
        v_t &= \rho v_{t-1} + (1 - \rho) g_t^2, & d_t &= \sqrt{\frac{u_{t-1} + \epsilon}{v_t + \epsilon}} \; g_t, \\
        u_t &= \rho u_{t-1} + (1 - \rho) d_t^2, & p_t &= p_{t-1} - \eta \, d_t

    Parameters
    ----------
    learning_rate : float or Schedule
        The factor :math:`\eta`, which PyTorch adds to the paper; 1 is the paper's method.
    rho : float
        Decay rate of the two averages, in [0, 1).
    eps : float
        Added under both roots, as in [1]_ and in PyTorch; it sets the size of the first steps. With 0 nothing ever
        moves, since :math:`u_0 = 0`, and an element whose gradient has always been 0 becomes 0/0, NaN.
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
    The state vectors are :math:`v / (1 - \rho)` and :math:`u / (1 - \rho)`, sums in place of averages, and
    :math:`\epsilon` is divided likewise: the quotient stays the same, with two operations fewer.

    References
    ----------
    .. [1] Zeiler, arXiv 1212.5701, 2012, Algorithm 1.

    Examples
    --------
    >>> import numpy as np
    >>> adadelta = Adadelta(rho=0.75, eps=1.0)
    >>> p = np.asarray([0.0])
    >>> p, state = adadelta.update(p, np.asarray([2.0]), adadelta.init(p))
    >>> p.round(6).tolist()  # 2 / sqrt(0.25 * 4 + 1)
    [-1.414214]
    """

    learning_rate: float | Schedule = 1.0
    rho: float = 0.9
    eps: float = 1e-6
    weight_decay: float = 0.0

    def __post_init__(self) -> None:
        Optimizer.__post_init__(self)
        self._normalise(_check.fraction, "rho")
        self._normalise(_check.non_negative, "eps", "weight_decay")

    @property
    def vectors(self) -> tuple[str, ...]:
        """The weighted sums of the squares of gradients and of changes."""
        return ("square_gradient", "square_change")

    def scalars(self, step: int, learning_rate: float) -> dict[str, float]:
        """Learning rate, and eps in the units of the sums."""
        return {"learning_rate": learning_rate, "eps": self.eps / (1.0 - self.rho)}

    def apply(
        self, xp: Namespace, p: Array, g: Array, vectors: Vectors, scalars: Scalars, decay: Array | None
    ) -> tuple[Array, dict[str, Array]]:
        """One step; see the formula above."""
        g = add_l2_gradient(p, g, self.weight_decay, decay)
        v = self.rho * vectors["square_gradient"]
        v += g * g
        change = vectors["square_change"] + scalars["eps"]
        change /= v + scalars["eps"]
        change = xp.sqrt(change)
        change *= g
        u = self.rho * vectors["square_change"]
        u += change * change
        return p - scalars["learning_rate"] * change, {"square_gradient": v, "square_change": u}
