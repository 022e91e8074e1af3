"""`WeightedSampler`: samples drawn with probabilities of their own."""

from typing import Any

import numpy as np

from xpnn import _check
from xpnn.backend import to_host
from xpnn.data.sampler import Sampler
from xpnn.errors import ArgumentError, ShapeError
from xpnn.typing import HostArray

__all__ = ["WeightedSampler"]


class WeightedSampler(Sampler):
    """Draw samples with probabilities proportional to weights, as PyTorch's ``WeightedRandomSampler``.

    Parameters
    ----------
    weights : array, shape (n,)
        One finite number of at least 0 per sample; they need not add up to 1.
    num_samples : int, optional
        Number of samples per epoch; by default n, or without replacement those with a weight above 0.
    replacement : bool
        Whether a sample may be drawn again. Without, the samples are drawn one after another, each among those that are
        left, with probabilities proportional to their weights.

    Raises
    ------
    ArgumentError, ShapeError
        If an argument breaks its rule; without replacement if there are not enough weights above 0.

    Notes
    -----
    Without replacement each sample gets the key :math:`E_i / w_i`, with :math:`E_i` from the exponential distribution,
    and the smallest keys are taken in their order; this is the same as drawing one after another, see [1]_.

    References
    ----------
    .. [1] Efraimidis & Spirakis, Information Processing Letters 97, 2006, section 2 (algorithm A; the logarithm of its
       keys, negated).

    Examples
    --------
    >>> import numpy as np
    >>> drawn = WeightedSampler([1.0, 0.0, 3.0], num_samples=8).indices(np.random.default_rng(0), None)
    >>> drawn.tolist()
    [2, 2, 0, 0, 2, 2, 2, 2]
    """

    def __init__(self, weights: Any, *, num_samples: int | None = None, replacement: bool = True) -> None:
        self.weights = _as_weights(weights)
        self.replacement = _check.boolean("replacement", replacement)
        possible = int(np.count_nonzero(self.weights))
        most = len(self.weights) if replacement else possible
        self.num_samples = most if num_samples is None else _check.integer("num_samples", num_samples)
        if not replacement and self.num_samples > possible:
            _check.refuse("num_samples", f"be at most {possible}, the number of weights above 0", self.num_samples)

    def check(self, y: Any) -> None:
        """Refuse targets of another number than the weights."""
        y = next(iter(y.values())) if isinstance(y, dict) else y
        if y.shape[0] != len(self.weights):
            raise ShapeError(f"weights must have shape ({y.shape[0]},), got {self.weights.shape}.")

    def indices(self, rng: np.random.Generator, y: Any) -> HostArray:
        """Draw the samples of an epoch; the targets play no part."""
        if not self.replacement:
            with np.errstate(divide="ignore"):
                keys = rng.standard_exponential(len(self.weights)) / self.weights
            return np.argsort(keys, kind="stable")[: self.num_samples]
        ends = np.cumsum(self.weights)
        return np.searchsorted(ends / ends[-1], rng.random(self.num_samples), side="right")


def _as_weights(weights: Any) -> HostArray:
    values = to_host(weights, "weights")
    if values.ndim != 1:
        raise ShapeError(f"weights must have shape (n,), got {values.shape}.")
    values = values.astype(np.float64)
    bad = values[~(np.isfinite(values) & (values >= 0))]
    if bad.size:
        raise ArgumentError(f"weights must hold finite numbers of at least 0, got {float(bad[0])!r}.")
    if not values.any():
        raise ArgumentError("weights must hold a number above 0, got none.")
    return values
