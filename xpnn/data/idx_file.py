"""`load_idx`: the format in which MNIST and its followers are published."""

import gzip
import os
import zlib
from math import prod
from typing import IO

import numpy as np

from xpnn.data._files import GZIP_MAGIC, DataPath, open_binary, refuse
from xpnn.errors import DataError
from xpnn.typing import HostArray, Shape

__all__ = ["load_idx"]

Stream = IO[bytes] | gzip.GzipFile

_DTYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_MAX_AXES = 8
_MAX_RATIO = 1100
"""Deflate packs no more than 1032 bytes into one: a header that claims more would exhaust the memory."""


def load_idx(path: DataPath) -> HostArray:
    """Read one array from an IDX file, packed with gzip or not.

    The file starts with two zero bytes, a byte for the type, a byte for the number of axes, and the length of each axis
    as a big-endian 32-bit integer; the values follow in row-major order, big-endian, and nothing follows them.

    Parameters
    ----------
    path : str or path
        The file.

    Returns
    -------
    array
        In the file's type: uint8, int8, int16, int32, float32 or float64, in the byte order of this machine.

    Raises
    ------
    DataError
        If the file cannot be read, or breaks any of these rules; sizes are checked before memory is taken.

    References
    ----------
    .. [1] LeCun, Cortes & Burges, The MNIST database of handwritten digits, "The IDX file format".
    """
    with open_binary(path) as stream:
        limit = os.fstat(stream.fileno()).st_size
        is_packed = stream.read(2) == GZIP_MAGIC
        stream.seek(0)
        try:
            if not is_packed:
                return _parse(path, stream, limit)
            with gzip.open(stream) as unpacked:
                return _parse(path, unpacked, limit * _MAX_RATIO)
        except (OSError, EOFError, zlib.error) as error:
            raise DataError(f"{path} must be a whole file, got an error while reading ({error}).") from error


def _parse(path: DataPath, stream: Stream, limit: int) -> HostArray:
    shape, dtype = _header(path, stream)
    size = prod(shape) * dtype.itemsize
    data = stream.read(size + 1) if size <= limit else b""
    if len(data) != size:
        got = "more" if len(data) > size else f"{len(data)}" if size <= limit else "fewer"
        refuse(path, f"hold {size} bytes of values for shape {shape}", got)
    return np.astype(np.reshape(np.frombuffer(data, dtype), shape), dtype.newbyteorder("="))


def _header(path: DataPath, stream: Stream) -> tuple[Shape, "np.dtype[np.generic]"]:
    magic = stream.read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0" or magic[2] not in _DTYPES:
        refuse(path, "start like an IDX file (0, 0, type, axes)", f"the bytes {list(magic)}")
    axes = magic[3]
    if not 1 <= axes <= _MAX_AXES:
        refuse(path, f"have 1 to {_MAX_AXES} axes", f"{axes}")
    lengths = stream.read(4 * axes)
    if len(lengths) < 4 * axes:
        refuse(path, f"hold the length of each of {axes} axes", f"{len(lengths)} bytes of them")
    return tuple(np.frombuffer(lengths, ">u4").tolist()), np.dtype(_DTYPES[magic[2]])
