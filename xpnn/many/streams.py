"""`MemberStreams`: the random streams of many networks, drawn from together."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from xpnn.namespaces import Batched
from xpnn.random import Streams
from xpnn.typing import HostArray, Shape

__all__ = ["JoinedStreams", "MemberStreams"]


class MemberStreams:
    """Streams whose draws are batched: each member has those of its own seed, as if it were alone.

    Parameters
    ----------
    members : sequence of Streams
        The members' streams.
    """

    def __init__(self, members: Sequence[Streams]) -> None:
        self._members = members

    def __getitem__(self, name: str) -> "_Generators":
        """Return the generators of the stream `name`."""
        return _Generators([streams[name] for streams in self._members])


class JoinedStreams:
    """The same draws as plain arrays with the members on their first axis, as a compiled program takes them."""

    def __init__(self, members: MemberStreams) -> None:
        self._members = members

    def __getitem__(self, name: str) -> "_Joined":
        return _Joined(self._members[name])


class _Generators:
    def __init__(self, members: Sequence[np.random.Generator]) -> None:
        self.members = members

    def permutation(self, n: int) -> Batched:
        """Permutations, each member's own."""
        return Batched(np.stack([generator.permutation(n) for generator in self.members]))

    def random(self, shape: Shape, dtype: type) -> Batched:
        """Uniform numbers, each member's own."""
        return self._draw(np.random.Generator.random, shape, dtype)

    def standard_normal(self, shape: Shape, dtype: type) -> Batched:
        """Normal numbers, each member's own."""
        return self._draw(np.random.Generator.standard_normal, shape, dtype)

    def _draw(self, method: Callable[..., Any], shape: Shape, dtype: type) -> Batched:
        draws: HostArray = np.empty((len(self.members), *shape), dtype=dtype)
        for row, generator in zip(draws, self.members, strict=True):
            method(generator, dtype=dtype, out=row) if row.ndim else row.fill(method(generator, dtype=dtype))
        return Batched(draws)


class _Joined:
    def __init__(self, generators: _Generators) -> None:
        self._generators = generators

    def random(self, shape: Shape, dtype: type) -> HostArray:
        """Uniform numbers for `shape`, whose first axis is that of the members."""
        return self._generators.random(shape[1:], dtype).array

    def standard_normal(self, shape: Shape, dtype: type) -> HostArray:
        """Normal numbers, likewise."""
        return self._generators.standard_normal(shape[1:], dtype).array
