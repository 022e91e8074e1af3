"""Mini-batches of arrays that are on the device already."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, NamedTuple

from xpnn._tree import map_tree
from xpnn.training.ports import rows
from xpnn.typing import Array, Backend, HostArray

__all__ = ["Batch", "Samples"]


class Batch(NamedTuple):
    """Inputs, targets, and sample weights or None; the first axis is the batch. Of several inputs, `x` is a tuple.

    `weight` is a tuple if several outputs have weights of their own.
    """

    x: Any
    y: Any
    weight: Any


@dataclass(frozen=True, slots=True)
class Samples:
    """A data set on the device.

    Parameters
    ----------
    x, y : Array, shape (n, ...), or tuple of such arrays
        Inputs and targets.
    weight : Array, shape (n,), or tuple of such arrays, or None
        Sample weights, for all outputs or for each of several.
    """

    x: Any
    y: Any
    weight: Any

    def __len__(self) -> int:
        return rows(self.x)

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
            part = slice(begin, min(begin + size, n))
            if order is None:
                yield self._map(itemgetter((part, ...)))
            else:
                yield self._take(backend, order[part])

    def first(self) -> Batch:
        """Return a batch of one sample."""
        return self._map(itemgetter((slice(0, 1), ...)))

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
