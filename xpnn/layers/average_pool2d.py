"""`AveragePool2D`: the mean of each window of images."""

from dataclasses import dataclass
from typing import ClassVar

from xpnn.layers._average_pooling import AveragePooling

__all__ = ["AveragePool2D"]


@dataclass(frozen=True, slots=True, repr=False)
class AveragePool2D(AveragePooling):
    r"""Mean of each window of images, channels last, for each channel.

    Parameters
    ----------
    pool_size : int or tuple of int
        Height and width of the window.
    strides : int or tuple of int, optional
        Way from one window to the next; by default the size of the window.
    padding : str
        ``"valid"``: none. ``"same"``: around the image, so that there are ``ceil(size / stride)`` windows along an
        axis; of an odd number of elements of padding the greater half is at the end, as in TensorFlow and Keras.
        Padding does not count.
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
    Each element is given the gradients of the windows that see it, each divided by the number of elements that the
    window sees.

    Examples
    --------
    >>> import numpy as np
    >>> from types import SimpleNamespace
    >>> from xpnn.backend import get_backend
    >>> ctx = SimpleNamespace(xp=get_backend("numpy").xp)
    >>> x = np.arange(16.0).reshape((1, 4, 4, 1))
    >>> AveragePool2D(2).forward({}, {}, x, ctx)[0][0, ..., 0].tolist()
    [[2.5, 4.5], [10.5, 12.5]]
    """

    n_axes: ClassVar[int] = 2
