"""`draw_samples`: random data that fit a network."""

import numpy as np

from xpnn.errors import ArgumentError, XpnnError
from xpnn.network import Network
from xpnn.typing import HostArray

__all__ = ["check_targets", "draw_samples"]


def draw_samples(net: Network, n: int, seed: int = 0) -> tuple[HostArray, HostArray]:
    """Draw `n` inputs from the normal distribution, and labels or targets 0 and 1, whatever the loss takes.

    Raises
    ------
    ArgumentError
        If the loss takes neither.
    """
    rng = np.random.default_rng(seed)
    learner = net._built
    shape = learner.output_shape
    x = rng.standard_normal((n, *learner.input_shape), dtype=np.float32)
    labels = rng.integers(max(shape[-1:], default=2), size=(n, *shape[:-1]))
    for y in (labels, rng.integers(2, size=(n, *shape))):
        try:
            return x, check_targets(net, y)
        except XpnnError:
            continue
    raise ArgumentError(f"loss must take labels, or 0 and 1, to be measured on random targets, got {net.loss!r}.")


def check_targets(net: Network, y: HostArray) -> HostArray:
    """Return targets as the loss wants them; arrays on a device would be trusted as they are."""
    return net.loss.check_targets(y, net._built.output_shape)
