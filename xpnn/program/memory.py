"""Memory: which results share it, because one is read for the last time before the other is written."""

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["ALIGNMENT", "Buffer", "itemsize", "pack"]

ALIGNMENT = 64
"""Bytes; the length of a line of the cache and of the longest vector registers."""


@dataclass(slots=True, eq=False)
class Buffer:
    """Elements that are needed from instruction `first` to instruction `last`, both included."""

    dtype: str
    size: int
    first: int
    last: int
    offset: int = 0

    def meets(self, other: "Buffer") -> bool:
        """Whether both are needed at one time."""
        return self.first <= other.last and other.first <= self.last


def itemsize(dtype: str) -> int:
    """Bytes of one element."""
    return 1 if dtype == "bool" else int(dtype.strip("uintfloa")) // 8


def pack(buffers: Sequence[Buffer]) -> dict[str, int]:
    """Give each buffer its offset in the arena of its type, and return the lengths of the arenas, in elements.

    The largest come first, each at the lowest place that no buffer needs which is alive at the same time.
    """
    lengths: dict[str, int] = {}
    placed: dict[str, list[Buffer]] = {}
    for buffer in sorted(buffers, key=lambda buffer: -buffer.size):
        others = placed.setdefault(buffer.dtype, [])
        align = max(ALIGNMENT // itemsize(buffer.dtype), 1)
        start = 0
        for other in sorted((o for o in others if o.meets(buffer)), key=lambda o: o.offset):
            if start + buffer.size <= other.offset:
                break
            start = max(start, -(-(other.offset + other.size) // align) * align)
        buffer.offset = start
        others.append(buffer)
        lengths[buffer.dtype] = max(lengths.get(buffer.dtype, 0), start + buffer.size)
    return lengths
