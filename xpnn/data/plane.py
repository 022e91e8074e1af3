"""`plane` and `gaussian`: TensorFlow Playground's two regressions."""

import numpy as np

from xpnn import _check
from xpnn.data._draw import generator
from xpnn.typing import HostArray

__all__ = ["gaussian", "plane"]

_BUMPS = np.asarray([(-4.0, 2.5), (0.0, 2.5), (4.0, 2.5), (-4.0, -2.5), (0.0, -2.5), (4.0, -2.5)])
_SIGNS = np.asarray([1.0, -1.0, 1.0, -1.0, 1.0, -1.0])


def plane(n_samples: int = 200, *, noise: float = 0.0, seed: int = 0) -> tuple[HostArray, HostArray]:
    r"""Draw from a tilted plane, :math:`y = (x_1 + x_2) / 10`.

    Points are drawn from :math:`U[-6, 6)`; the target is that of the point after a shift by
    :math:`\text{noise} \cdot U[-6, 6)`, and the point is returned unshifted.

    Parameters
    ----------
    n_samples : int
        Number of points.
    noise : float
        Range of the noise; Playground's slider divided by 100.
    seed : int
        Determines points and noise.

    Returns
    -------
    x : array, shape (n_samples, 2), float64
        Points.
    y : array, shape (n_samples,), float64
        Targets.

    Raises
    ------
    ArgumentError
        If a size or a number is out of its range.

    References
    ----------
    .. [1] TensorFlow Playground, ``dataset.ts``, ``regressPlane``.
    """
    x, shifted = _points(n_samples, noise, seed)
    return x, np.sum(shifted, axis=1) / 10.0


def gaussian(n_samples: int = 200, *, noise: float = 0.0, seed: int = 0) -> tuple[HostArray, HostArray]:
    r"""Draw from six cones of alternating sign, Playground's "gaussian".

    The cones stand at :math:`x_1 \in \{-4, 0, 4\}`, :math:`x_2 \in \{2.5, -2.5\}`, with the signs + - + above and
    - + - below; at the distance :math:`d` from the nearest one the target is
    :math:`y = \pm \max(0, 1 - d / 2)`. Points and noise are those of `plane`.

    Parameters
    ----------
    n_samples : int
        Number of points.
    noise : float
        Range of the noise; Playground's slider divided by 100.
    seed : int
        Determines points and noise.

    Returns
    -------
    x : array, shape (n_samples, 2), float64
        Points.
    y : array, shape (n_samples,), float64
        Targets in [-1, 1].

    Raises
    ------
    ArgumentError
        If a size or a number is out of its range.

    References
    ----------
    .. [1] TensorFlow Playground, ``dataset.ts``, ``regressGaussian``.
    """
    x, shifted = _points(n_samples, noise, seed)
    gaps = shifted[:, None, :] - _BUMPS
    distance = np.hypot(gaps[..., 0], gaps[..., 1])
    nearest = np.argmin(distance, axis=1)
    return x, _SIGNS[nearest] * np.maximum(0.0, 1.0 - np.min(distance, axis=1) / 2.0)


def _points(n_samples: int, noise: float, seed: int) -> tuple[HostArray, HostArray]:
    """Points in the square, and the shifted points that the targets are taken from."""
    shape = (_check.integer("n_samples", n_samples), 2)
    noise, rng = _check.non_negative("noise", noise), generator(seed)
    x = rng.uniform(-6.0, 6.0, shape)
    return x, x + noise * rng.uniform(-6.0, 6.0, shape)
