"""Shapes of results: broadcasting, products, reductions, slices."""

from collections.abc import Sequence
from math import prod
from types import EllipsisType
from typing import Any

from xpnn.errors import RecordingError
from xpnn.typing import Shape

__all__ = ["broadcast", "joined", "normal_axes", "product", "reduced", "resolve", "sliced"]


def broadcast(shapes: Sequence[Shape]) -> Shape:
    """Shape of an elementwise result."""
    ndim = max((len(shape) for shape in shapes), default=0)
    padded = [(1,) * (ndim - len(shape)) + tuple(shape) for shape in shapes]
    result = []
    for sizes in zip(*padded, strict=True):
        others = {size for size in sizes if size != 1}
        if len(others) > 1:
            raise RecordingError(f"shapes must fit each other, got {', '.join(map(str, shapes))}.")
        result.append(others.pop() if others else 1)
    return tuple(result)


def joined(shapes: Sequence[Shape], axis: int) -> Shape:
    """Shape of a concatenation along `axis`, a number from 0 up."""
    first, ndims = shapes[0], {len(shape) for shape in shapes}
    if len(ndims) > 1 or len({reduced(shape, (axis,), False) for shape in shapes}) > 1:
        raise RecordingError(f"shapes must differ along axis {axis} alone, got {', '.join(map(str, shapes))}.")
    return (*first[:axis], sum(shape[axis] for shape in shapes), *first[axis + 1 :])


def product(a: Shape, b: Shape) -> Shape:
    """Shape of ``a @ b``."""
    if not a or not b or a[-1] != b[-2 if len(b) > 1 else 0]:
        raise RecordingError(f"factors of a matrix product must fit each other, got {a} and {b}.")
    batch = broadcast([a[:-2], b[:-2]])
    return (*batch, *(a[-2:-1] if len(a) > 1 else ()), *(b[-1:] if len(b) > 1 else ()))


def normal_axes(axis: Any, ndim: int) -> tuple[int, ...]:
    """Axes as a tuple of numbers from 0 up; None is all."""
    if axis is None:
        return tuple(range(ndim))
    axes = [int(a) for a in (axis if isinstance(axis, tuple | list) else (axis,))]
    normal = tuple(a % ndim for a in axes if -ndim <= a < ndim)
    if len(set(normal)) != len(axes):
        raise RecordingError(f"axes must be different ones of the {ndim} that there are, got {axis}.")
    return normal


def reduced(shape: Shape, axes: tuple[int, ...], keepdims: bool) -> Shape:
    """Shape after a reduction over `axes`."""
    if keepdims:
        return tuple(1 if i in axes else n for i, n in enumerate(shape))
    return tuple(n for i, n in enumerate(shape) if i not in axes)


def resolve(shape: Sequence[int], size: int) -> Shape:
    """Shape with its -1 replaced; it must have `size` elements."""
    known = [int(n) for n in shape]
    if -1 in known:
        rest = prod(n for n in known if n != -1)
        known[known.index(-1)] = size // rest if rest else 0
    if prod(known) != size or min(known, default=0) < 0:
        raise RecordingError(f"reshape must keep the {size} elements, got the shape {tuple(shape)}.")
    return tuple(known)


def sliced(shape: Shape, key: Any) -> tuple[tuple[tuple[int, int, int], ...], Shape]:
    """Starts, stops and steps of a basic index, one for each axis, and the shape of the result.

    Raises
    ------
    RecordingError
        If the index holds an array: its values are not known yet.
    """
    parts = list(key) if isinstance(key, tuple) else [key]
    if any(isinstance(part, bool) or not isinstance(part, int | slice | EllipsisType | None) for part in parts):
        raise RecordingError(f"an index must be made of integers, slices, None and ..., got {key!r}.")
    n_axes = sum(part is not None and part is not ... for part in parts)
    if n_axes > len(shape) or parts.count(...) > 1:
        raise RecordingError(f"an index must fit the shape {shape}, got {key!r}.")
    if ... in parts:
        place = parts.index(...)
        parts[place : place + 1] = [slice(None)] * (len(shape) - n_axes)
    else:
        parts += [slice(None)] * (len(shape) - n_axes)
    bounds, result, axis = [], [], 0
    for part in parts:
        if part is None:
            result.append(1)
            continue
        bound = _bounds(part, shape[axis])
        bounds.append(bound)
        if isinstance(part, slice):
            result.append(len(range(*bound)))
        axis += 1
    return tuple(bounds), tuple(result)


def _bounds(part: int | slice, size: int) -> tuple[int, int, int]:
    if isinstance(part, slice):
        start, stop, step = part.indices(size)
        return (start, stop, step) if range(start, stop, step) else (0, 0, 1)
    index = part + size if part < 0 else part
    if not 0 <= index < size:
        raise RecordingError(f"an index must lie within its axis of {size} elements, got {part}.")
    return index, index + 1, 1
