"""`xor`: squares that lie across from each other are of one class, as for the exclusive or of two signs."""

import numpy as np

from xpnn import _check
from xpnn.data._draw import generator
from xpnn.typing import HostArray

__all__ = ["xor"]


def xor(n_samples: int = 200, *, noise: float = 0.0, seed: int = 0) -> tuple[HostArray, HostArray]:
    r"""Draw from four squares: class 1 where both coordinates have the same sign, class 0 elsewhere.

    As in the Playground, that is the exclusive or of the signs turned around, a problem of the same shape.
    Coordinates are drawn from :math:`U[-5, 5)` and moved away from the axes by 0.3. The label is that of the point
    after a shift by :math:`\text{noise} \cdot U[-5, 5)`; the point is returned unshifted.

    Parameters
    ----------
    n_samples : int
        Number of points.
    noise : float
        Range of the noise; TensorFlow Playground's slider divided by 100.
    seed : int
        Determines points and noise.

    Returns
    -------
    x : array, shape (n_samples, 2), float64
        Points, in the order of the draws.
    y : array, shape (n_samples,), int64
        Classes 0 and 1 (Playground's -1 and 1).

    Raises
    ------
    ArgumentError
        If a size or a number is out of its range.

    References
    ----------
    .. [1] TensorFlow Playground, ``dataset.ts``, ``classifyXORData``.
    """
    shape = (_check.integer("n_samples", n_samples), 2)
    noise, rng = _check.non_negative("noise", noise), generator(seed)
    x = rng.uniform(-5.0, 5.0, shape)
    x += np.where(x > 0, 0.3, -0.3)
    shifted = x + noise * rng.uniform(-5.0, 5.0, shape)
    return x, np.astype(shifted[:, 0] * shifted[:, 1] >= 0, np.int64)
