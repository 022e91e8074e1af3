"""`GlobalAveragePool2D`: the mean over whole images."""

from dataclasses import dataclass
from typing import ClassVar

from xpnn.layers._global_pooling import GlobalAveragePooling

__all__ = ["GlobalAveragePool2D"]


@dataclass(frozen=True, slots=True, repr=False)
class GlobalAveragePool2D(GlobalAveragePooling):
    """Mean over all places of images, channels last, for each channel.

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
    Each place is given an equal share of the gradient.

    Examples
    --------
    >>> import numpy as np
    >>> from types import SimpleNamespace
    >>> from xpnn.backend import get_backend
    >>> ctx = SimpleNamespace(xp=get_backend("numpy").xp)
    >>> x = np.arange(4.0).reshape((1, 2, 2, 1))
    >>> GlobalAveragePool2D().forward({}, {}, x, ctx)[0].tolist()
    [[1.5]]
    """

    n_axes: ClassVar[int] = 2
