"""`Summary`: the layers of a network as a table."""

from dataclasses import dataclass
from math import prod
from typing import Any

from xpnn._tree import has_parts
from xpnn.random import ShapeRng
from xpnn.training.frozen import trainable_mask
from xpnn.training.layout import Layout
from xpnn.typing import Layer

__all__ = ["Row", "Summary", "summarise"]


@dataclass(frozen=True, slots=True)
class Row:
    """One layer: its dotted name, what it is, the shape of one output sample, and how many parameters it owns."""

    name: str
    layer: str
    output_shape: Any
    parameters: int


@dataclass(frozen=True, slots=True)
class Summary:
    """Rows of a table, one for each layer; ``print(summary)`` shows it."""

    rows: tuple[Row, ...]
    input_shape: Any
    parameters: int
    trainable: int

    def __str__(self) -> str:
        head = ("layer", "", "output shape", "parameters")
        first = ("", "input", _batch(self.input_shape), "")
        body = [(row.name, row.layer, _batch(row.output_shape), f"{row.parameters:,}") for row in self.rows]
        lines = [head, first, *body]
        widths = [max(len(line[i]) for line in lines) for i in range(4)]
        rule = "-" * (sum(widths) + 6)
        text = [_line(line, widths) for line in lines]
        return "\n".join([text[0], rule, *text[1:], rule, self._count()])

    def _count(self) -> str:
        frozen = self.parameters - self.trainable
        return f"{self.parameters:,} parameters" + (
            f": {self.trainable:,} trainable, {frozen:,} frozen" if frozen else ""
        )

    __repr__ = __str__


def summarise(layer: Layer, layout: Layout, input_shape: Any, frozen: frozenset[str] = frozenset()) -> Summary:
    """List the layers inside `layer`, containers before what they contain."""
    counts: dict[str, int] = {}
    for leaf in layout:
        for depth in range(1, len(leaf.path)):
            name = ".".join(leaf.path[:depth])
            counts[name] = counts.get(name, 0) + prod(leaf.shape)
    return Summary(
        tuple(_rows(layer, input_shape, "", counts)),
        input_shape,
        layout.size,
        int(trainable_mask(layout, frozen).sum()),
    )


def _rows(layer: Layer, shape: Any, prefix: str, counts: dict[str, int]) -> list[Row]:
    rows, taken = [], layer.child_input_shapes(shape) if hasattr(layer, "child_input_shapes") else {}
    for key, child in getattr(layer, "children", {}).items():
        name, shape = prefix + key, taken.get(key, shape)
        output_shape = child.init(ShapeRng(), shape)[2]
        inner = getattr(child, "children", None)
        text = type(child).__name__ if inner is not None else repr(child)
        rows.append(Row(name, text, output_shape, counts.get(name, 0)))
        rows += _rows(child, shape, f"{name}.", counts)
        shape = output_shape
    return rows


def _batch(shape: Any) -> str:
    if has_parts(shape):
        return ", ".join(map(_batch, shape))
    return f"({', '.join(['batch', *map(str, shape)])})"


def _line(cells: tuple[str, ...], widths: list[int]) -> str:
    name, layer, shape, count = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
    return f"{name}  {layer}  {shape}  {count.strip().rjust(widths[3])}".rstrip()
