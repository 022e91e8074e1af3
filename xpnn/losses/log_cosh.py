"""`LogCosh`: the logarithm of the hyperbolic cosine of each error."""

from dataclasses import dataclass

from xpnn.losses.elementwise import ElementwiseLoss
from xpnn.typing import Array, Namespace

__all__ = ["LogCosh"]

_LOG_2 = 0.6931471805599453


@dataclass(frozen=True, slots=True, repr=False)
class LogCosh(ElementwiseLoss):
    r"""Log-cosh error, :math:`l = \log \cosh (y - t)`, for each output :math:`y` with target :math:`t`.

    It is half the squared error for small errors, and the absolute error minus :math:`\log 2` for large ones.

    Parameters
    ----------
    reduction : {"mean", "sum"}
        Over all elements.

    Notes
    -----
    :math:`\partial l/\partial y = \tanh (y - t)`. With :math:`a = |y - t|`, the cost is computed as
    :math:`a + \log(1 + e^{-2a}) - \log 2`, and for :math:`a < 1`, where this would cancel, as
    :math:`\log(1 + m^2 / (2 (1 + m)))` with :math:`m = e^a - 1`.

    References
    ----------
    .. [1] Chen, Ho, Wang & Li, Log hyperbolic cosine loss improves variational auto-encoder, 2018, eq. 6.

    Examples
    --------
    >>> import numpy as np
    >>> value, gradient = LogCosh()(np.asarray([[1.0], [1001.0]]), np.asarray([[1.0], [1.0]]))
    >>> round(float(value), 6), gradient.tolist()
    (499.653426, [[0.0], [0.5]])
    """

    def compare(self, xp: Namespace, outputs: Array, targets: Array) -> tuple[Array, Array]:
        """Cost of each difference, and its hyperbolic tangent."""
        error = outputs - targets
        size = xp.abs(error)
        m = xp.expm1(xp.minimum(size, 1.0))
        near = xp.log1p(m * m / (2.0 + 2.0 * m))
        far = size + (xp.log1p(xp.exp(-2.0 * size)) - _LOG_2)
        return xp.where(size < 1.0, near, far), xp.tanh(error)
