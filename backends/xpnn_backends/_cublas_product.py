"""`Product`: a product of matrices, of one type and any strides, in the words of cuBLAS."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product as _combinations
from typing import Any

from xpnn.typing import Shape
from xpnn_backends._cublas_layout import Operand, layout, operand

__all__ = ["Product", "plan_product"]


@dataclass(frozen=True, slots=True)
class Product:
    """A batch of `count` products of (rows, inner) by (inner, columns), or several such batches.

    Parameters
    ----------
    dtype : str
        ``"float16"``, ``"float32"`` or ``"float64"``.
    rows, inner, columns, count : int
        Sizes.
    left, right, out : Operand
        Layouts.
    offsets : tuple of (int, int, int)
        Where each batch begins, in elements.
    """

    dtype: str
    rows: int
    inner: int
    columns: int
    count: int
    left: Operand
    right: Operand
    out: Operand
    offsets: tuple[tuple[int, int, int], ...]


def plan_product(dtype: str, left: Any, right: Any, out: Any) -> Product:
    """Plan ``out = left @ right`` for these locations, of which `is_matrix` is true.

    Raises
    ------
    ValueError
        If the type is none of cuBLAS's, or the result does not lie row by row.
    """
    if dtype not in ("float16", "float32", "float64"):
        raise ValueError(f"a product of matrices must be of float16, float32 or float64 for cuBLAS, got {dtype}.")
    has_rows, has_columns = len(left.shape) > 1, len(right.shape) > 1
    rows, inner = (1, *left.shape)[-2:]
    columns = right.shape[-1] if has_columns else 1
    n_batch = len(out.shape) - has_rows - has_columns
    strides = [_as_matrices(left, n_batch, True, has_rows), _as_matrices(right, n_batch, has_columns, True)]
    strides.append(_as_matrices(out, n_batch, has_columns, has_rows))
    axes = _merged(out.shape[:n_batch], [s[:n_batch] for s in strides])
    ends = [s[n_batch:] for s in strides]
    if len(axes) == 1 and (folded := _folded(axes[0], rows, inner, ends)):
        rows, ends, axes = rows * axes[0][0], folded, []
    count, steps = axes.pop() if axes else (1, (0, 0, 0))
    shapes = (rows, inner), (inner, columns), (rows, columns)
    a, b, c = (operand(*each) for each in zip(shapes, ends, steps, strict=True))
    if c.is_transposed:
        raise ValueError(f"the result of a product must lie row by row for cuBLAS, got the strides {out.strides}.")
    offsets = tuple(_offsets((left.offset, right.offset, out.offset), axes)) if rows and columns and count else ()
    return Product(dtype, rows, inner, columns, count, a, b, c, offsets)


def _as_matrices(location: Any, n_batch: int, has_columns: bool, has_rows: bool) -> tuple[int, ...]:
    """Strides of a batch of matrices; 0 along axes of one element, which a vector and a batch that is missing have."""
    strides = [0 if n == 1 else step for n, step in zip(location.shape, location.strides, strict=True)]
    if not has_columns:
        strides.append(0)
    if not has_rows:
        strides.insert(len(strides) - 1, 0)
    return (*(0,) * (n_batch + 2 - len(strides)), *strides)


def _merged(shape: Shape, strides: list[tuple[int, ...]]) -> list[tuple[int, tuple[int, ...]]]:
    """Axes of the batch, with the strides of the three operands; neighbours that need one step are one."""
    axes: list[tuple[int, tuple[int, ...]]] = []
    for n, *steps in zip(shape, *strides, strict=True):
        if n == 1:
            continue
        if axes and all(outer == n * step for outer, step in zip(axes[-1][1], steps, strict=True)):
            axes[-1] = (axes[-1][0] * n, tuple(steps))
        else:
            axes.append((n, tuple(steps)))
    return axes


def _folded(
    axis: tuple[int, tuple[int, ...]], rows: int, inner: int, ends: list[tuple[int, ...]]
) -> list[tuple[int, ...]] | None:
    """Strides of a batch times one matrix as a single product with more rows; None if it is none."""
    count, (left, right, out) = axis
    (down, along), _, (out_down, out_along) = ends
    if right or (rows != 1 and (left != rows * down or out != rows * out_down)):
        return None
    a, c = ((left, along), (out, out_along)) if rows == 1 else ((down, along), (out_down, out_along))
    return [a, ends[1], c] if layout((rows * count, inner), a) else None


def _offsets(begin: tuple[int, int, int], axes: list[tuple[int, tuple[int, ...]]]) -> Iterator[tuple[int, int, int]]:
    for index in _combinations(*(range(n) for n, _ in axes)):
        moved = [sum(i * steps[k] for i, (_, steps) in zip(index, axes, strict=True)) for k in range(3)]
        yield begin[0] + moved[0], begin[1] + moved[1], begin[2] + moved[2]
