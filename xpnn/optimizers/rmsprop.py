"""`RMSprop`: gradients divided by a running root mean square."""

from dataclasses import dataclass

from xpnn import _check
from xpnn.optimizers.optimizer import Optimizer, Scalars, Vectors
from xpnn.optimizers.weight_decay import add_l2_gradient
from xpnn.schedules import Schedule
from xpnn.typing import Array, Namespace

__all__ = ["RMSprop"]


@dataclass(frozen=True, slots=True, repr=False)
class RMSprop(Optimizer):
    r"""RMSprop; centred and with momentum if wished.

    .. math::
        v_t = \rho v_{t-1} + (1 - \rho) g_t^2, \qquad
        b_t = \mu b_{t-1} + \frac{g_t}{\sqrt{v_t} + \epsilon}, \qquad p_t = p_{t-1} - \eta \, b_t

    Centred, the variance :math:`v_t - m_t^2` is under the root, with the mean
    :math:`m_t = \rho m_{t-1} + (1 - \rho) g_t`.

    Parameters
    ----------
    learning_rate : float or Schedule
        The step size :math:`\eta`.
    rho : float
        Decay rate of the averages, in [0, 1); PyTorch's ``alpha``.
    eps : float
        Added to the root, as in PyTorch, not under it (as in Keras, TensorFlow 1 and [2]_). With 0, an element whose
        gradient has always been 0 becomes 0/0, NaN. Centred, it bounds the steps where the gradient does not change.
    momentum : float
        The factor :math:`\mu`, in [0, 1); as in PyTorch, the buffer :math:`b` does not contain the learning rate.
    centered : bool
        Whether the variance takes the place of the mean square.
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
    Where gradients hardly change, rounding can make :math:`v - m^2` negative, and its root NaN. So the variance itself
    is updated, :math:`w_t = \rho \, (w_{t-1} + (1 - \rho) (g_t - m_{t-1})^2)`, which is equal (see [3]_) and never
    negative. The state vector is :math:`v / (1 - \rho)` or :math:`w / (1 - \rho)`, a sum in place of an average;
    learning rate and :math:`\epsilon` are divided by :math:`\sqrt{1 - \rho}` instead.

    References
    ----------
    .. [1] Hinton, Neural Networks for Machine Learning, 2012, lecture 6e.
    .. [2] Graves, arXiv 1308.0850, 2013, equations 38 to 41 (centred, with momentum).
    .. [3] Finch, Incremental calculation of weighted mean and variance, 2009, section 9.

    Examples
    --------
    >>> import numpy as np
    >>> rmsprop = RMSprop(learning_rate=0.5, rho=0.75, eps=0.0)
    >>> p = np.asarray([0.0])
    >>> p, state = rmsprop.update(p, np.asarray([3.0]), rmsprop.init(p))
    >>> p.tolist()  # 0.5 * 3 / sqrt(0.25 * 9)
    [-1.0]
    """

    learning_rate: float | Schedule = 0.01
    rho: float = 0.99
    eps: float = 1e-8
    momentum: float = 0.0
    centered: bool = False
    weight_decay: float = 0.0

    def __post_init__(self) -> None:
        Optimizer.__post_init__(self)
        self._normalise(_check.fraction, "rho", "momentum")
        self._normalise(_check.non_negative, "eps", "weight_decay")
        self._normalise(_check.boolean, "centered")

    @property
    def vectors(self) -> tuple[str, ...]:
        """The sum of squares; the mean if centred; the buffer where there is momentum."""
        return ("square_sum", *(("mean",) if self.centered else ()), *(("velocity",) if self.momentum else ()))

    def scalars(self, step: int, learning_rate: float) -> dict[str, float]:
        """Learning rate, and rate and eps in the units of the root of the sum."""
        spread = (1.0 - self.rho) ** -0.5
        return {"learning_rate": learning_rate, "rate": learning_rate * spread, "eps": self.eps * spread}

    def apply(
        self, xp: Namespace, p: Array, g: Array, vectors: Vectors, scalars: Scalars, decay: Array | None
    ) -> tuple[Array, dict[str, Array]]:
        """One step; see the formula above."""
        g = add_l2_gradient(p, g, self.weight_decay, decay)
        new = self._averages(g, vectors)
        change = xp.sqrt(new["square_sum"])
        change += scalars["eps"]
        change = g / change
        if self.momentum:
            change += self.momentum * vectors["velocity"]
            new["velocity"] = change
        return p - scalars["rate"] * change, new

    def _averages(self, g: Array, vectors: Vectors) -> dict[str, Array]:
        """Sum of squares, or the centred one with the mean."""
        if not self.centered:
            s = self.rho * vectors["square_sum"]
            s += g * g
            return {"square_sum": s}
        deviation = g - vectors["mean"]
        s = deviation * deviation
        s += vectors["square_sum"]
        s *= self.rho
        deviation *= 1.0 - self.rho
        deviation += vectors["mean"]
        return {"square_sum": s, "mean": deviation}
