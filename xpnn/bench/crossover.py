"""`conclusions`: which backend is faster, and from what width on, in sentences."""

from collections.abc import Sequence

from xpnn.bench.result import Case, Sweep

__all__ = ["conclusions"]

_EVERYWHERE = "at every width measured"


def conclusions(sweep: Sweep) -> list[str]:
    """Sentences that compare every backend with the first one; where quartiles overlap, nobody is faster.

    For each batch size one backend wins at every width, or from some width on, or up to some width, or neither does.
    """
    if len(sweep.backends) < 2:
        return [f"Only {sweep.backends[0]} was measured, so there is no crossover."]
    reference, *others = sweep.backends
    sentences = []
    for other in others:
        batches = sorted({case.batch for case in sweep.cases})
        found = [_at_batch([c for c in sweep.cases if c.batch == batch], other, reference) for batch in batches]
        if len(set(found)) == 1 and found[0].endswith(_EVERYWHERE):
            sentences.append(f"{found[0].removesuffix(_EVERYWHERE)}everywhere measured.")
        else:
            sentences += [f"{sentence} at batch {batch}." for sentence, batch in zip(found, batches, strict=True)]
    return sentences


def _at_batch(cases: Sequence[Case], other: str, reference: str) -> str:
    """Compare two backends over the widths of one batch size."""
    measured = [(case.width, verdict) for case in cases if (verdict := case.verdict(other, reference)) is not None]
    verdicts = [verdict for _, verdict in measured]
    if not measured:
        return f"{other} and {reference} were not both measured"
    for winner, loser, sign in ((other, reference, 1), (reference, other, -1)):
        wins = [width for width, verdict in measured if verdict == sign]
        rest = len(verdicts) - len(wins)
        if not rest:
            return f"{winner} is faster than {loser} {_EVERYWHERE}"
        if wins and verdicts[rest:] == [sign] * len(wins):
            return f"{winner} is faster than {loser} from width {wins[0]} on"
        if wins and verdicts == [sign] * len(wins) + [0] * rest:
            return f"{winner} is faster than {loser} up to width {wins[-1]}, with no difference beyond,"
    where = "from some width on" if any(verdicts) else "at any width measured"
    return f"Neither {other} nor {reference} is faster {where}"
