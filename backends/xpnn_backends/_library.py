"""`Library`: what `Replay` wants of an array library, each operation with ``out=``."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from xpnn.typing import Array, Shape

__all__ = ["Library"]


class Library(Protocol):
    """What a library must offer: each operation with ``out=``."""

    functions: Mapping[str, Any]
    """Elementwise functions by the names of the standard, and ``matmul``: ``function(*arrays, out=array)``."""

    block_size: int | None
    """Number of elements of a block; None for one block."""

    def empty(self, size: int, dtype: str) -> Array:
        """Make an array of one axis."""

    def flat(self, array: Array) -> Array:
        """View an array, or a copy where it is not in order, as one axis."""

    def view(self, array: Array, shape: Shape, strides: tuple[int, ...], offset: int) -> Array:
        """View a part of an array of one axis; strides and offset in elements."""

    def scalar(self, value: Any, dtype: str, shape: Shape, op: str) -> Any:
        """Array for a Python number as an argument of `op`, in a loop over `shape`."""

    def reduction(self, op: str, shape: Shape, axes: tuple[int, ...], dtype: str) -> Any:
        """Return a function ``(array, out)`` for a reduction; `out` has no trace of the reduced axes."""

    def assign(self, out: Array, values: Array) -> None:
        """Write `values`, broadcast and converted, into `out`."""

    def set_threads(self, count: int) -> None:
        """Set the number of threads of the products that follow; asked for only if parts say so."""

    def plain(self, array: Array) -> Array:
        """Return an array of inputs as compiled parts want it; asked for only if there are such."""

    def read(self, array: Array) -> Array:
        """Return a result of a run: one that stays as it is, if it has no axes."""

    def set_numbers(self, array: Array, values: Sequence[float]) -> None:
        """Write Python numbers into an array of one axis."""
