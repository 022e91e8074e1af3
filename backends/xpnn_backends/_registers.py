"""Where the values lie that are read in one loop alone: in scratch arrays, or where their only reader will lie."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

__all__ = ["Registers", "borrow_places"]


def borrow_places(nodes: Sequence[Any], locations: Mapping[Any, Any]) -> dict[Any, Any]:
    """Find values of a loop that can be computed where their only reader is to lie, which spares memory traffic.

    In ``m = beta * m + g`` the product has no place of its own; it is written over the old m, since nobody reads that
    after it.

    Parameters
    ----------
    nodes : sequence of Node
        Of the loop, in order.
    locations : mapping of Node to Location
        Of the values that have a place of their own.

    Returns
    -------
    dict of Node to Node
        For each such value the node in whose place it is computed.
    """
    place = {node: i for i, node in enumerate(nodes)}
    readers: dict[Any, list[Any]] = {node: [] for node in nodes}
    for node in nodes:
        for arg in node.inputs:
            if arg in readers:
                readers[arg].append(node)
    found: dict[Any, Any] = {}
    first = {node: node for node in nodes if node in locations and node.op != "store"}
    for node in reversed(nodes):
        if node in locations or node.op == "store" or len(readers[node]) != 1:
            continue
        owner = found.get(readers[node][0], readers[node][0])
        is_next = first.get(owner) is readers[node][0]  # else the place is in use already between the two
        if not is_next or (owner.shape, owner.dtype) != (node.shape, node.dtype):
            continue
        array = locations[owner].array
        between = nodes[place[node] + 1 : place[owner] + 1]
        if not any(arg in locations and locations[arg].array == array for other in between for arg in other.inputs):
            found[node], first[owner] = owner, node
    return found


class Registers:
    """Gives the values that are not among `places` scratch arrays, and takes them back after the last reader."""

    def __init__(self, nodes: Sequence[Any], places: Collection[Any]) -> None:
        self._free: dict[str, list[int]] = {}
        self._count: dict[str, int] = {}
        self._numbers: dict[Any, int] = {}
        self._ends: dict[Any, list[Any]] = {}
        last = {arg: node for node in nodes for arg in node.inputs if arg in set(nodes) and arg not in places}
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
