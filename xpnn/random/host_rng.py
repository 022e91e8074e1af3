"""`HostRng`: initial values drawn from a stream."""

from collections.abc import Callable

import numpy as np

from xpnn.typing import HostArray, Shape

__all__ = ["HostRng"]


class HostRng:
    """Initial values drawn from one stream, in float64. See `xpnn.typing.Rng`."""

    def __init__(self, generator: np.random.Generator) -> None:
        self._generator = generator

    def uniform(self, low: float, high: float, shape: Shape) -> HostArray:
        """Draw from [`low`, `high`): exactly rounded products of the raw bits, equal on every machine."""
        return low + (high - low) * self._generator.random(shape)

    def normal(self, mean: float, std: float, shape: Shape) -> HostArray:
        """Draw from the normal distribution (NumPy's ziggurat)."""
        return mean + std * self._generator.standard_normal(shape)

    def truncated_normal(self, mean: float, std: float, shape: Shape) -> HostArray:
        """Draw from the normal distribution, and draw anew what is beyond two standard deviations."""
        values = self._generator.standard_normal(shape)
        flat = values.reshape(-1)
        far = np.flatnonzero(np.abs(flat) > 2.0)
        while far.size:
            flat[far] = self._generator.standard_normal(far.size)
            far = far[np.abs(flat[far]) > 2.0]
        return mean + std * values

    def orthogonal(self, gain: float, rows: int, columns: int) -> HostArray:
        """Draw a matrix with orthonormal columns, or rows if there are fewer of them, times `gain`."""
        values = self._generator.standard_normal((max(rows, columns), min(rows, columns)))
        q, r = np.linalg.qr(values)
        q *= np.where(np.diagonal(r) < 0, -gain, gain)
        return q if rows >= columns else np.ascontiguousarray(q.T)

    def sparse(self, count: int, std: float, rows: int, columns: int) -> HostArray:
        """Draw a matrix with `count` normal values in each column, and zeros."""
        values = np.zeros((rows, columns))
        places = np.argsort(self._generator.random((rows, columns)), axis=0, kind="stable")[:count]
        np.put_along_axis(values, places, std * self._generator.standard_normal(places.shape), axis=0)
        return values

    def eye(self, gain: float, rows: int, columns: int) -> HostArray:
        """Return `gain` on the diagonal and zeros elsewhere."""
        return gain * np.eye(rows, columns)

    def constant(self, value: float, shape: Shape) -> HostArray:
        """Fill with `value`."""
        return np.full(shape, value, dtype=np.float64)

    def table(self, function: Callable[..., float], shape: Shape) -> HostArray:
        """Fill with the values of `function` at the indices of each element."""
        return np.asarray([function(*index) for index in np.ndindex(shape)], dtype=np.float64).reshape(shape)

    def without_row(self, values: HostArray, row: int) -> HostArray:
        """Return a copy of `values` with zeros in one row."""
        values = np.array(values, dtype=np.float64)
        values[row] = 0.0
        return values
