"""`UpSampling2D`: each element of images repeated."""

from dataclasses import dataclass
from typing import ClassVar

from xpnn.layers._up_sampling import UpSampling

__all__ = ["UpSampling2D"]


@dataclass(frozen=True, slots=True, repr=False)
class UpSampling2D(UpSampling):
    """Repeat the elements of images, channels last (the nearest neighbour).

    Parameters
    ----------
    size : int or tuple of int
        How often the rows and columns are repeated.
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
    >>> UpSampling2D((1, 2)).forward({}, {}, x, ctx)[0][0, ..., 0].tolist()
    [[0.0, 0.0, 1.0, 1.0], [2.0, 2.0, 3.0, 3.0]]
    """

    n_axes: ClassVar[int] = 2
