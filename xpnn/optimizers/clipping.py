"""Clipping: bounds on the gradient before an optimizer sees it."""

from xpnn.typing import Array, Namespace

__all__ = ["clip_by_norm", "clip_by_value"]


def clip_by_value(xp: Namespace, g: Array, bound: float) -> Array:
    """Clip every element to [-bound, bound]; NaN stays NaN."""
    return xp.maximum(xp.minimum(g, bound), -bound)


def clip_by_norm(xp: Namespace, g: Array, bound: float) -> Array:
    r"""Scale the whole gradient so that its Euclidean norm is at most `bound`; nothing waits for the device.

    .. math:: g \leftarrow g \, \frac{c}{\max(\lVert g \rVert, c)}

    Where the norm is at most :math:`c` the factor is exactly 1, and nothing divides by zero. PyTorch adds 1e-6 to the
    norm instead; the formula here is exact, as in optax. One NaN makes all elements NaN. An infinite norm, be it from
    an infinite element or because the sum of squares overflows, makes finite elements 0 and infinite ones NaN.

    References
    ----------
    .. [1] Pascanu, Mikolov & Bengio, ICML 2013, Algorithm 1.

    Examples
    --------
    >>> import numpy as np
    >>> clip_by_norm(np, np.asarray([3.0, 4.0]), 1.0).tolist()
    [0.6000000000000001, 0.8]
    """
    norm = xp.sqrt(xp.sum(g * g))
    return g * (bound / xp.maximum(norm, bound))
