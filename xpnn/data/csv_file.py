"""`load_csv`: tables of text."""

import csv
from collections.abc import Iterator, Sequence
from io import StringIO

from xpnn import _check
from xpnn.data._cells import parse_number
from xpnn.data._files import DataPath, read_bytes, refuse
from xpnn.data._table import Column, Table, to_dataset
from xpnn.data.dataset import Dataset
from xpnn.errors import DataError

__all__ = ["load_csv", "read_csv"]


def load_csv(
    path: DataPath,
    target: str | int = -1,
    *,
    features: Sequence[str | int] | str | int | None = None,
    task: str = "auto",
    delimiter: str | None = None,
    header: bool | None = None,
) -> Dataset:
    """Read a CSV file in UTF-8, packed with gzip or not. Lines may end in any way; blank lines are skipped.

    Parameters
    ----------
    path : str or path
        The file.
    target : str or int
        Name or position of the target's column; by default the last one.
    features : sequence of str or int, str, or int, optional
        Columns of `x`, in this order, or a single one; by default all but the target. They must hold finite numbers.
    task : {"auto", "classification", "regression"}
        ``"auto"`` turns a target of text into classes with names, sorted, and leaves numbers as the file holds them:
        int64 if all are written without a point, else float64. ``"classification"`` turns numbers into classes, too;
        ``"regression"`` makes all of them float64. See `infer_task` for a guess.
    delimiter : str, optional
        The character between cells; by default that of ``,``, ``;`` and tab which parts the first line most often.
    header : bool, optional
        Whether the first line holds the names of the columns; by default it does if none of its cells is a number.
        Without one, the columns are called ``column_0``, ``column_1``, ...

    Returns
    -------
    Dataset
        `x` in float64, shape (rows, features), and `y`, shape (rows,).

    Raises
    ------
    DataError
        If the file cannot be read, is empty or ragged, lacks a column, or holds text, missing values (empty, ``?``,
        NA, N/A, NaN, null or none) or infinity where numbers should be. The sentence says in which line and column.
    ArgumentError
        If an argument is out of its range.
    """
    return to_dataset(read_csv(path, delimiter, header), target, features, task)


def read_csv(path: DataPath, delimiter: str | None = None, header: bool | None = None) -> Table:
    """Read the cells of a CSV file; see `load_csv`."""
    text = _decode(path, read_bytes(path))
    delimiter = _delimiter(text, delimiter)
    rows = [row for _, row in _rows(path, text, delimiter)]
    if not rows:
        refuse(path, "hold data", "blank lines alone")
    has_header = all(map(_is_name, rows[0])) if header is None else _check.boolean("header", header)
    names = [name.strip() for name in rows[0]] if has_header else [f"column_{i}" for i in range(len(rows[0]))]
    body = rows[has_header:]

    def where(row: int) -> str:
        lines = (line for line, _ in _rows(path, text, delimiter))
        return f"line {next(line for i, line in enumerate(lines) if i == row + has_header)}"

    ragged = next((i for i, row in enumerate(body) if len(row) != len(names)), None)
    if ragged is not None:
        refuse(path, f"have {len(names)} cells in each line", f"{len(body[ragged])} in {where(ragged)}")
    columns: list[Column] = [list(column) for column in zip(*body, strict=True)] or [[] for _ in names]
    return Table(path, names, columns, where)


def _decode(path: DataPath, data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{path} must be text in UTF-8, got byte {data[error.start]:#04x} at {error.start}.") from error


def _delimiter(text: str, delimiter: str | None) -> str:
    """Choose the delimiter that makes the most cells of the first line that is not blank."""
    if delimiter is None:
        first = next((line for line in StringIO(text, newline="") if line.strip()), "")
        return max(",;\t", key=lambda choice: len(next(csv.reader([first[:100_000]], delimiter=choice), [])))
    if not isinstance(delimiter, str) or len(delimiter) != 1 or delimiter in '"\r\n ':
        _check.refuse("delimiter", "be one character that is no quote, space or end of line", delimiter)
    return delimiter


def _is_name(cell: str) -> bool:
    return parse_number(cell) is None


def _rows(path: DataPath, text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yield each row after the number of the line in which it ends; a blank line is no row."""
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for row in reader:
            if len(row) > 1 or (row and row[0].strip()):
                yield reader.line_num, row
    except csv.Error as error:
        raise DataError(
            f"{path} must be a table of cells, got an error in line {reader.line_num} ({error})."
        ) from error
