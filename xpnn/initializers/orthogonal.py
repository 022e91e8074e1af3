"""`Orthogonal`: initial weights that keep lengths and angles."""

from dataclasses import dataclass
from math import prod

from xpnn import _check
from xpnn._record import Record
from xpnn.errors import ShapeError
from xpnn.typing import HostArray, Rng, Shape

__all__ = ["Orthogonal"]


@dataclass(frozen=True, slots=True, repr=False)
class Orthogonal(Record):
    r"""A random matrix with orthonormal columns, or orthonormal rows if it is wider than high, times `gain`.

    Weights of more than two axes, as of convolutions, are such a matrix with all axes but the last as one.

    Parameters
    ----------
    gain : float
        Factor, above 0; [1]_ uses 1 for linear layers, :math:`\sqrt 2` suits rectifiers.

    Raises
    ------
    ArgumentError
        If `gain` breaks its rule.
    ShapeError
        If the weight has fewer than two axes.

    Notes
    -----
    The Q of the QR decomposition of a normal matrix in float64, with the signs that make the diagonal of R positive,
    so that all orthogonal matrices are equally likely. Another library of linear algebra may round its last bits
    otherwise.

    References
    ----------
    .. [1] Saxe, McClelland & Ganguli, ICLR 2014, section 3; Mezzadri, Notices of the AMS 54, 2007 (the signs).

    Examples
    --------
    >>> import numpy as np
    >>> from xpnn.random import HostRng
    >>> weight = Orthogonal(2.0).draw(HostRng(np.random.default_rng(0)), (5, 3))
    >>> np.abs(weight.T @ weight).round(12).tolist()
    [[4.0, 0.0, 0.0], [0.0, 4.0, 0.0], [0.0, 0.0, 4.0]]
    """

    gain: float = 1.0

    def __post_init__(self) -> None:
        self._set("gain", _check.positive("gain", self.gain))

    def draw(self, rng: Rng, shape: Shape) -> HostArray:
        """Draw values of `shape`."""
        if len(shape) < 2:
            raise ShapeError(f"weight must have at least two axes to be orthogonal, got shape {shape}.")
        return rng.orthogonal(self.gain, prod(shape[:-1]), shape[-1]).reshape(shape)
