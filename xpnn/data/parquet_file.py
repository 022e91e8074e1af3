"""`load_parquet`: tables in columns."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from xpnn.data._files import DataPath, open_binary, shorten
from xpnn.data._table import Column, Table, to_dataset
from xpnn.data.dataset import Dataset
from xpnn.errors import DataError

__all__ = ["load_parquet", "read_parquet"]


def load_parquet(
    path: DataPath,
    target: str | int = -1,
    *,
    features: Sequence[str | int] | str | int | None = None,
    task: str = "auto",
) -> Dataset:
    """Read a Parquet file; needs pyarrow, which the extra ``xpnn[data]`` installs.

    Parameters
    ----------
    path : str or path
        The file.
    target, features, task
        As for `load_csv`. Booleans count as 0 and 1 in `x`, and as two classes in `y`.

    Returns
    -------
    Dataset
        `x` in float64, shape (rows, features), and `y`, shape (rows,).

    Raises
    ------
    DataError
        If pyarrow is missing, the file cannot be read, lacks a column, or holds text, missing values or infinity where
        numbers should be.
    ArgumentError
        If an argument is out of its range.
    """
    return to_dataset(read_parquet(path), target, features, task)


def read_parquet(path: DataPath) -> Table:
    """Read the columns of a Parquet file; see `load_parquet`."""
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


def _column(pyarrow: Any, column: Any) -> Column:
    """Numbers and booleans as an array with NaN for null, all else as text with an empty cell for null."""
    kinds, kind = pyarrow.types, column.type
    is_exact = kinds.is_integer(kind) or kinds.is_boolean(kind)
    if is_exact and not column.null_count:
        return np.asarray(column)
    if is_exact or kinds.is_floating(kind) or kinds.is_decimal(kind):
        return np.asarray(column.cast(pyarrow.float64(), safe=False))
    return ["" if value is None else str(value) for value in column.to_pylist()]
