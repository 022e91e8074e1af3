"""Replay: a schedule printed as Python, one call with ``out=`` per operation, on memory that is made once.

The printed function is straight: no arrays are made, no shapes are looked up. Loops over many elements run over blocks,
so that what is computed and read in one loop stays in the processor's cache.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from xpnn.typing import Array
from xpnn_backends._library import Library
from xpnn_backends._replay_source import Part, Printer

__all__ = ["Library", "Part", "Replay"]


class Replay:
    """An executor of `schedule`; see `xpnn.typing.Executor`."""

    def __init__(self, schedule: Any, library: Library, parts: Sequence[Part] | None = None) -> None:
        self._schedule, self._library = schedule, library
        self._parts = [Part(schedule.instructions)] if parts is None else parts
        self._arenas = {dtype: library.empty(size, dtype) for dtype, size in schedule.arenas.items()}
        numbers = schedule.program.numbers
        self._numbers = library.empty(len(numbers), numbers[0].dtype) if numbers else None
        self._constants = [library.flat(node.options["array"]) for node in schedule.constants]
        self._held: Sequence[Array] | None = None
        self.function: Any = None
        self.source = ""

    @property
    def nbytes(self) -> int:
        """Bytes of working memory."""
        return int(self._schedule.nbytes)

    def prepare(self, held: Sequence[Array]) -> None:
        """Print the function and bind it to the arrays in `held`."""
        self._bind(held)

    def run(self, held: Sequence[Array], given: Sequence[Array], numbers: Sequence[float]) -> tuple[Any, Any]:
        """Run once; `held` is written in place. Results without axes are new, others hold until the next run."""
        if held is not self._held:
            self._bind(held)
        self.set_numbers(numbers)
        return self.function(*given), held

    def set_numbers(self, numbers: Sequence[float]) -> None:
        """Write the numbers of the next run to where it reads them."""
        if numbers:
            self._library.set_numbers(self._numbers, numbers)

    def _bind(self, held: Sequence[Array]) -> None:
        arrays = {("arena", dtype): arena for dtype, arena in self._arenas.items()}
        arrays |= {("constant", i): array for i, array in enumerate(self._constants)}
        arrays |= {("held", i): self._library.flat(array) for i, array in enumerate(held)}
        arrays["number", 0] = self._numbers
        printer = Printer(self._schedule, self._library, arrays)
        self.source = printer.source(self._parts, self._table(arrays))
        exec(compile(self.source, "<step>", "exec"), printer.names)  # noqa: S102
        # Taken out of its own globals, so that it goes, with all the memory that it knows, when this object goes.
        self.function, self._held = printer.names.pop("step"), held

    def _table(self, arrays: Mapping[Any, Array]) -> Any:
        """First argument of compiled parts, made when arrays are bound."""
        return None
