"""`regression`: a line, or a hyperplane, that is known."""

from collections.abc import Sequence

import numpy as np

from xpnn import _check
from xpnn.data._draw import generator
from xpnn.errors import ShapeError
from xpnn.typing import HostArray

__all__ = ["regression"]


def regression(
    n_samples: int = 100,
    weight: Sequence[float] | HostArray = (2.0, -3.0),
    bias: float = 1.0,
    *,
    noise: float = 0.1,
    seed: int = 0,
) -> tuple[HostArray, HostArray]:
    r"""Draw linear targets with normal noise, :math:`y = x w + b + \text{noise} \cdot N(0, 1)`.

    The inputs are normal, too: :math:`x \sim N(0, 1)`.

    Parameters
    ----------
    n_samples : int
        Number of samples.
    weight : array, shape (features,)
        :math:`w`; what a model should find.
    bias : float
        :math:`b`.
    noise : float
        Standard deviation of the noise.
    seed : int
        Determines inputs and noise.

    Returns
    -------
    x : array, shape (n_samples, features), float64
        Inputs.
    y : array, shape (n_samples,), float64
        Targets.

    Raises
    ------
    ArgumentError
        If a size or a number is out of its range.
    ShapeError
        If `weight` is no vector.

    Examples
    --------
    >>> x, y = regression(5, weight=[2.0], bias=1.0, noise=0.0)
    >>> bool((y == 2.0 * x[:, 0] + 1.0).all())
    True
    """
    weight = np.asarray(weight, dtype=np.float64)
    if weight.ndim != 1 or not weight.size:
        raise ShapeError(f"weight must have shape (features,), got {weight.shape}.")
    shape = (_check.integer("n_samples", n_samples), weight.size)
    bias, noise = _check.number("bias", bias), _check.non_negative("noise", noise)
    rng = generator(seed)
    x = rng.standard_normal(shape)
    return x, np.sum(x * weight, axis=1) + bias + noise * rng.standard_normal(shape[0])
