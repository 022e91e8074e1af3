"""`SGD`: stochastic gradient descent, with momentum."""

from dataclasses import dataclass

from xpnn import _check
from xpnn.optimizers.optimizer import Optimizer, Scalars, Vectors
from xpnn.optimizers.weight_decay import add_l2_gradient
from xpnn.schedules import Schedule
from xpnn.typing import Array, Namespace

__all__ = ["SGD"]


@dataclass(frozen=True, slots=True, repr=False)
class SGD(Optimizer):
    r"""Stochastic gradient descent; with momentum, heavy ball or Nesterov's.

    .. math::
        v_t = \mu v_{t-1} + g_t, \qquad p_t = p_{t-1} - \eta \, d_t, \qquad
        d_t = \begin{cases} v_t & \text{heavy ball} \\ g_t + \mu v_t & \text{Nesterov} \end{cases}

    Without momentum :math:`d_t = g_t`, and there is no state vector.

    Parameters
    ----------
    learning_rate : float or Schedule
        The step size :math:`\eta`.
    momentum : float
        The factor :math:`\mu`, in [0, 1).
    nesterov : bool
        Whether the momentum is Nesterov's.
    weight_decay : float
        L2 penalty: ``weight_decay * p`` is added to the gradient.
    clip_value, clip_norm : float, optional
        See `Optimizer`.

    Raises
    ------
    ArgumentError
        If an argument breaks its rule, or `nesterov` is True without momentum.

    Notes
    -----
    As in PyTorch (without dampening), the velocity :math:`v` does not contain the learning rate; in [1]_ it does, so
    that a change of :math:`\eta` acts at once here and gradually there. For a constant :math:`\eta` both are the same.
    Nesterov's method is written in terms of the parameters at which the gradient is taken, as in [2]_.

    References
    ----------
    .. [1] Sutskever, Martens, Dahl & Hinton, ICML 2013, equations 1 and 2 (momentum), 3 and 4 (Nesterov).
    .. [2] Bengio, Boulanger-Lewandowski & Pascanu, ICASSP 2013, section 3.5.

    Examples
    --------
    >>> import numpy as np
    >>> sgd = SGD(learning_rate=0.5, momentum=0.5)
    >>> p = np.asarray([8.0])
    >>> p, state = sgd.update(p, np.asarray([4.0]), sgd.init(p))
    >>> p, state = sgd.update(p, np.asarray([4.0]), state)
    >>> p.tolist(), state["velocity"].tolist()
    ([3.0], [6.0])
    """

    learning_rate: float | Schedule = 0.01
    momentum: float = 0.0
    nesterov: bool = False
    weight_decay: float = 0.0

    def __post_init__(self) -> None:
        Optimizer.__post_init__(self)
        self._normalise(_check.fraction, "momentum")
        self._normalise(_check.boolean, "nesterov")
        self._normalise(_check.non_negative, "weight_decay")
        if self.nesterov and not self.momentum:
            _check.refuse("nesterov", "be False where momentum is 0", self.nesterov)

    @property
    def vectors(self) -> tuple[str, ...]:
        """The velocity, where there is momentum."""
        return ("velocity",) if self.momentum else ()

    def apply(
        self, xp: Namespace, p: Array, g: Array, vectors: Vectors, scalars: Scalars, decay: Array | None
    ) -> tuple[Array, dict[str, Array]]:
        """One step; see the formula above."""
        g = add_l2_gradient(p, g, self.weight_decay, decay)
        if not self.momentum:
            return p - scalars["learning_rate"] * g, {}
        v = self.momentum * vectors["velocity"]
        v += g
        direction = g + self.momentum * v if self.nesterov else v
        return p - scalars["learning_rate"] * direction, {"velocity": v}
