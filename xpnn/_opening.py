"""From a word to an opened backend: the table of built-in backends, then the entry points of other packages."""

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from xpnn import _check
from xpnn.errors import BackendError
from xpnn.typing import Backend

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

__all__ = ["BUILT_IN", "GROUP", "explain_failure", "open_word", "owner", "strangers"]

GROUP = "xpnn.backends"

BUILT_IN = {
    "cupy": "pip install 'xpnn[cuda13]'",
    "jax": "pip install 'xpnn[jax]'",
    "numpy": "pip install numpy",
    "torch": "pip install 'xpnn[torch]'",
}
"""The command that installs each."""

_OPENED: dict[str, Backend] = {}


def strangers() -> dict[str, list["EntryPoint"]]:
    """Entry points of the group by name; more than one under a name is a conflict."""
    from importlib.metadata import entry_points  # its import would take a tenth of that of xpnn

    found: dict[str, list[EntryPoint]] = {}
    for point in entry_points(group=GROUP):
        found.setdefault(point.name, []).append(point)
    return found


def open_word(word: str) -> Backend:
    """Open the backend that `word` names, ``<name>`` or ``<name>:<device>``, or return it if it is open already.

    Raises
    ------
    ArgumentError
        If nobody offers a backend of this name.
    BackendError
        If it cannot run here: the reason, the command that installs it, and the cure where there is one.
    """
    if word in _OPENED:
        return _OPENED[word]
    name, colon, device = word.partition(":")
    others = strangers()
    _check.choice("backend", name, {*BUILT_IN, *others, "auto"})
    if name == "auto" or (colon and not device):
        _check.refuse("backend", "be a name, or a name and a device such as 'cupy:1'", word)
    try:
        return _OPENED.setdefault(word, _opener(name, others.get(name, []))(device or None))
    except (Exception, SystemExit) as error:
        raise BackendError(_sentence(word, name, error)) from error


def _opener(name: str, points: list["EntryPoint"]) -> Callable[[str | None], Backend]:
    """Find the function that opens a backend; a built-in name belongs to xpnn, whatever others offer."""
    if name in BUILT_IN:
        return _import_quietly(f"xpnn_backends._{name}").open_backend  # type: ignore[no-any-return]
    if len(points) > 1:
        raise LookupError("offered by " + " and ".join(owner(point) for point in points))
    return points[0].load()  # type: ignore[no-any-return]


def _import_quietly(module: str) -> Any:
    """Import without moving the caller's global generator of NumPy, from which JAX draws when it is imported."""
    position = np.random.get_state()  # noqa: NPY002
    try:
        return import_module(module)
    finally:
        np.random.set_state(position)  # noqa: NPY002


def owner(point: "EntryPoint") -> str:
    """Name of the package that offers an entry point."""
    return point.dist.name if point.dist else point.value


def explain_failure(name: str, error: BaseException) -> dict[str, Any]:
    """Reason, install command and cure that an error carries, or that are known without it."""
    if hasattr(error, "reason") and hasattr(error, "install") and hasattr(error, "cure"):
        return {"reason": error.reason, "install": error.install, "cure": error.cure}
    reason = str(error).strip().split("\n")[0].rstrip(".") or type(error).__name__
    if isinstance(error, ModuleNotFoundError) and error.name == name:
        reason = f"{name} is not installed"
    return {"reason": reason, "install": BUILT_IN.get(name), "cure": None}


def _sentence(word: str, name: str, error: BaseException) -> str:
    facts = explain_failure(name, error)
    parts = [f"Backend {word!r} cannot run: {facts['reason']}."]
    if facts["install"]:
        parts.append(f"Install: {facts['install']}.")
    if facts["cure"]:
        parts.append(facts["cure"])
    return " ".join(parts)
