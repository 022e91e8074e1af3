"""`CosineSimilarity`: the angle between outputs and targets."""

from dataclasses import dataclass

from xpnn import _check
from xpnn.errors import ShapeError
from xpnn.losses._targets import real_targets
from xpnn.losses._vectors import unit
from xpnn.losses.loss import Loss
from xpnn.typing import Array, HostArray, Namespace, Shape

__all__ = ["CosineSimilarity"]


@dataclass(frozen=True, slots=True, repr=False)
class CosineSimilarity(Loss):
    r"""Minus the cosine of the angle between output and target, along the last axis: from -1, the best, to 1.

    .. math:: l = -\frac{y \cdot t}{\lVert y \rVert \, \lVert t \rVert}

    Parameters
    ----------
    reduction : {"mean", "sum"}
        Over the samples (over all positions for outputs of shape (batch, ..., features)).

    Notes
    -----
    With the directions :math:`\hat y` and :math:`\hat t`,
    :math:`\partial l/\partial y = -(\hat t - (\hat y \cdot \hat t) \hat y) / \lVert y \rVert`. A vector of zeros,
    or of nothing but numbers below the smallest normal one, costs 0 and has the gradient 0; there is no epsilon. The
    sign is that of Keras.

    Examples
    --------
    >>> import numpy as np
    >>> value, gradient = CosineSimilarity()(np.asarray([[3.0, 4.0]]), np.asarray([[2.0, 0.0]]))
    >>> round(float(value), 12), gradient.round(12).tolist()
    (-0.6, [[-0.128, 0.096]])
    """

    def terms(self, xp: Namespace, outputs: Array, targets: Array) -> tuple[Array, Array]:
        """Cost of each vector and its derivative."""
        if outputs.ndim < 2:
            raise ShapeError(f"outputs must have shape (batch, ..., features), got {tuple(outputs.shape)}.")
        y, _, inverse = unit(xp, outputs)
        t, _, _ = unit(xp, _check.targets_like(xp, outputs, targets))
        cosine = xp.sum(y * t, axis=-1, keepdims=True)
        return -xp.squeeze(cosine, axis=-1), (cosine * y - t) * inverse

    def check_targets(self, targets: HostArray, output_shape: Shape) -> HostArray:
        """Accept finite numbers, one for each output."""
        if not output_shape:
            raise ShapeError("outputs must have shape (batch, ..., features), got (batch,).")
        return real_targets(targets, output_shape)
