"""`BatchStream`: batches that the caller makes, one after another."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain, islice
from typing import Any

import numpy as np

from xpnn._tree import map_tree
from xpnn.errors import ArgumentError, ArgumentTypeError
from xpnn.training.batches import Batch
from xpnn.training.ingest import ingest_batch
from xpnn.training.prefetch import prefetch
from xpnn.typing import Backend, HostArray

__all__ = ["BatchStream"]


class BatchStream:
    """An iterable of ``(x, y)`` or ``(x, y, sample_weight)``, or a function that makes one for each epoch.

    Parameters
    ----------
    batches : iterable or callable
        An iterator (which can be gone through once) goes on from epoch to epoch, and needs `steps`.
    steps : int or None
        Number of batches in an epoch; None is until they end.

    Raises
    ------
    ArgumentTypeError
        If `batches` is neither.
    """

    def __init__(self, batches: Any, steps: int | None) -> None:
        if not callable(batches) and not isinstance(batches, Iterable):
            raise ArgumentTypeError(
                f"x must be an iterable of batches, or a function that makes one, where y is left out, got "
                f"{type(batches).__name__}."
            )
        self.learner: Any = None
        self._steps = steps
        self._make: Callable[[], Iterable[Any]] = batches if callable(batches) else lambda: batches
        self._goes_on = not callable(batches) and iter(batches) is batches

    def peek(self) -> tuple[Any, ...]:
        """Return the first batch as it comes, without losing it."""
        first = next(iter(self._make()), None)
        if first is None:
            raise ArgumentError("x must give at least one batch, got none.")
        if self._goes_on:
            rest = chain([first], self._make())
            self._make = lambda: rest
        if not isinstance(first, tuple | list) or len(first) not in (2, 3):
            raise ArgumentTypeError(f"x must give batches (x, y) or (x, y, sample_weight), got {type(first).__name__}.")
        return tuple(first)

    def first(self) -> Batch:
        """Return the first batch on the device, without losing it."""
        return self._ingest(self.peek())

    def __len__(self) -> int:
        return 0

    def batches(
        self, backend: Backend, batch_size: int | None, order: HostArray | None = None, start: int = 0
    ) -> Iterator[Batch]:
        """Batches of one epoch from `start` on, prefetched by a thread; an iterator goes on where it stands."""
        return prefetch(self._read(start), backend)

    def _read(self, start: int) -> Iterator[Batch]:
        source = iter(self._make())
        if not self._goes_on:
            next(islice(source, start, start), None)
        left = None if self._steps is None else self._steps - start
        count = 0
        for batch in islice(source, left):
            count += 1
            yield self._ingest(batch)
        if (left is None and count == 0 and start == 0) or (left is not None and count < left):
            wanted = "at least one batch" if self._steps is None else f"{self._steps} batches"
            raise ArgumentError(
                f"x must give {wanted} in each epoch, got {start + count}: an iterator gives its batches once, a "
                "function that makes one gives them in each epoch."
            )

    def _ingest(self, batch: Any) -> Batch:
        if not isinstance(batch, tuple | list) or len(batch) not in (2, 3):
            raise ArgumentTypeError(f"x must give batches (x, y) or (x, y, sample_weight), got {type(batch).__name__}.")
        return ingest_batch(self.learner, *map(self._copy, batch))

    def _copy(self, values: Any) -> Any:
        """Copy arrays: who makes batches may fill the same ones again while the step has yet to read them."""
        if isinstance(values, tuple | Mapping):
            return map_tree(self._copy, values)
        flat, xp = self.learner.weights.flat, self.learner.backend.xp
        if type(values) is type(flat):
            return xp.asarray(values, copy=True)
        return np.array(values) if isinstance(values, np.ndarray) else values
