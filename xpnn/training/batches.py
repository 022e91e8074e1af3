"""Mini-batches of arrays that are on the device already."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from xpnn.typing import Array, Backend, HostArray

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

    def batches(
        self, backend: Backend, batch_size: int | None, order: HostArray | None = None, start: int = 0
    ) -> Iterator[Batch]:
        """Batches of `batch_size` (None: all samples), the last one may be shorter; those before `start` are left out.

        With an `order`, integers of shape (m,), they hold the samples of these numbers; it goes to the device once.
        """
        n = len(self) if order is None else int(order.shape[0])
        size = n if batch_size is None else batch_size
        if order is None and size >= n:
            if start == 0:
                yield Batch(self.x, self.y, self.weight)
            return
        order = None if order is None else backend.asarray(order)
        for begin in range(start * size, n, size):
            rows = slice(begin, min(begin + size, n))
            if order is None:
                yield Batch(self.x[rows, ...], self.y[rows, ...], None if self.weight is None else self.weight[rows])
            else:
                yield self._take(backend, order[rows])

    def first(self) -> Batch:
        """Return a batch of one sample."""
        return Batch(self.x[:1, ...], self.y[:1, ...], None if self.weight is None else self.weight[:1])

    def _take(self, backend: Backend, rows: Array) -> Batch:
        take = backend.xp.take
        weight = None if self.weight is None else take(self.weight, rows, axis=0)
        return Batch(take(self.x, rows, axis=0), take(self.y, rows, axis=0), weight)
