"""`ArrayStream`: arrays that stay where they are, and are read batch by batch."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from xpnn._tree import tree_leaves
from xpnn.errors import ArgumentTypeError, ShapeError

__all__ = ["ArrayStream"]


@dataclass(frozen=True, slots=True)
class ArrayStream:
    """A data set for `xpnn.Network.fit` that is never brought to the device as a whole.

    In each step the rows of one batch are read, checked, and brought over, by a thread that works two batches ahead.
    Memory-mapped arrays (``np.load(path, mmap_mode="r")``) are treated so even without this wrapper. Data that fit the
    device are faster there: plain arrays are copied once.

    Parameters
    ----------
    x, y : array-like, shape (n, ...)
        Anything with a shape, whose rows can be had by slices and by arrays of integers: arrays of NumPy, in memory or
        mapped, zarr arrays. (Data sets of h5py want ascending indices: use ``shuffle=False``.)
        Several inputs or targets are a tuple of them, or a mapping by the names of the inputs or outputs of a `Graph`.
    sample_weight : array-like, shape (n,), optional
        Weight of each sample, or a tuple or mapping of them for several outputs; see `xpnn.Network.fit`.

    Raises
    ------
    ArgumentTypeError, ShapeError
        If something has no shape, or the lengths differ.

    Examples
    --------
    >>> import numpy as np
    >>> from xpnn import Network, data
    >>> from xpnn.layers import Dense
    >>> stream = data.ArrayStream(np.zeros((100, 3), dtype=np.float32), np.zeros(100, dtype=np.int64))
    >>> net = Network([Dense(2)])
    >>> len(net.fit(stream, batch_size=10, epochs=2)["loss"])
    2
    """

    x: Any
    y: Any
    sample_weight: Any = None

    def __post_init__(self) -> None:
        rows, first = None, ""
        for name, value in (*_named("x", self.x), *_named("y", self.y), *_named("sample_weight", self.sample_weight)):
            if value is None and name.startswith("sample_weight"):
                continue
            if not hasattr(value, "shape") or not hasattr(value, "__getitem__") or len(value.shape) == 0:
                raise ArgumentTypeError(f"{name} must be an array with rows, got {type(value).__name__}.")
            rows, first = (value.shape[0], name) if rows is None else (rows, first)
            if value.shape[0] != rows:
                raise ShapeError(f"{name} must have {rows} rows like {first}, got shape {tuple(value.shape)}.")

    def __len__(self) -> int:
        return int(tree_leaves(self.x)[0].shape[0])


def _named(name: str, value: Any) -> list[tuple[str, Any]]:
    """Return the arrays of an argument, with names for messages."""
    if isinstance(value, Mapping | tuple):
        parts = value.items() if isinstance(value, Mapping) else enumerate(value)
        if not value:
            raise ArgumentTypeError(f"{name} must hold at least one array, got none.")
        return [(f"{name}[{key!r}]", part) for key, part in parts]
    return [(name, value)]
