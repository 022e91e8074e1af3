"""Reading: every rule is checked before memory is taken, and every fault is one `CheckpointError`."""

import io
import os
from typing import Any, BinaryIO

import numpy as np

from xpnn import _check
from xpnn.errors import CheckpointError
from xpnn.safetensors.header import DTYPES, HEADER_LIMIT, TENSOR_LIMIT, Entry, Hash, check_table, start_hash
from xpnn.safetensors.strict_json import canonical, parse, short
from xpnn.typing import HostArray

__all__ = ["decode", "read"]

_OTHER_FORMATS = {
    b"PK\x03\x04": "a zip archive, as .npz, .pt and .keras files are",
    b"\x80\x02": "a pickle, which is never loaded",
    b"\x80\x03": "a pickle, which is never loaded",
    b"\x80\x04": "a pickle, which is never loaded",
    b"\x80\x05": "a pickle, which is never loaded",
    b"\x89HDF\r\n\x1a\n": "an HDF5 file",
    b"\x93NUMPY": "an .npy file",
    b"\x1f\x8b": "packed by gzip",
}


def read(path: str | os.PathLike[str]) -> tuple[dict[str, HostArray], Any]:
    """Read a file. Takes its size in memory, and of a broken file no more than the header.

    Parameters
    ----------
    path : str or path
        The file.

    Returns
    -------
    tensors : dict of str to ndarray
        Arrays of their own, writable, in the byte order of this machine, in the order of the file.
    metadata : object
        The JSON data that `write` was given.

    Raises
    ------
    CheckpointError
        If the file breaks a rule of the format: one sentence that names the file and the fault.
    ArgumentTypeError
        If `path` is neither a string nor a path.
    OSError
        If the file cannot be read.
    """
    with _check.path("path", path).open("rb") as stream:
        return _read(stream, os.fstat(stream.fileno()).st_size, str(path))


def decode(data: bytes, name: str = "data") -> tuple[dict[str, HostArray], Any]:
    """Read from memory what `encode` made, under the rules of `read`; `name` stands for the file in errors."""
    return _read(io.BytesIO(data), len(data), name)


def _read(stream: BinaryIO, size: int, name: str) -> tuple[dict[str, HostArray], Any]:
    try:
        head = _read_head(stream, size)
        entries, envelope = _parse_head(head)
        table = check_table(entries, size - 8 - len(head))
        running = start_hash(table, envelope["network"])
        tensors = {entry.name: _read_array(stream, entry, running) for entry in table}
        if running.hexdigest() != envelope["sha256"]:
            raise ValueError("its content does not match its SHA-256, so it was damaged or changed")
    except ValueError as error:
        raise CheckpointError(f"{name} is no safetensors file that xpnn can read: {error}.") from error
    return tensors, envelope["network"]


def _read_head(stream: BinaryIO, size: int) -> bytes:
    """Bytes of the header, after its size has been compared with that of the file."""
    prefix = stream.read(8)
    if len(prefix) < 8:
        raise ValueError(f"it has {size} bytes, and the size of the header alone takes 8" + _guess(prefix))
    length = int.from_bytes(prefix, "little")
    if length > HEADER_LIMIT:
        raise ValueError(f"its header says {length} bytes but may have {HEADER_LIMIT}" + _guess(prefix))
    if length > size - 8:
        raise ValueError(f"its header says {length} bytes but {size - 8} are left" + _guess(prefix))
    head = stream.read(length)
    if not head.startswith(b"{"):
        raise ValueError(f"its header must start with '{{', not with {head[:1]!r}" + _guess(prefix))
    return head


def _guess(prefix: bytes) -> str:
    kinds = [kind for magic, kind in _OTHER_FORMATS.items() if prefix.startswith(magic)]
    return f"; it looks like {kinds[0]}" if kinds else ""


def _parse_head(head: bytes) -> tuple[list[Entry], dict[str, Any]]:
    """Table of the arrays, and what stands under ``xpnn``."""
    text = head.rstrip(b" ")
    if not text.endswith(b"}"):
        raise ValueError("its header must end with '}' and spaces")
    header = _parse_json("its header", text)
    metadata = header.pop("__metadata__", None)
    if not isinstance(metadata, dict) or metadata.keys() != {"xpnn"} or not isinstance(metadata["xpnn"], str):
        raise ValueError(f"its __metadata__ must hold one text under 'xpnn', not {short(metadata)}")
    if len(header) > TENSOR_LIMIT:
        raise ValueError(f"it has {len(header)} tensors but may have {TENSOR_LIMIT}")
    envelope = _parse_json("its text under 'xpnn'", metadata["xpnn"].encode("utf-8"))
    if not isinstance(envelope, dict) or envelope.keys() != {"network", "sha256"}:
        raise ValueError(f"its text under 'xpnn' must hold network and sha256, not {short(envelope)}")
    if canonical(envelope) != metadata["xpnn"]:
        raise ValueError("its text under 'xpnn' must be canonical JSON")
    return [Entry.from_json(name, line) for name, line in header.items()], envelope


def _parse_json(what: str, text: bytes) -> Any:
    try:
        return parse(text.decode("utf-8"))
    except ValueError as error:
        raise ValueError(f"{what} is no strict JSON ({error})") from None


def _read_array(stream: BinaryIO, entry: Entry, running: Hash) -> HostArray:
    """Fill a new array straight from the file, and add its bytes to the running SHA-256."""
    array = np.empty(entry.shape, dtype=DTYPES[entry.dtype])
    octets = array.reshape(-1).view(np.uint8)
    if stream.readinto(octets.data) != octets.size:  # type: ignore[attr-defined]
        raise ValueError(f"it ends within tensor {entry.name!r}")
    if entry.dtype == "BOOL" and octets.size and octets.max() > 1:
        raise ValueError(f"tensor {entry.name!r} must hold the bytes 0 and 1 alone, as BOOL does")
    running.update(octets.data)
    return array.astype(array.dtype.newbyteorder("="), copy=False)
