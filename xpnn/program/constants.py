"""Computes once and for all what depends on no input."""

from collections.abc import Callable

from xpnn.program.evaluation import evaluate
from xpnn.program.node import Node
from xpnn.program.program import Program
from xpnn.typing import DType, Namespace

__all__ = ["fold_constants"]


def fold_constants(program: Program, xp: Namespace, dtypes: Callable[[str], DType]) -> Program:
    """Replace nodes whose arguments are constants by constants."""

    def rule(node: Node) -> Node:
        if node.op == "constant" or not node.inputs or any(arg.op != "constant" for arg in node.inputs):
            return node
        array = evaluate(node, {arg: arg.options["array"] for arg in node.inputs}, xp, dtypes)
        return Node("constant", (), node.shape, node.dtype, {"array": array})

    return program.rewrite(rule)
