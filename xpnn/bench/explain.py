"""`explain`: why one backend is faster than another in a case, from counted work and measured peaks."""

from collections.abc import Mapping

from xpnn.bench.case import Case
from xpnn.bench.peaks import Peaks
from xpnn.bench.result import Sweep
from xpnn.bench.units import format_us, rate

__all__ = ["arithmetic_us", "efficiency", "explain", "explanations", "overhead_us"]


def explanations(sweep: Sweep) -> list[str]:
    """One sentence for the smallest case and, if there is another, one for the largest, about the fastest backend."""
    cases = sorted((c for c in sweep.cases if len(c.ranking) > 1), key=lambda c: c.parameters * c.batch)
    chosen = [cases[0], cases[-1]] if len(cases) > 1 else cases
    return [sentence for case in chosen if (sentence := explain(case, sweep.peaks))]


def explain(case: Case, peaks: Mapping[str, Peaks]) -> str | None:
    """Compare the fastest backend with the next one; None unless both were measured in full."""
    fastest = case.ranking[:2]
    if len(fastest) < 2 or case.lead is None or not set(fastest) <= peaks.keys() & case.details.keys():
        return None
    best, other = fastest
    if case.lead.low <= 1:
        return f"At {case.place} {best} and {other} take the same time within their spread."
    lead = f"At {case.place} {best} is {case.lead.median:.1f} times faster than {other}"
    return f"{lead}: {_reason(case, peaks, best, other)}."


def overhead_us(case: Case, peaks: Peaks, name: str) -> float:
    """Microseconds that the operations of an uncompiled step cost before they compute anything."""
    return case.details[name].work.operations * peaks.operation_us


def arithmetic_us(case: Case, peaks: Peaks, name: str) -> float:
    """Microseconds that the FLOP of a step would take at the rate of a large product."""
    return case.details[name].work.flop / peaks.gflops / 1e3


def efficiency(case: Case, peaks: Peaks, name: str) -> float:
    """Share of the attainable rate that a step reaches; above 1 where caches serve what is counted as memory."""
    work = case.details[name].work
    return work.flop / case.timings.step_us(name).median / 1e3 / peaks.attainable(work.intensity)


def _reason(case: Case, peaks: Mapping[str, Peaks], best: str, other: str) -> str:
    start, work_us = overhead_us(case, peaks[other], other), arithmetic_us(case, peaks[other], other)
    took, details = case.timings.step_us(other).median, case.details[other]
    if details.mode == "eager" and start > work_us:
        each = f"{details.work.operations} operations of {format_us(peaks[other].operation_us)} µs"
        return f"on {other} {each} cost {format_us(start)} µs, and the arithmetic {format_us(work_us)} µs"
    if work_us > 0.5 * took and peaks[best].gflops > 1.2 * peaks[other].gflops:
        return (
            f"its products run at up to {rate(peaks[best].gflops)} GFLOP/s, on {other} at {rate(peaks[other].gflops)}"
        )
    need = f"of {format_us(took)} µs on {other} the arithmetic needs {format_us(min(work_us, took))} µs"
    each = f"{details.work.operations} operations of {format_us(peaks[other].operation_us)} µs"
    return f"{need}, and the rest starts up to {each} and moves numbers"
