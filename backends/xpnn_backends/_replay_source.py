"""Prints a schedule as Python: one call with ``out=`` per operation.

Over 150 lines: one class; a method for each kind of operation.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

from xpnn.typing import Array, Shape
from xpnn_backends._library import Library
from xpnn_backends._registers import Registers, borrow_places

__all__ = ["Part", "Printer"]


@dataclass(frozen=True, slots=True)
class Part:
    """Instructions that follow each other.

    Parameters
    ----------
    instructions : sequence of Instruction
        What is computed.
    function : callable or None
        Runs them, called as ``function(table, numbers, *given)``; None prints them one by one.
    threads : int or None
        Number of threads for their products, to be set before; None leaves it as it is.
    """

    instructions: Sequence[Any]
    function: Callable[..., Any] | None = None
    threads: int | None = None


class Printer:
    """Prints the lines of ``step`` and collects what their names stand for."""

    def __init__(self, schedule: Any, library: Library, arrays: Mapping[Any, Array]) -> None:
        self._schedule, self._library, self._arrays = schedule, library, arrays
        self.names: dict[str, Any] = {"assign": library.assign, "read": library.read}
        self._numbers_array = arrays["number", 0]
        self._lines: list[str] = []
        self._top: list[str] = []
        self._views: dict[Any, str] = {}
        self._scratch: dict[str, list[Array]] = {}
        self._longest = max((self._block_length(i.shape) for i in schedule.instructions if i.is_loop), default=0)

    def source(self, parts: Sequence[Part], table: Any) -> str:
        """Text of the function; compiled parts are called with `table`, the numbers, and what is given."""
        program = self._schedule.program
        given = "".join(f", given{i}" for i in range(len(program.given)))
        for part in parts:
            if part.threads is not None:
                self.names["set_threads"] = self._library.set_threads
                self._lines.append(f"set_threads({part.threads})")
            if part.function is not None:
                names = self._add(part.function, "part"), self._add(table, "table"), self._add(self._numbers_array, "n")
                self._lines.append(f"{names[0]}({names[1]}, {names[2]}{given})")
                continue
            for instruction in part.instructions:
                if instruction.is_loop:
                    self._loop(instruction)
                else:
                    self._single(instruction.nodes[0])
        if any(part.function is not None for part in parts):
            self.names["plain"] = self._library.plain
            self._top[:0] = [f"given{i} = plain(given{i})" for i in range(len(program.given))]
        results = "".join(f"read({self._read(node)}), " for node in program.outputs)
        head = f"def step({', '.join(f'given{i}' for i in range(len(program.given)))}):"
        lines = [*self._top, *self._lines, f"return [{results}]"]
        return "\n".join([head, *(f"    {line}" for line in lines)]) + "\n"

    # ------------------------------------------------------------------------------------------------ whole arrays

    def _read(self, node: Any) -> str:
        return self._name_of(self._schedule.locations[node], node)

    def _name_of(self, location: Any, node: Any) -> str:
        """Name of the view at a location; views of inputs that change are made at the top of each run."""
        if location in self._views:
            return self._views[location]
        kind, number = location.array
        if kind == "given":
            whole = self._schedule.locations[self._schedule.program.given[number]]
            name = f"given{number}"
            if location != whole:
                name, flat = f"v{len(self._views)}", f"flat{number}"
                if f"{flat} = flatten({'given' + str(number)})" not in self._top:
                    self.names["flatten"], self.names["view"] = self._library.flat, self._library.view
                    self._top.append(f"{flat} = flatten({'given' + str(number)})")
                where = f"{location.shape}, {location.strides}, {location.offset}"
                self._top.append(f"{name} = view({flat}, {where})")
        else:
            array = self._arrays[location.array]
            name = self._add(self._library.view(array, location.shape, location.strides, location.offset))
        self._views[location] = name
        return name

    def _add(self, value: Any, prefix: str = "a") -> str:
        name = f"{prefix}{len(self.names)}"
        self.names[name] = value
        return name

    def _function(self, op: str) -> str:
        self.names[op] = self._library.functions[op]
        return op

    def _single(self, node: Any) -> None:
        out = self._read(node)
        if node.op == "matmul":
            left, right = (self._read(arg) for arg in node.args)
            self._lines.append(f"{self._function('matmul')}({left}, {right}, out={out})")
        elif node.op in self._library.functions:
            args = [self._read(arg) if hasattr(arg, "op") else self._scalar(arg, node) for arg in node.args]
            self._lines.append(f"{self._function(node.op)}({', '.join(args)}, out={out})")
        elif node.op == "call":
            args = [self._read(arg) if hasattr(arg, "op") else self._add(arg, "k") for arg in node.args]
            keywords = [f"{key}={self._add(value, 'k')}" for key, value in node.options["keywords"].items()]
            called = f"{self._add(node.options['function'], 'f')}({', '.join(args + keywords)})"
            self._lines.append(f"assign({out}, {called})")
        else:
            self._reduce(node)

    def _scalar(self, value: Any, node: Any) -> str:
        dtype = next((other.dtype for other in node.inputs if other.dtype != "bool"), node.dtype)
        return self._add(self._library.scalar(value, dtype, node.shape, node.op), "c")

    def _reduce(self, node: Any) -> None:
        source, axes = node.args[0], node.options["axes"]
        function = self._add(self._library.reduction(node.op, source.shape, axes, node.dtype), "f")
        location = self._schedule.locations[node]
        if node.options["keepdims"]:
            kept = [axis for axis in range(node.ndim) if axis not in axes]
            shape, strides = ((tuple(part[axis] for axis in kept)) for part in (location.shape, location.strides))
            location = type(location)(location.array, location.offset, strides, shape)
        self._lines.append(f"{function}({self._read(source)}, {self._name_of(location, node)})")

    # ------------------------------------------------------------------------------------------------------- loops

    def _loop(self, instruction: Any) -> None:
        shape = instruction.shape
        rows = self._rows_per_block(shape)
        blocks = [slice(i, min(i + rows, shape[0])) for i in range(0, shape[0], rows)] if shape else [None]
        if len(blocks) <= 1:
            self._lines += self._body(instruction, shape, None, {})
            return
        varying: dict[str, Any] = {}
        body = self._body(instruction, (rows, *shape[1:]), blocks, varying)
        names = ["block", *varying]
        table = self._add(list(zip(blocks, *varying.values(), strict=True)), "t")
        self._lines += [f"for {', '.join(names)} in {table}:", *(f"    {line}" for line in body)]

    def _rows_per_block(self, shape: Shape) -> int:
        if not shape or not self._library.block_size:
            return max(shape[0], 1) if shape else 1
        return max(self._library.block_size // max(prod(shape[1:]), 1), 1)

    def _block_length(self, shape: Shape) -> int:
        return min(prod(shape), self._rows_per_block(shape) * prod(shape[1:]))

    def _body(self, instruction: Any, shape: Shape, blocks: Any, varying: dict[str, Any]) -> list[str]:
        lines: list[str] = []
        locations = self._schedule.locations
        borrowed = borrow_places(instruction.nodes, locations)
        registers = Registers(instruction.nodes, locations.keys() | borrowed.keys())
        held: dict[Any, str] = {}
        for node in instruction.nodes:
            registers.release(node)
            args = [
                held[arg] if arg in held else self._operand(arg, node, instruction, shape, blocks, varying, lines)
                for arg in node.args
            ]
            if node.op == "store":
                out = self._operand(node.options["target"], node, instruction, shape, blocks, varying, lines)
            elif node in locations or node in borrowed:
                out = self._operand(borrowed.get(node, node), node, instruction, shape, blocks, varying, lines)
            else:
                out = self._register(registers.take(node), node.dtype, shape, blocks, varying)
            held[node] = out
            if node.op in ("astype", "copy", "store"):
                lines.append(f"assign({out}, {args[0]})")
            else:
                lines.append(f"{self._function(node.op)}({', '.join(args)}, out={out})")
        return lines

    def _operand(
        self, arg: Any, node: Any, instruction: Any, shape: Shape, blocks: Any, varying: dict[str, Any], lines: Any
    ) -> str:
        if not hasattr(arg, "op"):
            dtype = next((other.dtype for other in node.inputs if other.dtype != "bool"), node.dtype)
            value = self._library.scalar(arg, dtype, shape, node.op)
            if blocks is None or not getattr(value, "shape", ()):
                return self._add(value, "c")
            return self._cut([value[: block.stop - block.start] for block in blocks], varying)
        name = self._read(arg)
        location = self._schedule.locations[arg]
        if blocks is None or len(location.shape) < len(instruction.shape) or location.shape[0] != instruction.shape[0]:
            return name
        if location.array[0] == "given":
            lines.append(f"{name}_ = {name}[block]")
            return f"{name}_"
        whole = self.names[name]
        return self._cut([whole[block] for block in blocks], varying, name)

    def _cut(self, parts: list[Array], varying: dict[str, Any], name: str | None = None) -> str:
        name = f"b{name or len(varying)}"
        varying[name] = parts
        return name

    def _register(self, number: int, dtype: str, shape: Shape, blocks: Any, varying: dict[str, Any]) -> str:
        size = prod(shape)
        pool = self._scratch.setdefault(dtype, [])
        while len(pool) <= number:
            pool.append(self._library.empty(max(self._longest, size), dtype))
        strides, step = [], 1
        for n in reversed(shape):
            strides.append(step)
            step *= n
        array = self._library.view(pool[number], shape, tuple(reversed(strides)), 0)
        if blocks is None:
            return self._add(array, "r")
        return self._cut([array[: block.stop - block.start] for block in blocks], varying, f"r{dtype}{number}")
