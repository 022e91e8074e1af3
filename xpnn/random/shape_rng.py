"""`ShapeRng`: initial values of which only the shapes are wanted."""

from collections.abc import Callable

import numpy as np

from xpnn.typing import HostArray, Shape

__all__ = ["ShapeRng"]


class ShapeRng:
    """A stand-in that draws nothing and allocates nothing: it finds out shapes, e.g. before a file is trusted."""

    def uniform(self, low: float, high: float, shape: Shape) -> HostArray:
        """Return zeros that take no memory."""
        return self.constant(0.0, shape)

    def normal(self, mean: float, std: float, shape: Shape) -> HostArray:
        """Return zeros that take no memory."""
        return self.constant(0.0, shape)

    def truncated_normal(self, mean: float, std: float, shape: Shape) -> HostArray:
        """Return zeros that take no memory."""
        return self.constant(0.0, shape)

    def orthogonal(self, gain: float, rows: int, columns: int) -> HostArray:
        """Return zeros that take no memory."""
        return self.constant(0.0, (rows, columns))

    def sparse(self, count: int, std: float, rows: int, columns: int) -> HostArray:
        """Return zeros that take no memory."""
        return self.constant(0.0, (rows, columns))

    def eye(self, gain: float, rows: int, columns: int) -> HostArray:
        """Return zeros that take no memory."""
        return self.constant(0.0, (rows, columns))

    def constant(self, value: float, shape: Shape) -> HostArray:
        """Return `value` everywhere, in the memory of one element."""
        return np.broadcast_to(np.float64(value), shape)

    def table(self, function: Callable[..., float], shape: Shape) -> HostArray:
        """Return zeros that take no memory."""
        return self.constant(0.0, shape)

    def without_row(self, values: HostArray, row: int) -> HostArray:
        """Return `values`."""
        return values
