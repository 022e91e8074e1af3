"""`make_profile` and `keep_profile`: what ``backend="auto"`` will read."""

from collections.abc import Mapping
from pathlib import Path

from xpnn._fingerprint import find_fingerprint
from xpnn._profile import NAME, Entry, Profile
from xpnn.backend import name_device
from xpnn.bench.case import Case
from xpnn.bench.result import Sweep
from xpnn.safetensors.atomic_file import replace_file
from xpnn.typing import Backend
from xpnn_backends.cache_folder import find_cache

__all__ = ["keep_profile", "make_profile"]


def make_profile(sweep: Sweep, backends: Mapping[str, Backend]) -> Profile | None:
    """Turn a sweep into a profile; None if nothing was measured."""
    cases = [case for case in sweep.cases if case.ranking]
    devices = {name: name_device(backend) for name, backend in backends.items()}
    entries = tuple(_entry(case, sweep.backends[0]) for case in cases)
    return Profile(sweep.machine.date, find_fingerprint(), devices, entries) if entries else None


def keep_profile(profile: Profile) -> Path:
    """Write the profile to the cache folder, and return its place.

    Raises
    ------
    OSError
        If that fails.
    """
    path = find_cache() / NAME
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_file(path, [profile.dump()])
    return path


def _entry(case: Case, reference: str) -> Entry:
    """Choose the fastest backend, or the reference where the fastest is not clearly faster."""
    fastest = case.ranking[0]
    if case.verdict(fastest, reference) == 0:
        fastest = reference
    times = {name: case.timings.step_us(name).median for name in case.timings.calls}
    return Entry(case.parameters, case.batch, fastest, times)
