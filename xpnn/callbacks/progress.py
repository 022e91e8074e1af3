"""`Progress`: one line that shows how training goes."""

import sys
import time
from collections.abc import Mapping
from typing import Any

from xpnn.callbacks.callback import Callback

__all__ = ["Progress", "verbosity"]


def verbosity(verbose: int | str) -> int:
    """0 is silence, 1 one line that is rewritten, 2 a line per epoch; "auto" is 1 before a person and 0 otherwise."""
    if verbose == "auto":
        return 1 if sys.stderr.isatty() or "ipykernel" in sys.modules else 0
    return int(verbose)


class Progress(Callback):
    """Write epoch, loss and metrics to stderr.

    Parameters
    ----------
    verbose : int
        1 rewrites one line, at most ten times a second; 2 writes a line per epoch.
    """

    def __init__(self, verbose: int) -> None:
        self.verbose = verbose

    def on_train_begin(self, network: Any, epochs: int) -> None:
        """Start the clock."""
        self._begin, self._shown = time.perf_counter(), 0.0
        self._last: str | None = None
        self._width = 0
        self._end = len(network.history.epoch) + epochs

    def on_epoch_end(self, network: Any, epoch: int, logs: Mapping[str, float]) -> None:
        """Show the epoch."""
        now = time.perf_counter()
        values = "  ".join(f"{name} {value:.4g}" for name, value in logs.items())
        self._last = f"epoch {epoch + 1}/{self._end}  {values}  {now - self._begin:.1f} s"
        if self.verbose == 2:
            print(self._last, file=sys.stderr, flush=True)
        elif now - self._shown >= 0.1:
            self._shown = now
            self._rewrite()

    def on_train_end(self, network: Any) -> None:
        """Show the last epoch and end the line."""
        if self.verbose == 1 and self._last is not None:
            self._rewrite(end="\n")

    def _rewrite(self, end: str = "") -> None:
        line = self._last or ""
        print(f"\r{line:<{self._width}}{end}", end="", file=sys.stderr, flush=True)
        self._width = len(line)
