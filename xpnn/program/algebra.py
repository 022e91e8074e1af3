"""Removes operations that change nothing: copies, neutral factors, pairs that cancel."""

from collections.abc import Callable
from dataclasses import replace

from xpnn.program.elementwise import is_elementwise
from xpnn.program.node import Node
from xpnn.program.program import Program

__all__ = ["simplify"]


def simplify(program: Program) -> Program:
    """Apply the rules below to each node; results stay the same to the last bit."""
    return program.rewrite(_simplify)


def _simplify(node: Node) -> Node:
    rule = _RULES.get(node.op)
    node = rule(node) if rule else node
    return _transpose_last(_reshape_last(node)) if is_elementwise(node.op) else node


def _reshape_last(node: Node) -> Node:
    """An elementwise function of a transposed matrix that was given more axes is computed on the matrix."""
    whole = [arg for arg in node.inputs if _is_transposed_matrix(arg) and arg.shape == node.shape]
    if not whole:
        return node
    matrix = whole[0].args[0]
    args = tuple(_as_matrix(arg, node, matrix) if isinstance(arg, Node) else arg for arg in node.args)
    if None in args:
        return node
    inner = Node(node.op, args, matrix.shape, node.dtype, node.options)
    return Node("reshape", (_transpose_last(inner),), node.shape, node.dtype)


def _is_transposed_matrix(node: Node) -> bool:
    source = node.args[0] if node.op == "reshape" else node
    return source is not node and source.op == "transpose" and source.ndim == 2 and source.shape[-1] == node.shape[-1]


def _as_matrix(arg: Node, node: Node, matrix: Node) -> Node | None:
    """What `arg` is for the rows of `matrix`; None if that is not plain."""
    if not arg.ndim:
        return arg
    if _is_transposed_matrix(arg) and arg.shape == node.shape:
        return arg.args[0]  # type: ignore[no-any-return]
    if arg.shape[-1] != 1:
        return None
    column = Node("broadcast_to", (arg,), (*node.shape[:-1], 1), arg.dtype)
    return Node("reshape", (column,), (matrix.shape[0], 1), arg.dtype)


def _transpose_last(node: Node) -> Node:
    """An elementwise function of transposed arrays is the transpose of that function of the arrays.

    So it runs in the order of the memory, in the loop of what it reads, and the layout that the code has chosen for
    the next product stays.
    """
    whole = [arg for arg in node.inputs if arg.op == "transpose" and arg.shape == node.shape]
    if not whole:
        return node
    axes = whole[0].options["axes"]
    args = tuple(_in_order_of(axes, arg) if isinstance(arg, Node) else arg for arg in node.args)
    if None in args:
        return node
    inner = Node(node.op, args, whole[0].args[0].shape, node.dtype, node.options)
    return Node("transpose", (inner,), node.shape, node.dtype, {"axes": axes})


def _in_order_of(axes: tuple[int, ...], arg: Node) -> Node | None:
    """What `arg` is the transpose of; None if that would have to be made."""
    if arg.op == "transpose" and arg.options["axes"] == axes:
        return arg.args[0]  # type: ignore[no-any-return]
    if not arg.ndim:
        return arg
    if max(arg.shape) != arg.size:
        return None
    padded = (1,) * (len(axes) - arg.ndim) + arg.shape
    shape = tuple(padded[axes.index(axis)] for axis in range(len(axes)))
    return Node("reshape", (arg,), shape, arg.dtype)


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
    source, axes = node.args[0], node.options["axes"]
    if source.op == "transpose":
        axes = tuple(source.options["axes"][axis] for axis in axes)
        return _transpose(replace(node, args=source.args, options={"axes": axes}))
    return source if axes == tuple(range(node.ndim)) else node


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
