"""`spiral` and `two_spirals`: classes that wind around each other."""

from typing import Any

import numpy as np

from xpnn import _check
from xpnn.data._draw import class_labels, generator
from xpnn.typing import HostArray

__all__ = ["spiral", "two_spirals"]


def spiral(
    size: int = 100, arms: int = 7, *, scale: float = 4.0, noise: float = 0.1, seed: int = 0, rng: Any = None
) -> tuple[HostArray, HostArray]:
    r"""Draw the arms of a spiral, one class each.

    Arm :math:`i` of :math:`n` holds the points :math:`(r \sin t, r \cos t)`, with the radius :math:`r` in equal steps
    from 1 / `size` to 1 and the angle :math:`t` in equal steps from :math:`2 \pi i / n` to
    :math:`2 \pi (i + \text{scale}) / n`, to which :math:`\text{noise} \cdot U[0, 1)` is added.

    Parameters
    ----------
    size : int
        Points per arm.
    arms : int
        Number of arms, :math:`n`.
    scale : float
        Length of an arm, as a multiple of the angle between neighbours.
    noise : float
        Range of the noise of the angle, in radians.
    seed : int
        Determines the noise.
    rng : object with ``random(size)``, optional
        Draws the noise in place of `seed`, arm by arm: a ``RandomState`` repeats what older programs drew.

    Returns
    -------
    x : array, shape (arms * size, 2), float64
        Points, arm by arm, rounded to float32: they are the same numbers in both precisions.
    y : array, shape (arms * size,), int64
        The arm of each point.

    Raises
    ------
    ArgumentError
        If a size or a number is out of its range.

    References
    ----------
    .. [1] carefree0910, MachineLearning, ``gen_spiral`` (this formula, this order of the draws).

    Examples
    --------
    >>> x, y = spiral(100, arms=3)
    >>> x.shape, y.shape
    ((300, 2), (300,))
    """
    size, arms = _check.integer("size", size), _check.integer("arms", arms)
    scale, noise = _check.number("scale", scale), _check.non_negative("noise", noise)
    rng = generator(seed) if rng is None else rng
    radius = np.linspace(0.0, 1.0, size + 1)[1:]
    points = []
    for arm in range(arms):
        angle = np.linspace(2 * np.pi * arm / arms, 2 * np.pi * (arm + scale) / arms, size) + noise * rng.random(size)
        points.append(np.stack((radius * np.sin(angle), radius * np.cos(angle)), axis=1))
    x = np.concatenate(points).astype(np.float32).astype(np.float64)
    return x, class_labels(arms * size, arms)


def two_spirals(n_samples: int = 200, *, noise: float = 0.0, seed: int = 0) -> tuple[HostArray, HostArray]:
    r"""Draw two arms, as TensorFlow Playground draws its "spiral".

    Point :math:`i` of the :math:`n` points of a class: :math:`r = 5 i / n`, :math:`t = 3.5 \pi i / n + \delta`,
    :math:`x = (r \sin t, r \cos t) + \text{noise} \cdot U[-1, 1)`; :math:`\delta` is 0 for class 1 and :math:`\pi` for
    class 0.

    Parameters
    ----------
    n_samples : int
        Points of both classes.
    noise : float
        Range of the noise; Playground's slider divided by 100.
    seed : int
        Determines the noise.

    Returns
    -------
    x : array, shape (n_samples, 2), float64
        Points, class by class.
    y : array, shape (n_samples,), int64
        Classes 0 and 1 (Playground's -1 and 1).

    Raises
    ------
    ArgumentError
        If a size or a number is out of its range.

    References
    ----------
    .. [1] TensorFlow Playground, ``dataset.ts``, ``classifySpiralData``.
    """
    noise, y = _check.non_negative("noise", noise), class_labels(n_samples)
    counts = np.bincount(y)
    step = np.concatenate([np.arange(n) / n for n in counts])
    radius, angle = 5.0 * step, 3.5 * np.pi * step + np.pi * (1 - y)
    x = np.stack((radius * np.sin(angle), radius * np.cos(angle)), axis=1)
    return x + noise * generator(seed).uniform(-1.0, 1.0, x.shape), y
