"""`Node`: one operation of a recorded program."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod
from typing import Any

from xpnn.typing import Shape

__all__ = ["Node", "arguments"]


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """One value of a program, and how it is computed from others. Two nodes are equal if they are the same object.

    Parameters
    ----------
    op : str
        What computes it: a name of the standard (``"add"``, ``"matmul"``, ``"sum"``), or one of ``"input"``,
        ``"number"``, ``"constant"``, ``"slice"``, ``"transpose"``, ``"copy"``, ``"store"``, ``"call"``.
    args : tuple of Node, bool, int or float
        What it is computed from.
    shape : tuple of int
        Shape of the value.
    dtype : str
        Name of its type, e.g. ``"float32"``.
    options : mapping
        Whatever else the operation needs, e.g. ``{"axes": (0,), "keepdims": False}``.
    """

    op: str
    args: tuple[Any, ...]
    shape: Shape
    dtype: str
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Number of elements."""
        return prod(self.shape)

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def inputs(self) -> tuple["Node", ...]:
        """The nodes among its arguments."""
        return tuple(arg for arg in self.args if isinstance(arg, Node))

    def __repr__(self) -> str:
        kept = {key: value for key, value in self.options.items() if key not in ("array", "function", "compute")}
        options = "".join(f", {key}={value!r}" for key, value in kept.items())
        args = ", ".join(arg.op if isinstance(arg, Node) else repr(arg) for arg in self.args)
        return f"{self.op}({args}{options}) -> {self.dtype}{list(self.shape)}"


def arguments(node: Node, values: Mapping[Node, Any]) -> list[Any]:
    """Arguments of `node` with each node replaced by its value; Python's numbers stay as they are."""
    return [values[arg] if isinstance(arg, Node) else arg for arg in node.args]
