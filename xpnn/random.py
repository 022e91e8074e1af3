"""Named random streams on the host: the one source of chance, so that every backend sees the same bits.

A stream is a PCG64 generator keyed by ``(seed, name)``. Streams are independent of each other: a network with one more
dropout layer still shuffles its data as before. Their positions are plain integers, which a saved network keeps.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from zlib import crc32

import numpy as np

from xpnn.typing import HostArray, Shape

__all__ = ["HostRng", "ShapeRng", "Streams", "generator_at", "position_of"]


class Streams:
    """The named streams of one network, made when first asked for.

    Parameters
    ----------
    seed : int
        Together with a name it determines a stream.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._generators: dict[str, np.random.Generator] = {}

    def __getitem__(self, name: str) -> np.random.Generator:
        """Return the generator of the stream `name`, at its present position."""
        generator = self._generators.get(name)
        if generator is None:
            key = np.random.SeedSequence([self.seed, crc32(name.encode()), len(name)])
            generator = self._generators[name] = np.random.Generator(np.random.PCG64(key))
        return generator

    @property
    def positions(self) -> dict[str, list[int]]:
        """State of every stream in use: the two 128-bit integers of PCG64 and its buffered half word."""
        return {name: position_of(generator) for name, generator in sorted(self._generators.items())}

    @positions.setter
    def positions(self, positions: Mapping[str, list[int]]) -> None:
        self._generators = {name: generator_at(position) for name, position in positions.items()}


def position_of(generator: np.random.Generator) -> list[int]:
    """State of a generator of a stream: the two 128-bit integers of PCG64 and its buffered half word."""
    state: Any = generator.bit_generator.state
    words = [state["state"]["state"], state["state"]["inc"], state["has_uint32"], state["uinteger"]]
    return [int(word) for word in words]


def generator_at(position: Sequence[int]) -> np.random.Generator:
    """Return a new generator at a position."""
    state, inc, has_uint32, uinteger = position
    generator = np.random.Generator(np.random.PCG64(0))
    generator.bit_generator.state = {
        "bit_generator": "PCG64",
        "state": {"state": state, "inc": inc},
        "has_uint32": has_uint32,
        "uinteger": uinteger,
    }
    return generator


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
