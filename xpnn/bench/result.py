"""`Sweep` and `Case`: what a sweep measured, as records that turn into JSON."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from xpnn.bench.machine import Machine
from xpnn.bench.timings import Spread, Timings

__all__ = ["Case", "Sweep"]


@dataclass(frozen=True, slots=True)
class Case:
    """One width at one batch size.

    Attributes
    ----------
    width, batch, parameters : int
        Sizes.
    first_us : mapping of str to float
        Microseconds of the first step of each backend, compilation included.
    timings : Timings
        The steps after that, for the backends whose losses agree.
    rejected : mapping of str to str
        The backends that were not timed, and why.
    """

    width: int
    batch: int
    parameters: int
    first_us: Mapping[str, float]
    timings: Timings
    rejected: Mapping[str, str]

    @property
    def ranking(self) -> list[str]:
        """Backends from the fastest to the slowest, by their medians."""
        return sorted(self.timings.calls, key=lambda name: self.timings.step_us(name).median)

    @property
    def lead(self) -> Spread | None:
        """By what factor the fastest backend is faster than the next; None with fewer than two."""
        fastest = self.ranking[:2]
        return self.timings.ratio(fastest[1], fastest[0]) if len(fastest) == 2 else None

    def verdict(self, name: str, other: str) -> int | None:
        """1 if `name` is faster than `other`, -1 if slower, 0 if their quartiles overlap, None if one was not timed."""
        if not {name, other} <= self.timings.calls.keys():
            return None
        ratio = self.timings.ratio(other, name)
        return 1 if ratio.low > 1 else -1 if ratio.high < 1 else 0

    def as_dict(self) -> dict[str, Any]:
        """Everything as plain Python values."""
        backends = {
            name: {
                "first_us": self.first_us[name],
                "step_us": asdict(self.timings.step_us(name)),
                "calls": self.timings.calls[name],
                "rounds_us": list(rounds),
            }
            for name, rounds in self.timings.rounds_us.items()
        }
        return {
            "width": self.width,
            "batch": self.batch,
            "parameters": self.parameters,
            "backends": backends,
            "fastest": self.ranking[0] if self.ranking else None,
            "lead": None if self.lead is None else asdict(self.lead),
            "rejected": dict(self.rejected),
        }


@dataclass(frozen=True, slots=True)
class Sweep:
    """All cases, with the machine on which they were measured.

    Attributes
    ----------
    machine : Machine
        Facts to read the numbers with.
    depth, rounds : int
        Hidden layers; turns of each backend.
    cases : tuple of Case
        By width, then by batch size.
    unavailable : mapping of str to str
        Backends that cannot run here, and why.
    """

    machine: Machine
    depth: int
    rounds: int
    cases: tuple[Case, ...]
    unavailable: Mapping[str, str]

    @property
    def backends(self) -> list[str]:
        """Names of the contenders, the reference first."""
        return list(self.machine.backends)

    def as_dict(self) -> dict[str, Any]:
        """Everything as plain Python values."""
        return {
            "machine": asdict(self.machine) | {"warnings": list(self.machine.warnings)},
            "dtype": "float32",
            "optimizer": "adam",
            "depth": self.depth,
            "rounds": self.rounds,
            "cases": [case.as_dict() for case in self.cases],
            "unavailable": dict(self.unavailable),
        }
