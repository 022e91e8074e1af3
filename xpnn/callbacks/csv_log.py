"""`CSVLog`: one line per epoch in a file."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from xpnn import _check
from xpnn.callbacks.callback import Callback
from xpnn.errors import ArgumentError

__all__ = ["CSVLog"]


class CSVLog(Callback):
    """Write the loss and metrics of each epoch as a line of comma-separated values.

    Parameters
    ----------
    path : str or Path
        File in a folder that exists. The first line names the columns: ``epoch`` and the keys of the history.
    append : bool
        Whether to go on in an existing file, whose columns must be the same, instead of writing it anew.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument breaks its rule; when training begins, if the folder does not exist; after an epoch, if its
        values are not those of the columns.

    Notes
    -----
    A training that was cut off goes on in its file, also without `append` and from a saved network: see
    `xpnn.Network.fit`, `resume`. Lines of epochs that are learnt again are replaced.
    """

    def __init__(self, path: str | Path, *, append: bool = False) -> None:
        self.path = _check.path("path", path)
        self.append = _check.boolean("append", append)
        self._forget(is_over=True)

    def _forget(self, is_over: bool) -> None:
        self._columns: list[str] | None = None
        self._lines: int | None = None
        self._is_begun, self._is_over = False, is_over

    def on_train_begin(self, network: Any, epochs: int) -> None:
        """Check the path before anything is learnt, and forget earlier trainings."""
        _check.writable("path", self.path, str(self.path))
        self._forget(is_over=False)

    def on_epoch_begin(self, network: Any, epoch: int) -> None:
        """Before the first epoch empty the file, but for lines that are gone on with."""
        self._open()

    def _open(self) -> None:
        if self._is_begun:
            return
        rows: list[list[str]] = []
        if self.path.exists() and (self.append or self._lines is not None):
            with self.path.open(newline="", encoding="utf-8") as file:
                rows = list(csv.reader(file))
        kept = rows[: self._lines]
        if not rows or len(kept) < len(rows):
            self._write("w", kept)
        self._columns, self._lines, self._is_begun = (kept[0] if kept else None), len(kept), True

    def on_epoch_end(self, network: Any, epoch: int, logs: Mapping[str, float]) -> None:
        """Write a line and close the file, so that it is whole at any time."""
        self._open()
        if self._columns not in (None, ["epoch", *logs]):
            raise ArgumentError(f"logs must have the columns {self._columns} of {self.path}, got {['epoch', *logs]}.")
        names = [["epoch", *logs]] if self._columns is None else []
        self._write("a", [*names, [epoch, *logs.values()]])
        self._columns, self._lines = ["epoch", *logs], (self._lines or 0) + len(names) + 1

    def on_train_end(self, network: Any) -> None:
        """Note that there is nothing to go on with, unless an epoch was left in its middle."""
        self._is_over = network.batches_done == 0

    def state_dict(self) -> dict[str, Any]:
        """Return how many lines the file has of the training that is under way."""
        return {} if self._is_over or self._lines is None else {"path": str(self.path), "lines": self._lines}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on after these lines; afresh, if the path is another."""
        if state["path"] == str(self.path):
            self._lines = int(state["lines"])

    def _write(self, mode: str, rows: Iterable[Sequence[Any]]) -> None:
        with self.path.open(mode, newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(rows)
