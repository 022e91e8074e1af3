"""`GlobalMaxPool1D`: the maximum over whole sequences."""

from dataclasses import dataclass
from typing import ClassVar

from xpnn.layers._global_pooling import GlobalMaxPooling

__all__ = ["GlobalMaxPool1D"]


@dataclass(frozen=True, slots=True, repr=False)
class GlobalMaxPool1D(GlobalMaxPooling):
    """Maximum over all places of sequences, channels last, for each channel.

    Parameters
    ----------
    name : str, optional
        Name of the layer; by default its position.

    Raises
    ------
    ShapeError
        If the input has not the shape (batch, time, channels).

    Notes
    -----
    The gradient goes to the maximum; of equal ones to the first, in row-major order. NaN anywhere gives NaN.

    Examples
    --------
    >>> import numpy as np
    >>> from types import SimpleNamespace
    >>> from xpnn.backend import get_backend
    >>> ctx = SimpleNamespace(xp=get_backend("numpy").xp)
    >>> x = np.asarray([1.0, 3.0, 2.0]).reshape((1, 3, 1))
    >>> GlobalMaxPool1D().forward({}, {}, x, ctx)[0].tolist()
    [[3.0]]
    """

    n_axes: ClassVar[int] = 1
