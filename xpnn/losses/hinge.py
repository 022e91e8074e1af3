"""`Hinge`: the loss of support vector machines, for two classes and for many."""

from dataclasses import dataclass
from math import prod
from typing import ClassVar

from xpnn import _check
from xpnn.losses._classes import class_mask, classes_first, classes_last
from xpnn.losses._targets import class_targets, side_targets
from xpnn.losses.loss import Loss
from xpnn.typing import Array, HostArray, Namespace, Shape

__all__ = ["Hinge"]


@dataclass(frozen=True, slots=True, repr=False)
class Hinge(Loss):
    r"""Hinge loss: nothing to pay once the right side leads by the margin :math:`\Delta`.

    The targets decide which one it is. With one target for each output, -1 and 1 (or 0 and 1, where 0 stands for -1),
    each output :math:`z` with target :math:`t` costs [1]_

    .. math:: l = \max(0, \Delta - t z).

    With labels, shape (batch, ...), for outputs of shape (batch, ..., classes), each sample with scores :math:`z` and
    class :math:`c` costs, after Weston and Watkins [2]_,

    .. math:: l = \sum_{k \ne c} \max(0, z_k - z_c + \Delta).

    Parameters
    ----------
    margin : float
        The margin :math:`\Delta`; Weston and Watkins use 2, most others 1.
    reduction : {"mean", "sum"}
        Over all elements, or over the samples with labels.

    Raises
    ------
    ArgumentError
        If `margin` is not a finite number above 0.

    Notes
    -----
    :math:`\partial l/\partial z = -t\,[\Delta - t z > 0]`; with labels
    :math:`\partial l/\partial z_k = [z_k - z_c + \Delta > 0]` for :math:`k \ne c`, and minus the sum of these for
    :math:`k = c`. The derivative at the kink is taken as 0.
    The outputs are scores, not probabilities: ``predict_proba`` returns them as they are, and the side changes at 0.

    References
    ----------
    .. [1] Cortes & Vapnik, Machine Learning 20, 1995, the soft margin.
    .. [2] Weston & Watkins, ESANN 1999, as in the notes on linear classification of Stanford's CS231n; Crammer and
       Singer take the maximum over :math:`k`, not the sum.

    Examples
    --------
    >>> import numpy as np
    >>> value, gradient = Hinge()(np.asarray([[0.5], [3.0]]), np.asarray([1, 1]))
    >>> float(value), gradient.tolist()
    (0.25, [[-0.5], [0.0]])
    >>> value, gradient = Hinge()(np.asarray([[3.0, 2.5, 0.0]]), np.asarray([0]))
    >>> float(value), gradient.tolist()
    (0.5, [[-1.0, 1.0, 0.0]])
    """

    margin: float = 1.0

    threshold: ClassVar[float] = 0.0

    def __post_init__(self) -> None:
        Loss.__post_init__(self)
        self._set("margin", _check.positive("margin", self.margin))

    def terms(self, xp: Namespace, outputs: Array, targets: Array) -> tuple[Array, Array]:
        """Cost of each element or, with labels, of each sample, and its derivative."""
        shape = tuple(outputs.shape)
        if tuple(targets.shape) == shape or prod(shape[1:]) == 1:
            return self._sides(xp, outputs, _check.targets_like(xp, outputs, targets))
        scores, is_class = classes_first(xp, outputs), class_mask(xp, outputs, targets)
        own = xp.sum(xp.where(is_class, scores, 0.0), axis=0)
        excess = xp.where(is_class, 0.0, xp.maximum(scores - own + self.margin, 0.0))
        slope = xp.sign(excess)
        slope = xp.where(is_class, 0.0 - xp.sum(slope, axis=0), slope)
        return xp.reshape(xp.sum(excess, axis=0), shape[:-1]), classes_last(xp, slope, shape)

    def _sides(self, xp: Namespace, outputs: Array, targets: Array) -> tuple[Array, Array]:
        is_positive = targets > 0
        excess = xp.maximum(self.margin - xp.where(is_positive, outputs, -outputs), 0.0)
        slope = xp.sign(excess)
        return excess, xp.where(is_positive, 0.0 - slope, slope)

    def check_targets(self, targets: HostArray, output_shape: Shape) -> HostArray:
        """Accept -1 and 1, or 0 and 1, one for each output; for several outputs also labels 0 to classes - 1."""
        if targets.shape[1:] == output_shape or prod(output_shape) == 1:
            return side_targets(targets, output_shape)
        return class_targets(targets, output_shape)
