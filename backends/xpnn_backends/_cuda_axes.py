"""`Axes`: the axes of a loop, merged where memory allows it, and positions written as sums of indices.

A loop has kept axes, one element of each result for each of their positions, and reduced axes. A thread knows its place
as two numbers, ``o`` among the kept and ``r`` among the reduced positions.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

from xpnn.typing import Shape

__all__ = ["Axes"]


@dataclass(frozen=True, slots=True)
class Axes:
    """Sizes of kept and reduced axes, and the strides of each operand along both."""

    kept: Shape
    reduced: Shape
    strides: Mapping[Any, tuple[tuple[int, ...], tuple[int, ...]]]

    @classmethod
    def of(cls, shape: Shape, operands: Mapping[Any, Sequence[int]], reduced: frozenset[int]) -> "Axes":
        """Drop axes of one element, and merge neighbours of one kind that every operand walks through in one step."""
        kinds: list[tuple[bool, int, dict[Any, int]]] = []
        for axis, n in enumerate(shape):
            if n == 1:
                continue
            steps = {key: strides[axis] for key, strides in operands.items()}
            if kinds and kinds[-1][0] == (axis in reduced):
                _, length, outer = kinds[-1]
                if all(outer[key] == n * step for key, step in steps.items()):
                    kinds[-1] = (axis in reduced, length * n, steps)
                    continue
            kinds.append((axis in reduced, n, steps))
        kept, gone = ([(n, steps) for is_gone, n, steps in kinds if is_gone is wanted] for wanted in (False, True))
        strides = {key: (tuple(s[key] for _, s in kept), tuple(s[key] for _, s in gone)) for key in operands}
        return cls(tuple(n for n, _ in kept), tuple(n for n, _ in gone), strides)

    def names(self, letter: str) -> list[str]:
        """Lines that split ``o`` or ``r`` into one index for each axis, if there are several."""
        sizes = self.kept if letter == "o" else self.reduced
        if len(sizes) < 2:
            return []
        return [f"const index_t {letter}{i} = {_part(letter, sizes, i)};" for i in range(len(sizes))]

    def position(self, key: Any, offset: int) -> str:
        """Text of where the element of an operand lies."""
        terms = [str(offset)] if offset else []
        for letter, sizes, strides in zip("or", (self.kept, self.reduced), self.strides[key], strict=True):
            for i, stride in enumerate(strides):
                name = letter if len(sizes) == 1 else f"{letter}{i}"
                if stride:
                    terms.append(name if stride == 1 else f"{name} * {stride}")
        return " + ".join(terms).replace("+ -", "- ") or "0"


def _part(letter: str, sizes: Shape, i: int) -> str:
    inner = prod(sizes[i + 1 :])
    text = f"{letter} / {inner}" if inner > 1 else letter
    return text if i == 0 else f"{text} % {sizes[i]}"
