"""Named random streams on the host: the one source of chance, so that every backend sees the same bits.

A stream is a PCG64 generator keyed by ``(seed, name)``. Streams are independent of each other: a network with one more
dropout layer still shuffles its data as before. Their positions are plain integers, which a saved network keeps.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from zlib import crc32

import numpy as np

__all__ = ["Streams", "generator_at", "position_of"]


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
