"""`Sparsemax`: the probabilities nearest to the scores; many of them are exactly 0."""

from dataclasses import dataclass

from array_api_compat import device

from xpnn._record import Record
from xpnn.typing import Array, Context

__all__ = ["Sparsemax"]


@dataclass(frozen=True, slots=True, repr=False)
class Sparsemax(Record):
    r"""Sparsemax over the last axis, :math:`y_k = \max(x_k - \tau, 0)`, with :math:`\tau` such that the sum is 1.

    It is the Euclidean projection of the scores on the probability simplex.

    Notes
    -----
    With the scores in descending order, :math:`x_{(1)} \ge x_{(2)} \ge \dots`, and their sums
    :math:`S_k = \sum_{j \le k} x_{(j)}`, the threshold of [1]_, algorithm 1, is :math:`\tau = \max_k (S_k - 1) / k`:
    the quotient grows as long as :math:`1 + k x_{(k)} > S_k`, and shrinks from there on. With :math:`A` the set of
    classes with :math:`y_k > 0`, of :math:`|A|` elements, and :math:`g = \partial L/\partial y`,

    .. math:: \frac{\partial L}{\partial x_k} = [k \in A] \left(g_k - \frac{1}{|A|} \sum_{j \in A} g_j\right).

    The greatest score is subtracted first. Scores of ``-inf`` give 0; a row with ``inf``, or with ``-inf`` alone, has
    no limit and becomes NaN.

    References
    ----------
    .. [1] Martins & Astudillo, ICML 2016, algorithm 1 and eq. 13 and 14.

    Examples
    --------
    >>> import numpy as np
    >>> from types import SimpleNamespace
    >>> y, saved = Sparsemax().forward(np.asarray([[0.5, 1.0, -1.0]]), SimpleNamespace(xp=np))
    >>> y.tolist()
    [[0.25, 0.75, 0.0]]
    """

    def forward(self, x: Array, ctx: Context) -> tuple[Array, Array]:
        """Map `x`, shape (..., classes), to `y` of the same shape, whose rows sum to 1."""
        xp = ctx.xp
        shifted = x - xp.max(x, axis=-1, keepdims=True)
        sums = xp.cumulative_sum(-xp.sort(-shifted, axis=-1), axis=-1)
        counts = xp.arange(1, x.shape[-1] + 1, dtype=x.dtype, device=device(x))
        y = xp.maximum(shifted - xp.max((sums - 1.0) / counts, axis=-1, keepdims=True), 0.0)
        return y, y

    def backward(self, saved: Array, dy: Array, ctx: Context) -> Array:
        """Pull `dy` back to the input."""
        xp = ctx.xp
        is_kept = xp.sign(saved)
        dx = dy * is_kept
        mean = xp.sum(dx, axis=-1, keepdims=True) / xp.sum(is_kept, axis=-1, keepdims=True)
        return dx - is_kept * mean
