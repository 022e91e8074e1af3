"""Removes operations that change nothing: copies, neutral factors, pairs that cancel."""

from collections.abc import Callable
from dataclasses import replace

from xpnn.program.memory_order import MemoryOrder, transposed
from xpnn.program.node import Node
from xpnn.program.program import Program

__all__ = ["simplify"]


def simplify(program: Program) -> Program:
    """Apply the rules below to each node, and let it lie as NumPy would; results stay the same to the last bit."""
    in_order = MemoryOrder()
    return program.rewrite(lambda node: in_order(_simplified(node)))


def _simplified(node: Node) -> Node:
    rule = _RULES.get(node.op)
    return rule(node) if rule else node


def _reshape(node: Node) -> Node:
    """A reshape of a reshape is one, and to the shape that an array has it is none.

    The reshape of another view stays: it may be there to bring elements into order, which pays if they are read often.
    """
    source = node.args[0]
    if source.op == "reshape" and source.args[0].op not in ("transpose", "slice", "broadcast_to"):
        return _reshape(replace(node, args=source.args))
    return source if source.shape == node.shape else node


def _transpose(node: Node) -> Node:
    """A transpose of a transpose is one or none."""
    merged = transposed(node.args[0], node.options["axes"])
    return node if merged.op == "transpose" and merged.args == node.args else merged


def _factor(node: Node) -> Node:
    """A factor or divisor of 1 goes."""
    x, factor = node.args
    if node.op == "multiply" and isinstance(x, int | float) and not isinstance(x, bool):
        x, factor = factor, x
    same = isinstance(x, Node) and x.dtype == node.dtype
    return x if same and not isinstance(factor, Node | bool) and factor == 1 else node


def _negative(node: Node) -> Node:
    """Two signs cancel."""
    source = node.args[0]
    return source.args[0] if isinstance(source, Node) and source.op == "negative" else node


def _same_shape(node: Node) -> Node:
    """A broadcast to the shape that an array has goes."""
    return node.args[0] if node.args[0].shape == node.shape else node


def _concat(node: Node) -> Node:
    """A single part is the whole."""
    return node.args[0] if len(node.args) == 1 else node


_RULES: dict[str, Callable[[Node], Node]] = {
    "broadcast_to": _same_shape,
    "concat": _concat,
    "divide": _factor,
    "multiply": _factor,
    "negative": _negative,
    "reshape": _reshape,
    "transpose": _transpose,
}
