"""`Sweep`: what a sweep measured, as a record that turns into JSON."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from xpnn.bench.case import Case
from xpnn.bench.machine import Machine
from xpnn.bench.peaks import Peaks

__all__ = ["FORMAT", "Sweep"]

FORMAT = "xpnn bench 1"


@dataclass(frozen=True, slots=True)
class Sweep:
    """All cases, with the machine on which they were measured.

    Attributes
    ----------
    machine : Machine
        Facts to read the numbers with.
    subject : str
        What was trained, in words.
    rounds : int
        Turns of each backend.
    cases : tuple of Case
        By width, then by depth, then by batch size.
    unavailable : mapping of str to str
        Backends that cannot run here, and why.
    peaks : mapping of str to Peaks
        What each backend reaches at best.
    """

    machine: Machine
    subject: str
    rounds: int
    cases: tuple[Case, ...]
    unavailable: Mapping[str, str]
    peaks: Mapping[str, Peaks] = field(default_factory=dict)

    @property
    def backends(self) -> list[str]:
        """Names of the contenders, the reference first."""
        return list(self.machine.backends)

    def as_dict(self) -> dict[str, Any]:
        """Everything as plain Python values."""
        return {
            "format": FORMAT,
            "machine": asdict(self.machine) | {"warnings": list(self.machine.warnings)},
            "subject": self.subject,
            "rounds": self.rounds,
            "peaks": {name: asdict(peaks) for name, peaks in self.peaks.items()},
            "cases": [case.as_dict() for case in self.cases],
            "unavailable": dict(self.unavailable),
        }
