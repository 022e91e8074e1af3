"""`Case` and `Details`: what was measured at one size."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from xpnn.bench.counter import Work
from xpnn.bench.timings import Spread, Timings

__all__ = ["Case", "Details", "name_place"]


@dataclass(frozen=True, slots=True)
class Details:
    """What is known of a step on one backend besides its time.

    Attributes
    ----------
    work : Work
        Operations, FLOP and bytes of a step that runs operation by operation.
    held : mapping of str to int
        Bytes of the arrays that a step keeps; see `xpnn.bench.memory.held_bytes`.
    mode : str
        How the step ran when it was timed: ``"eager"``, or the name of a compiler.
    compile_us : float
        Microseconds that recording and compiling the step took; 0 if it is not compiled.
    """

    work: Work
    held: Mapping[str, int]
    mode: str = "eager"
    compile_us: float = 0.0


@dataclass(frozen=True, slots=True)
class Case:
    """One network at one batch size.

    Attributes
    ----------
    width, batch, parameters : int
        Sizes; the width is None for a network without one.
    first_us : mapping of str to float
        Microseconds of the first step of each backend, compilation included.
    timings : Timings
        The steps after that, for the backends whose losses agree.
    rejected : mapping of str to str
        The backends that were not timed, and why.
    depth : int or None
        Hidden layers.
    parts : mapping of str to Timings
        Parts of a step, and an epoch; see `xpnn.bench.runner.PARTS`.
    details : mapping of str to Details
        By backend.
    """

    width: int | None
    batch: int
    parameters: int
    first_us: Mapping[str, float]
    timings: Timings
    rejected: Mapping[str, str]
    depth: int | None = None
    parts: Mapping[str, Timings] = field(default_factory=dict)
    details: Mapping[str, Details] = field(default_factory=dict)

    @property
    def place(self) -> str:
        """The size in words."""
        return name_place(self)

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

    def million_seconds(self, name: str) -> float:
        """Seconds that a million samples take in training steps."""
        return self.timings.step_us(name).median / self.batch

    def as_dict(self) -> dict[str, Any]:
        """Everything as plain Python values."""
        return {
            "width": self.width,
            "depth": self.depth,
            "batch": self.batch,
            "parameters": self.parameters,
            "backends": {name: self._backend(name) for name in self.timings.rounds_us},
            "fastest": self.ranking[0] if self.ranking else None,
            "lead": None if self.lead is None else asdict(self.lead),
            "rejected": dict(self.rejected),
        }

    def _backend(self, name: str) -> dict[str, Any]:
        facts = {
            "first_us": self.first_us[name],
            "step_us": asdict(self.timings.step_us(name)),
            "calls": self.timings.calls[name],
            "rounds_us": list(self.timings.rounds_us[name]),
            "million_samples_seconds": self.million_seconds(name),
            "parts_us": {part: asdict(timings.step_us(name)) for part, timings in self.parts.items()},
        }
        return facts | (asdict(self.details[name]) if name in self.details else {})


def name_place(sized: Any) -> str:
    """Width, depth and batch size of a case or a workload in words, as far as it has them."""
    sizes = {"width": sized.width, "depth": sized.depth, "batch": sized.batch}
    return ", ".join(f"{name} {size}" for name, size in sizes.items() if size is not None)
