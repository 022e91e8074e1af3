"""Replace a file as a whole: under its name lies the old content or the new one at every moment, whatever happens.

The new content goes to a temporary file beside the old one, to the disk, and only then under the name. What a killed
process leaves behind, ``<name>.<16 digits>.xpnn-tmp``, is removed by the next write under that name. A writer holds a
lock on its temporary file, which ends with the process, so nobody removes the file of a writer that is still at work.
"""

import errno
import os
import re
import stat
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from xpnn import _check

try:
    import fcntl
except ImportError:  # Windows: no such lock, so nothing is removed there
    fcntl = None  # type: ignore[assignment]

__all__ = ["replace_file"]

_SUFFIX = ".xpnn-tmp"
_STEM = 40


def replace_file(path: str | os.PathLike[str], parts: Iterable[bytes | memoryview]) -> None:
    """Put `parts`, one after the other, under the name `path`.

    Raises
    ------
    OSError
        If that fails; the old file is as it was, unless the last step alone failed: to bring the name to the disk.
    ArgumentError, ArgumentTypeError
        If the name belongs to a device or the like, or is neither a string nor a path.
    """
    target, mode = _find_target(path)
    _remove_orphans(target)
    temporary, stream = _create(target)
    try:
        with stream:
            if mode is not None:
                temporary.chmod(mode)
            for part in parts:
                stream.write(part)
            stream.flush()
            os.fsync(stream.fileno())
            if fcntl is None:
                stream.close()  # Windows renames closed files alone; elsewhere the lock must last until then
            temporary.replace(target)
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
    _sync_folder(target.parent)


def _find_target(path: str | os.PathLike[str]) -> tuple[Path, int | None]:
    """File behind all links, and its permissions if it exists. A file that may not be written may not be replaced."""
    target = Path(os.path.realpath(_check.path("path", path)))
    try:
        mode = target.stat().st_mode
    except FileNotFoundError:
        target.parent.stat()
        return target, None
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(mode):
        _check.refuse("path", "be the name of a regular file", str(path))
    if not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
    return target, stat.S_IMODE(mode)


def _create(target: Path) -> tuple[Path, BinaryIO]:
    """Open a temporary file that is ours alone, and lock it; once more in case another writer took it for an orphan."""
    while True:
        temporary = target.with_name(f"{target.name[:_STEM]}.{os.urandom(8).hex()}{_SUFFIX}")
        stream = temporary.open("xb")
        if fcntl is not None:
            with suppress(OSError):  # some network drives know no locks
                fcntl.flock(stream, fcntl.LOCK_EX)
        if temporary.exists():
            return temporary, stream
        stream.close()


def _remove_orphans(target: Path) -> None:
    """Remove temporary files of this name that no process holds."""
    if fcntl is None:
        return
    pattern = re.compile(re.escape(target.name[:_STEM]) + r"\.[0-9a-f]{16}" + re.escape(_SUFFIX))
    with suppress(OSError):
        for file in [file for file in target.parent.iterdir() if pattern.fullmatch(file.name)]:
            with suppress(OSError), file.open("r+b") as stream:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
                file.unlink()


def _sync_folder(folder: Path) -> None:
    """Bring the new name to the disk as well, where folders can be opened."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
