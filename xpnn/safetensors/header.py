"""The header of a file: which array lies where, under rules that hold before a byte of data is read."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

from xpnn.safetensors.strict_json import canonical, short
from xpnn.typing import Shape

__all__ = [
    "DTYPES",
    "HEADER_LIMIT",
    "NAME_RULE",
    "RANK_LIMIT",
    "TENSOR_LIMIT",
    "Entry",
    "Hash",
    "check_table",
    "is_name",
    "start_hash",
]

HEADER_LIMIT = 16 * 2**20
TENSOR_LIMIT = 100_000
RANK_LIMIT = 8
_BYTE_LIMIT = 2**63 - 1

Hash = Any
"""A running SHA-256 of `hashlib`."""

DTYPES: Mapping[str, str] = {
    "U64": "<u8",
    "I64": "<i8",
    "F64": "<f8",
    "F32": "<f4",
    "U32": "<u4",
    "I32": "<i4",
    "F16": "<f2",
    "U16": "<u2",
    "I16": "<i2",
    "I8": "|i1",
    "U8": "|u1",
    "BOOL": "|b1",
}
"""Data types by name, with NumPy's word for each, in the order in which arrays are laid down: aligned by falling size.

BF16 and the 8-bit and 4-bit floats are not among them: NumPy has no such types, and xpnn trains in none of them.
"""

NAME_RULE = "be 1 to 200 letters, digits and _ . - /, with no part '', '.', '..' or '__metadata__' between slashes"
_NAME = re.compile(r"[A-Za-z0-9_.\-/]{1,200}")
_FIELDS = {"dtype", "shape", "data_offsets"}


def is_name(name: str) -> bool:
    """Tell whether an array may have this name; `NAME_RULE` says it in words."""
    return bool(_NAME.fullmatch(name)) and not set(name.split("/")) & {"", ".", "..", "__metadata__"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One array: data type, shape, and the bytes ``begin:end`` of the data."""

    name: str
    dtype: str
    shape: Shape
    begin: int
    end: int

    @classmethod
    def from_json(cls, name: str, data: Any) -> "Entry":
        """Check one line of the table.

        Raises
        ------
        ValueError
            If a rule is broken: the reason, without a full stop.
        """
        if not is_name(name):
            raise ValueError(f"the name of a tensor must {NAME_RULE}, not {short(name)}")
        if not isinstance(data, dict) or data.keys() != _FIELDS:
            raise ValueError(f"tensor {name!r} must have dtype, shape and data_offsets, not {short(data)}")
        dtype, shape, offsets = data["dtype"], data["shape"], data["data_offsets"]
        if not isinstance(dtype, str) or dtype not in DTYPES:
            raise ValueError(f"the dtype of tensor {name!r} must be one of {', '.join(DTYPES)}, not {short(dtype)}")
        if not _are_sizes(shape) or len(shape) > RANK_LIMIT:
            raise ValueError(
                f"the shape of tensor {name!r} must be a list of at most {RANK_LIMIT} sizes, not {short(shape)}"
            )
        if not _are_sizes(offsets) or len(offsets) != 2:
            raise ValueError(f"the data_offsets of tensor {name!r} must be two offsets, not {short(offsets)}")
        entry = cls(name, dtype, tuple(shape), *offsets)
        entry._check_size()
        return entry

    def to_json(self) -> dict[str, Any]:
        """Line of the table."""
        return {"dtype": self.dtype, "shape": list(self.shape), "data_offsets": [self.begin, self.end]}

    def _check_size(self) -> None:
        """Compare the shape with the bytes, in integers that cannot overflow, empty arrays included."""
        item_size = int(DTYPES[self.dtype][2:])
        if prod(max(size, 1) for size in self.shape) * item_size > _BYTE_LIMIT:
            raise ValueError(f"the shape of tensor {self.name!r} is too large, {short(list(self.shape))}")
        needed = prod(self.shape) * item_size
        if self.end - self.begin != needed:
            raise ValueError(f"tensor {self.name!r} needs {needed} bytes but has {self.end - self.begin}")


def check_table(entries: Iterable[Entry], data_size: int) -> list[Entry]:
    """Sort the arrays as they lie in the data, and see that they fill its `data_size` bytes without gap or overlap.

    Raises
    ------
    ValueError
        If they do not: the reason, without a full stop.
    """
    table = sorted(entries, key=lambda entry: (entry.begin, entry.end))
    end = 0
    for entry in table:
        if entry.begin != end:
            raise ValueError(f"tensor {entry.name!r} begins at byte {entry.begin} of the data, not at {end}")
        end = entry.end
    if end != data_size:
        raise ValueError(f"its tensors need {end} bytes of data but {data_size} follow the header")
    return table


def start_hash(entries: Iterable[Entry], metadata: Any) -> Hash:
    """Begin the SHA-256 of a file with all that the header says; the data follow."""
    tensors = {entry.name: entry.to_json() for entry in entries}
    return hashlib.sha256(canonical({"network": metadata, "tensors": tensors}).encode("ascii"))


def _are_sizes(values: Any) -> bool:
    return isinstance(values, list) and all(type(value) is int and value >= 0 for value in values)
