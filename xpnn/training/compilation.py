"""`Compilation`: a report on how a function runs."""

from dataclasses import dataclass
from typing import Any

__all__ = ["Compilation"]


@dataclass(slots=True)
class Compilation:
    """How a function runs for arguments of one shape.

    Attributes
    ----------
    function : str
        ``"step"``, ``"outputs"``.
    shapes : tuple
        Shapes of the arguments.
    mode : str
        How it runs now: ``"eager"``, or the name of one of the backend's compilers.
    recording_seconds, compiling_seconds : float
        What it has cost.
    operations : int
        Number of operations recorded.
    nbytes : int
        Working memory of the executor.
    reason : str or None
        Why it cannot be compiled.
    """

    function: str
    shapes: tuple[Any, ...]
    mode: str = "eager"
    recording_seconds: float = 0.0
    compiling_seconds: float = 0.0
    operations: int = 0
    nbytes: int = 0
    reason: str | None = None
