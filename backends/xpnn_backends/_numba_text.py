"""`print_step`: a schedule as the text of a module for numba, and what remains to be replayed. Imports no numba."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from xpnn_backends._blas_threads import allowed_threads
from xpnn_backends._cblas import find_blas
from xpnn_backends._numba_plan import APART, can_print
from xpnn_backends._numba_source import PartPrinter
from xpnn_backends._numpy_parts import cut
from xpnn_backends._ufunc_loops import find_loop

__all__ = ["Text", "print_step"]

_REDUCTIONS = frozenset(("max", "min"))
"""Their order does not matter, so that they may run in the loop of what they reduce."""


@dataclass(frozen=True, slots=True)
class Text:
    """A printed step.

    Parameters
    ----------
    schedule : Schedule
        What was printed.
    groups : list of (instructions, is compiled, threads)
        See `xpnn_backends._numpy_parts.cut`; group number 2 is the function ``part2``, if it is compiled.
    slots : dict
        Number in the table of addresses of each array of a location.
    text : str
        The module.
    """

    schedule: Any
    groups: list[tuple[tuple[Any, ...], bool, int | None]]
    slots: dict[Any, int]
    text: str


def print_step(program: Any, schedule: Callable[..., Any]) -> Text:
    """Schedule `program` and print it."""
    steps = schedule(program, _REDUCTIONS, APART)
    if any(_is_stuck(instruction, steps.locations) for instruction in steps.instructions):
        steps = schedule(program, frozenset(), APART)
    slots = _slots(steps)
    printer = PartPrinter(steps, slots)
    groups = cut(steps.instructions, allowed_threads(), lambda instruction: _fits(instruction, steps.locations))
    functions = [printer.function(f"part{i}", group) for i, (group, fits, _) in enumerate(groups) if fits]
    return Text(steps, groups, slots, "\n".join([*printer.header(), "", *functions]))


def _is_stuck(instruction: Any, locations: Any) -> bool:
    """Whether a reduction is in a loop that cannot be compiled: in the replay it stands alone."""
    reduces = any(node.op in _REDUCTIONS for node in instruction.nodes)
    return instruction.is_loop and reduces and not _fits(instruction, locations)


def _fits(instruction: Any, locations: Any) -> bool:
    needs_blas = not instruction.is_loop and instruction.nodes[0].op in ("matmul", "sum")
    return (not needs_blas or find_blas() is not None) and can_print(instruction, locations, _has_loop)


@cache
def _has_loop(name: str, dtype: str) -> bool:
    found = find_loop(name, dtype)
    return found is not None and not found[1]  # loops with data of their own call back through it


def _slots(schedule: Any) -> dict[Any, int]:
    keys: list[tuple[str, Any]] = [("arena", dtype) for dtype in schedule.arenas]
    keys += [("held", i) for i in range(len(schedule.program.held))]
    keys += [("constant", i) for i in range(len(schedule.constants))]
    keys += [("ones", "float32"), ("ones", "float64")]
    keys += [("given", i) for i in range(len(schedule.program.given))]
    return {key: i for i, key in enumerate(keys)}
