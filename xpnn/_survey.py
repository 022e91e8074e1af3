"""`available_backends`: tries every backend, and says of each whether it runs here and why not."""

import sys
import warnings
from dataclasses import dataclass

from xpnn import _opening
from xpnn.errors import BackendError
from xpnn.typing import Backend

__all__ = ["BackendStatus", "available_backends", "facts"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BackendStatus:
    """Whether a backend runs on this machine, and why not.

    Attributes
    ----------
    available : bool
        Whether a small product was computed and brought back.
    device : str or None
        Where it computes, if it does.
    version : str or None
        Version of the array library, if it is installed.
    reason, install, cure : str or None
        Why it does not run; the command that installs what is missing; a sentence on what else to do.
    """

    available: bool
    device: str | None = None
    version: str | None = None
    reason: str | None = None
    install: str | None = None
    cure: str | None = None


def available_backends() -> dict[str, BackendStatus]:
    """Try every backend, and say of each by its name whether it runs here. Imports every array library."""
    others = _opening.strangers()
    result = {name: _status(name) for name in sorted({*_opening.BUILT_IN, *others})}
    for name in sorted(_opening.BUILT_IN.keys() & others.keys()):
        for point in others[name]:
            shadow = f"{name} of {_opening.owner(point)}"
            result[shadow] = BackendStatus(available=False, reason=f"the name {name!r} belongs to xpnn")
    return result


def facts(backend: Backend) -> dict[str, str]:
    """Return what a backend says of itself, and its device in any case."""
    return {"device": str(backend.device)} | dict(getattr(backend, "explain", dict)())


def _status(name: str) -> BackendStatus:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            found = facts(_opening.open_word(name))
        except BackendError as error:
            why = _opening.explain_failure(name, error.__cause__ or error)
            return BackendStatus(available=False, version=_version(name), **why)
    return BackendStatus(available=True, device=found["device"], version=found.get("version") or _version(name))


def _version(name: str) -> str | None:
    version = getattr(sys.modules.get(name), "__version__", None)
    return None if version is None else str(version)
