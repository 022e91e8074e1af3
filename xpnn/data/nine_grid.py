"""`nine_grid`: corners, edges and centre of a 3 by 3 board."""

import numpy as np

from xpnn import _check
from xpnn.data._draw import generator
from xpnn.typing import HostArray

__all__ = ["nine_grid"]


def nine_grid(
    n_samples: int = 200, *, scale: float = 2.0, noise: float = 0.0, seed: int = 0
) -> tuple[HostArray, HostArray]:
    r"""Draw from nine fields, cut by the lines at -1 and 1 of both axes: four corners, four edges, one centre.

    Parameters
    ----------
    n_samples : int
        Number of points, drawn from :math:`N(0, \text{scale}^2)` in both coordinates.
    scale : float
        Standard deviation of the points.
    noise : float
        Standard deviation of the normal noise that is added to the points after they got their labels.
    seed : int
        Determines points and noise.

    Returns
    -------
    x : array, shape (n_samples, 2), float64
        Points, in the order of the draws.
    y : array, shape (n_samples,), int64
        How many of the two coordinates are in [-1, 1): 0 in the corners, 1 at the edges, 2 in the centre.

    Raises
    ------
    ArgumentError
        If a size or a number is out of its range.

    References
    ----------
    .. [1] carefree0910, MachineLearning, ``gen_nine_grid`` (this rule of the labels).
    """
    shape = (_check.integer("n_samples", n_samples), 2)
    scale, noise = _check.positive("scale", scale), _check.non_negative("noise", noise)
    rng = generator(seed)
    x = scale * rng.standard_normal(shape)
    y = np.sum((x >= -1.0) & (x < 1.0), axis=1, dtype=np.int64)
    return x + noise * rng.standard_normal(shape), y
