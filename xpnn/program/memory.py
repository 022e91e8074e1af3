"""Memory: which results share it, because one is read for the last time before the other is written."""

from bisect import insort
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

__all__ = ["ALIGNMENT", "Buffer", "itemsize", "pack"]

ALIGNMENT = 64
"""Bytes; the length of a line of the cache and of the longest vector registers."""


@dataclass(slots=True, eq=False)
class Buffer:
    """Elements that are needed from instruction `first` to instruction `last`, both included.

    Parameters
    ----------
    parts : list of (int, int, int)
        Start, length and first instruction of each part, if they are not all written at once. Until a part is written,
        its place serves others.
    """

    dtype: str
    size: int
    first: int
    last: int
    offset: int = 0
    parts: list[tuple[int, int, int]] = field(default_factory=list)

    def kept(self) -> Iterator[tuple[int, int, int, int]]:
        """Start and end of what must be kept, and the first and last instruction of the time in which it must."""
        for start, size, first in self.parts or [(0, self.size, self.first)]:
            yield self.offset + start, self.offset + start + size, first, self.last


def itemsize(dtype: str) -> int:
    """Bytes of one element."""
    return 1 if dtype == "bool" else int(dtype.strip("uintfloa")) // 8


def pack(buffers: Sequence[Buffer]) -> dict[str, int]:
    """Give each buffer its offset in the arena of its type, and return the lengths of the arenas, in elements.

    The largest come first, of equal ones those that live for a shorter time, since they leave fewer neighbours; each
    lies at the lowest place that no buffer needs which is alive at the same time.
    """
    lengths: dict[str, int] = {}
    placed: dict[str, list[tuple[int, int, int, int]]] = {}
    for buffer in sorted(buffers, key=lambda buffer: (-buffer.size, buffer.last - buffer.first)):
        others = placed.setdefault(buffer.dtype, [])
        align = max(ALIGNMENT // itemsize(buffer.dtype), 1)
        start, size, opens, closes = 0, buffer.size, buffer.first, buffer.last
        for begin, end, first, last in others:  # in order of their starts
            if first <= closes and opens <= last:
                if start + size <= begin:
                    break
                if end > start:
                    start = -(-end // align) * align
        buffer.offset = start
        for place in buffer.kept():
            insort(others, place)
        lengths[buffer.dtype] = max(lengths.get(buffer.dtype, 0), start + size)
    return lengths
