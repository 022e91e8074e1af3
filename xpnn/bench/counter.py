"""`Work` and `Counter`: operations, their arithmetic, and the bytes that they read and write.

The rules, all in `Counter.note`:

- An operation whose result lies in the memory of an argument is a view and costs nothing; any other is one operation.
- A product of matrices of shapes (m, k) and (k, n) has 2 m k n FLOP. What moves numbers has none. Everything else has
  one for each element of the largest array in sight, a division or an exponential too.
- Every array among the arguments is read, and every result is written, as if there were no cache.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from xpnn.bench.counted import Counted
from xpnn.typing import HostArray

__all__ = ["Counter", "Work", "plain"]

_MOVES = frozenset(
    ("arange", "asarray", "astype", "concat", "full", "ones", "ones_like", "setitem", "stack", "take", "where", "zeros",
     "zeros_like", "getitem", "flip", "roll", "repeat", "tile")
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Work:
    """Operations of one step, their FLOP, and the bytes that they read and write."""

    operations: int = 0
    flop: int = 0
    nbytes: int = 0

    @property
    def intensity(self) -> float:
        """FLOP per byte."""
        return self.flop / max(self.nbytes, 1)


class Counter:
    """The work so far."""

    def __init__(self) -> None:
        self.work = Work()

    def note(self, name: str, args: list[HostArray], result: Any, written: int = 0) -> None:
        """Add one operation; `written` are the bytes that it has put into an argument."""
        results = [part for part in (result if isinstance(result, tuple | list) else [result]) if _is_array(part)]
        if not written and (not results or any(np.may_share_memory(r, a) for r in results for a in args)):
            return
        sizes = [array.size for array in (*args, *results)]
        flop = 0 if name in _MOVES else max(sizes, default=0)
        if name == "matmul":
            flop = 2 * results[0].size * args[0].shape[-1]
        nbytes = sum(array.nbytes for array in (*args, *results)) + written
        work = self.work
        self.work = Work(work.operations + 1, work.flop + flop, work.nbytes + nbytes)

    def call(self, name: str, function: Callable[..., Any], *args: Any, **options: Any) -> Any:
        """Call `function` on plain arrays, note it, and return counted ones."""
        values = [plain(arg) for arg in args]
        result = function(*values, **{key: plain(value) for key, value in options.items()})
        arrays = [part for arg in values for part in (arg if isinstance(arg, list) else [arg]) if _is_array(part)]
        self.note(name, arrays, result)
        return self.wrap(result)

    def wrap(self, value: Any) -> Any:
        """Return arrays as counted ones, and all else as it is."""
        if isinstance(value, tuple | list):
            return type(value)(self.wrap(part) for part in value)
        return Counted(np.asarray(value), self) if _is_array(value) else value


def _is_array(value: Any) -> bool:
    return isinstance(value, np.ndarray | np.generic)


def plain(value: Any) -> Any:
    """Arrays of NumPy in place of counted ones."""
    if isinstance(value, tuple | list):
        return [plain(part) for part in value] if any(isinstance(p, Counted) for p in value) else value
    return value.array if isinstance(value, Counted) else value
