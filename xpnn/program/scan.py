"""`run_loops`: runs a program with the loop that an array library has for its compiler.

XLA compiles each operation: fifty steps of an LSTM take it half a minute one by one, and a second as a loop.
"""

from collections import ChainMap
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from xpnn.program.evaluation import evaluate
from xpnn.program.loops import LEAST_PASSES, Loop, find_loops
from xpnn.program.node import Node
from xpnn.typing import Array, DType, Namespace

__all__ = ["Scan", "run_loops"]

Scan = Callable[[Callable[[Any, Any], tuple[Any, Any]], Any, Any, int], tuple[Any, Any]]
"""``scan(body, carried, given, length)`` as in JAX: calls ``carried, results = body(carried, given)`` for each entry of
the first axis of all arrays in the list `given`; returns the last ``carried`` and the stacks of the ``results``."""


def run_loops(
    nodes: Sequence[Node],
    values: Mapping[Node, Array],
    roots: Iterable[Node],
    xp: Namespace,
    dtypes: Callable[[str], DType],
    scan: Scan,
) -> "_Values":
    """Compute `nodes`, and return the values of all that are asked for.

    Parameters
    ----------
    nodes : sequence of Node
        All nodes of a program.
    values : mapping of Node to Array
        Values of its inputs.
    roots : iterable of Node
        Results, so that they are kept.
    xp : Namespace
        Whose functions compute.
    dtypes : callable
        Turns the name of a type into the type.
    scan : callable
        Runs a loop.
    """
    parts = find_loops(nodes)
    known = _Values(values, xp)
    wanted = _wanted(parts, roots)
    for part in parts:
        if isinstance(part, Loop):
            _run(part, known, wanted, xp, dtypes, scan)
        elif _is_stack(part):
            known[part] = xp.reshape(known.stack(part.inputs), part.shape)
        else:
            known[part] = evaluate(part, known, xp, dtypes)
    return known


def _is_stack(node: Node) -> bool:
    """Whether a node puts many values of one shape one below the other."""
    is_long = node.op == "concat" and node.options["axis"] == 0 and len(node.inputs) >= LEAST_PASSES
    return is_long and all(arg.shape == node.inputs[0].shape for arg in node.inputs)


class _Values(dict[Node, Array]):
    """Values of nodes; those of a loop are taken out of their stack when they are asked for."""

    def __init__(self, values: Mapping[Node, Array], xp: Namespace) -> None:
        super().__init__(values)
        self._xp = xp
        self._places: dict[Node, tuple[int, int]] = {}
        self._stacks: list[Array] = []

    def keep(self, nodes: Sequence[Node], stack: Array) -> None:
        """Keep the values of a place of a loop."""
        self._places |= {node: (len(self._stacks), number) for number, node in enumerate(nodes)}
        self._stacks.append(stack)

    def __missing__(self, node: Node) -> Array:
        stack, number = self._places[node]
        self[node] = self._stacks[stack][number, ...]
        return self[node]

    def stack(self, nodes: Sequence[Node]) -> Array:
        """Values of nodes as one array with a new first axis; neighbours in a stack stay together."""
        parts, start = [], 0
        while start < len(nodes):
            part, start = self._part(nodes, start)
            parts.append(part)
        return parts[0] if len(parts) == 1 else self._xp.concat(parts, axis=0)

    def _part(self, nodes: Sequence[Node], start: int) -> tuple[Array, int]:
        """Neighbours in a stack from `start` on, in its order or against it, or one value; and where they end."""
        end, place, step = start + 1, self._places.get(nodes[start]), 1
        if place is None:
            return self[nodes[start]][None, ...], end
        stack, number = place
        if end < len(nodes) and self._places.get(nodes[end]) == (stack, number - 1):
            step = -1
        while end < len(nodes) and self._places.get(nodes[end]) == (stack, number + (end - start) * step):
            end += 1
        last = number + (end - start - 1) * step
        part = self._stacks[stack][min(number, last) : max(number, last) + 1, ...]
        return part if step == 1 else self._xp.flip(part, axis=0), end


def _wanted(parts: Sequence[Node | Loop], roots: Iterable[Node]) -> set[Node]:
    """Nodes whose values are needed outside of the loop that computes them."""
    wanted = set(roots)
    for part in parts:
        if isinstance(part, Loop):
            wanted.update(part.same, part.carried.values(), *part.given)
        else:
            wanted.update(part.inputs)
    return wanted


def _run(
    loop: Loop, known: _Values, wanted: set[Node], xp: Namespace, dtypes: Callable[[str], DType], scan: Scan
) -> None:
    """Run a loop, and keep what is wanted of it."""
    first, second = loop.passes[:2]
    kept = [nodes for nodes in zip(*loop.passes, strict=True) if not wanted.isdisjoint(nodes)]
    same = {node: known[node] for node in loop.same}

    def body(carried: list[Array], given: list[Array]) -> tuple[list[Array], list[Array]]:
        local = dict(zip((first[place] for place in loop.carried), carried, strict=True))
        local |= zip((nodes[1] for nodes in loop.given), given, strict=True)
        now = ChainMap(local, same)
        for node in second:
            now[node] = evaluate(node, now, xp, dtypes)
        return [now[second[place]] for place in loop.carried], [now[nodes[1]] for nodes in kept]

    start = [known[node] for node in loop.carried.values()]
    _, stacks = scan(body, start, [known.stack(nodes) for nodes in loop.given], len(loop.passes))
    for nodes, stack in zip(kept, stacks, strict=True):
        known.keep(nodes, stack)
