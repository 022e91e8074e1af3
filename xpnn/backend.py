"""Words for backends: `get_backend` opens one, `available_backends` tries all, `choose_backend` picks one.

A word is ``<name>`` or ``<name>:<device>``: ``"numpy"``, ``"cupy:1"``, ``"torch:cuda:0"``, ``"torch:mps"``,
``"jax:gpu:0"``. Without a device it is the processor for PyTorch, the device 0 for CuPy, and JAX's own first device.
Other packages add names with an entry point in the group ``xpnn.backends``: a function that takes the device part of
the word (or None) and returns a `xpnn.typing.Backend`; `xpnn.testing.check_backend` tells them whether it is right.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from xpnn import _check, _opening
from xpnn._host import to_host
from xpnn._survey import BackendStatus, available_backends, facts
from xpnn.errors import ArgumentTypeError, BackendError
from xpnn.typing import Backend, DType

__all__ = [
    "BackendStatus",
    "available_backends",
    "choose_backend",
    "float_dtype",
    "get_backend",
    "to_host",
    "using",
]


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


def choose_backend() -> tuple[str, str]:
    """Choose what ``"auto"`` means here: CuPy or PyTorch on a GPU if one runs, else NumPy.

    Returns
    -------
    word, reason : str
        The word for `get_backend`, and one sentence on why.
    """
    reasons = []
    for word in ("cupy", "torch:cuda:0"):
        try:
            device = facts(get_backend(word)).get("gpu", "a GPU")
        except BackendError as error:
            reasons.append(f"{word}: {_opening.explain_failure(word, error.__cause__ or error)['reason']}")
        else:
            return word, f"{word} runs on {device}."
    return "numpy", f"No GPU backend runs here ({'; '.join(reasons)})."


def float_dtype(backend: Backend, name: str) -> DType:
    """Return the dtype ``"float32"`` or ``"float64"`` of a backend, if its device can compute in it.

    Raises
    ------
    ArgumentError
        If `name` is another word.
    BackendError
        If the device has no such numbers: the reason and the cure.
    """
    _check.choice("dtype", name, ("float32", "float64"))
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
