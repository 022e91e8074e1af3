"""`GlobalAveragePool1D`: the mean over whole sequences."""

from dataclasses import dataclass
from typing import ClassVar

from xpnn.layers._global_pooling import GlobalAveragePooling

__all__ = ["GlobalAveragePool1D"]


@dataclass(frozen=True, slots=True, repr=False)
class GlobalAveragePool1D(GlobalAveragePooling):
    """Mean over all places of sequences, channels last, for each channel.

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
    Each place is given an equal share of the gradient.

    Examples
    --------
    >>> import numpy as np
    >>> from types import SimpleNamespace
    >>> from xpnn.backend import get_backend
    >>> ctx = SimpleNamespace(xp=get_backend("numpy").xp)
    >>> x = np.asarray([1.0, 3.0, 2.0]).reshape((1, 3, 1))
    >>> GlobalAveragePool1D().forward({}, {}, x, ctx)[0].tolist()
    [[2.0]]
    """

    n_axes: ClassVar[int] = 1
