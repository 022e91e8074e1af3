"""`Rprop`: steps by the sign of the gradient, with a size of its own for each element."""

from dataclasses import dataclass

from xpnn import _check
from xpnn.optimizers.optimizer import Optimizer, Scalars, Vectors
from xpnn.schedules import Schedule, rate_at
from xpnn.typing import Array, Namespace

__all__ = ["Rprop"]


@dataclass(frozen=True, slots=True, repr=False)
class Rprop(Optimizer):
    r"""Resilient backpropagation, in the variant iRprop−.

    .. math::
        s_t = \operatorname{sign}(g'_{t-1}) \operatorname{sign}(g_t), \qquad
        \Delta_t = \begin{cases} \min(\eta^+ \Delta_{t-1}, \Delta_{\max}) & s_t > 0 \\
        \max(\eta^- \Delta_{t-1}, \Delta_{\min}) & s_t < 0 \\ \Delta_{t-1} & s_t = 0 \end{cases} \qquad
        g'_t = \begin{cases} 0 & s_t < 0 \\ g_t & \text{else} \end{cases} \qquad
        p_t = p_{t-1} - \Delta_t \operatorname{sign}(g'_t)

    Parameters
    ----------
    learning_rate : float or Schedule
        The first step size :math:`\Delta_0` of every element. A learning rate that changes later has no effect.
    eta_minus, eta_plus : float
        The factors :math:`0 < \eta^- < 1 < \eta^+`.
    min_step, max_step : float
        Bounds of the step sizes.
    clip_value, clip_norm : float, optional
        See `Optimizer`.

    Raises
    ------
    ArgumentError
        If an argument breaks its rule.

    Notes
    -----
    As in PyTorch, and as Algorithm 4 of [2]_: after a change of sign the gradient counts as 0, once, and the step
    before is not taken back (as [1]_ does). It looks at signs alone, and so wants the full batch; the signs are
    multiplied, not the gradients as in PyTorch, whose product may vanish.

    References
    ----------
    .. [1] Riedmiller & Braun, ICNN 1993.
    .. [2] Igel & Hüsken, Neurocomputing 50, 2003, Algorithm 4.

    Examples
    --------
    >>> import numpy as np
    >>> rprop = Rprop(learning_rate=1.0, eta_plus=1.5)
    >>> p, state = np.asarray([4.0]), rprop.init(np.asarray([4.0]))
    >>> for g in (1.0, 1.0, -1.0, -1.0):
    ...     p, state = rprop.update(p, np.asarray([g]), state)
    ...     print(p.tolist())
    [3.0]
    [1.5]
    [1.5]
    [2.25]
    """

    learning_rate: float | Schedule = 0.01
    eta_minus: float = 0.5
    eta_plus: float = 1.2
    min_step: float = 1e-6
    max_step: float = 50.0

    def __post_init__(self) -> None:
        Optimizer.__post_init__(self)
        self._normalise(_check.positive, "eta_minus", "eta_plus", "min_step", "max_step")
        if self.eta_minus >= 1.0:
            _check.refuse("eta_minus", "be a number below 1", self.eta_minus)
        if self.eta_plus <= 1.0:
            _check.refuse("eta_plus", "be a number above 1", self.eta_plus)
        if self.min_step > self.max_step:
            _check.refuse("min_step", f"be at most max_step, {self.max_step}", self.min_step)

    @property
    def vectors(self) -> tuple[str, ...]:
        """The gradient of the step before, and the step sizes."""
        return ("previous_gradient", "step_size")

    def zero_state(self, xp: Namespace, p: Array) -> dict[str, Array]:
        """State before the first step: no gradient, and the learning rate as size of every step."""
        first = rate_at(self.learning_rate, 0)
        return {"previous_gradient": xp.zeros_like(p), "step_size": xp.full_like(p, first)}

    def apply(
        self, xp: Namespace, p: Array, g: Array, vectors: Vectors, scalars: Scalars, decay: Array | None
    ) -> tuple[Array, dict[str, Array]]:
        """One step; see the formula above. There is no weight decay."""
        agreement, size = xp.sign(vectors["previous_gradient"]) * xp.sign(g), vectors["step_size"]
        longer = xp.minimum(self.eta_plus * size, self.max_step)
        shorter = xp.maximum(self.eta_minus * size, self.min_step)
        turned = agreement < 0.0
        size = xp.where(agreement > 0.0, longer, xp.where(turned, shorter, size))
        g = xp.where(turned, xp.zeros_like(g), g)
        return p - size * xp.sign(g), {"previous_gradient": g, "step_size": size}
