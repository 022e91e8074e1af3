"""`Body`: the lines of a kernel that compute one element of a loop, and the arrays that they read and write."""

from collections.abc import Mapping, Sequence
from typing import Any

from xpnn.typing import Shape
from xpnn_backends._cuda_axes import Axes
from xpnn_backends._cuda_math import TYPES, expression, literal
from xpnn_backends._cuda_strides import broadcast_strides, contiguous, result_strides

__all__ = ["REDUCTIONS", "Body"]

REDUCTIONS = ("sum", "max", "min")
"""Operations that may run in the loop of what they reduce."""


class Body:
    """Lines and arrays, collected node by node.

    Parameters
    ----------
    shape : tuple of int
        Of the loop.
    locations : mapping of node to Location
        Of what lies in memory.
    types : mapping of array to str
        Types of the arrays.
    reduced : frozenset of int
        Axes of the loop that are reduced.
    """

    def __init__(
        self, shape: Shape, locations: Mapping[Any, Any], types: Mapping[Any, str], reduced: frozenset[int]
    ) -> None:
        self._shape, self._locations, self._types, self._reduced = shape, locations, types, reduced
        self.axes = Axes((), (), {})
        self.lines: list[str] = []
        self.arrays: dict[tuple[str, int | str], bool] = {}
        self._values: dict[Any, str] = {}

    def find_operands(self, nodes: Sequence[Any], results: Sequence[Any], is_storing: bool) -> None:
        """Settle the axes for everything that will be read or written."""
        inside = set(nodes)
        read = [arg for node in nodes for arg in node.inputs if arg not in inside]
        written = [node.options["target"] if node.op == "store" else node for node in nodes] if is_storing else []
        reductions = {*results, *(node for node in written if node.op in REDUCTIONS)}
        others = (node for node in (*read, *written) if node in self._locations and node not in reductions)
        places = [self._locations[node] for node in others]
        operands: dict[Any, Shape] = {place: broadcast_strides(place, self._shape) for place in places}
        operands |= {node: result_strides(node, self._locations[node], self._shape) for node in reductions}
        self.axes = Axes.of(self._shape, operands, self._reduced)

    def compute(self, node: Any, is_storing: bool) -> None:
        """Add the lines that compute a node, and write it if it has a place."""
        args = [self.value(arg, dtype) for arg, dtype in _typed(node)]
        if node.op in REDUCTIONS:  # over axes of one element
            self.lines.append(f"{self.place(node)} = {args[0]};")
            return
        text = expression(node.op, args, [dtype for _, dtype in _typed(node)])
        if node.op == "store":
            self._write(self._locations[node.options["target"]], text)
            return
        self._values[node] = self._name(TYPES[node.dtype], text)
        if is_storing and node in self._locations:
            self._write(self._locations[node], self._values[node])

    def copy(self, arg: Any, dtype: str, start: int) -> Any:
        """Add the line that copies a value into scratch memory, and return the location that it has there."""
        place = self._locations[arg]
        new = type(place)(("scratch", dtype), start, contiguous(arg.shape), arg.shape)
        self.axes = Axes.of(self._shape, {p: broadcast_strides(p, self._shape) for p in (place, new)}, frozenset())
        self._write(new, self.value(arg, arg.dtype))
        return new

    def empty(self, axes: Axes) -> "Body":
        """Return a body without lines, over other axes."""
        body = Body(self._shape, self._locations, self._types, self._reduced)
        body.axes = axes
        return body

    def value(self, arg: Any, dtype: str) -> str:
        """Text of an argument: a literal, or the register that holds it; read from memory the first time."""
        if not hasattr(arg, "op"):
            return literal(arg, dtype)
        if arg not in self._values:
            place = self._locations[arg]
            text = f"{self.array(place.array)}[{self.axes.position(place, place.offset)}]"
            self._values[arg] = self._name(TYPES[arg.dtype], text)
        return self._values[arg]

    def place(self, result: Any) -> str:
        """Text of where the result of a reduction goes."""
        location = self._locations[result]
        position = self.axes.position(result, location.offset)
        return f"{self.array(location.array, is_written=True)}[{position}]"

    def array(self, key: tuple[str, int | str], is_written: bool = False) -> str:
        """Name of an array, which becomes an argument of the kernel."""
        self.arrays[key] = self.arrays.get(key, False) or is_written
        return f"{key[0]}_{key[1]}"

    def parameters(self) -> str:
        """Text of the kernel's parameters. Different arrays share no memory that is written."""
        return ", ".join(
            f"{'' if is_written else 'const '}{TYPES[self._types[key]]}* __restrict__ {key[0]}_{key[1]}"
            for key, is_written in self.arrays.items()
        )

    def _name(self, kind: str, text: str) -> str:
        name = f"v{len(self._values)}"
        self.lines.append(f"const {kind} {name} = {text};")
        return name

    def _write(self, place: Any, text: str) -> None:
        array = self.array(place.array, is_written=True)
        self.lines.append(f"{array}[{self.axes.position(place, place.offset)}] = {text};")


def _typed(node: Any) -> list[tuple[Any, str]]:
    """Arguments with their types; a Python number takes the type of the arrays beside it."""
    beside = next((arg.dtype for arg in node.inputs if arg.dtype != "bool"), node.dtype)
    return [(arg, arg.dtype if hasattr(arg, "op") else beside) for arg in node.args]
