"""What flows along the wires of a `Graph`: values forward, gradients back."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from xpnn._tree import has_parts
from xpnn.errors import ShapeError
from xpnn.layers._cotangents import add_cotangents
from xpnn.layers._wiring import Source

__all__ = ["output_shape", "read", "spread"]


def read(values: Mapping[str, Any], sources: Sequence[Source], pick: Callable[[Any, Source], Any] | None = None) -> Any:
    """Value of one source, or the tuple of those of several."""
    pick = pick or _output
    parts = [values[source.name] if source.output is None else pick(values[source.name], source) for source in sources]
    return parts[0] if len(parts) == 1 else tuple(parts)


def _output(value: Any, source: Source) -> Any:
    return value[source.output]


def output_shape(shape: Any, source: Source) -> Any:
    """Shape of one output of a node; refuses an output that the node does not have."""
    count = len(shape) if has_parts(shape) else 0
    if source.output is None or source.output >= count:
        raise ShapeError(f"{source.name} must have more than {source.output} outputs, got {count or 'one array'}.")
    return shape[source.output]


def spread(cotangents: dict[str, Any], sources: Sequence[Source | None], dx: Any, counts: Mapping[str, int]) -> None:
    """Add the gradient of what was read to those of the sources; a source that is None wants none."""
    for source, part in zip(sources, (dx,) if len(sources) == 1 else dx, strict=True):
        if source is None or part is None:
            continue
        if source.output is not None:
            part = tuple([part if i == source.output else None for i in range(counts[source.name])])
        cotangents[source.name] = add_cotangents(cotangents.get(source.name), part)
