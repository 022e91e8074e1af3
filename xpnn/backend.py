"""Words for backends: `get_backend` opens one, `available_backends` tries all, `choose_backend` picks one.

A word is ``<name>`` or ``<name>:<device>``: ``"numpy"``, ``"cupy:1"``, ``"torch:cuda:0"``, ``"torch:mps"``,
``"jax:gpu:0"``. Without a device it is the processor for PyTorch, the device 0 for CuPy, and JAX's own first device.
Other packages add names with an entry point in the group ``xpnn.backends``: a function that takes the device part of
the word (or None) and returns a `xpnn.typing.Backend`; `xpnn.testing.check_backend` tells them whether it is right.

Over 150 lines: a third of them are documentation.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from xpnn import _check, _opening
from xpnn._host import to_host
from xpnn._profile import read_profile
from xpnn._survey import BackendStatus, available_backends, facts
from xpnn.errors import ArgumentTypeError, BackendError, XpnnError
from xpnn.typing import Backend, DType

__all__ = [
    "DTYPES",
    "MIXED",
    "BackendStatus",
    "available_backends",
    "choose_backend",
    "float_dtype",
    "get_backend",
    "name_device",
    "to_host",
    "using",
]


MIXED = "mixed_float16"
"""Parameters in float32, products of matrices and what a step keeps in float16."""

DTYPES = ("float32", "float64", MIXED)
"""Words for the precision of a network."""


def get_backend(backend: str | Backend) -> Backend:
    """Turn a word into a backend, the same object for the same word; let a backend through.

    Parameters
    ----------
    backend : str or Backend
        See the top of this module; ``"auto"`` is what `choose_backend` chooses.

    Raises
    ------
    ArgumentError
        If nobody offers a backend of this name: the nearest match, and all names.
    ArgumentTypeError
        If it is neither a word nor a backend.
    BackendError
        If the backend cannot run here: the reason and the command that installs it.

    Examples
    --------
    >>> get_backend("numpy") is get_backend("numpy")
    True
    """
    if not isinstance(backend, str):
        if isinstance(backend, type) or not isinstance(backend, Backend):
            raise ArgumentTypeError(f"backend must be a word such as 'numpy' or a Backend, got {backend!r}.")
        return backend
    word = choose_backend()[0] if backend == "auto" else backend
    return _opening.open_word(word)


def choose_backend(parameters: int | None = None, batch_size: int | None = None) -> tuple[str, str]:
    """Choose what ``"auto"`` means here: what `xpnn bench` found to be the fastest on this machine.

    Without a profile that fits this machine and its versions: CuPy or PyTorch on a GPU if one runs, else NumPy.

    Parameters
    ----------
    parameters, batch_size : int, optional
        Size of the network and of its batches. ``backend="auto"`` is resolved before a network knows them, and takes
        the profile's entry nearest to 10,000 parameters and batches of 32.

    Returns
    -------
    word, reason : str
        The word for `get_backend`, and one line on why.
    """
    profile, source = read_profile()
    if profile is not None:
        entry = profile.nearest(parameters, batch_size)
        missing = _differs(entry.fastest, profile.devices.get(entry.fastest))
        if missing is None:
            return entry.fastest, f"{entry}. {source}"
        source = f"The profile of 'xpnn bench' is not used, since {missing}."
    word, reason = _choose_unmeasured()
    return word, f"{reason} {source}"


def _differs(word: str, device: str | None) -> str | None:
    """Say why the backend of a profile is not that of today; None if it is."""
    try:
        found = name_device(_opening.open_word(word))
    except XpnnError:
        return f"{word}, its fastest backend, does not run here"
    return None if found == device else f"{word} runs on {found}, and was measured on {device}"


def _choose_unmeasured() -> tuple[str, str]:
    reasons = []
    for word in ("cupy", "torch:cuda:0"):
        try:
            device = facts(get_backend(word)).get("gpu", "a GPU")
        except BackendError as error:
            reasons.append(f"{word}: {_opening.explain_failure(word, error.__cause__ or error)['reason']}")
        else:
            return word, f"{word} runs on {device}."
    return "numpy", f"No GPU backend runs here ({'; '.join(reasons)})."


def name_device(backend: Backend) -> str:
    """Name of the GPU of a backend, or of its device."""
    found = facts(backend)
    return found.get("gpu", found["device"])


def float_dtype(backend: Backend, name: str) -> DType:
    """Return the type of the parameters of a network with this word for its precision, if the device can compute in it.

    Raises
    ------
    ArgumentError
        If `name` is another word.
    BackendError
        If the device has no such numbers: the reason and the cure.
    """
    _check.choice("dtype", name, DTYPES)
    if name == MIXED:
        reason = getattr(backend, "no_float16", "it does not say that it has products of float16")
        if reason is not None:
            raise BackendError(f"Backend {backend.name!r} cannot compute in {MIXED}: {reason}. Use dtype='float32'.")
        name = "float32"
    try:
        dtype = getattr(backend.xp, name)
        made = backend.asarray([0.0], dtype).dtype
    except Exception as error:
        why = _opening.explain_failure(backend.name, error)
        cure = why["cure"] or "Use dtype='float32'."
        raise BackendError(f"Backend {backend.name!r} cannot compute in {name}: {why['reason']}. {cure}") from error
    if made != dtype:
        raise BackendError(f"Backend {backend.name!r} cannot compute in {name}: it returns {made}. Use that dtype.")
    return dtype


def using(backend: Backend) -> AbstractContextManager[Any]:
    """Context in which everything that is done with a backend's arrays must run.

    It makes the device of ``"cupy:1"`` the current one, and lets JAX compute in full float32 on a GPU. Entered once
    around a call of a network, it costs nothing per operation. Backends without a method ``using`` need none.
    """
    enter: Callable[[], AbstractContextManager[Any]] = getattr(backend, "using", nullcontext)
    return enter()
