"""Random draws of a recorded function, which are repeated before each run."""

from dataclasses import dataclass
from typing import TypeAlias

from xpnn.context import draw_mask, draw_noise
from xpnn.random import Streams
from xpnn.typing import Array, Backend, DType, Shape

__all__ = ["Draw", "Mask", "Noise"]


@dataclass(frozen=True, slots=True)
class Mask:
    """A draw of `RunContext.bernoulli`, to be repeated before each run: masks are inputs of a program."""

    path: str
    probability: float
    shape: Shape

    def repeat(self, streams: Streams, backend: Backend) -> Array:
        """Draw again."""
        return draw_mask(streams, backend, self.path, self.probability, self.shape)


@dataclass(frozen=True, slots=True)
class Noise:
    """A draw of `RunContext.normal` or `RunContext.uniform`, to be repeated like a `Mask`."""

    path: str
    kind: str
    shape: Shape
    dtype: DType

    def repeat(self, streams: Streams, backend: Backend) -> Array:
        """Draw again."""
        return draw_noise(streams, backend, self.path, self.kind, self.shape, self.dtype)


Draw: TypeAlias = Mask | Noise
