"""`open_backends`: which backends take part in a comparison, and why the others do not."""

from collections.abc import Iterable

from xpnn.backend import available_backends, get_backend
from xpnn.errors import BackendError
from xpnn.typing import Backend

__all__ = ["open_backends"]

_GPU_WORDS = ("torch:cuda:0",)
"""Devices that deserve a place of their own beside the default device of their library."""


def open_backends(words: Iterable[str] | None = None) -> tuple[dict[str, Backend], dict[str, str]]:
    """Open backends by their words, by default whatever this machine may have, NumPy first.

    Returns
    -------
    backends : dict of str to Backend
        Those that run here.
    unavailable : dict of str to str
        Those that do not, and why.

    Raises
    ------
    ArgumentError
        If nobody offers a backend of one of these names.
    """
    if words is None:
        names = available_backends()
        words = sorted([name for name in names if " of " not in name], key=lambda name: (name != "numpy", name))
        words += [word for word in _GPU_WORDS if names[word.partition(":")[0]].available]
    backends, unavailable = {}, {}
    for word in dict.fromkeys(words):
        try:
            backends[word] = get_backend(word)
        except BackendError as error:
            unavailable[word] = str(error)
    return backends, unavailable
