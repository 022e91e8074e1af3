"""`Compiler`: one way in which a backend can run a program faster than operation by operation."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

__all__ = ["Compiler"]


@dataclass(frozen=True, slots=True)
class Compiler:
    """A member of a backend's ``compilers``; see `xpnn.typing.Backend`.

    Parameters
    ----------
    name : str
        The word for it, e.g. ``"replay"``.
    seconds : float
        About how long `compile` takes: a step is compiled when its runs have taken as long.
    compile : callable
        ``compile(program, schedule)`` returns an executor; ``schedule(program, reductions)`` gives a schedule of it.
    estimate : callable, optional
        ``estimate(program, schedule)`` says how many seconds it takes for this program, where that is known better.
    by_name_only : bool
        Whether it is used only if a network asks for it by its name. The others must give the same numbers to the last
        bit, since the clock decides when one follows the other.
    is_exact : bool
        Whether it gives the bits of the run operation by operation. Without, what a training measures is compiled from
        the first run on, so that no history depends on a clock.
    """

    name: str
    seconds: float
    compile: Callable[[Any, Callable[..., Any]], Any]
    estimate: Callable[[Any, Callable[..., Any]], float] | None = None
    by_name_only: bool = False
    is_exact: bool = True
