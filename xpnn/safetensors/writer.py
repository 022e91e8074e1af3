"""Writing: the same arrays and metadata give the same bytes, and a file appears whole or not at all."""

import json
import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from xpnn import _check
from xpnn.errors import ArgumentError
from xpnn.safetensors.atomic_file import replace_file
from xpnn.safetensors.header import (
    DTYPES,
    HEADER_LIMIT,
    NAME_RULE,
    RANK_LIMIT,
    TENSOR_LIMIT,
    Entry,
    is_name,
    start_hash,
)
from xpnn.safetensors.strict_json import canonical, short
from xpnn.typing import HostArray

__all__ = ["encode", "write"]

_NAMES = {word: name for name, word in DTYPES.items()}
_ORDER = list(DTYPES)


def write(path: str | os.PathLike[str], tensors: Mapping[str, HostArray], metadata: Any) -> None:
    """Write a file in place of whatever has this name; if that fails, the old file is left as it was.

    Parameters
    ----------
    path : str or path
        The file; a link is followed. A new file gets the usual permissions, an old one keeps its own.
    tensors : mapping of str to ndarray
        Real, integer or boolean arrays of any memory layout and byte order.
    metadata : object
        JSON data: None, booleans, finite numbers, strings, lists, and dictionaries with strings as keys.

    Raises
    ------
    ArgumentError
        If a name, an array or the metadata breaks a rule of the format; nothing is written.
    OSError
        If the file cannot be written.
    """
    replace_file(path, _parts(tensors, metadata))


def encode(tensors: Mapping[str, HostArray], metadata: Any) -> bytes:
    """Make the bytes that `write` would write, under the same rules."""
    return b"".join(_parts(tensors, metadata))


def _parts(tensors: Mapping[str, HostArray], metadata: Any) -> list[bytes | memoryview]:
    """Header and arrays, as bytes that follow each other. Arrays that lie as the file wants them are not copied."""
    if len(tensors) > TENSOR_LIMIT:
        _check.refuse("tensors", f"be at most {TENSOR_LIMIT} arrays", len(tensors))
    arrays = {name: _prepare(name, values) for name, values in tensors.items()}
    entries, end = [], 0
    for name in sorted(arrays, key=lambda name: (_ORDER.index(_NAMES[arrays[name].dtype.str]), name)):
        begin, end = end, end + arrays[name].nbytes
        entries.append(Entry(name, _NAMES[arrays[name].dtype.str], arrays[name].shape, begin, end))
    data = [arrays[entry.name].reshape(-1).view(np.uint8).data for entry in entries]
    try:
        running = start_hash(entries, metadata)
        for octets in data:
            running.update(octets)
        text = canonical({"network": metadata, "sha256": running.hexdigest()})
    except ValueError as error:
        raise ArgumentError(f"metadata must be JSON data, got {short(metadata)}: {error}.") from error
    return [_header(entries, text), *data]


def _prepare(name: str, values: HostArray) -> HostArray:
    """Array in little-endian order with the last axis fastest; a copy only where it has to be."""
    if not isinstance(name, str) or not is_name(name):
        _check.refuse("the name of a tensor", NAME_RULE, name)
    array = np.asarray(values)
    word = array.dtype.newbyteorder("<").str
    if word not in _NAMES:
        _check.refuse(f"tensor {name!r}", f"have one of the dtypes {', '.join(_ORDER)}", str(array.dtype))
    if array.ndim > RANK_LIMIT:
        _check.refuse(f"tensor {name!r}", f"have at most {RANK_LIMIT} axes", array.ndim)
    return np.asarray(array, dtype=word, order="C")


def _header(entries: list[Entry], text: str) -> bytes:
    table = {"__metadata__": {"xpnn": text}, **{entry.name: entry.to_json() for entry in entries}}
    header = json.dumps(table, separators=(",", ":")).encode("ascii")
    header += b" " * (-len(header) % 8)
    if len(header) > HEADER_LIMIT:
        _check.refuse("metadata", f"fit into a header of {HEADER_LIMIT} bytes together with the table", len(header))
    return len(header).to_bytes(8, "little") + header
