"""`MaxPool2D`: the maximum of each window of images."""

from dataclasses import dataclass
from typing import ClassVar

from xpnn.layers._max_pooling import MaxPooling

__all__ = ["MaxPool2D"]


@dataclass(frozen=True, slots=True, repr=False)
class MaxPool2D(MaxPooling):
    r"""Maximum of each window of images, channels last, for each channel.

    Parameters
    ----------
    pool_size : int or tuple of int
        Height and width of the window.
    strides : int or tuple of int, optional
        Way from one window to the next; by default the size of the window.
    padding : str
        ``"valid"``: none. ``"same"``: around the image, so that there are ``ceil(size / stride)`` windows along an
        axis; of an odd number of elements of padding the greater half is at the end, as in TensorFlow and Keras.
        Padding is never the maximum.
    name : str, optional
        Name of the layer; by default its position.

    Raises
    ------
    ArgumentError
        If an argument breaks its rule.
    ShapeError
        If the input has not the shape (batch, height, width, channels), or is smaller than a window.

    Notes
    -----
    The gradient goes to the maximum of each window; of equal ones to the first, in row-major order. A window that sees
    NaN gives NaN.

    Examples
    --------
    >>> import numpy as np
    >>> from types import SimpleNamespace
    >>> from xpnn.backend import get_backend
    >>> ctx = SimpleNamespace(xp=get_backend("numpy").xp)
    >>> x = np.arange(16.0).reshape((1, 4, 4, 1))
    >>> MaxPool2D(2).forward({}, {}, x, ctx)[0][0, ..., 0].tolist()
    [[5.0, 7.0], [13.0, 15.0]]
    """

    n_axes: ClassVar[int] = 2
