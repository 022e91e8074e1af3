"""`Operand`: a matrix of any strides in the words of cuBLAS."""

from dataclasses import dataclass
from typing import Any

from xpnn.typing import Shape

__all__ = ["Operand", "is_matrix", "layout", "operand"]


@dataclass(frozen=True, slots=True)
class Operand:
    """One of the three matrices.

    Parameters
    ----------
    is_transposed : bool
        Whether its columns lie in order, and not its rows.
    leading : int
        Elements between neighbouring rows, or columns if it is transposed.
    step : int
        Elements between neighbouring matrices of a batch.
    """

    is_transposed: bool
    leading: int
    step: int


def is_matrix(location: Any) -> bool:
    """Whether cuBLAS can read what lies there: the elements of its rows, or of its columns, are neighbours."""
    shape, strides = (1, 1, *location.shape)[-2:], (0, 0, *location.strides)[-2:]
    return layout(shape, strides) is not None


def operand(shape: Shape, strides: tuple[int, ...], step: int) -> Operand:
    """Layout of a batch of matrices.

    Raises
    ------
    ValueError
        If neither rows nor columns lie in order.
    """
    found = layout(shape, strides)
    if found is None:
        raise ValueError(f"a matrix must lie row by row or column by column for cuBLAS, got the strides {strides}.")
    return Operand(*found, step)


def layout(shape: Shape, strides: tuple[int, ...]) -> tuple[bool, int] | None:
    """Whether a matrix is transposed, and its leading dimension; None if neither rows nor columns lie in order."""
    (rows, columns), (down, along) = shape, strides
    if not rows or not columns:
        return False, max(columns, 1)
    if (along == 1 or columns <= 1) and (rows <= 1 or down >= max(columns, 1)):
        return False, max(columns, 1) if rows <= 1 else down
    if (down == 1 or rows <= 1) and (columns <= 1 or along >= max(rows, 1)):
        return True, max(rows, 1) if columns <= 1 else along
    return None
