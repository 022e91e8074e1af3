"""`run_sweep`: the time of one training step for backends x widths x batch sizes."""

from collections.abc import Callable, Mapping, Sequence
from itertools import product

from xpnn import _check
from xpnn.bench.machine import describe_machine
from xpnn.bench.result import Case, Sweep
from xpnn.bench.timing import interleave
from xpnn.bench.timings import Timings
from xpnn.bench.workload import Runner, Workload, disagreements
from xpnn.errors import ArgumentError
from xpnn.typing import Backend

__all__ = ["run_sweep"]

STEPS = 5
"""Training steps whose losses must agree before anything is timed."""

_FAULTS = (MemoryError, RuntimeError)
"""What devices raise when they run out of memory or break."""


def run_sweep(
    backends: Mapping[str, Backend],
    *,
    widths: Sequence[int] = (16, 64, 256, 1024),
    batches: Sequence[int] = (32, 512),
    depth: int = 2,
    rounds: int = 15,
    slice_ms: float = 5.0,
    unavailable: Mapping[str, str] | None = None,
    progress: Callable[[str], object] = lambda line: None,
) -> Sweep:
    """Time one training step of `xpnn.Network` on each backend, for each width and batch size.

    In each case all networks start from the same weights; a backend whose losses in the first 5 steps differ from those
    of the first backend by more than 1e-4 (relative), or that runs out of memory, is reported and not timed. The first
    step is timed apart; then the backends take turns. See `xpnn.bench.timing.interleave`.

    Parameters
    ----------
    backends : mapping of str to Backend
        The contenders by their words; the first one is the reference.
    widths, batches : sequence of int
        Sizes of the hidden layers, and of the batches.
    depth : int
        Number of hidden layers.
    rounds : int
        Turns of each backend in each case.
    slice_ms : float
        Shortest duration of a turn, in milliseconds.
    unavailable : mapping of str to str, optional
        Backends that cannot run here and why, to be reported along.
    progress : callable
        Receives a line before each case.

    Raises
    ------
    ArgumentError
        If a size is no positive integer, or there is no backend or no case.
    """
    if not (backends and widths and batches):
        got = f"{list(backends)}, {list(widths)}, {list(batches)}"
        raise ArgumentError(f"backends, widths and batches must hold at least one entry each, got {got}.")
    widths = [_check.integer("widths", width) for width in widths]
    batches = [_check.integer("batches", batch) for batch in batches]
    depth, rounds = _check.integer("depth", depth), _check.integer("rounds", rounds)
    cases = []
    for width, batch in product(sorted(set(widths)), sorted(set(batches))):
        progress(f"width {width}, batch {batch}: {', '.join(backends)} ...")
        cases.append(_run_case(backends, Workload(width, batch, depth), rounds, slice_ms))
    return Sweep(describe_machine(backends), depth, rounds, tuple(cases), dict(unavailable or {}))


def _run_case(backends: Mapping[str, Backend], workload: Workload, rounds: int, slice_ms: float) -> Case:
    runners: dict[str, Runner] = {}
    first: dict[str, float] = {}
    losses: dict[str, list[float]] = {}
    rejected: dict[str, str] = {}
    for name, backend in backends.items():
        try:
            runner = workload.open(backend)
            first[name], losses[name] = runner.first_losses(STEPS)
            runners[name] = runner
        except _FAULTS as error:
            rejected[name] = _first_line(error)
    rejected |= disagreements(losses)
    timings = _time({name: runner for name, runner in runners.items() if name not in rejected}, rounds, slice_ms)
    first = {name: first[name] for name in timings.calls}
    return Case(workload.width, workload.batch, workload.parameters, first, timings, rejected)


def _time(runners: Mapping[str, Runner], rounds: int, slice_ms: float) -> Timings:
    contenders = {name: runner.contender for name, runner in runners.items()}
    return interleave(contenders, rounds=rounds, slice_ms=slice_ms)


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
