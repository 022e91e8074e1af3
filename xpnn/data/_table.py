"""From the columns of a table to a `Dataset`: which column is the target, and what is wrong with a column."""

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np

from xpnn.data._cells import is_finite, is_missing, parse_number
from xpnn.data._files import DataPath, refuse, shorten
from xpnn.data._targets import as_targets, check_task
from xpnn.data.dataset import Dataset
from xpnn.errors import ArgumentError
from xpnn.typing import HostArray

__all__ = ["Column", "Table", "as_columns", "to_dataset"]

Column = list[str] | HostArray
"""Cells of a column: text, in which an empty cell is a missing value, or numbers or booleans, in which NaN is."""

_CURE = " Leave a column out with features=[...], or read a target as classes with task='classification'."


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Named columns of equal length. `where` says where in the file a row is, e.g. ``"line 17"``."""

    path: DataPath
    names: list[str]
    columns: list[Column]
    where: Callable[[int], str]

    def __post_init__(self) -> None:
        if len(set(self.names)) < len(self.names):
            twice = next(name for i, name in enumerate(self.names) if name in self.names[:i])
            refuse(self.path, "have a name of its own for each column", f"{shorten(twice)} twice")

    def find(self, argument: str, column: str | int) -> int:
        """Return the position of a column given by name, or by number: from 0 on, or from -1 back."""
        names = self.names
        if isinstance(column, str) and column in names:
            return names.index(column)
        if not isinstance(column, str | bool) and hasattr(column, "__index__") and -len(names) <= column < len(names):
            return range(len(names))[column]
        near = difflib.get_close_matches(column, names, n=1) if isinstance(column, str) else []
        hint = f" Did you mean {shorten(near[0])}?" if near else ""
        known = ", ".join(map(shorten, names[:20])) + (", ..." if len(names) > 20 else "" if names else "no column")
        return refuse(self.path, f"have the column that {argument} names (it has {known})", shorten(column), hint)

    def inputs(self, chosen: Sequence[int]) -> HostArray:
        """Return the columns at `chosen`, at least one, as an array of shape (rows, columns)."""
        if not len(self.columns[0]):
            refuse(self.path, "have rows", "the names of columns alone")
        return np.stack([self.numbers(i) for i in chosen], axis=1)

    def numbers(self, index: int) -> HostArray:
        """Return a column as float64, or name its first cell that is no finite number."""
        column = self.columns[index]
        if isinstance(column, list):
            try:
                values = np.fromiter(map(float, column), np.float64, len(column))
            except ValueError:
                self.blame(index, is_finite)
            if "_" in "".join(column):
                self.blame(index, is_finite)
        else:
            values = np.astype(column, np.float64)
        return values if np.all(np.isfinite(values)) else self.blame(index, is_finite)

    def blame(self, index: int, is_good: Callable[[str | float], bool]) -> NoReturn:
        """Name the first cell of a column that is not good, and what is wrong with it."""
        row, cell = next((row, cell) for row, cell in enumerate(self.columns[index]) if not is_good(cell))
        cell = cell if isinstance(cell, str) else float(cell)
        got = f"{shorten(cell)} in column {shorten(self.names[index])}, {self.where(row)}"
        if is_missing(str(cell)):
            refuse(self.path, "have no missing values", got)
        if isinstance(cell, float) or parse_number(cell) is not None:
            refuse(self.path, "hold finite numbers", got)
        refuse(self.path, "hold numbers", got, _CURE)


def as_columns(features: Any) -> Any:
    """Return columns as they are, and a single one, by name or by number, as a list."""
    return [features] if isinstance(features, str | int | np.integer) else features


def to_dataset(table: Table, target: str | int, features: Any, task: str) -> Dataset:
    """Part the target from the features; see `xpnn.data.load_csv` for the rules."""
    task, names = check_task(task), table.names
    goal, features = table.find("target", target), as_columns(features)
    chosen = [table.find("features", i) for i in (range(len(names)) if features is None else features)]
    if features is None:
        chosen.remove(goal)
    if goal in chosen:
        raise ArgumentError(f"features must leave out the target, got {shorten(names[goal])}.")
    if not chosen:
        refuse(table.path, "have a column of features besides the target", "none")
    x = table.inputs(chosen)
    y, class_names = as_targets(_target(table, goal, task), task)
    return Dataset(x, y, tuple(names[i] for i in chosen), class_names, names[goal])


def _target(table: Table, index: int, task: str) -> Column:
    """Return the target as text, booleans, whole numbers or reals."""
    column = table.columns[index]
    if not isinstance(column, list):
        return column if column.dtype.kind in "biu" else table.numbers(index)
    is_number = [parse_number(cell) is not None for cell in column if not is_missing(cell)]
    is_text = not any(is_number) or (task == "classification" and not all(is_number))
    if is_text and any(map(is_missing, column)):
        table.blame(index, lambda cell: not is_missing(str(cell)))
    if is_text and task != "regression":
        return [cell.strip() for cell in column]
    values = table.numbers(index)
    try:
        return np.fromiter(map(int, column), np.int64, len(column))
    except (ValueError, OverflowError):
        return values
