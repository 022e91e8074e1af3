"""Bytes of a data file, and the errors about it."""

import gzip
import reprlib
import zlib
from os import PathLike
from typing import BinaryIO, NoReturn

from xpnn import _check
from xpnn.errors import DataError

__all__ = ["GZIP_MAGIC", "DataPath", "open_binary", "read_bytes", "refuse", "shorten"]

DataPath = str | PathLike[str]

GZIP_MAGIC = b"\x1f\x8b"
_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = 60


def shorten(value: object) -> str:
    """Return the `repr` of `value`, at most about 60 characters of it."""
    return _SHORT.repr(value)


def refuse(path: DataPath, rule: str, value: str, hint: str = "") -> NoReturn:
    """Raise the sentence that names the file, the rule and what the file holds instead; `hint` is the cure."""
    raise DataError(f"{path} must {rule}, got {value}.{hint}")


def open_binary(path: DataPath) -> BinaryIO:
    """Open a file for reading.

    Raises
    ------
    DataError
        If there is no such file, or it cannot be read.
    ArgumentTypeError
        If `path` is no path.
    """
    try:
        return _check.path("path", path).open("rb")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise DataError(f"path must be a file that can be read, got {str(path)!r} ({reason}).") from error


def read_bytes(path: DataPath) -> bytes:
    """Read a whole file; what gzip has packed is unpacked.

    Raises
    ------
    DataError
        If the file cannot be read, is empty, or is broken gzip.
    """
    with open_binary(path) as stream:
        try:
            data = stream.read()
            if data[:2] == GZIP_MAGIC:
                data = gzip.decompress(data)
        except (OSError, EOFError, zlib.error) as error:
            raise DataError(f"{path} must be a whole file, got an error while reading ({error}).") from error
    if not data:
        raise DataError(f"{path} must hold data, got an empty file.")
    return data
