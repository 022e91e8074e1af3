"""`UpSampling1D`: each element of sequences repeated."""

from dataclasses import dataclass
from typing import ClassVar

from xpnn.layers._up_sampling import UpSampling

__all__ = ["UpSampling1D"]


@dataclass(frozen=True, slots=True, repr=False)
class UpSampling1D(UpSampling):
    """Repeat the elements of sequences, channels last (the nearest neighbour).

    Parameters
    ----------
    size : int
        How often each element is repeated.
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
    >>> UpSampling1D(2).forward({}, {}, x, ctx)[0][0, :, 0].tolist()
    [1.0, 1.0, 3.0, 3.0, 2.0, 2.0]
    """

    n_axes: ClassVar[int] = 1
