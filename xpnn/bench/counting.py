"""`count_work`: the work of a training step.

The step runs once on arrays that note what is done with them, so that every layer, loss and optimizer is counted, also
those that nobody has thought of here; see `xpnn.bench.counter` for the rules.
"""

from typing import Any

import numpy as np

from xpnn.backend import get_backend
from xpnn.bench.counted import Counted
from xpnn.bench.counter import Counter, Work, plain
from xpnn.bench.workload import Workload
from xpnn.typing import Array, Backend, HostArray

__all__ = ["count_work"]


class _Namespace:
    """The functions of NumPy, counted."""

    def __init__(self, counter: Counter) -> None:
        self._xp, self._counter = get_backend("numpy").xp, counter

    def __getattr__(self, name: str) -> Any:
        function = getattr(self._xp, name)
        if not callable(function) or isinstance(function, type):
            return function
        counted = lambda *args, **options: self._counter.call(name, function, *args, **options)  # noqa: E731
        setattr(self, name, counted)
        return counted


class _Backend:
    """NumPy, counted, with the habits of another backend: writing in place, blocks, functions of its own."""

    name, device = "counting", "cpu"

    def __init__(self, like: Backend) -> None:
        self.counter = Counter()
        self.xp = _Namespace(self.counter)
        self.shares_views = bool(getattr(like, "shares_views", False))
        self.block_size = getattr(like, "block_size", None)
        if hasattr(like, "erfc"):
            erfc: Any = getattr(get_backend("numpy"), "erfc", None) or np.exp  # as many numbers, if not the same
            self.erfc = lambda x: self.counter.call("erfc", erfc, x)

    def asarray(self, values: Any, dtype: Any = None) -> Array:
        """Return `values` as a counted array."""
        return Counted(np.asarray(plain(values), dtype=dtype), self.counter)

    def to_numpy(self, x: Array) -> HostArray:
        """Return what was counted."""
        return plain(x)

    def synchronize(self) -> None:
        """Return at once."""


def count_work(workload: Workload, backend: Backend) -> Work:
    """Count one step as `backend` would run it, operation by operation."""
    counting = _Backend(backend)
    runner = workload.open(counting)
    counting.counter.work = Work()
    runner.step()
    return counting.counter.work
