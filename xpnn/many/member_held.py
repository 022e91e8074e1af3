"""`MemberHeld`: what lives from step to step, as the plain arrays below the batched ones."""

from collections.abc import Sequence

from xpnn.namespaces import Batched
from xpnn.training.held import Held
from xpnn.typing import Array

__all__ = ["MemberHeld"]


class MemberHeld(Held):
    """The lists of `Held` for a compiled program, which knows nothing of members."""

    def take_over(self, arrays: Sequence[Array]) -> None:
        """Let `arrays`, which a step has returned, be the present ones."""
        if arrays is not self._all:
            super().take_over([Batched(array) for array in arrays])

    def _renewed(self) -> "MemberHeld":
        before = self._sources
        super()._renewed()
        if self._sources is not before:
            self._all = [x.array for x in self._all]
            self._readable = [x.array for x in self._readable]
        return self
