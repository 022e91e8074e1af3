"""Lowering: what writes to a place of its own becomes a node: parts of concatenations, new contents of inputs."""

from dataclasses import replace

from xpnn.program.fusion import is_alias
from xpnn.program.node import Node
from xpnn.program.program import Program

__all__ = ["base_of", "own_parts", "store_updates"]


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
            if _leading(node) and can_be_placed and base not in taken and base.dtype == node.dtype:
                taken.add(base)
                args.append(arg)
            else:
                args.append(Node("copy", (arg,), arg.shape, node.dtype))
        return replace(node, args=tuple(args))

    return program.rewrite(rule)


def _leading(node: Node) -> bool:
    """Whether the parts of a concatenation follow each other in memory."""
    return all(n == 1 for n in node.shape[: node.options["axis"]])


def base_of(node: Node) -> Node:
    """Node of which `node` is a reshape, or a reshape of one, ..."""
    while node.op == "reshape":
        node = node.args[0]
    return node


def store_updates(program: Program) -> Program:
    """Add a node that writes the new contents of each held input."""
    stores = tuple(Node("store", (value,), held.shape, held.dtype, {"target": held}) for held, value in program.updates)
    return replace(program, nodes=(*program.nodes, *stores))
