"""`Contrastive`: pairs that belong together come close, others go apart."""

from dataclasses import dataclass
from typing import ClassVar

from xpnn import _check
from xpnn.losses._targets import side_targets
from xpnn.losses._vectors import check_parts, parts, unit
from xpnn.losses.loss import Loss
from xpnn.typing import Array, HostArray, Namespace, Shape

__all__ = ["Contrastive"]


@dataclass(frozen=True, slots=True, repr=False)
class Contrastive(Loss):
    r"""Contrastive loss of pairs: outputs of shape (batch, 2, features) hold two vectors :math:`a, b` per sample.

    With the distance :math:`d = \lVert a - b \rVert`, :math:`l = \tfrac12 d^2` for a pair that belongs together
    (target 1), and :math:`l = \tfrac12 \max(0, \Delta - d)^2` for one that does not (target 0, or -1).

    Parameters
    ----------
    margin : float
        The distance :math:`\Delta` from which on strangers cost nothing, above 0.
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
    :math:`\partial l/\partial a` is :math:`a - b`, or :math:`-\max(0, \Delta - d) (a - b) / d`, which is taken as 0 at
    :math:`d = 0`; :math:`\partial l/\partial b` is minus the same. In [1]_ the target of what belongs together is 0.

    References
    ----------
    .. [1] Hadsell, Chopra & LeCun, CVPR 2006, eq. 4.

    Examples
    --------
    >>> import numpy as np
    >>> pairs = np.asarray([[[0.3, 0.4], [0.0, 0.0]], [[0.3, 0.4], [0.0, 0.0]]])
    >>> value, gradient = Contrastive(reduction="sum")(pairs, np.asarray([1, 0]))
    >>> round(float(value), 12), gradient[1].round(12).tolist()
    (0.25, [[-0.3, -0.4], [0.3, 0.4]])
    """

    margin: float = 1.0

    threshold: ClassVar[float] = 0.0

    def __post_init__(self) -> None:
        Loss.__post_init__(self)
        self._set("margin", _check.positive("margin", self.margin))

    def terms(self, xp: Namespace, outputs: Array, targets: Array) -> tuple[Array, Array]:
        """Cost of each pair and its derivative."""
        a, b = parts(outputs, 2)
        is_pair = _check.targets_like(xp, a[:, 0], targets)[..., None] > 0
        direction, length, _ = unit(xp, a - b)
        signed = xp.where(is_pair, length, 0.0 - xp.maximum(self.margin - length, 0.0))
        slope = signed * direction
        return xp.squeeze(0.5 * signed * signed, axis=-1), xp.stack([slope, -slope], axis=1)

    def check_targets(self, targets: HostArray, output_shape: Shape) -> HostArray:
        """Accept 0 and 1, or -1 and 1, one for each pair."""
        check_parts(output_shape, 2)
        return side_targets(targets, ())
