"""`GlobalMaxPool2D`: the maximum over whole images."""

from dataclasses import dataclass
from typing import ClassVar

from xpnn.layers._global_pooling import GlobalMaxPooling

__all__ = ["GlobalMaxPool2D"]


@dataclass(frozen=True, slots=True, repr=False)
class GlobalMaxPool2D(GlobalMaxPooling):
    """Maximum over all places of images, channels last, for each channel.

    Parameters
    ----------
    name : str, optional
        Name of the layer; by default its position.

    Raises
    ------
    ShapeError
        If the input has not the shape (batch, height, width, channels).

    Notes
    -----
    The gradient goes to the maximum; of equal ones to the first, in row-major order. NaN anywhere gives NaN.

    Examples
    --------
    >>> import numpy as np
    >>> from types import SimpleNamespace
    >>> from xpnn.backend import get_backend
    >>> ctx = SimpleNamespace(xp=get_backend("numpy").xp)
    >>> x = np.arange(4.0).reshape((1, 2, 2, 1))
    >>> GlobalMaxPool2D().forward({}, {}, x, ctx)[0].tolist()
    [[3.0]]
    """

    n_axes: ClassVar[int] = 2
