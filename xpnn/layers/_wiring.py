"""What a `Graph` reads from where: names turned into sources, checked, and brought into an order that works."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from xpnn import _check
from xpnn.errors import ArgumentError, ArgumentTypeError
from xpnn.layers._children import NAME, as_layer
from xpnn.layers.sequential import Sequential
from xpnn.typing import Layer

__all__ = ["Source", "Wiring", "as_names", "as_nodes"]


class Source(NamedTuple):
    """The value of an input or node, or one of the outputs of a node that has several."""

    name: str
    output: int | None


class Wiring:
    """Sources of every node, in an order in which each node comes after all that it reads.

    Raises
    ------
    ArgumentError
        If a name is unknown or used twice, nodes form a cycle, or something leads nowhere: with the name.
    """

    def __init__(self, inputs: tuple[str, ...], nodes: tuple[Any, ...], outputs: tuple[str, ...]) -> None:
        names = [*inputs, *(name for name, _, _ in nodes)]
        for name in names:
            if not NAME.fullmatch(name):
                raise ArgumentError(f"names must be 1 to 100 letters, digits, '_' and '-', got {name!r}.")
            if names.count(name) > 1:
                raise ArgumentError(f"names of inputs and nodes must be unique, got {name!r} twice.")
        sources = {name: _sources(f"sources of node {name!r}", texts, names) for name, _, texts in nodes}
        self.ends = _sources("outputs", outputs, names)
        order = _order(sources, inputs)
        self.sources = {name: sources[name] for name in order}
        _refuse_unread(self.sources, self.ends, inputs)


def as_names(argument: str, value: Any) -> tuple[str, ...]:
    """Accept a name or a sequence of at least one name."""
    names = (value,) if isinstance(value, str) else tuple(value) if isinstance(value, Iterable) else ()
    if not names or not all(isinstance(name, str) for name in names):
        raise ArgumentTypeError(f"{argument} must be a name or a tuple of names, got {value!r}.")
    return names


def as_nodes(value: Any) -> tuple[tuple[str, Layer, tuple[str, ...]], ...]:
    """Accept a mapping of names to (layer, sources), or what this returns: triples (name, layer, sources)."""
    if isinstance(value, Mapping):
        for name, part in value.items():
            if not isinstance(part, tuple | list) or len(part) != 2:
                raise ArgumentTypeError(f"node {name!r} must be (layer, name or names that it reads), got {part!r}.")
        value = [(name, *part) for name, part in value.items()]
    triples = tuple(value) if isinstance(value, Iterable) else (value,)
    if not all(isinstance(part, tuple | list) and len(part) == 3 for part in triples):
        raise ArgumentTypeError(f"nodes must be a mapping from names to (layer, sources), got {value!r}.")
    nodes = []
    for name, layer, sources in triples:
        layer = Sequential(tuple(layer)) if isinstance(layer, tuple | list) else as_layer(layer)
        nodes.append((str(name), layer, as_names(f"sources of node {name!r}", sources)))
    return tuple(nodes)


def _sources(argument: str, texts: tuple[str, ...], names: list[str]) -> tuple[Source, ...]:
    sources = []
    for text in texts:
        name, _, index = text.partition(".")
        if name not in names or not re.fullmatch(r"[^.]*(\.\d{1,4})?", text):
            _check.choice(argument, text, names)
        sources.append(Source(name, int(index) if index else None))
    return tuple(sources)


def _order(sources: Mapping[str, tuple[Source, ...]], inputs: tuple[str, ...]) -> list[str]:
    """Names of the nodes, each after its sources, else in the given order."""
    known, order, left = set(inputs), list[str](), dict(sources)
    while left:
        ready = next((name for name, reads in left.items() if all(source.name in known for source in reads)), None)
        if ready is None:
            raise ArgumentError(f"nodes must form no cycle, got {' -> '.join(_cycle(left, known))}.")
        known.add(ready)
        order.append(ready)
        del left[ready]
    return order


def _cycle(left: Mapping[str, tuple[Source, ...]], known: set[str]) -> list[str]:
    """Follow sources that wait until a name comes again; in the direction in which values flow."""
    path = [next(iter(left))]
    while path.count(path[-1]) < 2:
        path.append(next(source.name for source in left[path[-1]] if source.name not in known))
    return path[path.index(path[-1]) :][::-1]


def _refuse_unread(
    sources: Mapping[str, tuple[Source, ...]], ends: tuple[Source, ...], inputs: tuple[str, ...]
) -> None:
    read = {source.name for source in ends}
    for name in reversed(list(sources)):
        if name in read:
            read |= {source.name for source in sources[name]}
    for kind, names in (("nodes", sources), ("inputs", inputs)):
        for name in names:
            if name not in read:
                raise ArgumentError(f"{kind} must lead to an output, got {name!r}, which none depends on.")
