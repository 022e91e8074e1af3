"""Fusion: which operations run in one loop over the elements, and in which order everything runs.

The program is scheduled backwards. The last node of which nobody else waits for the result opens an instruction. If it
is elementwise, the nodes that it reads join its loop, as far as they have its shape and all their readers have been
scheduled; and those that these read, and so on. So each value is computed as late as possible, in the loop of its
readers, and a value that is read in one loop alone needs no memory. If it is asked for, parts that are to lie side by
side are computed in one loop too.

Over 150 lines: one algorithm; its rules refer to each other.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from xpnn.program.elementwise import is_elementwise
from xpnn.program.node import Node
from xpnn.program.program import Program
from xpnn.program.views import is_view
from xpnn.typing import Shape

__all__ = ["Instruction", "fuse", "is_alias", "sources"]

_LEAVES = frozenset(("input", "number", "constant"))


@dataclass(frozen=True, slots=True)
class Instruction:
    """Nodes that are computed together.

    Parameters
    ----------
    nodes : tuple of Node
        In the order in which they are computed. A single node, or several that are elementwise, or reductions of such.
    shape : tuple of int
        Of the loop over the elements; of the result for any other node.
    is_loop : bool
        Whether the nodes are computed element by element.
    """

    nodes: tuple[Node, ...]
    shape: Shape
    is_loop: bool


def is_alias(node: Node) -> bool:
    """Whether a node has no memory of its own: a view, or parts that lie side by side."""
    return is_view(node) or node.op == "concat"


def sources(node: Node) -> set[Node]:
    """The nodes that must be computed, or be there, for `node` to be there."""
    if not is_alias(node):
        return {node}
    return set().union(*(sources(arg) for arg in node.inputs))


def fuse(
    program: Program,
    reductions: frozenset[str] = frozenset(),
    apart: frozenset[str] = frozenset(),
    join_parts: bool = False,
) -> list[Instruction]:
    """Order the nodes of `program` as instructions.

    Parameters
    ----------
    program : Program
        Whose updates are nodes ``store``; see `xpnn.program.schedule`.
    reductions : frozenset of str
        Reductions that may run in the loop of what they reduce, e.g. ``{"max"}``.
    apart : frozenset of str
        Elementwise functions that stay out of loops, since the executor has a faster way for whole arrays.
    join_parts : bool
        Whether parts of one concatenation that have one shape are computed in one loop. That pays where it is dear to
        start a loop.
    """
    return _Scheduler(program, reductions, apart, join_parts).run()


class _Scheduler:
    def __init__(self, program: Program, reductions: frozenset[str], apart: frozenset[str], join_parts: bool) -> None:
        self._reductions, self._apart = reductions, apart
        self._nodes = [node for node in program.nodes if node.op not in _LEAVES and not is_alias(node)]
        self._place = {node: i for i, node in enumerate(self._nodes)}
        self._readers: dict[Node, set[Node]] = {node: set() for node in self._nodes}
        self._wholes: dict[Node, Node] = {}
        if join_parts:
            wholes = (node for node in program.nodes if node.op == "concat")
            self._wholes = {part: node for node in wholes for arg in node.args for part in sources(arg)}
        held_readers: dict[Node, set[Node]] = {}
        for node in self._nodes:
            for source in set().union(*(sources(arg) for arg in node.inputs)):
                if source in self._readers:
                    self._readers[source].add(node)
                elif source.op == "input":
                    held_readers.setdefault(source, set()).add(node)
        for node in self._nodes:
            if node.op == "store":  # whoever reads the old contents must do so before
                for reader in held_readers.get(node.options["target"], ()):
                    if reader is not node:
                        self._readers[reader].add(node)

    def run(self) -> list[Instruction]:
        """Schedule from the end to the beginning."""
        done: set[Node] = set()
        waiting = {node: len(readers) for node, readers in self._readers.items()}
        reads: dict[Node, list[Node]] = {node: [] for node in self._nodes}
        for node, readers in self._readers.items():
            for reader in readers:
                reads[reader].append(node)
        ready = {node for node, count in waiting.items() if not count}
        instructions = []
        while ready:
            instruction = self._open(max(ready, key=self._place.__getitem__), ready, done)
            instructions.append(instruction)
            for node in instruction.nodes:
                done.add(node)
                ready.discard(node)
            for node in instruction.nodes:
                for source in reads[node]:
                    waiting[source] -= 1
                    if not waiting[source] and source not in done:
                        ready.add(source)
        return instructions[::-1]

    def _open(self, node: Node, ready: set[Node], done: set[Node]) -> Instruction:
        if node.op in self._reductions:
            # The other readers of what it reduces go first, so that this can join the loop.
            others = [other for other in ready if not self._shape(other) and self._shares_source(other, node)]
            node = max(others, key=self._place.__getitem__, default=node)
        shape = self._shape(node)
        if shape is None:
            return Instruction((node,), node.shape, False)
        loop = {node}
        grown = True
        while grown:
            fitting = [other for other in self._candidates(loop, ready) if self._joins(other, loop, shape, done)]
            loop.update(fitting)
            grown = bool(fitting)
        return Instruction(tuple(sorted(loop, key=self._place.__getitem__)), shape, True)

    def _shares_source(self, other: Node, node: Node) -> bool:
        return any(node.args[0] in sources(arg) for arg in other.inputs)

    def _candidates(self, loop: set[Node], ready: set[Node]) -> Iterable[Node]:
        near = {arg for node in loop for arg in node.inputs if arg in self._readers}
        wholes = {self._wholes[node] for node in loop if node in self._wholes}
        return (near | {node for node in ready if self._is_free(node) or self._wholes.get(node) in wholes}) - loop

    def _is_free(self, node: Node) -> bool:
        return node.op == "store" or node.op in self._reductions

    def _joins(self, node: Node, loop: set[Node], shape: Shape, done: set[Node]) -> bool:
        """Whether all who read `node` come later, or are in the loop and read it element by element."""
        if self._shape(node) != shape:
            return False
        for reader in self._readers[node]:
            if reader in loop:
                if node.op in self._reductions or not self._reads_elements(reader, node, shape):
                    return False
            elif reader not in done:
                return False
        return True

    def _reads_elements(self, reader: Node, node: Node, shape: Shape) -> bool:
        """Whether `reader` needs of `node` (or of an input that both use) the present element alone."""
        for arg in reader.inputs:
            if arg is not node and node in sources(arg):
                return False
        if reader.op != "store":
            return True
        target = reader.options["target"]
        return all(target not in sources(arg) or (arg is target and arg.shape == shape) for arg in node.inputs)

    def _shape(self, node: Node) -> Shape | None:
        """Shape of the loop that computes `node`, or None if no loop does."""
        if node.op in self._apart:
            return None
        if is_elementwise(node.op) or node.op == "store":
            return node.shape
        return node.args[0].shape if node.op in self._reductions else None
