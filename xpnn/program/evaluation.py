"""`evaluate`: what a node means, said with the functions of a namespace."""

from collections.abc import Callable, Mapping
from typing import Any

from xpnn.program.node import Node, arguments
from xpnn.typing import Array, DType, Namespace

__all__ = ["evaluate"]

Rule = Callable[[Namespace, Node, list[Any]], Array]


def evaluate(node: Node, values: Mapping[Node, Any], xp: Namespace, dtypes: Callable[[str], DType]) -> Array:
    """Compute `node` from the values of its arguments.

    Parameters
    ----------
    node : Node
        Any node but an input.
    values : mapping of Node to Array
        Values of its arguments.
    xp : Namespace
        Whose functions compute.
    dtypes : callable
        Turns the name of a type into the type.
    """
    args = arguments(node, values)
    if node.op == "astype":
        return xp.astype(args[0], dtypes(node.dtype))
    rule = _RULES.get(node.op)
    return rule(xp, node, args) if rule else getattr(xp, node.op)(*args)


def _slice(xp: Namespace, node: Node, args: list[Any]) -> Array:
    bounds = node.options["bounds"]
    return args[0][tuple(slice(start, stop if stop >= 0 else None, step) for start, stop, step in bounds)]


def _transpose(xp: Namespace, node: Node, args: list[Any]) -> Array:
    return xp.permute_dims(args[0], node.options["axes"])


def _reduce(xp: Namespace, node: Node, args: list[Any]) -> Array:
    axes = node.options["axes"]
    axis = None if len(axes) == args[0].ndim else axes[0] if len(axes) == 1 else axes
    return getattr(xp, node.op)(args[0], axis=axis, keepdims=node.options["keepdims"])


_RULES: dict[str, Rule] = {
    "call": lambda xp, node, args: node.options["function"](*args, **node.options["keywords"]),
    "concat": lambda xp, node, args: xp.concat(args, axis=node.options["axis"]),
    "constant": lambda xp, node, args: node.options["array"],
    "copy": lambda xp, node, args: args[0],
    "broadcast_to": lambda xp, node, args: xp.broadcast_to(args[0], node.shape),
    "matmul": lambda xp, node, args: args[0] @ args[1],
    "max": _reduce,
    "min": _reduce,
    "reshape": lambda xp, node, args: xp.reshape(args[0], node.shape),
    "slice": _slice,
    "sum": _reduce,
    "transpose": _transpose,
}
