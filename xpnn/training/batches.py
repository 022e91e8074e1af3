"""Mini-batches of arrays that are on the device already."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from xpnn.typing import Array, Backend

__all__ = ["Batch", "Samples"]


class Batch(NamedTuple):
    """Inputs, targets, and sample weights or None; the first axis is the batch."""

    x: Array
    y: Array
    weight: Array | None


@dataclass(frozen=True, slots=True)
class Samples:
    """A data set on the device.

    Parameters
    ----------
    x, y : Array, shape (n, ...)
        Inputs and targets.
    weight : Array, shape (n,), or None
        Sample weights.
    """

    x: Array
    y: Array
    weight: Array | None

    def __len__(self) -> int:
        return int(self.x.shape[0])

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
            rows = slice(start, min(start + size, n))
            if order is None:
                yield Batch(self.x[rows, ...], self.y[rows, ...], None if self.weight is None else self.weight[rows])
            else:
                yield self._take(backend, order[rows])

    def _take(self, backend: Backend, rows: Array) -> Batch:
        take = backend.xp.take
        weight = None if self.weight is None else take(self.weight, rows, axis=0)
        return Batch(take(self.x, rows, axis=0), take(self.y, rows, axis=0), weight)
