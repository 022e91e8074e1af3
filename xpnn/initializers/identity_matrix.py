"""`IdentityMatrix`: a layer that starts by handing its input on."""

from dataclasses import dataclass

from xpnn import _check
from xpnn._record import Record
from xpnn.errors import ShapeError
from xpnn.typing import HostArray, Rng, Shape

__all__ = ["IdentityMatrix"]


@dataclass(frozen=True, slots=True, repr=False)
class IdentityMatrix(Record):
    """`gain` on the diagonal of a matrix, 0 elsewhere.

    Parameters
    ----------
    gain : float
        The value on the diagonal.

    Raises
    ------
    ArgumentError
        If `gain` is no finite number.
    ShapeError
        If the weight is no matrix.

    References
    ----------
    .. [1] Le, Jaitly & Hinton, A simple way to initialize recurrent networks of rectified linear units, 2015.

    Examples
    --------
    >>> import numpy as np
    >>> from xpnn.random import HostRng
    >>> IdentityMatrix().draw(HostRng(np.random.default_rng(0)), (2, 3)).tolist()
    [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]
    """

    gain: float = 1.0

    def __post_init__(self) -> None:
        self._set("gain", _check.number("gain", self.gain))

    def draw(self, rng: Rng, shape: Shape) -> HostArray:
        """Return the matrix."""
        if len(shape) != 2:
            raise ShapeError(f"weight must have two axes to be an identity, got shape {shape}.")
        return rng.eye(self.gain, *shape)
