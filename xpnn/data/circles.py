"""`circles` and `circle`: one class around the other."""

import numpy as np

from xpnn import _check
from xpnn.data._draw import class_labels, generator
from xpnn.typing import HostArray

__all__ = ["circle", "circles"]


def circles(
    n_samples: int = 200, *, factor: float = 0.5, noise: float = 0.1, seed: int = 0
) -> tuple[HostArray, HostArray]:
    r"""Draw two circles around the origin: class 0 of radius 1, class 1 of radius `factor`.

    Parameters
    ----------
    n_samples : int
        Points of both classes, in equal steps of the angle.
    factor : float in [0, 1)
        Radius of the inner circle.
    noise : float
        Standard deviation of the normal noise that is added to both coordinates.
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

    See Also
    --------
    circle : A disc within a ring, with the noise in the labels.

    References
    ----------
    .. [1] scikit-learn, ``sklearn.datasets.make_circles`` (this formula, without its shuffle).
    """
    factor, noise = _check.fraction("factor", factor), _check.non_negative("noise", noise)
    y = class_labels(n_samples)
    angle = np.concatenate([np.linspace(0.0, 2 * np.pi, n, endpoint=False) for n in np.bincount(y)])
    radius = np.where(y == 0, 1.0, factor)
    x = np.stack((radius * np.cos(angle), radius * np.sin(angle)), axis=1)
    return x + noise * generator(seed).standard_normal(x.shape), y


def circle(n_samples: int = 200, *, noise: float = 0.0, seed: int = 0) -> tuple[HostArray, HostArray]:
    r"""Draw a disc within a ring, TensorFlow Playground's "circle".

    Half of the radii are drawn from :math:`U[3.5, 5)`, half from :math:`U[0, 2.5)`, all angles from
    :math:`U[0, 2 \pi)`. The label is 1 where the point, after a shift by :math:`\text{noise} \cdot U[-5, 5)`, is less
    than 2.5 away from the origin. The shift decides the label alone: the point is returned unshifted.

    Parameters
    ----------
    n_samples : int
        Points of both parts.
    noise : float
        Range of the noise; Playground's slider divided by 100.
    seed : int
        Determines points and noise.

    Returns
    -------
    x : array, shape (n_samples, 2), float64
        Points, those of the ring first.
    y : array, shape (n_samples,), int64
        Classes 0 (outside) and 1 (inside); Playground's -1 and 1.

    Raises
    ------
    ArgumentError
        If a size or a number is out of its range.

    References
    ----------
    .. [1] TensorFlow Playground, ``dataset.ts``, ``classifyCircleData``.
    """
    noise, part = _check.non_negative("noise", noise), class_labels(n_samples)
    rng = generator(seed)
    radius = np.where(part == 0, 3.5, 0.0) + np.where(part == 0, 1.5, 2.5) * rng.random(part.size)
    angle = rng.uniform(0.0, 2 * np.pi, part.size)
    x = np.stack((radius * np.sin(angle), radius * np.cos(angle)), axis=1)
    shifted = x + noise * rng.uniform(-5.0, 5.0, x.shape)
    return x, np.astype(np.hypot(shifted[:, 0], shifted[:, 1]) < 2.5, np.int64)
