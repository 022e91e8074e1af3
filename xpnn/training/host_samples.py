"""`HostSamples`: a data set that stays on the host, or on the disk, and comes to the device batch by batch."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from xpnn import _check
from xpnn._tree import map_tree, tree_leaves
from xpnn.training.batches import Batch
from xpnn.training.ingest import ingest_batch
from xpnn.training.prefetch import prefetch
from xpnn.typing import Backend, HostArray

__all__ = ["HostSamples"]


@dataclass(frozen=True, slots=True)
class HostSamples:
    """Arrays of which only the rows of a batch are read.

    Parameters
    ----------
    learner : Learner
        Whose steps they are for.
    x, y : array-like, or tuple or mapping of them
        With a shape, and rows by slices and arrays of integers: memory-mapped arrays, data sets of HDF5 or zarr.
    weight : array-like, or tuple or mapping of them, or None
        Sample weights.
    place : str
        What to put in front of the messages of errors.
    """

    learner: Any
    x: Any
    y: Any
    weight: Any
    place: str = ""

    def __len__(self) -> int:
        return int(tree_leaves(self.x)[0].shape[0])

    def batches(
        self, backend: Backend, batch_size: int | None, order: HostArray | None = None, start: int = 0
    ) -> Iterator[Batch]:
        """Batches as those of `xpnn.training.batches.Samples`, prefetched by a thread."""
        return prefetch(self._read(batch_size, order, start), backend)

    def first(self) -> Batch:
        """Return a batch of one sample."""
        return self._rows(slice(0, 1))

    def _read(self, batch_size: int | None, order: HostArray | None, start: int) -> Iterator[Batch]:
        n = len(self) if order is None else len(order)
        size = n if batch_size is None else min(batch_size, n)
        for begin in range(start * size, n, size):
            rows = slice(begin, min(begin + size, n))
            yield self._rows(rows if order is None else order[rows])

    def _rows(self, rows: Any) -> Batch:
        x, y, weight = map_tree(lambda a: np.asarray(a[rows]), (self.x, self.y, self.weight))
        with _check.inside(self.place):
            return ingest_batch(self.learner, x, y, weight)
