"""`moons`: two half circles that reach into each other."""

import numpy as np

from xpnn import _check
from xpnn.data._draw import class_labels, generator
from xpnn.typing import HostArray

__all__ = ["moons"]


def moons(n_samples: int = 200, *, noise: float = 0.1, seed: int = 0) -> tuple[HostArray, HostArray]:
    r"""Draw two interleaving half circles.

    With :math:`t` in equal steps from 0 to :math:`\pi`, class 0 is :math:`(\cos t, \sin t)` and class 1
    :math:`(1 - \cos t, 1/2 - \sin t)`; normal noise is added to both coordinates.

    Parameters
    ----------
    n_samples : int
        Points of both classes.
    noise : float
        Standard deviation of the noise.
    seed : int
        Determines the noise.

    Returns
    -------
    x : array, shape (n_samples, 2), float64
        Points, class by class.
    y : array, shape (n_samples,), int64
        Classes 0 and 1.

    Raises
    ------
    ArgumentError
        If a size or a number is out of its range.

    References
    ----------
    .. [1] scikit-learn, ``sklearn.datasets.make_moons`` (this formula, without its shuffle).
    """
    noise, y = _check.non_negative("noise", noise), class_labels(n_samples)
    angle = np.concatenate([np.linspace(0.0, np.pi, n) for n in np.bincount(y)])
    flip = 1.0 - 2.0 * y
    x = np.stack((y + flip * np.cos(angle), 0.5 * y + flip * np.sin(angle)), axis=1)
    return x + noise * generator(seed).standard_normal(x.shape), y
