"""`Tiling`: how a reduction is divided among the threads of a block, and among blocks."""

from dataclasses import dataclass

__all__ = ["BLOCK", "Tiling"]

BLOCK = 256
"""Threads of a block."""

_BUSY = 512
"""Blocks that occupy a large device; a reduction with fewer is divided, if there is enough to divide."""

_ROUNDS = 8
"""Elements of a reduction that a thread adds up one after the other, at least, before it is divided among blocks."""


@dataclass(frozen=True, slots=True)
class Tiling:
    """How a reduction is divided: `lanes` threads for each of the `tile` results of a block, `chunks` blocks for each.

    Parameters
    ----------
    outputs, length : int
        Number of results, and of elements for each.
    is_row : bool
        Whether neighbouring threads work on one result, because its elements are neighbours in memory.
    """

    outputs: int
    length: int
    is_row: bool
    lanes: int
    tile: int
    chunks: int

    @classmethod
    def of(cls, outputs: int, length: int, is_row: bool, can_divide: bool = True) -> "Tiling":
        """Divide so that neighbouring threads read neighbouring elements; the same for the same sizes."""
        tile = 1 if is_row else min(_power(outputs), 32)
        lanes = min(_power(length), BLOCK // tile)
        tile = min(BLOCK // lanes, _power(outputs)) if is_row else tile
        blocks, rounds = -(-outputs // tile), -(-length // lanes)
        chunks = min(-(-rounds // _ROUNDS), -(-_BUSY // max(blocks, 1))) if rounds > 2 * _ROUNDS else 1
        chunks = chunks if can_divide else 1
        return cls(outputs, length, is_row, lanes, tile, max(chunks, 1))

    @property
    def grid(self) -> tuple[int, int]:
        """Blocks along the results and along the chunks."""
        return -(-self.outputs // self.tile), self.chunks

    @property
    def threads(self) -> int:
        """Threads of a block."""
        return self.lanes * self.tile

    @property
    def chunk(self) -> int:
        """Elements of a result that one block works on."""
        return -(-self.length // self.chunks)


def _power(n: int) -> int:
    """Smallest power of 2 that is no smaller than `n`."""
    return 1 << max(n - 1, 0).bit_length()
