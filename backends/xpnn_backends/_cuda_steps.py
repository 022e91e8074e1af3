"""What a schedule becomes for a CUDA device: kernels, products of matrices, calls, and the text of the kernels."""

from dataclasses import dataclass, field
from typing import Any

from xpnn_backends._cublas_product import Product

__all__ = ["Key", "Launch", "Multiply", "Source"]

Key = tuple[str, int | str]
"""An array, as a location names it; ``("scratch", dtype)`` is memory that is used within one instruction alone."""


@dataclass(frozen=True, slots=True)
class Launch:
    """A kernel, the size of its grid and of its blocks, and the arrays that are its arguments."""

    name: str
    grid: tuple[int, int]
    threads: int
    arrays: tuple[Key, ...]


@dataclass(frozen=True, slots=True)
class Multiply:
    """A product of matrices, and the arrays in which they lie."""

    product: Product
    left: Key
    right: Key
    out: Key


@dataclass(slots=True)
class Source:
    """A printed program.

    Attributes
    ----------
    text : str
        CUDA C++.
    steps : list of (Launch, Multiply or node)
        What runs, in this order; a node is a call of a function.
    scratch : dict of str to int
        Elements of scratch memory by type.
    """

    text: str = ""
    steps: list[Any] = field(default_factory=list)
    scratch: dict[str, int] = field(default_factory=dict)

    def reserve(self, dtype: str, size: int) -> None:
        """Ask for `size` elements of scratch memory."""
        self.scratch[dtype] = max(self.scratch.get(dtype, 0), size)
