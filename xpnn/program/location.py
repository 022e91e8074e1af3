"""`Location`: where the elements of a value lie."""

from dataclasses import dataclass, replace
from math import prod

from xpnn.program.node import Node
from xpnn.program.views import view_of
from xpnn.typing import Shape

__all__ = ["Location"]


@dataclass(frozen=True, slots=True)
class Location:
    """A place in an array of one axis.

    Element ``(i, j, ...)`` lies at ``offset + i * strides[0] + j * strides[1] + ...``.

    Parameters
    ----------
    array : tuple of (str, int or str)
        Which array: ``("held", 0)``, ``("given", 1)``, ``("number", 0)``, ``("constant", 2)`` by their numbers, or
        ``("arena", "float32")``, the memory of all results of one type.
    offset : int
        Number of elements before the first.
    strides : tuple of int
        Numbers of elements between neighbours.
    shape : tuple of int
        Shape of the value.
    """

    array: tuple[str, int | str]
    offset: int
    strides: tuple[int, ...]
    shape: Shape

    @property
    def size(self) -> int:
        """Number of elements."""
        return prod(self.shape)

    @property
    def is_in_order(self) -> bool:
        """Whether the elements follow each other without gaps."""
        step = 1
        for n, stride in zip(reversed(self.shape), reversed(self.strides), strict=True):
            if n != 1 and stride != step:
                return False
            step *= n
        return True

    def moved(self, offset: int) -> "Location":
        """Return the same, `offset` elements further."""
        return replace(self, offset=self.offset + offset)

    def view(self, node: Node) -> "Location":
        """Location of the view `node` of the value that lies here."""
        offset, strides = view_of(node, self.strides)
        if strides is None:
            raise AssertionError(f"{node!r} must have been made a copy.")
        return Location(self.array, self.offset + offset, strides, node.shape)
