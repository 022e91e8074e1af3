"""The argument `compile` of a network: which of a backend's compilers it allows."""

from typing import Any

from xpnn import _check
from xpnn.typing import Backend

__all__ = ["carry_mode", "check_mode", "find_compilers"]


def check_mode(backend: Backend, mode: Any) -> bool | str:
    """Return `mode` if it is True, False or the name of one of the backend's compilers.

    Raises
    ------
    ArgumentError
        If it is none of these.
    """
    if isinstance(mode, bool):
        return mode
    names = sorted(compiler.name for compiler in getattr(backend, "compilers", ()))
    if mode not in names:
        rule = f"be True, False or a way of backend {backend.name!r} ({', '.join(names) or 'which has none'})"
        _check.refuse("compile", rule, mode)
    return str(mode)


def carry_mode(backend: Backend, mode: bool | str) -> bool | str:
    """Return `mode` if `backend` has it, else True."""
    return mode if isinstance(mode, bool) or find_compilers(backend, mode) else True


def find_compilers(backend: Backend, mode: bool | str) -> tuple[Any, ...]:
    """Compilers of a backend that `mode` allows, the cheapest first."""
    offered = tuple(getattr(backend, "compilers", ()))
    if isinstance(mode, bool):
        return tuple(compiler for compiler in offered if mode and not compiler.by_name_only)
    return tuple(compiler for compiler in offered if compiler.name == mode)
