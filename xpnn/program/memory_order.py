"""Memory order: each result lies in memory as it would if NumPy had computed it at once.

NumPy lets a result lie as its arguments do: the sum of two transposed arrays is a transposed array. Steps that run
operation by operation do so, and the last bits of sums depend on it. So an operation takes its arguments with their
axes in the order of memory, and what the program had is a transposed view of its result. That is the fast way too:
loops run along the memory, and the layout that a layer has chosen for its products stays.
"""

from collections.abc import Sequence
from dataclasses import replace

from xpnn.program.elementwise import is_elementwise
from xpnn.program.node import Node
from xpnn.program.strides import contiguous
from xpnn.program.views import is_view, view_of
from xpnn.typing import Shape

__all__ = ["MemoryOrder", "order_of_axes", "transposed"]

Steps = Sequence[int]
"""Strides of an array as far as they say something about the order of its axes: 0 where it has one element."""

_REDUCTIONS = frozenset(("sum", "max", "min"))


class MemoryOrder:
    """A rule for `Program.rewrite`, after which all but views lie in the order of their axes."""

    def __init__(self) -> None:
        self._views: dict[Node, tuple[int, ...]] = {}

    def __call__(self, node: Node) -> Node:
        """Return `node`, or a transposed view of a node that takes its arguments in the order of memory."""
        if node.op in _REDUCTIONS:
            return self._reduce(node) if node.args[0].ndim > 2 else node
        if node.op == "matmul":
            return self._multiply(node)
        if not is_elementwise(node.op) and node.op != "concat":
            return node
        decisive = node.inputs[:1] if "in_place" in node.options else node.inputs
        order = self._order(node.ndim, [self._steps(arg) for arg in decisive])
        if _is_plain(order):
            return node
        options = {**node.options, "axis": order.index(node.options["axis"])} if node.op == "concat" else node.options
        args = tuple(_with_axes(arg, order) if isinstance(arg, Node) and arg.ndim else arg for arg in node.args)
        return _turned(replace(node, args=args, options=options), order)

    def _order(self, n_axes: int, arrays: list[Steps]) -> tuple[int, ...]:
        """Order in which a result lies whose arguments may have fewer axes."""
        return order_of_axes(n_axes, [(*(0,) * (n_axes - len(steps)), *steps) for steps in arrays])

    def _multiply(self, node: Node) -> Node:
        """Multiply matrices in the order in which the batch lies."""
        n_batch = node.ndim - sum(arg.ndim > 1 for arg in node.inputs)
        order = self._order(n_batch, [self._steps(arg)[:-2] for arg in node.inputs if arg.ndim > 2])
        if _is_plain(order):
            return node
        axes = (*order, n_batch, n_batch + 1)
        args = tuple(_with_axes(arg, axes) if arg.ndim > 2 else arg for arg in node.inputs)
        return _turned(replace(node, args=args), (*order, *range(n_batch, node.ndim)))

    def _reduce(self, node: Node) -> Node:
        """Reduce over the axes in the order of memory, if that is another order of those that stay."""
        x, axes, keepdims = node.args[0], node.options["axes"], node.options["keepdims"]
        order = order_of_axes(x.ndim, [self._steps(x)])
        kept = order if keepdims else tuple(axis for axis in order if axis not in axes)
        if kept == tuple(sorted(kept)):
            return node
        options = {**node.options, "axes": tuple(sorted(order.index(axis) for axis in axes))}
        places = sorted(kept)
        shape = tuple(node.shape[places.index(axis)] for axis in kept)
        inner = Node(node.op, (transposed(x, order),), shape, node.dtype, options)
        return transposed(inner, tuple(kept.index(axis) for axis in places))

    def _steps(self, node: Node) -> Steps:
        return [step if n > 1 else 0 for n, step in zip(node.shape, self._strides(node), strict=True)]

    def _strides(self, node: Node) -> tuple[int, ...]:
        if not is_view(node):
            return contiguous(node.shape)
        if node not in self._views:
            strides = view_of(node, self._strides(node.args[0]))[1]
            self._views[node] = contiguous(node.shape) if strides is None else strides
        return self._views[node]


def order_of_axes(n_axes: int, arrays: Sequence[Steps]) -> tuple[int, ...]:
    """Order in which NumPy runs over the axes of these arrays, the outermost first, and in which a result lies.

    It sorts them by their strides, from the inside; where the arrays disagree the order of the axes stays.
    """
    inside_first = list(reversed(range(n_axes)))
    for i in range(1, n_axes):
        place, axis = i, inside_first[i]
        for j in reversed(range(i)):
            pairs = [(steps[axis], steps[inside_first[j]]) for steps in arrays]
            is_right = [abs(inner) <= abs(outer) for outer, inner in pairs if outer and inner]
            if any(is_right):
                break
            place = j if is_right else place
        inside_first.insert(place, inside_first.pop(i))
    return tuple(reversed(inside_first))


def transposed(node: Node, axes: tuple[int, ...]) -> Node:
    """A transposed view; a transpose of a transpose is one or none."""
    if node.op == "transpose":
        return transposed(node.args[0], tuple(node.options["axes"][axis] for axis in axes))
    if _is_plain(axes):
        return node
    return Node("transpose", (node,), tuple(node.shape[axis] for axis in axes), node.dtype, {"axes": axes})


def _is_plain(axes: tuple[int, ...]) -> bool:
    return axes == tuple(range(len(axes)))


def _turned(node: Node, order: tuple[int, ...]) -> Node:
    """Let the result of a node whose arguments have their axes in this order have them too, and bring it back."""
    inner = replace(node, shape=tuple(node.shape[axis] for axis in order))
    return transposed(inner, tuple(order.index(axis) for axis in range(node.ndim)))


def _with_axes(arg: Node, order: tuple[int, ...]) -> Node:
    """Axes of an argument in this order; it is given those that it lacks."""
    padded = (*(1,) * (len(order) - arg.ndim), *arg.shape)
    if max(padded) == arg.size:  # its only axis takes its place
        return _reshaped(arg, tuple(padded[axis] for axis in order))
    return transposed(_reshaped(arg, padded), order)


def _reshaped(node: Node, shape: Shape) -> Node:
    return node if node.shape == shape else Node("reshape", (node,), shape, node.dtype)
