"""The protocol of an initializer, and the fans that most of them scale by."""

from math import prod
from typing import Protocol, runtime_checkable

from xpnn.typing import HostArray, Rng, Shape

__all__ = ["Initializer", "fans"]


@runtime_checkable
class Initializer(Protocol):
    """A frozen record that draws the initial values of one parameter."""

    def draw(self, rng: Rng, shape: Shape) -> HostArray:
        """Return a host array of `shape` in float64."""


def fans(shape: Shape) -> tuple[int, int]:
    """Number of inputs and outputs of one unit, for weights with axes ``(..., in, out)``.

    >>> fans((784, 10))
    (784, 10)
    >>> fans((3, 3, 8, 16))  # a 3 x 3 convolution
    (72, 144)
    """
    if len(shape) < 2:
        size = prod(shape)
        return size, size
    field = prod(shape[:-2])
    return shape[-2] * field, shape[-1] * field
