"""Cuts a schedule into parts: what is compiled and what is not, and products with one thread and with several."""

from collections.abc import Callable, Sequence
from typing import Any

from xpnn_backends._blas_threads import threads_of

__all__ = ["cut"]


def cut(
    instructions: Sequence[Any], allowed: int, fits: Callable[[Any], bool] = lambda instruction: False
) -> list[tuple[tuple[Any, ...], bool, int | None]]:
    """Group instructions that follow each other.

    Parameters
    ----------
    instructions : sequence of Instruction
        In their order.
    allowed : int
        Threads that large products may use. With 1, numbers of threads are nobody's concern.
    fits : callable
        Whether an instruction can be compiled.

    Returns
    -------
    list of (instructions, fits, threads)
        Threads are None where they need not be set. At the end they are as many as before.
    """
    groups: list[tuple[list[Any], bool, int | None]] = []
    present: int | None = None
    for instruction in instructions:
        fit = fits(instruction)
        wanted = threads_of(instruction.nodes[0], allowed) if allowed > 1 else None
        changes = wanted is not None and wanted != present
        if not groups or groups[-1][1] != fit or changes:
            groups.append(([], fit, wanted if changes else None))
        present = wanted if changes else present
        groups[-1][0].append(instruction)
    if present not in (None, allowed):
        groups.append(([], False, allowed))
    return [(tuple(group), fit, threads) for group, fit, threads in groups]
