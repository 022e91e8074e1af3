"""`TripletMargin`: an anchor is nearer to its own kind than to others."""

from dataclasses import dataclass

from xpnn import _check
from xpnn.errors import ShapeError
from xpnn.losses._vectors import check_parts, parts, unit
from xpnn.losses.loss import Loss
from xpnn.typing import Array, HostArray, Namespace, Shape

__all__ = ["TripletMargin"]


@dataclass(frozen=True, slots=True, repr=False)
class TripletMargin(Loss):
    r"""Triplet loss: outputs of shape (batch, 3, features) hold three vectors per sample.

    They are an anchor :math:`a`, a positive :math:`p` of its kind, and a negative :math:`n` of another, and cost

    .. math:: l = \max(0, \lVert a - p \rVert - \lVert a - n \rVert + \Delta).

    Parameters
    ----------
    margin : float
        The lead :math:`\Delta` from which on a triple costs nothing, above 0.
    swap : bool
        Whether the distance from the positive to the negative counts in place of :math:`\lVert a - n \rVert` where it
        is less [2]_.
    reduction : {"mean", "sum"}
        Over the triples.

    Raises
    ------
    ArgumentError
        If an argument breaks its rule.
    ShapeError
        If the outputs are no triples of vectors.

    Notes
    -----
    There is nothing to compare with: the targets, one of any value per sample, are not looked at. A network that works
    on the last axis maps inputs of shape (batch, 3, ...) to such triples, all with the same weights. Distances are not
    squared, as in PyTorch; [1]_ squares them. The slope of a distance of 0 is taken as 0.

    References
    ----------
    .. [1] Schroff, Kalenichenko & Philbin, FaceNet, CVPR 2015, eq. 3.
    .. [2] Balntas, Riba, Ponsa & Mikolajczyk, BMVC 2016, section 3.3 (anchor swap).

    Examples
    --------
    >>> import numpy as np
    >>> triple = np.asarray([[[0.0, 0.0], [3.0, 4.0], [0.0, 5.5]]])
    >>> value, gradient = TripletMargin()(triple, np.asarray([0]))
    >>> float(value), gradient.round(12).tolist()
    (0.5, [[[-0.6, 0.2], [0.6, 0.8], [0.0, -1.0]]])
    """

    margin: float = 1.0
    swap: bool = False

    def __post_init__(self) -> None:
        Loss.__post_init__(self)
        self._set("margin", _check.positive("margin", self.margin))
        self._set("swap", _check.boolean("swap", self.swap))

    def terms(self, xp: Namespace, outputs: Array, targets: Array) -> tuple[Array, Array]:
        """Cost of each triple and its derivative; `targets` are not looked at."""
        a, p, n = parts(outputs, 3)
        if tuple(targets.shape[:1]) != tuple(outputs.shape[:1]):
            raise ShapeError(f"targets must have shape ({outputs.shape[0]}, ...), got {tuple(targets.shape)}.")
        (near, d_near, _), (far, d_far, _) = unit(xp, a - p), unit(xp, a - n)
        if not self.swap:
            costs = xp.maximum(d_near - d_far + self.margin, 0.0)
            near, far = xp.sign(costs) * near, xp.sign(costs) * far
            return xp.squeeze(costs, axis=-1), xp.stack([near - far, -near, far], axis=1)
        across, d_across, _ = unit(xp, p - n)
        is_swapped = d_across < d_far
        costs = xp.maximum(d_near - xp.minimum(d_across, d_far) + self.margin, 0.0)
        pays = xp.sign(costs)
        from_a, from_p = xp.where(is_swapped, 0.0, pays * far), xp.where(is_swapped, pays * across, 0.0)
        slopes = [pays * near - from_a, -pays * near - from_p, from_a + from_p]
        return xp.squeeze(costs, axis=-1), xp.stack(slopes, axis=1)

    def check_targets(self, targets: HostArray, output_shape: Shape) -> HostArray:
        """Accept anything with one entry per sample; it is not looked at."""
        check_parts(output_shape, 3)
        if targets.ndim < 1 or targets.dtype.kind not in "biuf":
            given = f"an array of shape {targets.shape} and dtype {targets.dtype}"
            raise ShapeError(f"y must hold one number per triple, of any value, got {given}.")
        return targets
