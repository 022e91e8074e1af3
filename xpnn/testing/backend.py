"""`check_backend`: what a backend must do for xpnn, as a list of checks that anyone can run on their own."""

import warnings
from collections.abc import Callable, Iterator
from functools import reduce
from typing import Any

from xpnn.backend import using
from xpnn.testing._conversions import device_checks, round_trips, views
from xpnn.testing._functions import functions_in_use
from xpnn.testing._numbers import arithmetic, erfc, promotion
from xpnn.testing.report import Report
from xpnn.typing import Backend

__all__ = ["check_backend"]


def check_backend(backend: Backend) -> Report:
    """Check a backend on its device. Nothing is raised, whatever the backend does.

    Parameters
    ----------
    backend : Backend
        An opened backend. float64 is checked where the device has it. PyTorch's ``meta`` device, which holds no values,
        cannot pass.

    Returns
    -------
    report : Report
        ``report.passed``, and in ``report.failures`` a sentence for each rule that is broken.

    Examples
    --------
    >>> from xpnn import get_backend
    >>> check_backend(get_backend("numpy")).passed
    True
    """
    failures = []
    for name, check in _CHECKS.items():
        try:
            with warnings.catch_warnings(), using(backend):
                warnings.simplefilter("error")
                for sentence in check(backend):
                    failures.append(f"{name}: {sentence}")  # noqa: PERF401, keeps those before an error
        except Exception as error:
            failures.append(f"{name}: raised {type(error).__name__}: {error}".rstrip(".") + ".")
    return Report(tuple(_CHECKS), tuple(failures))


def _members(backend: Backend) -> Iterator[str]:
    if not isinstance(backend, Backend):
        yield "a backend must have name, xp, device, asarray, to_numpy and synchronize."
    if not isinstance(backend.name, str) or not backend.name:
        yield f"name must be a word, got {backend.name!r}."
    block_size = getattr(backend, "block_size", None)
    if block_size is not None and (type(block_size) is not int or block_size < 1):
        yield f"block_size must be None or an integer of at least 1, got {block_size!r}."
    facts: dict[str, str] = getattr(backend, "explain", dict)()
    if not all(isinstance(word, str) for pair in facts.items() for word in pair):
        yield f"explain() must return a mapping of strings, got {facts!r}."
    wait: Callable[[], Any] = backend.synchronize
    if wait() is not None:
        yield "synchronize must return None."


def _functions(backend: Backend) -> Iterator[str]:
    for name in sorted(functions_in_use()):
        try:
            reduce(getattr, name.split("."), backend.xp)
        except AttributeError:
            yield f"xp.{name} is missing."


_CHECKS: dict[str, Callable[[Backend], Iterator[str]]] = {
    "members": _members,
    "functions": _functions,
    "round trips": round_trips,
    "device": device_checks,
    "views": views,
    "promotion": promotion,
    "arithmetic": arithmetic,
    "erfc": erfc,
}
