"""`Adam`: adaptive moments."""

from dataclasses import dataclass

from xpnn import _check
from xpnn.optimizers.optimizer import Optimizer, Scalars, Vectors
from xpnn.optimizers.weight_decay import add_l2_gradient
from xpnn.schedules import Schedule
from xpnn.typing import Array, Namespace

__all__ = ["Adam"]


@dataclass(frozen=True, slots=True, repr=False)
class Adam(Optimizer):
    r"""Adam with bias correction.

    .. math::
        m_t = \beta_1 m_{t-1} + (1 - \beta_1) g_t, \qquad v_t = \beta_2 v_{t-1} + (1 - \beta_2) g_t^2, \\
        p_t = p_{t-1} - \eta \, \frac{m_t / (1 - \beta_1^t)}{\sqrt{v_t / (1 - \beta_2^t)} + \epsilon}

    Parameters
    ----------
    learning_rate : float or Schedule
        The step size :math:`\eta`.
    beta1, beta2 : float
        Decay rates of the two moments, in [0, 1).
    eps : float
        Added to the root after bias correction, as in Algorithm 1 of [1]_ and in PyTorch, not before it (as in Keras).
        With 0, an element whose gradient has always been 0 becomes 0/0, NaN.
    weight_decay : float
        L2 penalty: ``weight_decay * p`` is added to the gradient. For decoupled decay see `AdamW`.
    amsgrad : bool
        Whether the largest :math:`v` so far takes the place of :math:`v_t`, so that step sizes never grow again [2]_.
        As in PyTorch, the maximum is that of :math:`v` without bias correction.
    clip_value, clip_norm : float, optional
        See `Optimizer`.

    Raises
    ------
    ArgumentError
        If an argument breaks its rule.

    Notes
    -----
    A bias-corrected moment is a weighted mean: a sum divided by the sum of its weights. The state vectors are the sums,
    :math:`M_t = \beta_1 M_{t-1} + g_t` and :math:`V_t = \beta_2 V_{t-1} + g_t^2`; the sums of the weights are
    :math:`c_i = (1 - \beta_i^t) / (1 - \beta_i)`. In these terms the formula above is

    .. math:: p_t = p_{t-1} - \frac{\eta \sqrt{c_2}}{c_1} \, \frac{M_t}{\sqrt{V_t} + \epsilon \sqrt{c_2}},

    which is the order of computation that the end of section 2 of [1]_ recommends, with three operations fewer.

    References
    ----------
    .. [1] Kingma & Ba, ICLR 2015, Algorithm 1.
    .. [2] Reddi, Kale & Kumar, ICLR 2018, Algorithm 2 (AMSGrad).

    Examples
    --------
    >>> import numpy as np
    >>> adam = Adam(learning_rate=0.1)
    >>> p = np.asarray([1.0, -1.0])
    >>> p, state = adam.update(p, 2 * p, adam.init(p))
    >>> p.round(6).tolist()
    [0.9, -0.9]
    """

    learning_rate: float | Schedule = 0.001
    beta1: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-8
    weight_decay: float = 0.0
    amsgrad: bool = False

    def __post_init__(self) -> None:
        Optimizer.__post_init__(self)
        self._normalise(_check.fraction, "beta1", "beta2")
        self._normalise(_check.non_negative, "eps", "weight_decay")
        self._normalise(_check.boolean, "amsgrad")

    @property
    def vectors(self) -> tuple[str, ...]:
        """The weighted sums of gradients and of their squares, and for AMSGrad the largest of the latter."""
        return ("first_moment", "second_moment", *(("max_second_moment",) if self.amsgrad else ()))

    def scalars(self, step: int, learning_rate: float) -> dict[str, float]:
        """Learning rate, and with the sums of the weights in them, rate and eps."""
        weights1 = (1.0 - self.beta1**step) / (1.0 - self.beta1)
        root2 = ((1.0 - self.beta2**step) / (1.0 - self.beta2)) ** 0.5
        return {"learning_rate": learning_rate, "rate": learning_rate * root2 / weights1, "eps": self.eps * root2}

    def apply(
        self, xp: Namespace, p: Array, g: Array, vectors: Vectors, scalars: Scalars, decay: Array | None
    ) -> tuple[Array, dict[str, Array]]:
        """One step; see the formula above."""
        g = add_l2_gradient(p, g, self.weight_decay, decay)
        change, vectors = self._change(xp, g, vectors, scalars)
        return p - change, vectors

    def _change(self, xp: Namespace, g: Array, vectors: Vectors, scalars: Scalars) -> tuple[Array, dict[str, Array]]:
        """Return what is to be subtracted from the parameters, and the new sums."""
        m = self.beta1 * vectors["first_moment"]
        m += g
        v = self.beta2 * vectors["second_moment"]
        v += g * g
        new = {"first_moment": m, "second_moment": v}
        if self.amsgrad:
            v = new["max_second_moment"] = xp.maximum(vectors["max_second_moment"], v)
        change = xp.sqrt(v)
        change += scalars["eps"]
        change = m / change
        change *= scalars["rate"]
        return change, new
