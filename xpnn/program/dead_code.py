"""Removes what nobody reads."""

from dataclasses import replace

from xpnn.program.node import Node
from xpnn.program.program import Program

__all__ = ["remove_dead_code"]


def remove_dead_code(program: Program) -> Program:
    """Keep the nodes from which a result is computed, and no others."""
    alive: set[Node] = set()
    pending = list(program.roots)
    while pending:
        node = pending.pop()
        if node not in alive:
            alive.add(node)
            pending += node.inputs
    return replace(program, nodes=tuple(node for node in program.nodes if node in alive))
