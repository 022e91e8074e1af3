"""Rolls up a long part of a step: what is done again and again elsewhere in memory is compiled once.

A network that is unrolled over the steps of a sequence does the same few things hundreds of times. Each thing becomes a
branch of a loop over rows, one row for each time: the number of the branch, then the addresses that it works on.
"""

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["SHORT", "Rolled", "roll"]

SHORT = 60
"""Up to this many instructions a part stays as it is."""


@dataclass(frozen=True, slots=True)
class Rolled:
    """Branches, and the rows that choose among them.

    Parameters
    ----------
    branches : list of (lines, number of addresses)
        Their lines name the addresses ``p0``, ``p1``, ...
    rows : list of list of int
        Number of the branch, then for each address its place in the table and the bytes after it; zeros fill up.
    """

    branches: list[tuple[tuple[str, ...], int]]
    rows: list[list[int]]

    def lines(self, rows: str) -> list[str]:
        """Lines of the loop; `rows` is the name of the array of rows."""
        lines = [f"for row in range({len(self.rows)}):", f"    branch = {rows}[row, 0]"]
        for number, (body, n_places) in enumerate(self.branches):
            lines.append(f"    {'if' if number == 0 else 'elif'} branch == {number}:")
            places = [f"p{i} = table[{rows}[row, {2 * i + 1}]] + {rows}[row, {2 * i + 2}]" for i in range(n_places)]
            lines += [f"        {line}" for line in (*places, *body)]
        return lines


def roll(instructions: Sequence[tuple[tuple[str, ...], list[tuple[int, int]]]]) -> Rolled | None:
    """Roll up instructions, each given by its lines and the places of its addresses; None where that does not pay."""
    numbers: dict[tuple[str, ...], int] = {}
    for lines, _ in instructions:
        numbers.setdefault(lines, len(numbers))
    if len(instructions) < 2 * len(numbers):
        return None
    width = max(len(places) for _, places in instructions)
    counts = {numbers[lines]: len(places) for lines, places in instructions}
    rows = []
    for lines, places in instructions:
        flat = [number for place in places for number in place]
        rows.append([numbers[lines], *flat, *(0,) * (2 * width - len(flat))])
    return Rolled([(lines, counts[number]) for lines, number in numbers.items()], rows)
