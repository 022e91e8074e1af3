"""Interleaved timing: contenders take turns, so that the noise of the machine meets all of them alike."""

import gc
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from xpnn import _check
from xpnn.bench.timings import Timings

__all__ = ["Contender", "interleave"]


def _nothing() -> None:
    """Stand in for the synchronisation of work that is done when its call returns."""


@dataclass(frozen=True, slots=True)
class Contender:
    """Something to be timed.

    Parameters
    ----------
    step : callable
        One step, without arguments; it may return before the device has finished.
    synchronize : callable
        Waits for the device, e.g. ``backend.synchronize``; called once at the end of each slice of steps.
    """

    step: Callable[[], object]
    synchronize: Callable[[], object] = _nothing


def interleave(
    contenders: Mapping[str, Contender],
    *,
    rounds: int = 15,
    slice_ms: float = 5.0,
    clock: Callable[[], int] = time.perf_counter_ns,
) -> Timings:
    """Time contenders in turns: A, B, A, B, ...

    Each turn is a slice of so many steps that it lasts `slice_ms` or longer, found for each contender before the first
    round, which warms it up as well. The garbage collector is off within a slice.

    Parameters
    ----------
    contenders : mapping of str to Contender
        What to time, by name.
    rounds : int
        Number of turns of each contender.
    slice_ms : float
        Shortest duration of a slice, in milliseconds.
    clock : callable
        Returns the time in nanoseconds.

    Raises
    ------
    ArgumentError
        If `rounds` or `slice_ms` is out of its range.

    Examples
    --------
    >>> timings = interleave({"sum": Contender(lambda: sum(range(9))), "pass": Contender(lambda: None)}, rounds=3)
    >>> len(timings.rounds_us["sum"])
    3
    """
    rounds = _check.integer("rounds", rounds)
    shortest = _check.positive("slice_ms", slice_ms) * 1e6
    calls = {name: _fill_slice(contender, shortest, clock) for name, contender in contenders.items()}
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, contender in contenders.items():
            times[name].append(_run_slice(contender, calls[name], clock) / calls[name] / 1e3)
    return Timings({name: tuple(values) for name, values in times.items()}, calls)


def _fill_slice(contender: Contender, shortest: float, clock: Callable[[], int]) -> int:
    """Find how many steps last `shortest` nanoseconds; two slices must agree, since one may have met a hiccup."""
    _run_slice(contender, 1, clock)
    calls = 1
    while min(_run_slice(contender, calls, clock), _run_slice(contender, calls, clock)) < shortest:
        calls *= 2
    return calls


def _run_slice(contender: Contender, calls: int, clock: Callable[[], int]) -> int:
    """Nanoseconds that `calls` steps and the wait for the device take."""
    step = contender.step
    with _no_collection():
        start = clock()
        for _ in range(calls):
            step()
        contender.synchronize()
        return clock() - start


@contextmanager
def _no_collection() -> Iterator[None]:
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
