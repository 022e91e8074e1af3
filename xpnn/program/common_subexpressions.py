"""Computes once what is computed twice."""

from typing import Any

from xpnn.program.node import Node
from xpnn.program.program import Program

__all__ = ["share_common_subexpressions"]


def share_common_subexpressions(program: Program) -> Program:
    """Replace each node by the first one that does the same to the same arguments."""
    seen: dict[Any, Node] = {}

    def rule(node: Node) -> Node:
        if node.op in ("call", "constant"):
            return node
        options = tuple(sorted(node.options.items()))
        # 1, 1.0 and True are equal but not the same number, and neither are 0.0 and -0.0.
        args = tuple(arg if isinstance(arg, Node) else (type(arg), repr(arg)) for arg in node.args)
        return seen.setdefault((node.op, args, options, node.shape, node.dtype), node)

    return program.rewrite(rule)
