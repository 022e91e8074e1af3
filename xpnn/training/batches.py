"""Mini-batches of arrays that are on the device already."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, NamedTuple

import numpy as np

from xpnn._tree import map_tree
from xpnn.training.ports import rows
from xpnn.typing import Array, Backend

__all__ = ["Batch", "Samples"]


class Batch(NamedTuple):
    """Inputs, targets, and sample weights or None; the first axis is the batch. Of several inputs, `x` is a tuple."""

    x: Any
    y: Any
    weight: Array | None


@dataclass(frozen=True, slots=True)
class Samples:
    """A data set on the device.

    Parameters
    ----------
    x, y : Array, shape (n, ...), or tuple of such arrays
        Inputs and targets.
    weight : Array, shape (n,), or None
        Sample weights.
    """

    x: Any
    y: Any
    weight: Array | None

    def __len__(self) -> int:
        return rows(self.x)

    def batches(self, backend: Backend, batch_size: int | None, rng: np.random.Generator | None) -> Iterator[Batch]:
        """Batches of `batch_size` (None: all samples), the last one may be shorter.

        With an `rng` the order is a fresh permutation, drawn on the host and copied to the device once.
        """
        n = len(self)
        size = n if batch_size is None else batch_size
        if size >= n:
            yield Batch(self.x, self.y, self.weight)
            return
        order = None if rng is None else backend.asarray(rng.permutation(n))
        for start in range(0, n, size):
            part = slice(start, min(start + size, n))
            if order is None:
                yield self._map(itemgetter((part, ...)))
            else:
                yield self._take(backend, order[part])

    def _take(self, backend: Backend, picked: Array) -> Batch:
        take = backend.xp.take
        return self._map(lambda a: take(a, picked, axis=0))

    def _map(self, pick: Callable[[Array], Array]) -> Batch:
        return Batch(
            *[
                pick(a) if type(a) is not tuple and a is not None else map_tree(pick, a)
                for a in (self.x, self.y, self.weight)
            ]
        )
