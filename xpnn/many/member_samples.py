"""`MemberSamples`: for each member its own rows of data that all share."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from xpnn.namespaces import Batched
from xpnn.namespaces.batched import share
from xpnn.training.batches import Batch, Samples
from xpnn.typing import HostArray

__all__ = ["MemberSamples", "share_samples"]


class MemberSamples(Samples):
    """A part of shared samples for each member; the parts are equally long, and no data are copied but the batches.

    Parameters
    ----------
    samples : Samples
        On the device, shared.
    rows : ndarray, shape (members, n)
        Which of them, for each member.
    """

    __slots__ = ("_rows",)
    _rows: HostArray

    def __init__(self, samples: Samples, rows: HostArray) -> None:
        super().__init__(samples.x, samples.y, samples.weight)
        object.__setattr__(self, "_rows", rows)

    def __len__(self) -> int:
        return int(self._rows.shape[1])

    def batches(self, backend: Any, batch_size: int | None, order: Any = None, start: int = 0) -> Iterator[Batch]:
        """Batches of `batch_size` as for one network on its own part."""
        n = len(self)
        size = n if batch_size is None else batch_size
        rows = self._rows if order is None else np.take_along_axis(self._rows, order.array, axis=1)
        order = backend.asarray(Batched(rows))
        for begin in range(start * size, n, size):
            yield self._take(backend, order[begin : min(begin + size, n)])


def share_samples(samples: Samples) -> Samples:
    """Return samples that all members share."""
    weight = None if samples.weight is None else share(samples.weight)
    return Samples(share(samples.x), share(samples.y), weight)
