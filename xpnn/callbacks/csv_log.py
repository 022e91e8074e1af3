"""`CSVLog`: one line per epoch in a file."""

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from xpnn.callbacks.callback import Callback
from xpnn.errors import ArgumentError

__all__ = ["CSVLog"]


class CSVLog(Callback):
    """Write the loss and metrics of each epoch as a line of comma-separated values.

    Parameters
    ----------
    path : str or Path
        File. The first line names the columns: ``epoch`` and the keys of the history.
    append : bool
        Whether to go on in an existing file, whose columns must be the same, instead of writing it anew.

    Raises
    ------
    ArgumentError
        After an epoch, if its values are not those of the columns.
    """

    def __init__(self, path: str | Path, *, append: bool = False) -> None:
        self.path = Path(path)
        self.append = append

    def on_train_begin(self, network: Any, epochs: int) -> None:
        """Empty the file, unless lines are to be appended."""
        self._columns: list[str] | None = None
        if self.append and self.path.exists():
            with self.path.open(newline="", encoding="utf-8") as file:
                self._columns = next(csv.reader(file), None)
        else:
            self.path.write_text("", encoding="utf-8")

    def on_epoch_end(self, network: Any, epoch: int, logs: Mapping[str, float]) -> None:
        """Write a line and close the file, so that it is whole at any time."""
        if self._columns not in (None, ["epoch", *logs]):
            raise ArgumentError(f"logs must have the columns {self._columns} of {self.path}, got {['epoch', *logs]}.")
        with self.path.open("a", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            if self._columns is None:
                self._columns = ["epoch", *logs]
                writer.writerow(self._columns)
            writer.writerow([epoch, *logs.values()])
