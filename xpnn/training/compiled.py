"""`CompiledFunction`: a function of arrays that is compiled as soon as that pays.

A backend may offer several ways to compile, each faster to run and slower to make than the one before. For each shape
of the arguments the time that runs have taken is added up; when it reaches what the next way costs to make, that way
is made. So nobody ever waits longer for a compilation than the runs before it took, however short a training is.

Over 150 lines: one class whose state is shared by all of its methods, and its documentation.
"""

import threading
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from xpnn._tree import map_tree, tree_leaves
from xpnn.program import schedule
from xpnn.random import Streams
from xpnn.training.compilation import Compilation
from xpnn.training.compile_mode import find_compilers
from xpnn.training.draws import Draw
from xpnn.training.tape import Recording
from xpnn.typing import Array, Backend

__all__ = ["CompiledFunction", "UncompiledWarning"]


_MOST_SHAPES = 64
"""Number of shapes for which programs are kept; the oldest goes first."""


class UncompiledWarning(UserWarning):
    """A network runs operation by operation, because its step cannot be recorded."""


@dataclass(slots=True)
class _Entry:
    """The state of one shape: seconds spent in runs, and what comes next."""

    report: Compilation
    next_cost: float
    spent: float = 0.0
    level: int = 0
    program: Any = None
    executor: Any = None
    draws: tuple[Draw, ...] = ()
    has_parts: bool = False


class CompiledFunction:
    """A function that runs compiled where it can.

    Parameters
    ----------
    name : str
        For the report.
    backend : Backend
        Whose compilers are used.
    mode : bool or str
        False: never compile. True: as described above. The name of a compiler: that one, before the first run.
    record : callable
        Takes the arguments and returns a `Recording`.
    streams : Streams
        For masks and noise.
    patience : float
        Seconds that runs must have taken before the first compiler is used, even if that is cheaper.
    """

    def __init__(
        self,
        name: str,
        backend: Backend,
        mode: bool | str,
        record: Callable[..., Recording],
        streams: Streams,
        patience: float = 0.0,
    ) -> None:
        self._name, self._backend, self._record, self._streams = name, backend, record, streams
        self._compilers = find_compilers(backend, mode)
        costs = [patience, *(compiler.seconds for compiler in self._compilers[:1])]
        self._first_cost = 0.0 if isinstance(mode, str) else max(costs)
        self._entries: dict[Any, _Entry] = {}
        self._broken: str | None = None
        self._lock = threading.Lock()

    def forget(self) -> None:
        """Drop all programs: what they compute has changed."""
        self._entries.clear()

    @property
    def reports(self) -> list[Compilation]:
        """What has been compiled, and how."""
        return [entry.report for entry in self._entries.values()]

    def run(
        self,
        args: Sequence[Any],
        held: Callable[[], Sequence[Array]],
        eager: Callable[[], Any],
        finish: Callable[[list[Array], Sequence[Array]], Any],
        scalars: Callable[[], Any],
    ) -> Any:
        """Run once.

        Parameters
        ----------
        args : sequence of Array, tuple of Array, or None
            What is new in this run.
        held : callable
            Returns the arrays that live from run to run, the same list as long as they are the same.
        eager : callable
            Runs uncompiled.
        finish : callable
            Turns outputs and new held arrays into the result.
        scalars : callable
            Returns the named numbers of this run.
        """
        if not self._compilers or not self._lock.acquire(blocking=False):
            return eager()  # compiled programs have one working memory, and another thread is using it
        try:
            return self._run(args, held, eager, finish, scalars)
        finally:
            self._lock.release()

    def _run(
        self,
        args: Sequence[Any],
        held: Callable[[], Sequence[Array]],
        eager: Callable[[], Any],
        finish: Callable[[list[Array], Sequence[Array]], Any],
        scalars: Callable[[], Any],
    ) -> Any:
        key = tuple([None if a is None else (a.shape, a.dtype) if type(a) is not tuple else _key(a) for a in args])
        entry = self._entries.get(key)
        if entry is None:
            entry = self._add(key, args)
        if entry.spent >= entry.next_cost:
            self._advance(entry, args, held)
        start = time.perf_counter()
        if entry.executor is None:
            result = eager()
            if self._broken is not None:
                self._give_up()
        else:
            given = tree_leaves(tuple(args)) if entry.has_parts else [a for a in args if a is not None]
            given += [draw.repeat(self._streams, self._backend) for draw in entry.draws]
            numbers = entry.program.compute_numbers(scalars()) if entry.program.numbers else []
            result = finish(*entry.executor.run(held(), given, numbers))
        entry.spent += time.perf_counter() - start
        return result

    def _add(self, key: Any, args: Sequence[Any]) -> _Entry:
        if len(self._entries) >= _MOST_SHAPES:
            del self._entries[next(iter(self._entries))]
        shapes = map_tree(lambda a: tuple(a.shape), tuple(args))
        entry = self._entries[key] = _Entry(Compilation(self._name, shapes), self._first_cost)
        entry.has_parts = any(isinstance(a, tuple) for a in args)
        return entry

    def _advance(self, entry: _Entry, args: Sequence[Any], held: Callable[[], Sequence[Array]]) -> None:
        """Go on to the next compiler; if it fails, stay with the one before for good."""
        entry.executor = None  # its memory is free for the next one
        try:
            self._record_once(entry, args)
            self._compile(entry, held)
        except Exception as error:
            entry.report.reason, entry.next_cost = _sentence(error), float("inf")
            if entry.level == 0:
                self._broken = entry.report.reason
            else:
                entry.level -= 1
                self._compile(entry, held)
        else:
            entry.next_cost = self._next_cost(entry)
        entry.spent = 0.0

    def _record_once(self, entry: _Entry, args: Sequence[Any]) -> None:
        if entry.report.operations:
            return
        start = time.perf_counter()
        recording = self._record(*args)
        entry.program, entry.draws = recording.program, recording.draws
        entry.report.operations = len(recording.program.nodes)
        entry.report.recording_seconds = time.perf_counter() - start

    def _compile(self, entry: _Entry, held: Callable[[], Sequence[Array]]) -> None:
        start = time.perf_counter()
        compiler = self._compilers[entry.level]
        executor = compiler.compile(entry.program, schedule)
        executor.prepare(held())
        entry.executor, entry.level = executor, entry.level + 1
        entry.report.mode, entry.report.nbytes = compiler.name, executor.nbytes
        entry.report.compiling_seconds += time.perf_counter() - start

    def _next_cost(self, entry: _Entry) -> float:
        if entry.level == len(self._compilers):
            return float("inf")
        compiler = self._compilers[entry.level]
        return float(compiler.estimate(entry.program, schedule) if compiler.estimate else compiler.seconds)

    def _give_up(self) -> None:
        """Say once why nothing is compiled, after a run has shown that the code itself is right."""
        self._compilers = ()
        warnings.warn(
            f"The {self._name} of this network runs uncompiled: {self._broken} Pass compile=False to say so yourself.",
            UncompiledWarning,
            stacklevel=2,
        )


def _key(parts: tuple[Array, ...]) -> tuple[Any, ...]:
    return tuple([(a.shape, a.dtype) for a in parts])


def _sentence(error: Exception) -> str:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0].rstrip(".") + "."
