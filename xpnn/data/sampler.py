"""`Sampler`: which samples an epoch consists of."""

from abc import ABC, abstractmethod
from typing import Any

import numpy as np

from xpnn.typing import HostArray

__all__ = ["Sampler"]


class Sampler(ABC):
    """Base of the samplers; they draw on the host, from the stream ``shuffle`` of the network, once per epoch."""

    @abstractmethod
    def check(self, y: Any) -> None:
        """Raise if samples with the targets `y`, of several outputs a dict by their names, cannot be drawn."""

    @abstractmethod
    def indices(self, rng: np.random.Generator, y: Any) -> HostArray:
        """Draw the samples of one epoch in their order, integers of shape (m,), given all targets on the host."""
