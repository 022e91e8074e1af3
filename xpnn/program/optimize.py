"""The passes over a program, in their order."""

from collections.abc import Callable

from xpnn.program.algebra import simplify
from xpnn.program.common_subexpressions import share_common_subexpressions
from xpnn.program.constants import fold_constants
from xpnn.program.dead_code import remove_dead_code
from xpnn.program.program import Program
from xpnn.typing import DType, Namespace

__all__ = ["optimize"]


def optimize(program: Program, xp: Namespace, dtypes: Callable[[str], DType]) -> Program:
    """Simplify a program; its results stay the same to the last bit.

    Parameters
    ----------
    program : Program
        As recorded.
    xp : Namespace
        Computes what depends on no input.
    dtypes : callable
        Turns the name of a type into the type.
    """
    program = fold_constants(remove_dead_code(program), xp, dtypes)
    return remove_dead_code(share_common_subexpressions(simplify(program)))
