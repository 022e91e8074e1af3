"""`ZeroPadding2D`: zeros around images."""

from dataclasses import dataclass
from typing import ClassVar

from xpnn.layers._borders import ZeroPaddingND

__all__ = ["ZeroPadding2D"]


@dataclass(frozen=True, slots=True, repr=False)
class ZeroPadding2D(ZeroPaddingND):
    """Zeros around images, channels last.

    Parameters
    ----------
    padding : int or tuple
        Number of elements on all sides, or for height and width an integer or a pair (before, after).
    name : str, optional
        Name of the layer; by default its position.

    Raises
    ------
    ArgumentError
        If an argument breaks its rule.
    ShapeError
        If the input has not the shape (batch, height, width, channels).

    Examples
    --------
    >>> import numpy as np
    >>> from types import SimpleNamespace
    >>> from xpnn.backend import get_backend
    >>> ctx = SimpleNamespace(xp=get_backend("numpy").xp)
    >>> x = np.arange(4.0).reshape((1, 2, 2, 1))
    >>> ZeroPadding2D(((1, 0), 0)).forward({}, {}, x, ctx)[0][0, ..., 0].tolist()
    [[0.0, 0.0], [0.0, 1.0], [2.0, 3.0]]
    """

    n_axes: ClassVar[int] = 2
