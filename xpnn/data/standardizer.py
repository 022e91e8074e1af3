"""`Standardizer`: features of mean 0 and standard deviation 1."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from xpnn.errors import DataError, ShapeError
from xpnn.typing import HostArray

__all__ = ["Standardizer", "standardize"]


@dataclass(frozen=True, slots=True, eq=False)
class Standardizer:
    r"""Shift and scale of each feature, :math:`z = (x - \mu) / \sigma`.

    Made by `fit` from the training data alone, then used on all data: statistics of test data must not leak.

    Parameters
    ----------
    mean : array, shape (features, ...)
        :math:`\mu`, subtracted; shape of one sample.
    scale : array, shape (features, ...)
        :math:`\sigma`, divided by.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.asarray([[1.0, 5.0], [3.0, 5.0]])
    >>> scaler = Standardizer.fit(x)
    >>> scaler.transform(x)
    array([[-1.,  0.],
           [ 1.,  0.]])
    >>> scaler.inverse(scaler.transform(x))
    array([[1., 5.],
           [3., 5.]])
    """

    mean: HostArray
    scale: HostArray

    @classmethod
    def fit(cls, x: Any) -> "Standardizer":
        r"""Take mean and standard deviation (divisor :math:`n`) of each feature over the samples.

        A feature that never changes has the scale 1, so that it becomes 0. Features are divided by powers of 2, and the
        deviations by the greatest of them before they are squared, so that tiny and huge features lose nothing.

        Parameters
        ----------
        x : array, shape (samples, ...)
            Finite numbers.

        Raises
        ------
        DataError
            If `x` has no samples, or holds what is no finite number.
        """
        x = np.asarray(_numbers(x), dtype=np.float64)
        if not len(x):
            raise DataError("x must have at least one sample, got none.")
        unit = _unit(np.max(np.abs(x), axis=0))
        x = x / unit
        mean = np.where(np.max(x, axis=0) == np.min(x, axis=0), x[0], np.mean(x, axis=0))
        deviations = x - mean
        peak = np.max(np.abs(deviations), axis=0)
        peak = np.where(peak == 0.0, 1.0, peak)
        scale = unit * (peak * np.sqrt(np.mean(np.square(deviations / peak), axis=0)))
        return cls(unit * mean, np.where(scale == 0.0, 1.0, scale))

    def transform(self, x: Any) -> HostArray:
        """Standardize `x`, shape (samples, ...). The result is float32 for float32, float64 for all else.

        Raises
        ------
        ShapeError
            If a sample has another shape than those of the fit.
        DataError
            If `x` holds what is no finite number.
        """
        x, unit = self._samples(x), _unit(self.scale)
        return np.astype((x / unit - self.mean / unit) / (self.scale / unit), _float(x))

    def inverse(self, z: Any) -> HostArray:
        """Turn standardized values, shape (samples, ...), back; same rules as `transform`."""
        z, unit = self._samples(z), _unit(np.maximum(np.abs(self.mean), self.scale))
        return np.astype((z * (self.scale / unit) + self.mean / unit) * unit, _float(z))

    def _samples(self, x: Any) -> HostArray:
        x = _numbers(x)
        if x.shape[1:] != self.mean.shape:
            wanted = "".join(f", {n}" for n in self.mean.shape)
            raise ShapeError(f"x must have shape (samples{wanted}), got {x.shape}.")
        return x


def standardize(x: Any, *others: Any) -> list[HostArray]:
    """Standardize `x` by its own mean and deviation, and the `others` by those of `x`.

    >>> import numpy as np
    >>> x_train, x_test = standardize(np.asarray([[1.0], [3.0]]), np.asarray([[5.0]]))
    >>> x_test
    array([[3.]])

    Raises
    ------
    DataError, ShapeError
        As for `Standardizer`.
    """
    scaler = Standardizer.fit(x)
    return [scaler.transform(values) for values in (x, *others)]


def _numbers(x: Any) -> HostArray:
    x = np.asarray(x)
    if x.ndim == 0:
        raise ShapeError("x must have shape (samples, ...), got ().")
    if x.dtype.kind not in "biuf":
        raise DataError(f"x must hold real numbers, got an array of dtype {x.dtype}.")
    if x.dtype.kind == "f" and not np.all(np.isfinite(x)):
        raise DataError(f"x must hold finite numbers, got {float(x[~np.isfinite(x)][0])!r}.")
    return x


def _unit(peak: HostArray) -> HostArray:
    """Powers of 2 near `peak`, by which numbers are divided without rounding so that no sum of them overflows."""
    return np.ldexp(1.0, np.maximum(np.frexp(peak)[1] - 1, -1000))


def _float(x: HostArray) -> Any:
    return np.float32 if x.dtype == np.float32 else np.float64
