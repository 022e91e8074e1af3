"""`gauss` and `clusters`: two clouds of normally distributed points."""

import numpy as np

from xpnn import _check
from xpnn.data._draw import class_labels, generator
from xpnn.typing import HostArray

__all__ = ["clusters", "gauss"]


def gauss(n_samples: int = 200, *, noise: float = 0.0, seed: int = 0) -> tuple[HostArray, HostArray]:
    r"""Draw two clouds around (-2, -2) and (2, 2), TensorFlow Playground's "gauss".

    The variance of each coordinate is :math:`0.5 + 7 \cdot \text{noise}`: 0.5 without noise, 4 at noise 0.5.

    Parameters
    ----------
    n_samples : int
        Points of both clouds.
    noise : float
        Playground's slider divided by 100.
    seed : int
        Determines the points.

    Returns
    -------
    x : array, shape (n_samples, 2), float64
        Points, class by class.
    y : array, shape (n_samples,), int64
        Class 0 around (-2, -2), class 1 around (2, 2); Playground's -1 and 1.

    Raises
    ------
    ArgumentError
        If a size or a number is out of its range.

    References
    ----------
    .. [1] TensorFlow Playground, ``dataset.ts``, ``classifyTwoGaussData``.
    """
    noise, y = _check.non_negative("noise", noise), class_labels(n_samples)
    centers = np.where(y == 1, 2.0, -2.0)[:, None]
    return centers + np.sqrt(0.5 + 7.0 * noise) * generator(seed).standard_normal((y.size, 2)), y


def clusters(n_samples: int = 200, *, noise: float = 1.0, seed: int = 0) -> tuple[HostArray, HostArray]:
    r"""Draw two clusters far from each other: a line can part them.

    The centre of class 1 is :math:`3 + U[0, 1)` in both coordinates, that of class 0 :math:`-3 - U[0, 1)`.

    Parameters
    ----------
    n_samples : int
        Points of both clusters.
    noise : float
        Standard deviation of the points around their centre.
    seed : int
        Determines centres and points.

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
    .. [1] carefree0910, MachineLearning, ``gen_two_clusters`` (these centres).
    """
    noise, y = _check.non_negative("noise", noise), class_labels(n_samples)
    rng = generator(seed)
    centers = np.asarray([[-1.0], [1.0]]) * (3.0 + rng.random((2, 2)))
    return centers[y] + noise * rng.standard_normal((y.size, 2)), y
