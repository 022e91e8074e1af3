"""`MultiMargin`: the class must lead every other one by a margin."""

from dataclasses import dataclass
from typing import ClassVar

from xpnn import _check
from xpnn.losses._classes import classes_first, classes_last, own_class
from xpnn.losses._targets import label_targets
from xpnn.losses.loss import Loss
from xpnn.typing import Array, HostArray, Namespace, Shape

__all__ = ["MultiMargin"]


@dataclass(frozen=True, slots=True, repr=False)
class MultiMargin(Loss):
    r"""Margins to all other classes.

    For a sample with :math:`K` scores :math:`z` and class :math:`c`,

    .. math:: l = \frac1K \sum_{k \ne c} \max(0, \Delta - z_c + z_k)^p.

    Parameters
    ----------
    p : int
        The exponent, 1 or 2; with 1 this is `Hinge` with labels, divided by the number of classes.
    margin : float
        The margin :math:`\Delta`.
    reduction : {"mean", "sum"}
        Over the samples (over all positions for outputs of shape (batch, ..., classes)).

    Raises
    ------
    ArgumentError
        If `p` is neither 1 nor 2, or `margin` not a finite number above 0.

    Notes
    -----
    With :math:`m_k = \max(0, \Delta - z_c + z_k)`, :math:`\partial l/\partial z_k = \tfrac1K p \, m_k^{p - 1}` for
    :math:`k \ne c` and :math:`m_k > 0`, and minus the sum of these for :math:`k = c`.

    References
    ----------
    .. [1] Weston & Watkins, ESANN 1999, with the exponents of PyTorch's ``MultiMarginLoss``.

    Examples
    --------
    >>> import numpy as np
    >>> value, gradient = MultiMargin(p=2)(np.asarray([[3.0, 2.5, 0.0, 0.0]]), np.asarray([0]))
    >>> float(value), gradient.tolist()
    (0.0625, [[-0.25, 0.25, 0.0, 0.0]])
    """

    p: int = 1
    margin: float = 1.0

    threshold: ClassVar[float] = 0.0

    def __post_init__(self) -> None:
        Loss.__post_init__(self)
        p = _check.number("p", self.p, "be 1 or 2")
        self._set("p", int(p) if p in (1.0, 2.0) else _check.refuse("p", "be 1 or 2", self.p))
        self._set("margin", _check.positive("margin", self.margin))

    def terms(self, xp: Namespace, outputs: Array, targets: Array) -> tuple[Array, Array]:
        """Cost of each sample and its derivative; `targets` are labels or one-hot rows."""
        shape = tuple(outputs.shape)
        scores, is_class = classes_first(xp, outputs), own_class(xp, outputs, targets)
        own = xp.sum(xp.where(is_class, scores, 0.0), axis=0)
        excess = xp.where(is_class, 0.0, xp.maximum(scores - own + self.margin, 0.0))
        slope = (xp.sign(excess) if self.p == 1 else 2.0 * excess) / shape[-1]
        slope = xp.where(is_class, 0.0 - xp.sum(slope, axis=0), slope)
        costs = xp.sum(excess if self.p == 1 else excess * excess, axis=0) / shape[-1]
        return xp.reshape(costs, shape[:-1]), classes_last(xp, slope, shape)

    def check_targets(self, targets: HostArray, output_shape: Shape) -> HostArray:
        """Accept labels 0 to classes - 1, or one-hot rows."""
        return label_targets(targets, output_shape)
