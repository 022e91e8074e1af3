"""Lowering: what writes to a place of its own becomes a node: parts of concatenations, new contents of inputs."""

from dataclasses import replace

from xpnn.program.fusion import is_alias, sources
from xpnn.program.node import Node
from xpnn.program.program import Program

__all__ = ["base_of", "is_leading", "own_parts", "store_updates"]


def own_parts(program: Program) -> Program:
    """Copy the parts of each concatenation that cannot be computed in place there."""
    taken: set[Node] = set()

    def rule(node: Node) -> Node:
        if node.op != "concat":
            return node
        args = []
        for arg in node.args:
            base = base_of(arg)
            can_be_placed = not is_alias(base) and base.op not in ("input", "number", "constant")
            if is_leading(node) and can_be_placed and base not in taken and base.dtype == node.dtype:
                taken.add(base)
                args.append(arg)
            else:
                args.append(Node("copy", (arg,), arg.shape, node.dtype))
        return replace(node, args=tuple(args))

    return program.rewrite(rule)


def is_leading(node: Node) -> bool:
    """Whether the parts of a concatenation follow each other in memory."""
    return all(n == 1 for n in node.shape[: node.options["axis"]])


def base_of(node: Node) -> Node:
    """Node of which `node` is a reshape, or a reshape of one, ..."""
    while node.op == "reshape":
        node = node.args[0]
    return node


def store_updates(program: Program) -> Program:
    """Add a node that writes the new contents of each held input.

    A result that is nothing but old contents of such an input, seen in some way, is copied first: it may be read when
    these are gone.
    """
    changed = {held for held, _ in program.updates}
    copies: dict[Node, Node] = {}

    def keep(value: Node) -> Node:
        if changed.isdisjoint(sources(value)):
            return value
        return copies.setdefault(value, Node("copy", (value,), value.shape, value.dtype))

    outputs = tuple(keep(value) for value in program.outputs)
    updates = tuple((held, keep(value)) for held, value in program.updates)
    stores = (Node("store", (value,), held.shape, held.dtype, {"target": held}) for held, value in updates)
    return replace(program, nodes=(*program.nodes, *copies.values(), *stores), outputs=outputs, updates=updates)
