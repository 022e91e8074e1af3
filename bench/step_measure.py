"""`measure`: the times of all contenders on one model, after a look at their losses."""

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial
from typing import Any

from peers.problem import draw
from step_table import BASES

from xpnn.bench import Contender, Timings, interleave
from xpnn.bench.workload import disagreements

__all__ = ["STEPS", "TOLERANCE", "measure"]

STEPS, TOLERANCE = 10, 1e-3
"""So many steps must give equal losses, to so much of each, before anything is timed."""


def measure(
    model: list[Any],
    batch: int,
    learning_rate: float,
    makers: Mapping[str, Callable[[Any], Any]],
    rounds: int,
    cpu_time: bool = False,
    rest: float = 0.0,
) -> dict[str, Any]:
    """Measure one model, as from `peers.problem.parse`; before each turn sleep for `rest` seconds.

    Returns
    -------
    dict
        What JSON can hold: ``"step_us"`` and ``"ratios"`` of those who were timed, ``"left_out"`` with the reasons of
        those who cannot run here, ``"wrong"`` with those whose losses are not those of the first.
    """
    problem = draw(model, batch, learning_rate)
    peers, losses, left_out = {}, {}, {}
    for name, make in makers.items():
        try:
            peer = make(problem)
            losses[name], peers[name] = [float(peer.step()) for _ in range(STEPS)], peer
        except Exception as error:  # whatever a library says when it cannot run here: it is reported
            left_out[name] = _sentence(error)
    wrong = disagreements(losses, TOLERANCE)
    contenders = {name: Contender(peer.step, peer.synchronize) for name, peer in peers.items() if name not in wrong}
    clock = time.process_time_ns if cpu_time else time.perf_counter_ns
    timings = interleave(_with_rests(contenders, rest), rounds=rounds, clock=clock)
    return {
        "batch": batch,
        "versions": {library: version for peer in peers.values() for library, version in peer.versions.items()},
        "loss": losses,
        **_times(timings, list(contenders)),
        "left_out": left_out,
        "wrong": wrong,
    }


def _with_rests(contenders: Mapping[str, Contender], rest: float) -> dict[str, Contender]:
    """Put a pause before each contender, in which the threads of the one before it stop to spin."""
    if not rest:
        return dict(contenders)
    pause = Contender(partial(time.sleep, rest))
    return {
        key: c for name, contender in contenders.items() for key, c in ((f"before {name}", pause), (name, contender))
    }


def _times(timings: Timings, names: list[str]) -> dict[str, Any]:
    bases = [base for base in BASES if base in names]
    return {
        "step_us": {name: asdict(timings.step_us(name)) for name in names},
        "ratios": {base: {name: asdict(timings.ratio(name, base)) for name in names} for base in bases},
    }


def _sentence(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    line = (lines or [type(error).__name__])[0]
    return line if line.endswith((".", "?", "!")) else f"{line}."
