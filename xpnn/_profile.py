"""The profile of this machine: which backend `xpnn bench` found to be the fastest, at which sizes.

It lies in the user's cache folder and is read by ``backend="auto"`` alone, which says so. A profile of another machine,
of other versions, or that cannot be read, is left aside with the reason.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import isfinite, log
from typing import Any

from xpnn._fingerprint import find_fingerprint

__all__ = ["NAME", "TYPICAL_BATCH", "TYPICAL_PARAMETERS", "Entry", "Profile", "read_profile"]

FORMAT, NAME = "xpnn profile 1", "profile.json"
TYPICAL_PARAMETERS, TYPICAL_BATCH = 10_000, 32
"""The size that counts where none is known: a small network, and the batch that `Network.fit` takes by itself."""

_LONGEST = 1 << 20


@dataclass(frozen=True, slots=True)
class Entry:
    """One size: the backend to choose, and microseconds per step of all."""

    parameters: int
    batch: int
    fastest: str
    step_us: Mapping[str, float]

    def __post_init__(self) -> None:
        numbers = [self.parameters, self.batch, *self.step_us.values()]
        if not all(type(n) in (int, float) and isfinite(n) and n > 0 for n in numbers):
            raise ValueError("sizes and times must be finite numbers above 0")
        if self.fastest not in self.step_us:
            raise ValueError("the fastest backend must be among those that were measured")

    def __str__(self) -> str:
        others = sorted((us, word) for word, us in self.step_us.items() if word != self.fastest)
        size = f"at {self.parameters:,} parameters and batch {self.batch}"
        if not others:
            return f"{self.fastest} alone was measured {size}"
        us, word = others[0]
        ratio = us / self.step_us[self.fastest]
        verb = f"is {ratio:.1f} times faster than" if ratio >= 1.05 else "is as fast as"
        return f"{self.fastest} {verb} {word} {size}"


@dataclass(frozen=True, slots=True)
class Profile:
    """What was measured, when, on which devices, by the words of the backends."""

    date: str
    fingerprint: Mapping[str, str]
    devices: Mapping[str, str]
    entries: tuple[Entry, ...]

    def nearest(self, parameters: int | None = None, batch: int | None = None) -> Entry:
        """Return the entry whose size is the nearest, by ratios."""
        wanted = log(parameters or TYPICAL_PARAMETERS), log(batch or TYPICAL_BATCH)
        return min(self.entries, key=lambda e: abs(log(e.parameters) - wanted[0]) + abs(log(e.batch) - wanted[1]))

    def dump(self) -> bytes:
        """The content of the file."""
        return json.dumps({"format": FORMAT, **asdict(self)}, indent=1, sort_keys=True, allow_nan=False).encode()


def read_profile() -> tuple[Profile | None, str]:
    """Return the profile, or None, and one sentence on where it comes from or why it is not used."""
    from xpnn_backends.cache_folder import find_cache  # only now: `xpnn --version` needs no backends

    try:
        path = find_cache() / NAME
        with path.open("rb") as stream:
            text = stream.read(_LONGEST)
    except FileNotFoundError:
        return None, "'xpnn bench' would measure which backend is the fastest here."
    except (OSError, RuntimeError, ValueError) as error:
        return None, f"The profile of 'xpnn bench' cannot be read ({getattr(error, 'strerror', None) or error})."
    try:
        profile = _parse(json.loads(text))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        what = f"{type(error).__name__}: {str(error)[:80]}"
        return None, f"The profile {path} is not used, since it is damaged ({what}); 'xpnn bench' writes a new one."
    if changed := _changed(profile.fingerprint):
        return None, f"The profile {path} is not used, since {changed}; 'xpnn bench' writes a new one."
    return profile, f"Measured by 'xpnn bench' on {profile.date[:10]}."


def _parse(document: Any) -> Profile:
    if document["format"] != FORMAT:
        raise ValueError(f"its format is {document['format']!r}")
    entries = tuple(
        Entry(e["parameters"], e["batch"], str(e["fastest"]), {str(k): v for k, v in e["step_us"].items()})
        for e in document["entries"]
    )
    if not entries:
        raise ValueError("it has no entries")
    facts, devices = ({str(k): str(v) for k, v in document[name].items()} for name in ("fingerprint", "devices"))
    return Profile(str(document["date"]), facts, devices, entries)


def _changed(then: Mapping[str, str]) -> str | None:
    """Say what is not as it was when the profile was measured."""
    now = find_fingerprint()
    for name in (*now, *then):
        if then.get(name) != now.get(name):
            return f"it was measured with {name} {then.get(name, 'absent')}, and now that is {now.get(name, 'absent')}"
    return None
