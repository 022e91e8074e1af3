"""Files that a command is going to write."""

import os
from pathlib import Path

from xpnn.errors import ArgumentError

__all__ = ["check_writable"]


def check_writable(option: str, path: str | None, **others: str | None) -> None:
    """Find out before the work whether a file can be written after it, and would replace none of the others.

    Parameters
    ----------
    option : str
        Named in the error.
    path : str or None
        File that will be written, if any.
    **others : str or None
        Files that the command reads or writes as well, by what they are: ``data="iris.csv"``.

    Raises
    ------
    ArgumentError
        If `path` is a folder, its folder is missing, or it is one of the `others`.
    PermissionError
        If the file or its folder may not be written.
    """
    if path is None:
        return
    file = Path(path)
    if file.is_dir() or not file.parent.is_dir():
        what = "a folder" if file.is_dir() else "no folder of that name"
        raise ArgumentError(f"{option} must be a file in a folder that exists, got {path!r} ({what}).")
    for what, other in others.items():
        if other is not None and file.resolve() == Path(other).resolve():
            raise ArgumentError(f"{option} must not be the {what} file, got {path!r}.")
    if not os.access(file.parent, os.W_OK) or (file.exists() and not os.access(file, os.W_OK)):
        raise PermissionError(13, os.strerror(13), path)
