"""`ZeroPadding1D`: zeros around sequences."""

from dataclasses import dataclass
from typing import ClassVar

from xpnn.layers._borders import ZeroPaddingND

__all__ = ["ZeroPadding1D"]


@dataclass(frozen=True, slots=True, repr=False)
class ZeroPadding1D(ZeroPaddingND):
    """Zeros around sequences, channels last.

    Parameters
    ----------
    padding : int or pair of int
        Number of elements at both ends, or before and after.
    name : str, optional
        Name of the layer; by default its position.

    Raises
    ------
    ArgumentError
        If an argument breaks its rule.
    ShapeError
        If the input has not the shape (batch, time, channels).

    Examples
    --------
    >>> import numpy as np
    >>> from types import SimpleNamespace
    >>> from xpnn.backend import get_backend
    >>> ctx = SimpleNamespace(xp=get_backend("numpy").xp)
    >>> x = np.asarray([1.0, 3.0, 2.0]).reshape((1, 3, 1))
    >>> ZeroPadding1D((1, 0)).forward({}, {}, x, ctx)[0][0, :, 0].tolist()
    [0.0, 1.0, 3.0, 2.0]
    """

    n_axes: ClassVar[int] = 1
