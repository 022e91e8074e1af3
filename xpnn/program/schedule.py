"""`Schedule`: a program with the order of its instructions and a place in memory for each value that needs one."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from xpnn.program.fusion import Instruction, fuse, is_alias, sources
from xpnn.program.location import Location
from xpnn.program.memory import Buffer, pack
from xpnn.program.node import Node
from xpnn.program.program import Program
from xpnn.program.strides import contiguous
from xpnn.program.views import is_view, make_copies_explicit

__all__ = ["Schedule", "schedule"]

_ITEMSIZE = {"bool": 1, "uint8": 1, "int8": 1, "uint16": 2, "int16": 2, "uint32": 4, "int32": 4, "float32": 4}


@dataclass(frozen=True, slots=True)
class Schedule:
    """What an executor needs.

    Parameters
    ----------
    program : Program
        With nodes ``store``, which write a value into a held input, and ``copy``.
    instructions : tuple of Instruction
        In the order in which they run.
    locations : mapping of Node to Location
        Of each value that lies in memory. A node of a loop without one is read in that loop alone.
    arenas : mapping of str to int
        Number of elements of working memory by type.
    constants : tuple of Node
        The constants, in the order of their locations.
    """

    program: Program
    instructions: tuple[Instruction, ...]
    locations: Mapping[Node, Location]
    arenas: Mapping[str, int]
    constants: tuple[Node, ...]

    @property
    def nbytes(self) -> int:
        """Bytes of working memory."""
        return sum(size * _ITEMSIZE.get(dtype, 8) for dtype, size in self.arenas.items())


def schedule(
    program: Program, reductions: frozenset[str] = frozenset(), apart: frozenset[str] = frozenset()
) -> Schedule:
    """Order and place everything; see `fuse` for `reductions` and `apart`."""
    program = _store_updates(_own_parts(make_copies_explicit(program)))
    return _Placement(program, fuse(program, reductions, apart)).run()


def _own_parts(program: Program) -> Program:
    """Copy the parts of each concatenation that cannot be computed in place there."""
    taken: set[Node] = set()

    def rule(node: Node) -> Node:
        if node.op != "concat":
            return node
        args = []
        for arg in node.args:
            base = _base(arg)
            can_be_placed = not is_alias(base) and base.op not in ("input", "number", "constant")
            if _leading(node) and can_be_placed and base not in taken and base.dtype == node.dtype:
                taken.add(base)
                args.append(arg)
            else:
                args.append(Node("copy", (arg,), arg.shape, node.dtype))
        return replace(node, args=tuple(args))

    return program.rewrite(rule)


def _leading(node: Node) -> bool:
    """Whether the parts of a concatenation follow each other in memory."""
    return all(n == 1 for n in node.shape[: node.options["axis"]])


def _base(node: Node) -> Node:
    while node.op == "reshape":
        node = node.args[0]
    return node


def _store_updates(program: Program) -> Program:
    """Add a node that writes the new contents of each held input."""
    stores = tuple(
        Node("store", (value,), held.shape, held.dtype, {"target": held}) for held, value in program.updates
    )
    return replace(program, nodes=(*program.nodes, *stores))


class _Placement:
    def __init__(self, program: Program, instructions: list[Instruction]) -> None:
        self._program, self._instructions = program, instructions
        self._step = {node: i for i, ins in enumerate(instructions) for node in ins.nodes}
        self._place = {node: i for i, node in enumerate(program.nodes)}
        self._buffers: dict[Node, Buffer] = {}
        self._fixed: dict[Node, Location] = {}
        self._constants = tuple(node for node in program.nodes if node.op == "constant")
        self._last: dict[Node, int] = {}
        self._elided: set[Node] = set()
        self._concats: dict[Node, tuple[Node, int]] = {}

    def run(self) -> Schedule:
        """Place inputs, then what is stored in them, then parts of concatenations, then all else."""
        self._place_leaves()
        self._find_parts()
        self._elide_stores()
        self._find_last_reads()
        self._allocate()
        lengths = pack(list(dict.fromkeys(self._buffers.values())), _Itemsize())
        locations = self._locations()
        instructions = (replace(i, nodes=tuple(n for n in i.nodes if n not in self._elided)) for i in self._instructions)
        kept = tuple(instruction for instruction in instructions if instruction.nodes)
        return Schedule(self._program, kept, locations, lengths, self._constants)

    def _place_leaves(self) -> None:
        program = self._program
        groups = ("held", program.held), ("given", program.given), ("number", program.numbers)
        for name, nodes in (*groups, ("constant", self._constants)):
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
                offset = 0
                for arg in node.args:
                    self._concats[_base(arg)] = (node, offset)
                    offset += arg.size

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
                home = self._home(node)[0]
                if node in self._fixed or node.op == "store" or home in self._buffers:
                    continue
                if home is node and node not in self._last:
                    continue
                last = max(self._last.get(home, i), i)
                reused = self._dying(node, instruction, i) if home is node else None
                if reused is not None:
                    reused.last = last
                    self._buffers[home] = reused
                else:
                    self._buffers[home] = Buffer(home.dtype, home.size, i, last)

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

    def _locations(self) -> dict[Node, Location]:
        locations = dict(self._fixed)
        for node in self._program.nodes:
            if is_view(node):
                if (source := locations.get(node.args[0])) is not None:
                    locations[node] = source.view(node)
            elif node not in locations:
                home, offset = self._home(node)
                if home in self._buffers:
                    buffer = self._buffers[home]
                    start = buffer.offset + offset
                    locations[node] = Location(("arena", buffer.dtype), start, contiguous(node.shape), node.shape)
        return locations


class _Itemsize(dict[str, int]):
    def __missing__(self, dtype: str) -> int:
        return _ITEMSIZE.get(dtype, 8)
