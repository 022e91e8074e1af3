"""Inputs alone, from a file that need not hold a target."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from xpnn.cli._tables import options
from xpnn.data import load
from xpnn.data._files import open_binary, read_bytes, refuse, shorten
from xpnn.data._table import Column, Table
from xpnn.data.csv_file import _decode, _delimiter, _is_name, _rows
from xpnn.data.parquet_file import _column
from xpnn.errors import DataError
from xpnn.network import Network
from xpnn.typing import HostArray

__all__ = ["load_inputs"]


def load_inputs(net: Network, path: str) -> HostArray:
    """Read the columns, or the array, that `net` was trained on; without notes of that, all columns, or ``x``.

    Raises
    ------
    DataError
        If the file cannot be used, or lacks a column.
    """
    features = net.notes.get("features") or None
    suffixes = [suffix.lower() for suffix in Path(path).suffixes]
    if ".npz" in suffixes[-1:]:
        given = options(path, None, features, "auto")
        return load(path, target=given["features"] or "x", features=given["features"]).x
    if ".parquet" in suffixes[-1:]:
        return _numbers(_read_parquet(path), features)
    if Path(path).is_dir() or not {".csv", ".tsv", ".txt"} & set(suffixes[-2:]):
        return load(path).x
    return _numbers(_read_csv(path), features)


def _numbers(table: Table, features: Sequence[str] | None) -> HostArray:
    chosen = range(len(table.names)) if features is None else [table.find("features", name) for name in features]
    if not len(table.columns[0]):
        refuse(table.path, "have rows", "the names of columns alone")
    return np.stack([table.numbers(i) for i in chosen], axis=1)


def _read_csv(path: str) -> Table:
    text = _decode(path, read_bytes(path))
    lines = list(_rows(path, text, _delimiter(text, None)))
    if not lines:
        refuse(path, "hold data", "blank lines alone")
    first = lines[0][1]
    has_header = all(map(_is_name, first))
    names = [name.strip() if has_header else f"column_{i}" for i, name in enumerate(first)]
    body = lines[has_header:]
    for number, row in body:
        if len(row) != len(names):
            refuse(path, f"have {len(names)} cells in each line", f"{len(row)} in line {number}")
    columns: list[Column] = [[row[i] for _, row in body] for i in range(len(names))]
    return Table(path, names, columns, lambda row: f"line {body[row][0]}")


def _read_parquet(path: str) -> Table:
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise DataError("Parquet files need pyarrow. Install: pip install 'xpnn[data]'.") from error
    with open_binary(path) as stream:
        try:
            table = parquet.ParquetFile(stream).read()
        except (pyarrow.ArrowException, OSError, ValueError) as error:
            raise DataError(f"{path} must be a whole Parquet file, got an error ({shorten(str(error))}).") from error
    columns = [_column(pyarrow, column) for column in table.columns]
    return Table(path, list(table.column_names), columns, "row {}".format)
