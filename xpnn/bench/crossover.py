"""`find_crossings` and `conclusions`: which backend is faster, and from what size on."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from xpnn.bench.case import Case
from xpnn.bench.result import Sweep

__all__ = ["Crossing", "conclusions", "find_crossings", "find_series"]

AXES = ("width", "batch", "depth")


@dataclass(frozen=True, slots=True)
class Crossing:
    """A comparison of two backends along one axis.

    Attributes
    ----------
    place : str
        The sizes that stay the same, e.g. ``"batch 32"``; empty if there are none.
    name, reference : str
        The backends.
    verdict : str
        In words, without the place.
    everywhere : bool
        Whether one of them wins at every size.
    estimate : float or None
        Where the curves of the medians cross, between two sizes that were measured; None if no winner changes there.
    """

    place: str
    name: str
    reference: str
    verdict: str
    everywhere: bool
    estimate: float | None


def find_series(sweep: Sweep) -> tuple[str, dict[str, list[Case]]]:
    """Return the axis along which sizes were measured, and the cases along it by the sizes that stay the same."""
    varied = [name for name in AXES if len({getattr(case, name) for case in sweep.cases}) > 1]
    axis = varied[0] if varied else AXES[0] if any(case.width for case in sweep.cases) else "batch"
    series: dict[str, list[Case]] = {}
    for case in sorted(sweep.cases, key=lambda c: (getattr(c, axis) or 0, c.depth or 0, c.batch)):
        kept = [name for name in ("batch", "depth") if name != axis and (name in varied or name == "batch")]
        place = " and ".join(f"{name} {getattr(case, name)}" for name in kept)
        series.setdefault(place, []).append(case)
    return axis, series


def find_crossings(sweep: Sweep) -> list[Crossing]:
    """Compare every backend with the first one; where quartiles overlap, nobody is faster."""
    axis, series = find_series(sweep)
    reference, *others = sweep.backends
    return [_compare(place, cases, other, reference, axis) for other in others for place, cases in series.items()]


def conclusions(sweep: Sweep) -> list[str]:
    """Sentences that compare every backend with the first one.

    For each batch size one backend wins at every width, or from some width on, or up to some width, or neither does.
    """
    if len(sweep.backends) < 2:
        return [f"Only {sweep.backends[0]} was measured, so there is no crossover."]
    sentences = []
    crossings = find_crossings(sweep)
    for other in sweep.backends[1:]:
        found = [crossing for crossing in crossings if crossing.name == other]
        if len({crossing.verdict for crossing in found}) == 1 and found[0].everywhere:
            sentences.append(f"{found[0].verdict.partition(' at every ')[0]} everywhere measured.")
        else:
            sentences += [f"{part.verdict}{part.place and f' at {part.place}'}." for part in found]
    return sentences


def _compare(place: str, cases: Sequence[Case], other: str, reference: str, axis: str) -> Crossing:
    measured = [case for case in cases if case.verdict(other, reference) is not None]
    sizes = [getattr(case, axis) for case in measured]
    verdicts = [case.verdict(other, reference) for case in measured]
    estimate = None
    for winner, loser, sign in ((other, reference, 1), (reference, other, -1)):
        wins = [size for size, verdict in zip(sizes, verdicts, strict=True) if verdict == sign]
        rest = len(verdicts) - len(wins)
        start = f"{winner} is faster than {loser}"
        if wins and not rest:
            return Crossing(place, other, reference, f"{start} at every {axis} measured", True, None)
        if wins and verdicts[rest:] == [sign] * len(wins):
            estimate = _estimate(measured, sizes, other, reference)
            return Crossing(place, other, reference, f"{start} from {axis} {wins[0]} on", False, estimate)
        if wins and verdicts == [sign] * len(wins) + [0] * rest:
            text = f"{start} up to {axis} {wins[-1]}, with no difference beyond,"
            return Crossing(place, other, reference, text, False, None)
    if not measured:
        return Crossing(place, other, reference, f"{other} and {reference} were not both measured", False, None)
    where = f"from some {axis} on" if any(verdicts) else f"at any {axis} measured"
    return Crossing(place, other, reference, f"Neither {other} nor {reference} is faster {where}", False, None)


def _estimate(cases: Sequence[Case], sizes: Sequence[int], name: str, reference: str) -> float | None:
    """Size at which the ratio of the medians is 1 for the last time, on straight lines between logarithms."""
    ratios = [math.log(case.timings.ratio(reference, name).median) for case in cases]
    found = None
    for (size, ratio), (next_size, next_ratio) in zip(
        zip(sizes, ratios, strict=True), list(zip(sizes, ratios, strict=True))[1:], strict=False
    ):
        if ratio * next_ratio < 0:
            share = ratio / (ratio - next_ratio)
            found = math.exp(math.log(size) + share * (math.log(next_size) - math.log(size)))
    return found
