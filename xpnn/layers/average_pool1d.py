"""`AveragePool1D`: the mean of each window of sequences."""

from dataclasses import dataclass
from typing import ClassVar

from xpnn.layers._average_pooling import AveragePooling

__all__ = ["AveragePool1D"]


@dataclass(frozen=True, slots=True, repr=False)
class AveragePool1D(AveragePooling):
    r"""Mean of each window of sequences, channels last, for each channel.

    Parameters
    ----------
    pool_size : int
        Length of the window.
    strides : int, optional
        Way from one window to the next; by default the size of the window.
    padding : str
        ``"valid"``: none. ``"same"``: around the sequence, so that there are ``ceil(size / stride)`` windows along the
        axis; of an odd number of elements of padding the greater half is at the end, as in TensorFlow and Keras.
        Padding does not count.
    name : str, optional
        Name of the layer; by default its position.

    Raises
    ------
    ArgumentError
        If an argument breaks its rule.
    ShapeError
        If the input has not the shape (batch, time, channels), or is smaller than a window.

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
    >>> x = np.asarray([1.0, 3.0, 2.0]).reshape((1, 3, 1))
    >>> AveragePool1D(2, padding="same").forward({}, {}, x, ctx)[0].tolist()
    [[[2.0], [2.0]]]
    """

    n_axes: ClassVar[int] = 1
