"""`BalancedSampler`: every class equally often."""

from typing import Any

import numpy as np

from xpnn import _check
from xpnn._labels import class_labels
from xpnn.data.sampler import Sampler
from xpnn.typing import HostArray

__all__ = ["BalancedSampler"]

_RULE = "y must hold classes for a BalancedSampler"


class BalancedSampler(Sampler):
    """Draw samples, with replacement, so that each class is equally probable, however rare it is.

    Each of the :math:`k` classes has the probability :math:`1/k` in every draw, and inside a class all samples have
    the same. To give weights to the loss instead, see ``class_weight="balanced"`` of `xpnn.Network.fit`.

    Parameters
    ----------
    num_samples : int, optional
        Number of samples per epoch; by default as many as there are.
    output : str, optional
        Which of several outputs has the classes.

    Raises
    ------
    ArgumentError
        If `num_samples` is no integer of at least 1; in `fit` if the targets are no classes, or there is no such
        output.

    Examples
    --------
    >>> import numpy as np
    >>> y = np.asarray([0] * 990 + [1] * 10)
    >>> drawn = BalancedSampler().indices(np.random.default_rng(0), y)
    >>> bool(450 < y[drawn].sum() < 550)
    True
    """

    def __init__(self, *, num_samples: int | None = None, output: str | None = None) -> None:
        self.output = output
        self.num_samples = None if num_samples is None else _check.integer("num_samples", num_samples)

    def check(self, y: Any) -> None:
        """Refuse targets that are no classes."""
        self._classes(y)

    def indices(self, rng: np.random.Generator, y: Any) -> HostArray:
        """Draw the samples of an epoch."""
        _, codes, counts = np.unique(self._classes(y), return_inverse=True, return_counts=True)
        by_class = np.argsort(codes, kind="stable")
        starts = np.cumsum(counts) - counts
        m = len(codes) if self.num_samples is None else self.num_samples
        drawn = rng.integers(len(counts), size=m)
        within = (rng.random(m) * counts[drawn]).astype(np.int64)
        return by_class[starts[drawn] + np.minimum(within, counts[drawn] - 1)]

    def _classes(self, y: Any) -> HostArray:
        if not isinstance(y, dict):
            if self.output is not None:
                _check.refuse("output", "be left out of a BalancedSampler where there is one output", self.output)
            return class_labels(y, _RULE)
        if self.output is None:
            _check.refuse("output", f"be given to a BalancedSampler for the outputs {', '.join(y)}", self.output)
        return class_labels(y[_check.choice("output", self.output, y)], _RULE)
