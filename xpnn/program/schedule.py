"""`Schedule`: a program with the order of its instructions and a place in memory for each value that needs one."""

from collections.abc import Mapping
from dataclasses import dataclass

from xpnn.program.fusion import Instruction, fuse
from xpnn.program.location import Location
from xpnn.program.lowering import own_parts, store_updates
from xpnn.program.memory import itemsize
from xpnn.program.node import Node
from xpnn.program.placement import Placement
from xpnn.program.program import Program
from xpnn.program.views import make_copies_explicit

__all__ = ["Schedule", "schedule"]


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
        return sum(size * itemsize(dtype) for dtype, size in self.arenas.items())


def schedule(
    program: Program,
    reductions: frozenset[str] = frozenset(),
    apart: frozenset[str] = frozenset(),
    join_parts: bool = False,
) -> Schedule:
    """Order and place everything; see `fuse` for `reductions`, `apart` and `join_parts`."""
    program = store_updates(own_parts(make_copies_explicit(program)))
    placed = Placement(program, fuse(program, reductions, apart, join_parts))
    return Schedule(program, placed.instructions, placed.locations, placed.lengths, placed.constants)
