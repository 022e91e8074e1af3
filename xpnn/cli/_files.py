"""Files that a command is going to write."""

import os
from pathlib import Path

from xpnn.errors import ArgumentError

__all__ = ["check_writable"]


def check_writable(option: str, path: str | None) -> None:
    """Find out before the work whether a file can be written after it.

    Raises
    ------
    ArgumentError
        If `path` is a folder, or its folder is missing.
    PermissionError
        If the file or its folder may not be written.
    """
    if path is None:
        return
    file = Path(path)
    if file.is_dir() or not file.parent.is_dir():
        what = "a folder" if file.is_dir() else "no folder of that name"
        raise ArgumentError(f"{option} must be a file in a folder that exists, got {path!r} ({what}).")
    if not os.access(file.parent, os.W_OK) or (file.exists() and not os.access(file, os.W_OK)):
        raise PermissionError(13, os.strerror(13), path)
