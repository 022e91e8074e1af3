"""Memory: which results share it, because one is read for the last time before the other is written."""

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

    def needed_with(self, other: "Buffer") -> Iterator[tuple[int, int]]:
        """Starts and ends of what must be kept for this buffer while `other` lives."""
        for start, size, first in self.parts or [(0, self.size, self.first)]:
            if first <= other.last and other.first <= self.last:
                yield self.offset + start, self.offset + start + size


def itemsize(dtype: str) -> int:
    """Bytes of one element."""
    return 1 if dtype == "bool" else int(dtype.strip("uintfloa")) // 8


def pack(buffers: Sequence[Buffer]) -> dict[str, int]:
    """Give each buffer its offset in the arena of its type, and return the lengths of the arenas, in elements.

    The largest come first, of equal ones those that live for a shorter time, since they leave fewer neighbours; each
    lies at the lowest place that no buffer needs which is alive at the same time.
    """
    lengths: dict[str, int] = {}
    placed: dict[str, list[Buffer]] = {}
    for buffer in sorted(buffers, key=lambda buffer: (-buffer.size, buffer.last - buffer.first)):
        others = placed.setdefault(buffer.dtype, [])
        align = max(ALIGNMENT // itemsize(buffer.dtype), 1)
        start = 0
        for begin, end in sorted(place for other in others for place in other.needed_with(buffer)):
            if start + buffer.size <= begin:
                break
            start = max(start, -(-end // align) * align)
        buffer.offset = start
        others.append(buffer)
        lengths[buffer.dtype] = max(lengths.get(buffer.dtype, 0), start + buffer.size)
    return lengths
