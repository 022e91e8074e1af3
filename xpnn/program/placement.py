"""Placement: where each value lies. Inputs first, then what is stored in them, parts of concatenations, all else.

Over 150 lines: one class; its steps share the tables that they fill.
"""

from collections.abc import Iterator
from dataclasses import replace

from xpnn.program.fusion import Instruction, sources
from xpnn.program.location import Location
from xpnn.program.lowering import base_of, is_leading
from xpnn.program.memory import Buffer, pack
from xpnn.program.node import Node
from xpnn.program.program import Program
from xpnn.program.strides import contiguous
from xpnn.program.views import is_view

__all__ = ["Placement"]


class Placement:
    """Places the values of `program`, whose instructions run in the order of `instructions`.

    Attributes
    ----------
    locations : dict of Node to Location
        Of each value that lies in memory.
    lengths : dict of str to int
        Lengths of the arenas by type.
    constants : tuple of Node
        In the order of their locations.
    instructions : tuple of Instruction
        Without the stores of values that are computed where they are to be stored.
    """

    def __init__(self, program: Program, instructions: list[Instruction]) -> None:
        self._program, self._instructions = program, instructions
        self._step = {node: i for i, ins in enumerate(instructions) for node in ins.nodes}
        self._place = {node: i for i, node in enumerate(program.nodes)}
        self._buffers: dict[Node, Buffer] = {}
        self._fixed: dict[Node, Location] = {}
        self.constants = tuple(node for node in program.nodes if node.op == "constant")
        self._last: dict[Node, int] = {}
        self._elided: set[Node] = set()
        self._concats: dict[Node, tuple[Node, int]] = {}

        self._place_leaves()
        self._find_parts()
        self._elide_stores()
        self._find_last_reads()
        self._allocate()
        self.lengths = pack(list(dict.fromkeys(self._buffers.values())))
        self.locations = self._locate()
        kept = (replace(i, nodes=tuple(n for n in i.nodes if n not in self._elided)) for i in instructions)
        self.instructions = tuple(instruction for instruction in kept if instruction.nodes)

    def _place_leaves(self) -> None:
        program = self._program
        groups = ("held", program.held), ("given", program.given), ("number", program.numbers)
        for name, nodes in (*groups, ("constant", self.constants)):
            for i, node in enumerate(nodes):
                array, offset = (("number", 0), i) if name == "number" else ((name, i), 0)
                self._fixed[node] = Location(array, offset, contiguous(node.shape), node.shape)

    def _elide_stores(self) -> None:
        """Compute a value where it is to be stored, if nobody in its loop reads the old contents after that."""
        for instruction in self._instructions:
            for store in (node for node in instruction.nodes if node.op == "store"):
                value, target = store.args[0], store.options["target"]
                is_here = value in instruction.nodes and value not in self._fixed and value not in self._concats
                if is_here and value.dtype == target.dtype and not self._is_read_after(target, value, instruction):
                    self._fixed[value] = self._fixed[target]
                    self._elided.add(store)

    def _is_read_after(self, target: Node, value: Node, instruction: Instruction) -> bool:
        later = (n for n in instruction.nodes if n.op != "store" and self._place[n] > self._place[value])
        return any(target in sources(arg) for node in later for arg in node.inputs)

    def _find_parts(self) -> None:
        for node in self._program.nodes:
            if node.op == "concat":
                axis, start = node.options["axis"], 0
                for arg in node.args:
                    self._concats[base_of(arg)] = (node, start * contiguous(node.shape)[axis])
                    start += arg.shape[axis]

    def _home(self, node: Node) -> tuple[Node, int]:
        """Node in whose buffer a computed node lies, and how far from its start."""
        offset = 0
        while node in self._concats:
            node, start = self._concats[node]
            offset += start
        return node, offset

    def _readers(self) -> Iterator[tuple[int, Node]]:
        """Each time at which the memory of a node is read."""
        for i, instruction in enumerate(self._instructions):
            for node in instruction.nodes:
                for arg in node.inputs:
                    for source in sources(arg):
                        if self._step.get(source) != i or arg is not source or not instruction.is_loop:
                            yield i, source
        for node in self._program.outputs:
            for source in sources(node):
                yield len(self._instructions), source

    def _find_last_reads(self) -> None:
        for i, source in self._readers():
            home = self._home(source)[0]
            self._last[home] = max(self._last.get(home, -1), i)
        for node in self._program.outputs:  # an output that is made of parts stays whole
            if node.op == "concat":
                self._last[node] = len(self._instructions)

    def _allocate(self) -> None:
        for i, instruction in enumerate(self._instructions):
            for node in instruction.nodes:
                home, offset = self._home(node)
                if node in self._fixed or node.op == "store" or (home is node and node not in self._last):
                    continue
                if home in self._buffers:
                    self._add_part(home, offset, node, i)
                    continue
                last = max(self._last.get(home, i), i)
                reused = self._dying(node, instruction, i) if home is node else None
                if reused is not None:
                    reused.last = last
                    self._buffers[home] = reused
                else:
                    self._buffers[home] = Buffer(home.dtype, home.size, i, last)
                    self._add_part(home, offset, node, i)

    def _add_part(self, home: Node, offset: int, node: Node, i: int) -> None:
        if home is not node and is_leading(home):
            self._buffers[home].parts.append((offset, node.size, i))

    def _dying(self, node: Node, instruction: Instruction, i: int) -> Buffer | None:
        """Find the buffer of an argument that nobody reads after `node`, and that has its size."""
        if not instruction.is_loop or node.shape != instruction.shape:
            return None
        for other in instruction.nodes:
            for arg in other.inputs:
                buffer = self._buffers.get(arg)
                if buffer is None or buffer.last != i or buffer.first == i or buffer.dtype != node.dtype:
                    continue
                if arg.shape == node.shape and self._is_free_after(arg, buffer, node, instruction):
                    return buffer
        return None

    def _is_free_after(self, arg: Node, buffer: Buffer, node: Node, instruction: Instruction) -> bool:
        for reader in instruction.nodes:
            for read in reader.inputs:
                if any(self._buffers.get(self._home(source)[0]) is buffer for source in sources(read)) and (
                    read is not arg or self._place[reader] > self._place[node]
                ):
                    return False
        return True

    def _locate(self) -> dict[Node, Location]:
        locations = dict(self._fixed)
        for node in self._program.nodes:
            if is_view(node):
                if (source := locations.get(node.args[0])) is not None:
                    locations[node] = source.view(node)
            elif node not in locations:
                home, offset = self._home(node)
                if home in self._buffers:
                    buffer = self._buffers[home]
                    is_within = home is not node and not is_leading(home)
                    strides = contiguous(home.shape if is_within else node.shape)
                    locations[node] = Location(("arena", buffer.dtype), buffer.offset + offset, strides, node.shape)
        return locations
