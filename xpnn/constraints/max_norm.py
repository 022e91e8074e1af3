"""`MaxNorm`: an upper bound of the norm of each unit's weights."""

from dataclasses import dataclass

from xpnn import _check
from xpnn._record import Record
from xpnn.constraints._axes import axes, check_axes, norms
from xpnn.typing import Array, Namespace, Shape

__all__ = ["MaxNorm"]


@dataclass(frozen=True, slots=True, repr=False)
class MaxNorm(Record):
    r"""Scale weights down to the norm `max` where it is greater: :math:`w \cdot c / \max(\|w\|, c)`.

    Parameters
    ----------
    max : float
        The greatest norm :math:`c`.
    axis : int or tuple of int
        Axes along which the norm is taken: 0 for the incoming weights of each unit of `Dense`, (0, 1, 2) for each
        filter of a two-dimensional convolution.

    Raises
    ------
    ArgumentError
        If `max` is not above 0 or `axis` is no axis.
    ShapeError
        When the network is built, if the parameter does not have such an axis.

    Notes
    -----
    Weights within the bound stay as they are, bit by bit. (Keras adds 1e-7 to the norm, PyTorch's renorm_ too.)

    References
    ----------
    .. [1] Srivastava et al., JMLR 15, 2014, section 5.1.

    Examples
    --------
    >>> import numpy as np
    >>> MaxNorm(2.5).project(np, np.asarray([[3.0, 0.5], [4.0, 1.0]])).tolist()
    [[1.5, 0.5], [2.0, 1.0]]
    """

    max: float = 2.0
    axis: int | tuple[int, ...] = 0

    def __post_init__(self) -> None:
        self._set("max", _check.positive("max", self.max))
        self._set("axis", axes(self.axis))

    def check(self, shape: Shape) -> None:
        """Refuse a parameter of `shape` that lacks an axis."""
        check_axes(self.axis, shape)

    def project(self, xp: Namespace, w: Array) -> Array:
        """Scale down what is too long."""
        return w * (self.max / xp.maximum(norms(xp, w, self.axis), self.max))
