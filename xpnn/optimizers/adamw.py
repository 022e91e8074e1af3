"""`AdamW`: Adam with decoupled weight decay."""

from dataclasses import dataclass

from xpnn.optimizers.adam import Adam
from xpnn.optimizers.optimizer import Scalars, Vectors
from xpnn.typing import Array, Namespace

__all__ = ["AdamW"]


@dataclass(frozen=True, slots=True, repr=False)
class AdamW(Adam):
    r"""Adam whose weight decay bypasses the moments.

    .. math::
        p_t = (1 - \eta \lambda) \, p_{t-1}
        - \eta \, \frac{m_t / (1 - \beta_1^t)}{\sqrt{v_t / (1 - \beta_2^t)} + \epsilon}

    The moments :math:`m` and :math:`v` are those of `Adam`, of the gradient without any penalty.

    Parameters
    ----------
    learning_rate : float or Schedule
        The step size :math:`\eta`.
    beta1, beta2 : float
        Decay rates of the two moments, in [0, 1).
    eps : float
        Added to the root after bias correction. With 0, an element whose gradient has always been 0 becomes 0/0, NaN.
    weight_decay : float
        The factor :math:`\lambda`. As in PyTorch and optax, the decay of one step is :math:`\eta \lambda`; in [1]_ it
        is :math:`\eta_t \lambda` with a schedule :math:`\eta_t` that does not contain the step size.
    amsgrad : bool
        As for `Adam`.
    clip_value, clip_norm : float, optional
        See `Optimizer`.

    Raises
    ------
    ArgumentError
        If an argument breaks its rule.

    References
    ----------
    .. [1] Loshchilov & Hutter, ICLR 2019, Algorithm 2, line 12.

    Examples
    --------
    >>> import numpy as np
    >>> adamw = AdamW(learning_rate=0.1, weight_decay=0.5)
    >>> p = np.asarray([1.0, 1.0])
    >>> p, state = adamw.update(p, np.asarray([1.0, 0.0]), adamw.init(p), decay=np.asarray([1.0, 0.0]))
    >>> p.round(6).tolist()
    [0.85, 1.0]
    """

    weight_decay: float = 0.01

    def apply(
        self, xp: Namespace, p: Array, g: Array, vectors: Vectors, scalars: Scalars, decay: Array | None
    ) -> tuple[Array, dict[str, Array]]:
        """One step; see the formula above."""
        change, new = self._change(xp, g, vectors, scalars)
        if self.weight_decay:
            shrink = self.weight_decay * scalars["learning_rate"]
            p = p * (1.0 - (shrink if decay is None else shrink * decay))
        return p - change, new
