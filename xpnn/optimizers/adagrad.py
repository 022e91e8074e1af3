"""`Adagrad`: steps that shrink with the gradients seen so far."""

from dataclasses import dataclass

from xpnn import _check
from xpnn.optimizers.optimizer import Optimizer, Scalars, Vectors
from xpnn.optimizers.weight_decay import add_l2_gradient
from xpnn.schedules import Schedule
from xpnn.typing import Array, Namespace

__all__ = ["Adagrad"]


@dataclass(frozen=True, slots=True, repr=False)
class Adagrad(Optimizer):
    r"""Adagrad, with one step size for each element.

    .. math:: s_t = s_{t-1} + g_t^2, \qquad p_t = p_{t-1} - \eta \, \frac{g_t}{\sqrt{s_t} + \epsilon}

    Parameters
    ----------
    learning_rate : float or Schedule
        The step size :math:`\eta`.
    initial_accumulator_value : float
        The value :math:`s_0` of every element, at least 0.
    eps : float
        Added to the root, as in Figure 1 of [1]_ (there :math:`\delta`) and in PyTorch, not under it (as in Keras).
        With 0 and :math:`s_0 = 0`, an element whose gradient has always been 0 becomes 0/0, NaN.
    weight_decay : float
        L2 penalty: ``weight_decay * p`` is added to the gradient.
    clip_value, clip_norm : float, optional
        See `Optimizer`.

    Raises
    ------
    ArgumentError
        If an argument breaks its rule.

    References
    ----------
    .. [1] Duchi, Hazan & Singer, JMLR 12, 2011, Figure 1 (diagonal matrices).

    Examples
    --------
    >>> import numpy as np
    >>> adagrad = Adagrad(learning_rate=1.0, eps=0.0)
    >>> p = np.asarray([0.0])
    >>> p, state = adagrad.update(p, np.asarray([3.0]), adagrad.init(p))
    >>> p, state = adagrad.update(p, np.asarray([4.0]), state)
    >>> p.tolist()
    [-1.8]
    """

    learning_rate: float | Schedule = 0.01
    initial_accumulator_value: float = 0.0
    eps: float = 1e-10
    weight_decay: float = 0.0

    def __post_init__(self) -> None:
        Optimizer.__post_init__(self)
        self._normalise(_check.non_negative, "initial_accumulator_value", "eps", "weight_decay")

    @property
    def vectors(self) -> tuple[str, ...]:
        """The sum of the squared gradients."""
        return ("square_sum",)

    def zero_state(self, xp: Namespace, p: Array) -> dict[str, Array]:
        """State before the first step: the initial accumulator value everywhere."""
        return {"square_sum": xp.full_like(p, self.initial_accumulator_value)}

    def apply(
        self, xp: Namespace, p: Array, g: Array, vectors: Vectors, scalars: Scalars, decay: Array | None
    ) -> tuple[Array, dict[str, Array]]:
        """One step; see the formula above."""
        g = add_l2_gradient(p, g, self.weight_decay, decay)
        s = g * g
        s += vectors["square_sum"]
        change = xp.sqrt(s)
        change += self.eps
        change = g / change
        change *= scalars["learning_rate"]
        return p - change, {"square_sum": s}
