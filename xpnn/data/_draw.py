"""What the generators share: the random stream and the labels."""

import numpy as np

from xpnn import _check
from xpnn.random import Streams
from xpnn.typing import HostArray

__all__ = ["class_labels", "generator"]


def generator(seed: int) -> np.random.Generator:
    """Return the stream ``data`` of `seed`, which is independent of the streams of a network with the same seed."""
    return Streams(_check.integer("seed", seed, minimum=0))["data"]


def class_labels(n_samples: int, n_classes: int = 2) -> HostArray:
    """Labels class by class, shape (n_samples,), as equal in number as can be; the first classes get the rest.

    >>> class_labels(5).tolist()
    [0, 0, 0, 1, 1]
    """
    n_samples = _check.integer("n_samples", n_samples, minimum=n_classes)
    return np.sort(np.arange(n_samples, dtype=np.int64) % n_classes)
