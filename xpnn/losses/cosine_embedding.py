"""`CosineEmbedding`: pairs that belong together point the same way, others do not."""

from dataclasses import dataclass
from typing import ClassVar

from xpnn import _check
from xpnn.losses._targets import side_targets
from xpnn.losses._vectors import check_parts, parts, unit
from xpnn.losses.loss import Loss
from xpnn.typing import Array, HostArray, Namespace, Shape

__all__ = ["CosineEmbedding"]


@dataclass(frozen=True, slots=True, repr=False)
class CosineEmbedding(Loss):
    r"""Cosine loss of pairs: outputs of shape (batch, 2, features) hold two vectors :math:`a, b` per sample.

    With :math:`c` the cosine of the angle between them, :math:`l = 1 - c` for a pair that belongs together (target 1),
    and :math:`l = \max(0, c - \Delta)` for one that does not (target -1, or 0).

    Parameters
    ----------
    margin : float
        The greatest cosine :math:`\Delta` of strangers that costs nothing, from -1 to 1.
    reduction : {"mean", "sum"}
        Over the pairs.

    Raises
    ------
    ArgumentError
        If `margin` breaks its rule.
    ShapeError
        If the outputs are no pairs of vectors.

    Notes
    -----
    A network that works on the last axis maps inputs of shape (batch, 2, ...) to such pairs, with the same weights.
    :math:`\partial c/\partial a = (\hat b - c \hat a) / \lVert a \rVert`, and likewise for :math:`b`. A vector of
    zeros, or of nothing but numbers below the smallest normal one, has the cosine 0 and no gradient.

    References
    ----------
    .. [1] PyTorch's ``CosineEmbeddingLoss``.

    Examples
    --------
    >>> import numpy as np
    >>> pairs = np.asarray([[[3.0, 4.0], [2.0, 0.0]], [[3.0, 4.0], [2.0, 0.0]]])
    >>> value, gradient = CosineEmbedding()(pairs, np.asarray([1, -1]))
    >>> round(float(value), 12)
    0.5
    """

    margin: float = 0.0

    threshold: ClassVar[float] = 0.0

    def __post_init__(self) -> None:
        Loss.__post_init__(self)
        rule = "be a number from -1 to 1"
        margin = _check.number("margin", self.margin, rule)
        self._set("margin", margin if -1 <= margin <= 1 else _check.refuse("margin", rule, margin))

    def terms(self, xp: Namespace, outputs: Array, targets: Array) -> tuple[Array, Array]:
        """Cost of each pair and its derivative."""
        first, second = parts(outputs, 2)
        is_pair = _check.targets_like(xp, first[:, 0], targets) > 0
        (a, _, inverse_a), (b, _, inverse_b) = unit(xp, first), unit(xp, second)
        cosine = xp.sum(a * b, axis=-1, keepdims=True)
        flat = xp.squeeze(cosine, axis=-1)
        excess = xp.maximum(flat - self.margin, 0.0)
        slope = xp.where(is_pair, -1.0, xp.sign(excess))[..., None]
        slopes = [slope * (b - cosine * a) * inverse_a, slope * (a - cosine * b) * inverse_b]
        return xp.where(is_pair, 1.0 - flat, excess), xp.stack(slopes, axis=1)

    def check_targets(self, targets: HostArray, output_shape: Shape) -> HostArray:
        """Accept -1 and 1, or 0 and 1, one for each pair."""
        check_parts(output_shape, 2)
        return side_targets(targets, ())
