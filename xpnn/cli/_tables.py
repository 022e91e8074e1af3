"""Data files as the commands want them: inputs, and targets as numbers of classes or as reals."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from xpnn.data import Dataset, encode_labels, infer_task, load
from xpnn.errors import ArgumentError, DataError
from xpnn.network import Network
from xpnn.typing import HostArray

__all__ = ["load_for", "load_for_training", "options"]


def load_for_training(path: str, target: str | None, features: Sequence[str] | None, task: str) -> tuple[Dataset, str]:
    """Read a file to learn from; return it with the task, which ``"auto"`` guesses from the targets.

    Returns
    -------
    dataset : Dataset
        `y` holds numbers of classes, int64, shape (n,), or reals, float64, shape (n, outputs).
    task : str
        ``"classification"`` or ``"regression"``.

    Raises
    ------
    DataError, ArgumentError
        If the file cannot be used, or has one class alone.
    """
    table = load(path, **options(path, target, features, task))
    if task == "auto":
        task = "classification" if table.class_names else infer_task(table.y)
    if task == "regression":
        return replace(table, y=_reals(path, table)), task
    table = _classes(table)
    if len(table.class_names) < 2:
        raise DataError(f"{path} must hold at least two classes, got {', '.join(table.class_names)} alone.")
    return table, task


def load_for(net: Network, path: str, target: str | None = None) -> Dataset:
    """Read a file for a trained network: the columns and the classes that it knows.

    Raises
    ------
    DataError, ArgumentError
        If the file lacks a column, or holds a class that the network does not know.
    """
    notes = net.notes
    task = notes.get("task", "auto")
    wanted = target or notes.get("target")
    table = load(path, **options(path, wanted, notes.get("features"), task))
    if task == "regression":
        return replace(table, y=_reals(path, table))
    return _classes_of(net, path, _classes(table)) if "classes" in notes else table


def options(path: str, target: str | None, features: Sequence[str] | None, task: str) -> dict[str, Any]:
    """Arguments of `xpnn.data.load`; an array file has one array of features, and a folder of images no names."""
    given: dict[str, Any] = {"target": target or None, "features": features or None, "task": task}
    if Path(path).suffix.lower() == ".npz":
        if features and len(features) > 1:
            raise ArgumentError(f"features must be the name of one array of {path}, got {', '.join(features)}.")
        given |= {"features": features[0] if features else None, "task": None}
    elif Path(path).is_dir():
        given["task"] = None
    return given


def _reals(path: str, table: Dataset) -> HostArray:
    if table.class_names:
        raise DataError(f"{path} must hold numbers as targets of a regression, got {', '.join(table.class_names[:5])}.")
    return np.astype(np.reshape(table.y, (len(table.y), -1)), np.float64)


def _classes(table: Dataset) -> Dataset:
    """Give classes numbers, unless they have them already; one-hot rows are classes 0, 1, ..."""
    if table.class_names:
        return table
    y = table.y
    if y.ndim == 2:
        y = np.argmax(y, axis=1) if y.shape[1] > 1 else y[:, 0]
    codes, names = encode_labels(y)
    return replace(table, y=codes, class_names=names)


def _classes_of(net: Network, path: str, table: Dataset) -> Dataset:
    """Give classes the numbers that the network knows them by."""
    known = list(net.notes["classes"])
    strange = [name for name in table.class_names if name not in known]
    if strange:
        some = ", ".join(known[:20]) + (", ..." if len(known) > 20 else "")
        raise DataError(f"{path} must hold classes that the network knows ({some}), got {strange[0]!r}.")
    codes = np.asarray([known.index(name) for name in table.class_names], dtype=np.int64)
    return replace(table, y=codes[table.y], class_names=tuple(known))
