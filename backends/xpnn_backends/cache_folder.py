"""`find_cache`: the folder for what may be lost."""

import os
import sys
from pathlib import Path

__all__ = ["find_cache"]


def find_cache() -> Path:
    """Return ``XPNN_CACHE``, or the folder for caches that the system has for each user; it need not exist.

    Raises
    ------
    RuntimeError
        If the user has no home.
    """
    if folder := os.environ.get("XPNN_CACHE"):
        return Path(folder)
    home = Path.home()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local") / "xpnn" / "Cache"
    if sys.platform == "darwin":
        return home / "Library" / "Caches" / "xpnn"
    caches = Path(os.environ.get("XDG_CACHE_HOME") or ".")
    return (caches if caches.is_absolute() else home / ".cache") / "xpnn"
