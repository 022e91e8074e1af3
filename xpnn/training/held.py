"""`Held`: everything that lives from step to step, as the list of arrays that a compiled program takes and returns."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from xpnn.training.layout import leaves
from xpnn.training.updater import Updater
from xpnn.training.weights import Weights
from xpnn.typing import Array, State

__all__ = ["Held"]


class Held:
    """Parameters, state, the optimizer's vectors, and its masks, in the order of `xpnn.training.recording`.

    The lists are the same objects as long as the arrays in them are, so that an executor which has prepared itself for
    them knows them again.
    """

    def __init__(self, weights: Weights, updater: Updater) -> None:
        self._weights, self._updater = weights, updater
        self._sources: tuple[Any, ...] = ()
        self._all: list[Array] = []
        self._readable: list[Array] = []

    def for_step(self) -> list[Array]:
        """All of them."""
        return self._renewed()._all

    def for_outputs(self) -> list[Array]:
        """What a forward pass reads: parameters and state."""
        return self._renewed()._readable

    def forget(self) -> None:
        """Look again at what there is."""
        self._sources = ()

    def take_over(self, arrays: Sequence[Array]) -> None:
        """Let `arrays`, which a step has returned, be the present ones."""
        if arrays is self._all:
            return
        weights, updater = self._weights, self._updater
        rest = iter(arrays)
        weights.flat = next(rest)
        weights.state = _filled(weights.state, rest)
        updater.vectors = {name: next(rest) for name in updater.vectors}

    def _renewed(self) -> "Held":
        weights, updater = self._weights, self._updater
        sources = weights.flat, weights.state, updater.vectors
        if not self._sources or any(a is not b for a, b in zip(sources, self._sources, strict=True)):
            self._readable = [weights.flat, *(value for _, value in leaves(weights.state))]
            self._all = [*self._readable, *updater.vectors.values(), *updater.masks.arrays]
            self._sources = sources
        return self


def _filled(tree: State, values: Iterator[Array]) -> dict[str, Any]:
    return {key: _filled(v, values) if isinstance(v, Mapping) else next(values) for key, v in tree.items()}
