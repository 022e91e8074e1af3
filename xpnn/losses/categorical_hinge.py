"""`CategoricalHinge`: the class must lead the best other one by a margin."""

from dataclasses import dataclass
from typing import ClassVar

from xpnn import _check
from xpnn.losses._classes import classes_first, classes_last, own_class
from xpnn.losses._targets import label_targets
from xpnn.losses.loss import Loss
from xpnn.typing import Array, HostArray, Namespace, Shape

__all__ = ["CategoricalHinge"]


@dataclass(frozen=True, slots=True, repr=False)
class CategoricalHinge(Loss):
    r"""Hinge loss of the best other class.

    For a sample with scores :math:`z` and class :math:`c`,

    .. math:: l = \max(0, \Delta - z_c + \max_{k \ne c} z_k).

    Parameters
    ----------
    margin : float
        The margin :math:`\Delta`.
    reduction : {"mean", "sum"}
        Over the samples (over all positions for outputs of shape (batch, ..., classes)).

    Raises
    ------
    ArgumentError
        If `margin` is not a finite number above 0.

    Notes
    -----
    Where there is something to pay, :math:`\partial l/\partial z_c = -1` and :math:`\partial l/\partial z_k = 1` for
    the best other class, or 1 / n for n that are equally good. `Hinge` with labels sums over all other classes.

    References
    ----------
    .. [1] Crammer & Singer, Journal of Machine Learning Research 2, 2001, section 3.

    Examples
    --------
    >>> import numpy as np
    >>> value, gradient = CategoricalHinge()(np.asarray([[3.0, 2.5, 0.0]]), np.asarray([0]))
    >>> float(value), gradient.tolist()
    (0.5, [[-1.0, 1.0, 0.0]])
    """

    margin: float = 1.0

    threshold: ClassVar[float] = 0.0

    def __post_init__(self) -> None:
        Loss.__post_init__(self)
        self._set("margin", _check.positive("margin", self.margin))

    def terms(self, xp: Namespace, outputs: Array, targets: Array) -> tuple[Array, Array]:
        """Cost of each sample and its derivative; `targets` are labels or one-hot rows."""
        shape = tuple(outputs.shape)
        scores, is_class = classes_first(xp, outputs), own_class(xp, outputs, targets)
        own = xp.sum(xp.where(is_class, scores, 0.0), axis=0)
        others = xp.where(is_class, -float("inf"), scores)
        best = xp.max(others, axis=0)
        costs = xp.maximum(self.margin - own + best, 0.0)
        is_best = xp.astype(others == best, outputs.dtype)
        share = xp.sign(costs) / xp.maximum(xp.sum(is_best, axis=0), 1.0)
        slope = xp.where(is_class, 0.0 - xp.sign(costs), is_best * share)
        return xp.reshape(costs, shape[:-1]), classes_last(xp, slope, shape)

    def check_targets(self, targets: HostArray, output_shape: Shape) -> HostArray:
        """Accept labels 0 to classes - 1, or one-hot rows."""
        return label_targets(targets, output_shape)
