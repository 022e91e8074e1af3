"""`run_sweep` and `measure`: the time of one training step for backends x sizes."""

from collections.abc import Callable, Mapping, Sequence
from itertools import product
from typing import Any

from xpnn import _check
from xpnn.bench.case import name_place
from xpnn.bench.machine import describe_machine
from xpnn.bench.peaks import Peaks, measure_peaks
from xpnn.bench.precision import rounds_factors
from xpnn.bench.result import Sweep
from xpnn.bench.run_case import FAULTS, first_line, run_case
from xpnn.bench.workload import Perceptron, Workload
from xpnn.errors import ArgumentError
from xpnn.typing import Backend

__all__ = ["measure", "run_sweep"]

_ROUNDED = (
    "Its products round their factors to fewer bits than float32 has (TF32); allow it with --tf32, or switch it off."
)


def run_sweep(
    backends: Mapping[str, Backend],
    *,
    widths: Sequence[int] = (16, 64, 256, 1024),
    batches: Sequence[int] = (32, 512),
    depths: Sequence[int] = (2,),
    **options: Any,
) -> Sweep:
    """Time one training step of a perceptron on each backend, for each width, depth and batch size.

    Parameters
    ----------
    backends : mapping of str to Backend
        The contenders by their words; the first one is the reference.
    widths, batches, depths : sequence of int
        Sizes of the hidden layers, of the batches, and numbers of hidden layers.
    **options
        See `measure`.

    Raises
    ------
    ArgumentError
        If a size is no positive integer, or there is no backend or no case.
    """
    sizes = {"widths": widths, "depths": depths, "batches": batches}
    if not (backends and widths and batches and depths):
        got = ", ".join(str(list(part)) for part in (backends, *sizes.values()))
        raise ArgumentError(f"backends, widths, depths and batches must hold at least one entry each, got {got}.")
    axes = [sorted({_check.integer(name, size) for size in values}) for name, values in sizes.items()]
    workloads = [Perceptron(width, batch, depth) for width, depth, batch in product(*axes)]
    subject = "perceptrons of rectifiers with as many features as hidden units and 10 classes; float32, Adam"
    return measure(backends, workloads, subject, **options)


def measure(
    backends: Mapping[str, Backend],
    workloads: Sequence[Workload],
    subject: str,
    *,
    rounds: int = 15,
    slice_ms: float = 5.0,
    tf32: bool = False,
    unavailable: Mapping[str, str] | None = None,
    progress: Callable[[str], object] = lambda line: None,
) -> Sweep:
    """Time one training step of each workload on each backend.

    In each case all networks start from the same weights; a backend whose losses in the first 5 steps differ from those
    of the first backend by more than 1e-4 (relative), or that runs out of memory, is reported and not timed. The first
    step is timed apart; then the backends take turns. See `xpnn.bench.timing.interleave`.

    Parameters
    ----------
    backends : mapping of str to Backend
        The contenders by their words; the first one is the reference.
    workloads : sequence of Workload
        What to train.
    subject : str
        The same in words.
    rounds : int
        Turns of each backend in each case.
    slice_ms : float
        Shortest duration of a turn, in milliseconds.
    tf32 : bool
        Whether products may round their factors to fewer bits than float32 has. If not, a backend that does is not
        timed; if so, losses may differ by 1e-2.
    unavailable : mapping of str to str, optional
        Backends that cannot run here and why, to be reported along.
    progress : callable
        Receives a line before each case.

    Raises
    ------
    ArgumentError
        If a number is out of its range, or no backend can be measured.
    """
    rounds, slice_ms = _check.integer("rounds", rounds), _check.positive("slice_ms", slice_ms)
    progress(f"peaks of {', '.join(backends)} ...")
    peaks, left_out = _survey(backends, tf32)
    backends = {name: backends[name] for name in peaks}
    if not backends:
        why = " ".join(f"{name}: {reason}" for name, reason in left_out.items())
        raise ArgumentError(f"backends must hold one that can be measured, got {why}")
    cases = []
    for work in workloads:
        progress(f"{name_place(work)}: {', '.join(backends)} ...")
        cases.append(run_case(backends, work, rounds, slice_ms, 1e-2 if tf32 else 1e-4))
    return Sweep(describe_machine(backends), subject, rounds, tuple(cases), {**(unavailable or {}), **left_out}, peaks)


def _survey(backends: Mapping[str, Backend], tf32: bool) -> tuple[dict[str, Peaks], dict[str, str]]:
    """Measure the peaks of the backends that may take part; return also why others may not."""
    peaks, left_out = {}, {}
    for name, backend in backends.items():
        try:
            if not tf32 and rounds_factors(backend):
                left_out[name] = _ROUNDED
            else:
                peaks[name] = measure_peaks(backend)
        except FAULTS as error:
            left_out[name] = f"Its peaks cannot be measured: {first_line(error)}."
    return peaks, left_out
