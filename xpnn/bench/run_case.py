"""`run_case`: one network at one batch size on all backends: equal losses first, then the times."""

from collections.abc import Mapping
from typing import NamedTuple

from xpnn.bench.case import Case, Details
from xpnn.bench.counting import count_work
from xpnn.bench.memory import held_bytes
from xpnn.bench.runner import Runner
from xpnn.bench.timing import Contender, interleave
from xpnn.bench.timings import Timings
from xpnn.bench.workload import Workload, disagreements
from xpnn.typing import Backend

__all__ = ["FAULTS", "STEPS", "first_line", "run_case"]

STEPS = 5
"""Training steps whose losses must agree before anything is timed."""

FAULTS = (MemoryError, RuntimeError)
"""What devices raise when they run out of memory or break."""


def run_case(
    backends: Mapping[str, Backend], workload: Workload, rounds: int, slice_ms: float, tolerance: float
) -> Case:
    """Open `workload` on each backend, compare the losses, and time the backends that agree with the first one."""
    opened, rejected = _open(backends, workload)
    rejected |= disagreements({name: part.losses for name, part in opened.items()}, tolerance)
    opened = {name: part for name, part in opened.items() if name not in rejected}
    steps = {name: part.runner.contender for name, part in opened.items()}
    timings = interleave(steps, rounds=rounds, slice_ms=slice_ms)
    return Case(
        workload.width,
        workload.batch,
        next((part.runner.net.count_parameters() for part in opened.values()), 0),
        {name: part.first_us for name, part in opened.items()},
        timings,
        rejected,
        workload.depth,
        _time_parts({name: part.parts for name, part in opened.items()}, rounds, slice_ms),
        {name: _look_into(part.runner, workload, backends[name]) for name, part in opened.items()},
    )


class _Opened(NamedTuple):
    """A runner that has trained for some steps."""

    runner: Runner
    first_us: float
    losses: list[float]
    parts: dict[str, Contender]


def _open(backends: Mapping[str, Backend], workload: Workload) -> tuple[dict[str, _Opened], dict[str, str]]:
    """Train on each backend; return also the backends that broke, and why."""
    opened, rejected = {}, {}
    for name, backend in backends.items():
        try:
            runner = workload.open(backend)
            opened[name] = _Opened(runner, *runner.first_losses(STEPS), runner.parts())
        except FAULTS as error:
            rejected[name] = first_line(error)
    return opened, rejected


def _time_parts(parts: Mapping[str, Mapping[str, Contender]], rounds: int, slice_ms: float) -> dict[str, Timings]:
    """Time each part on all backends in turns."""
    names = next(iter(parts.values()), {})
    return {
        part: interleave({name: found[part] for name, found in parts.items()}, rounds=rounds, slice_ms=slice_ms)
        for part in names
    }


def _look_into(runner: Runner, workload: Workload, backend: Backend) -> Details:
    steps = [part for part in getattr(runner.net, "compilations", ()) if part.function == "step"]
    compiling = 1e6 * sum(part.recording_seconds + part.compiling_seconds for part in steps)
    modes = {part.mode for part in steps} - {"eager"}
    work = count_work(workload, backend)
    return Details(work, held_bytes(runner), " and ".join(sorted(modes)) or "eager", compiling)


def first_line(error: BaseException) -> str:
    """First line of what an error says, without a full stop."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
