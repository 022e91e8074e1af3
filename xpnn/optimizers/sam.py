"""`SAM`: sharpness-aware minimization."""

from dataclasses import dataclass

from xpnn import _check
from xpnn.optimizers._wrapper import Wrapper
from xpnn.optimizers.optimizer import GradientAt, Vectors
from xpnn.typing import Array, Namespace

__all__ = ["SAM"]


@dataclass(frozen=True, slots=True, repr=False)
class SAM(Wrapper):
    r"""Another optimizer with the gradient from where the loss nearby is worst.

    .. math:: \hat g = \nabla L\left(p + \rho \, \frac{\nabla L(p)}{\lVert \nabla L(p) \rVert}\right)

    Each step takes two gradients.

    Parameters
    ----------
    inner : Optimizer
        Makes the step along :math:`\hat g`. Its learning rate and clipping are those of the whole.
    rho : float
        The radius :math:`\rho` of the neighbourhood.

    Raises
    ------
    ArgumentError
        If an argument breaks its rule.

    Notes
    -----
    The norm is that of the whole gradient, penalties included; where it is 0 the parameters stay. Loss, metrics and
    running averages of a step are those of the first gradient; each gradient has its own random masks. The variant is
    that of [1]_ with :math:`p = 2`, not the scale-invariant one of later work. Used alone, `update` needs the gradient
    as a function of the parameters.

    References
    ----------
    .. [1] Foret, Kleiner, Mobahi & Neyshabur, Sharpness-aware minimization for efficiently improving generalization,
       ICLR 2021, Algorithm 1.

    Examples
    --------
    >>> import numpy as np
    >>> from xpnn.optimizers import SGD
    >>> sam = SAM(SGD(learning_rate=0.5), rho=1.0)
    >>> p, state = sam.update(np.asarray([2.0]), lambda p: p, sam.init(np.asarray([2.0])))
    >>> p.tolist()  # 2 - 0.5 * (2 + 1)
    [0.5]
    """

    rho: float = 0.05

    def __post_init__(self) -> None:
        Wrapper.__post_init__(self)
        self._normalise(_check.positive, "rho")

    @property
    def needs_function(self) -> bool:
        """True: two gradients are taken."""
        return True

    def gradient(self, xp: Namespace, p: Array, vectors: Vectors, gradient_at: GradientAt) -> Array:
        """Take the gradient there, and again a little uphill; see the formula above."""

        def uphill(at: Array) -> Array:
            g = gradient_at(at)
            norm = xp.sqrt(xp.sum(g * g))
            factor = self.rho / xp.where(norm == 0.0, xp.ones_like(norm), norm)
            return gradient_at(at + factor * g)

        return self.inner.gradient(xp, p, vectors, uphill)
