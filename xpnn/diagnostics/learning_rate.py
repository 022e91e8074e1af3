"""`find_learning_rate`: the range test, a short training in which the learning rate grows.

Over 150 lines: a third of them are documentation.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from xpnn import _check
from xpnn.backend import using
from xpnn.network import Network
from xpnn.training.batches import Batch
from xpnn.training.learner import Learner
from xpnn.training.sources import device_samples
from xpnn.typing import HostArray

__all__ = ["LearningRateTest", "find_learning_rate"]


@dataclass(frozen=True, slots=True)
class LearningRateTest:
    """What a range test has found.

    Parameters
    ----------
    rates, losses, smoothed : ndarray, shape (steps,)
        Learning rate of each step, loss of its batch before the step, and the running mean of these losses. Shorter
        than was asked for if the loss has exploded.
    suggestion : float or None
        The learning rate about which the running mean falls most steeply over the logarithm of the rate, before its
        minimum; None if it never falls.
    """

    rates: HostArray
    losses: HostArray
    smoothed: HostArray
    suggestion: float | None

    def plot(self, ax: Any = None) -> Any:
        """Draw the losses over the rates with matplotlib (extra ``plot``); return the axes."""
        if ax is None:
            from matplotlib import pyplot

            ax = pyplot.figure().subplots()
        ax.semilogx(self.rates, self.losses, alpha=0.3, label="loss")
        ax.semilogx(self.rates, self.smoothed, label="running mean")
        if self.suggestion is not None:
            ax.axvline(self.suggestion, linestyle="--", label=f"suggestion {self.suggestion:.2g}")
        ax.set_xlabel("learning rate")
        ax.legend()
        return ax

    def __repr__(self) -> str:
        return f"LearningRateTest(suggestion={self.suggestion}, steps={len(self.rates)})"


def find_learning_rate(
    net: Network,
    x: Any,
    y: Any,
    *,
    low: float = 1e-6,
    high: float = 10.0,
    steps: int = 100,
    batch_size: int = 32,
    sample_weight: Any = None,
    smoothing: float = 0.9,
    explosion: float = 4.0,
) -> LearningRateTest:
    r"""Train a copy of the network with learning rates from `low` to `high`, and see where its loss falls fastest.

    Parameters
    ----------
    net : Network
        Stays as it is.
    x, y, sample_weight : array
        Data as for `xpnn.Network.fit`.
    low, high : float
        Rate of the first and of the last step; between them it grows by the same factor in each step.
    steps : int
        Number of steps.
    batch_size : int
        Number of samples per step.
    smoothing : float
        The factor :math:`\beta` of the running mean :math:`m_i = \beta m_{i-1} + (1 - \beta) l_i`, which is divided by
        :math:`1 - \beta^i`; 0 leaves the losses as they are.
    explosion : float
        The test ends when the running mean is more than so many times its least value, or no number.

    Raises
    ------
    ArgumentError
        If an argument breaks its rule.

    References
    ----------
    .. [1] Smith, Cyclical learning rates for training neural networks, WACV 2017, section 3.3 (there the rate grows
       linearly; the exponential growth, the running mean and the end at 4 times the least loss are those of fastai).

    Examples
    --------
    >>> from xpnn import Network, data
    >>> from xpnn.layers import Dense
    >>> net = Network([Dense(16, activation="relu"), Dense(2)])
    >>> found = find_learning_rate(net, *data.moons(200, noise=0.1, seed=0))
    >>> 1e-3 < found.suggestion < 1
    True
    """
    low, high = _check.positive("low", low), _check.positive("high", high)
    if high <= low:
        _check.refuse("high", f"be above low={low!r}", high)
    steps, batch_size = _check.integer("steps", steps, minimum=2), _check.integer("batch_size", batch_size)
    smoothing, explosion = _check.fraction("smoothing", smoothing), _check.positive("explosion", explosion)
    trial = net.copy_to(net.backend)
    losses: list[float] = []
    smoothed: list[float] = []
    rates = np.geomspace(low, high, steps)
    mean = 0.0
    with using(trial.backend):
        samples = device_samples(trial._ready, x, y, sample_weight)
        learner = trial._built
        for i, batch in zip(range(1, steps + 1), _endless(learner, samples, batch_size), strict=False):
            learner.updater.learning_rate = float(rates[i - 1])
            losses.append(float(learner.step(*batch).value))
            mean = smoothing * mean + (1.0 - smoothing) * losses[-1]
            smoothed.append(mean / (1.0 - smoothing**i))
            if not smoothed[-1] <= explosion * min(smoothed):
                break
    found = rates[: len(losses)], np.asarray(losses), np.asarray(smoothed)
    return LearningRateTest(*found, _steepest(found[0], found[2]))


def _endless(learner: Learner, samples: Any, batch_size: int) -> Iterator[Batch]:
    """Batches of one permutation after another."""
    while True:
        order = learner.streams["shuffle"].permutation(len(samples))
        yield from samples.batches(learner.backend, batch_size, order)


def _steepest(rates: HostArray, smoothed: HostArray) -> float | None:
    """Rate in the middle of the steepest descent before the least value.

    Slopes are taken over a fifth of the steps, and after the first tenth, in which the running mean is that of a few
    batches: the noise of single batches shall not decide.
    """
    reach = max(len(smoothed) // 10, 1)
    last = int(np.argmin(np.where(np.isfinite(smoothed), smoothed, np.inf)))
    middles = np.arange(min(2 * reach, last), last - reach + 1) if last > reach else np.asarray([last // 2])
    left, right = np.maximum(middles - reach, 0), np.minimum(middles + reach, last)
    falls = smoothed[left] - smoothed[right]
    best = int(np.argmax(falls))
    return float(rates[middles[best]]) if falls[best] > 0 else None
