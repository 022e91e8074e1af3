"""Views: operations that only look at memory in another way, and the copies that they need where they cannot."""

from collections.abc import Mapping

from xpnn.program.node import Node
from xpnn.program.program import Program
from xpnn.program.strides import contiguous, reshaped

__all__ = ["VIEWS", "is_view", "make_copies_explicit", "view_of"]

VIEWS = frozenset(("reshape", "transpose", "slice", "broadcast_to"))


def is_view(node: Node) -> bool:
    """Whether the node reads the memory of its argument and writes none."""
    return node.op in VIEWS


def view_of(node: Node, strides: tuple[int, ...]) -> tuple[int, tuple[int, ...] | None]:
    """Offset and strides of a view of an array with `strides`; None for the strides if it must be a copy."""
    source = node.args[0]
    if not node.size:  # no element, no place: the start of an empty slice may lie outside of the array
        return 0, contiguous(node.shape)
    if node.op == "transpose":
        return 0, tuple(strides[axis] for axis in node.options["axes"])
    if node.op == "slice":
        bounds = node.options["bounds"]
        offset = sum(start * stride for (start, _, _), stride in zip(bounds, strides, strict=True))
        return offset, tuple(step * stride for (_, _, step), stride in zip(bounds, strides, strict=True))
    if node.op == "broadcast_to":
        new = node.ndim - source.ndim
        repeated = [0 if a != b else s for a, b, s in zip(source.shape, node.shape[new:], strides, strict=True)]
        return 0, (*(0,) * new, *repeated)
    return 0, reshaped(source.shape, strides, node.shape)


def make_copies_explicit(program: Program) -> Program:
    """Put a node ``copy`` before each reshape that is no view of its argument; every other reshape is one then."""
    known: dict[Node, tuple[int, ...]] = {}

    def rule(node: Node) -> Node:
        if is_view(node):
            _, strides = view_of(node, _strides(node.args[0], known))
            if strides is None:
                source = node.args[0]
                copy = Node("copy", (source,), source.shape, source.dtype)
                node = Node("reshape", (copy,), node.shape, node.dtype) if node.shape != copy.shape else copy
                strides = contiguous(node.shape)
            known[node] = strides
        return node

    return program.rewrite(rule)


def _strides(node: Node, known: Mapping[Node, tuple[int, ...]]) -> tuple[int, ...]:
    return known[node] if node in known else contiguous(node.shape)
