"""`UnitNorm`: weights of norm 1 for each unit."""

from dataclasses import dataclass

from xpnn._record import Record
from xpnn.constraints._axes import axes, check_axes, norms
from xpnn.typing import Array, Namespace, Shape

__all__ = ["UnitNorm"]


@dataclass(frozen=True, slots=True, repr=False)
class UnitNorm(Record):
    r"""Scale weights to norm 1, :math:`w / \|w\|`; zeros stay zeros.

    Parameters
    ----------
    axis : int or tuple of int
        Axes along which the norm is taken: 0 for the incoming weights of each unit of `Dense`, (0, 1, 2) for each
        filter of a two-dimensional convolution.

    Raises
    ------
    ArgumentError
        If `axis` is no axis.
    ShapeError
        When the network is built, if the parameter does not have such an axis.

    Examples
    --------
    >>> import numpy as np
    >>> UnitNorm().project(np, np.asarray([[3.0, 0.0], [4.0, 0.0]])).tolist()
    [[0.6, 0.0], [0.8, 0.0]]
    """

    axis: int | tuple[int, ...] = 0

    def __post_init__(self) -> None:
        self._set("axis", axes(self.axis))

    def check(self, shape: Shape) -> None:
        """Refuse a parameter of `shape` that lacks an axis."""
        check_axes(self.axis, shape)

    def project(self, xp: Namespace, w: Array) -> Array:
        """Divide by the norm."""
        norm = norms(xp, w, self.axis)
        return w / xp.where(norm == 0, 1.0, norm)
