"""`load_npz`: arrays saved by NumPy."""

import difflib
import zipfile
from math import prod
from typing import Any

import numpy as np

from xpnn.data._files import DataPath, open_binary, refuse, shorten
from xpnn.data._targets import as_targets, check_task
from xpnn.data.dataset import Dataset
from xpnn.errors import DataError
from xpnn.typing import HostArray

__all__ = ["load_npz", "read_npz"]

_MAX_RATIO = 1100
"""Deflate packs no more than 1032 bytes into one: a member that claims more is made to exhaust the memory."""


def load_npz(path: DataPath, target: str = "y", *, features: str = "x", task: str = "auto") -> Dataset:
    """Read the inputs and the targets from an ``.npz`` file. Nothing is unpickled.

    Parameters
    ----------
    path : str or path
        The file.
    target : str
        Name of the array of targets, shape (samples, ...): numbers, or text for class labels.
    features : str
        Name of the array of inputs, shape (samples, ...) with at least two axes.
    task : {"auto", "classification", "regression"}
        As for `load_csv`.

    Returns
    -------
    Dataset
        `x` in the file's dtype.

    Raises
    ------
    DataError
        If the file is broken, lacks an array, or holds objects, missing values or arrays that do not fit.
    """
    task = check_task(task)
    x, y = read_npz(path, features), _read(path, target)
    if y.ndim == 0 or y.dtype.kind not in "biufU":
        refuse(path, f"hold numbers or text of shape (samples, ...) in {target!r}", f"{y.dtype} of shape {y.shape}")
    if len(x) != len(y) or not len(x):
        refuse(path, "hold as many inputs as targets, and at least one", f"{len(x)} and {len(y)}")
    _check_finite(path, target, y)
    y, class_names = as_targets(y, task)
    return Dataset(x, y, class_names=class_names, target_name=target)


def read_npz(path: DataPath, features: str) -> HostArray:
    """Read inputs alone; see `load_npz`."""
    x = _read(path, features)
    if x.ndim < 2 or x.dtype.kind not in "biuf":
        refuse(path, f"hold real numbers of shape (samples, ...) in {features!r}", f"{x.dtype} of shape {x.shape}")
    _check_finite(path, features, x)
    return x


def _check_finite(path: DataPath, name: str, values: HostArray) -> None:
    if values.dtype.kind == "f" and not np.all(np.isfinite(values)):
        row = int(np.argwhere(~np.isfinite(values))[0][0])
        refuse(path, f"hold finite numbers in {name!r}", f"another in sample {row}")


def _read(path: DataPath, name: str) -> HostArray:
    """Read one array. NumPy answers broken files with at least nine types of exception: all become one."""
    with open_binary(path) as stream:
        try:
            with zipfile.ZipFile(stream) as archive:
                return _member(path, archive, name)
        except DataError:
            raise
        except Exception as error:
            reason = shorten(str(error) or type(error).__name__)
            raise DataError(f"{path} must be a whole .npz file of plain arrays, got an error ({reason}).") from error


def _member(path: DataPath, archive: zipfile.ZipFile, name: str) -> HostArray:
    known = [member.removesuffix(".npy") for member in archive.namelist()]
    if name not in known:
        near = difflib.get_close_matches(str(name), known, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        refuse(path, f"hold the array {name!r}", ", ".join(map(shorten, known[:20])) or "no array", hint)
    info = archive.infolist()[known.index(name)]
    if info.file_size > _MAX_RATIO * (info.compress_size + 1):
        refuse(path, f"hold {name!r} in a size that can be", f"{info.file_size} bytes packed into {info.compress_size}")
    with archive.open(info) as member:
        size = _declared_size(path, member)
        rest = info.file_size - member.tell()
        if size != rest:
            refuse(path, f"hold the whole array {name!r}", f"{rest} bytes for {size}")
    with archive.open(info) as member:
        array: Any = np.lib.format.read_array(member, allow_pickle=False)
    return np.asarray(array, dtype=array.dtype.newbyteorder("="), order="C")


def _declared_size(path: DataPath, member: Any) -> int:
    """Read the header of an array: the number of bytes that must follow. Python's integers do not overflow."""
    version = np.lib.format.read_magic(member)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, _, dtype = read(member)
    if dtype.hasobject:
        refuse(path, "hold plain numbers or text", "Python objects, which would have to be unpickled")
    return prod(shape) * int(dtype.itemsize)
