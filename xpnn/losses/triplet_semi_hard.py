"""`TripletSemiHard`: triplets of a batch, made of labels, with negatives that are neither easy nor the hardest."""

from dataclasses import dataclass
from typing import ClassVar

from array_api_compat import device

from xpnn import _check
from xpnn.errors import ShapeError
from xpnn.losses._targets import group_targets
from xpnn.losses._vectors import unit
from xpnn.losses.loss import Loss
from xpnn.typing import Array, HostArray, Namespace, Shape

__all__ = ["TripletSemiHard"]


@dataclass(frozen=True, slots=True, repr=False)
class TripletSemiHard(Loss):
    r"""Triplet loss with semi-hard negatives: outputs (batch, features) are one vector per sample, targets its label.

    With the distances :math:`d`, every pair of an anchor :math:`a` and another sample :math:`p` of the same label costs

    .. math:: l_{ap} = \max(0, d_{ap} - d_{an} + \Delta),

    where the negative :math:`n`, of another label, is the nearest one that is farther from :math:`a` than :math:`p` is,
    and if there is none the farthest of all. Pairs whose anchor has no negative in the batch are left out.

    Parameters
    ----------
    margin : float
        The lead :math:`\Delta` from which on a pair costs nothing, above 0.
    squared : bool
        Whether the distances are squared, as in [1]_, or Euclidean.
    reduction : {"mean", "sum"}
        Over the pairs. Sample weights are those of the anchors, with ``"mean"`` as a weighted mean; without any pair it
        is 0.

    Raises
    ------
    ArgumentError
        If an argument breaks its rule.
    ShapeError
        If the outputs are not one vector per sample.

    Notes
    -----
    As in TensorFlow Addons. Vectors are usually brought to the length 1 first. The loss compares the samples of a batch
    with each other, so it depends on the batches, which should hold several samples of each label, and its memory grows
    with the cube of their size. With :math:`g_{ij}` the derivative of the loss by :math:`d_{ij}`,
    :math:`\partial L/\partial x_i = \sum_j (g_{ij} + g_{ji}) \, \partial d_{ij}/\partial x_i`; negatives at the same
    distance share theirs, and the slope of a distance of 0 is taken as 0.

    References
    ----------
    .. [1] Schroff, Kalenichenko & Philbin, FaceNet, CVPR 2015, section 3.2.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.asarray([[0.0], [1.0], [1.5], [9.0]])
    >>> value, gradient = TripletSemiHard(reduction="sum")(x, np.asarray([0, 0, 1, 1]))
    >>> float(value), gradient.ravel().tolist()  # the pairs cost 0.5, 1 - 8 + 1 < 0, 7.5 - 1.5 + 1, 7.5 - 8 + 1
    (8.0, [1.0, 2.0, -4.0, 1.0])
    """

    margin: float = 1.0
    squared: bool = False

    mixes: ClassVar[bool] = False

    def __post_init__(self) -> None:
        Loss.__post_init__(self)
        self._set("margin", _check.positive("margin", self.margin))
        self._set("squared", _check.boolean("squared", self.squared))

    def value_and_gradient(
        self, xp: Namespace, outputs: Array, targets: Array, sample_weight: Array | None = None
    ) -> tuple[Array, Array]:
        """Scalar loss and its gradient; see `Loss`. The weight of an anchor acts on all that its pairs pull at."""
        _check_shapes(tuple(outputs.shape), tuple(targets.shape))
        if not outputs.shape[0]:
            return Loss.value_and_gradient(self, xp, outputs, targets, sample_weight)
        factor = xp.astype(_pairs(xp, targets), outputs.dtype)
        if sample_weight is not None:
            if (given := tuple(sample_weight.shape)) != tuple(outputs.shape[:1]):
                raise ShapeError(f"sample_weight must have shape {tuple(outputs.shape[:1])}, got {given}.")
            factor = factor * xp.astype(sample_weight, outputs.dtype, copy=False)[:, None]
        if self.reduction == "mean":
            total = xp.sum(factor)
            factor = factor / xp.where(total == 0, 1.0, total)
        costs, gradient = self._compare(xp, outputs, targets, factor)
        return xp.sum(costs), gradient

    def terms(self, xp: Namespace, outputs: Array, targets: Array) -> tuple[Array, Array]:
        """Cost of all pairs of each anchor, and the derivative of the sum of these costs."""
        _check_shapes(tuple(outputs.shape), tuple(targets.shape))
        if not outputs.shape[0]:
            return xp.sum(outputs, axis=1), 1.0 * outputs
        costs, slopes = self._compare(xp, outputs, targets, xp.astype(_pairs(xp, targets), outputs.dtype))
        return xp.sum(costs, axis=1), slopes

    def _compare(self, xp: Namespace, x: Array, labels: Array, factor: Array) -> tuple[Array, Array]:
        """Costs of the pairs (anchor, positive) times `factor`, shape (batch, batch), and the gradient of their sum."""
        way = x[:, None, :] - x[None, :, :]
        if self.squared:
            d, slope = xp.sum(way * way, axis=-1), 2.0 * way
        else:
            slope, d, _ = unit(xp, way)
            d = xp.squeeze(d, axis=-1)
        is_negative = xp.logical_not(_same(xp, labels))[:, None, :]
        # Axes: anchor, positive, negative. What is not nearer is farther or NaN, so that NaN is not lost.
        is_farther = xp.logical_and(is_negative, xp.logical_not(d[:, None, :] <= d[:, :, None]))
        nearest = xp.min(xp.where(is_farther, d[:, None, :], float("inf")), axis=-1, keepdims=True)
        farthest = xp.max(xp.where(is_negative, d[:, None, :], -float("inf")), axis=-1, keepdims=True)
        chosen = xp.where(nearest < float("inf"), nearest, farthest)
        lead = xp.where(factor > 0, d - xp.squeeze(chosen, axis=-1) + self.margin, 0.0)
        costs = factor * xp.maximum(lead, 0.0)
        pull = factor * xp.astype(lead > 0, x.dtype)
        taken = xp.astype(xp.logical_and(is_negative, d[:, None, :] == chosen), x.dtype)
        shares = pull[:, :, None] / xp.maximum(xp.sum(taken, axis=-1, keepdims=True), 1.0)
        g = pull - xp.sum(taken * shares, axis=1)
        return costs, xp.sum((g + xp.matrix_transpose(g))[..., None] * slope, axis=1)

    def check_targets(self, targets: HostArray, output_shape: Shape) -> HostArray:
        """Accept one label per sample, an integer of any value."""
        _check_shapes((targets.shape[0], *output_shape), targets.shape[:1])
        return group_targets(targets)


def _check_shapes(outputs: Shape, targets: Shape) -> None:
    if len(outputs) != 2 or outputs[1] == 0:
        inner = "".join(f", {n}" for n in outputs[1:]) or ","
        raise ShapeError(f"outputs must have shape (batch, features), got (batch{inner}).")
    if targets not in (outputs[:1], (outputs[0], 1)):
        raise ShapeError(f"targets must have shape ({outputs[0]},), got {targets}.")


def _same(xp: Namespace, labels: Array) -> Array:
    """Whether two samples have one label, shape (batch, batch)."""
    return xp.reshape(labels, (labels.shape[0], 1)) == xp.reshape(labels, (1, labels.shape[0]))


def _pairs(xp: Namespace, labels: Array) -> Array:
    """Whether (row, column) are an anchor with some negative and another sample of its label."""
    same = _same(xp, labels)
    places = xp.arange(labels.shape[0], device=device(labels))
    is_other = places[:, None] != places[None, :]
    has_negative = xp.sum(xp.astype(same, xp.int64), axis=1, keepdims=True) < labels.shape[0]
    return xp.logical_and(xp.logical_and(same, is_other), has_negative)
