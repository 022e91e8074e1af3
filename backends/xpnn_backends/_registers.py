"""`Registers`: scratch arrays for the values that are read in one loop alone."""

from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["Registers"]


class Registers:
    """Gives values that are read in one loop alone scratch arrays, and takes them back after the last reader."""

    def __init__(self, nodes: Sequence[Any], locations: Mapping[Any, Any]) -> None:
        self._free: dict[str, list[int]] = {}
        self._count: dict[str, int] = {}
        self._numbers: dict[Any, int] = {}
        self._ends: dict[Any, list[Any]] = {}
        last = {arg: node for node in nodes for arg in node.inputs if arg in set(nodes) and arg not in locations}
        for arg, node in last.items():
            self._ends.setdefault(node, []).append(arg)

    def take(self, node: Any) -> int:
        """Number of a scratch array for `node`; see `release`."""
        free = self._free.setdefault(node.dtype, [])
        if free:
            number = free.pop()
        else:
            number = self._count.get(node.dtype, 0)
            self._count[node.dtype] = number + 1
        self._numbers[node] = number
        return number

    def release(self, node: Any) -> None:
        """Take back the arrays of the arguments for which `node` is the last reader."""
        for arg in self._ends.pop(node, ()):
            self._free.setdefault(arg.dtype, []).append(self._numbers[arg])
