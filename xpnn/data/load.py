"""`load` and `load_inputs`: one door for all data files."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from xpnn import _check
from xpnn.data._files import DataPath, refuse
from xpnn.data._table import as_columns
from xpnn.data.csv_file import load_csv, read_csv
from xpnn.data.dataset import Dataset
from xpnn.data.mnist import load_mnist
from xpnn.data.npz_file import load_npz, read_npz
from xpnn.data.parquet_file import load_parquet, read_parquet
from xpnn.errors import ArgumentError, DataError
from xpnn.typing import HostArray

__all__ = ["load", "load_inputs"]

_LOADERS: dict[str, Callable[..., Dataset]] = {
    ".csv": load_csv,
    ".npz": load_npz,
    ".parquet": load_parquet,
    ".tsv": load_csv,
    ".txt": load_csv,
}


def load(
    path: DataPath,
    target: str | int | None = None,
    *,
    features: Sequence[str | int] | str | int | None = None,
    task: str | None = None,
) -> Dataset:
    """Read a data file by its suffix: ``.csv``, ``.tsv``, ``.txt`` (also ``.gz``), ``.npz``, ``.parquet``.

    A folder is read as the training part of MNIST.

    Parameters
    ----------
    path : str or path
        The file or folder.
    target, features, task : optional
        Handed to `load_csv`, `load_npz` or `load_parquet`, which have the defaults; a folder takes none of them.

    Raises
    ------
    DataError
        If the suffix is unknown, or the file unusable.
    ArgumentError
        If an argument is out of its range, or not for this kind of file.

    Examples
    --------
    >>> data = load("flowers.csv", target="species")  # doctest: +SKIP
    """
    given: dict[str, Any] = {"target": target, "features": features, "task": task}
    given = {name: value for name, value in given.items() if value is not None}
    file = _check.path("path", path)
    if file.is_dir():
        if given:
            raise ArgumentError(f"{min(given)} must be left out for a folder of images, got {given[min(given)]!r}.")
        return load_mnist(file)
    return _LOADERS[_suffix(file)](path, **given)


def load_inputs(path: DataPath, features: Sequence[str | int] | str | int | None = None) -> HostArray:
    """Read inputs alone, from a file that need not hold a target: what a trained network is asked about.

    Parameters
    ----------
    path : str or path
        A file or folder that `load` reads.
    features : sequence of str or int, str, or int, optional
        Columns of a table, in this order, or a single one, by default all of them; the name of one array in an ``.npz``
        file, by default ``"x"``; nothing for a folder.

    Returns
    -------
    array, shape (samples, ...)
        As the `x` of `load`.

    Raises
    ------
    DataError
        As for `load`, but for what concerns the target.
    ArgumentError
        If `features` names several arrays, or is given for a folder.
    """
    file = _check.path("path", path)
    if file.is_dir():
        return load(file, features=features).x
    suffix, names = _suffix(file), as_columns(features)
    if suffix == ".npz":
        name = names[0] if names else "x"
        if not isinstance(name, str) or (names and len(names) > 1):
            raise ArgumentError(f"features must be the name of one array, got {features!r}.")
        return read_npz(path, name)
    table = read_parquet(path) if suffix == ".parquet" else read_csv(path)
    chosen = [table.find("features", name) for name in (range(len(table.names)) if names is None else names)]
    if not chosen:
        refuse(path, "have a column of features", "none")
    return table.inputs(chosen)


def _suffix(file: Path) -> str:
    suffix = Path(file.stem).suffix.lower() if file.suffix.lower() == ".gz" else file.suffix.lower()
    if suffix not in _LOADERS:
        known = ", ".join(_LOADERS)
        raise DataError(f"path must end in {known}, or be a folder with MNIST, got {str(file)!r}.")
    return suffix
