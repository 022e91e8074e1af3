"""`find_loops`: what a program does again and again, as one that was recorded over all steps of a sequence."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from xpnn.program.node import Node

__all__ = ["LEAST_PASSES", "Loop", "find_loops"]

LEAST_PASSES = 8
LEAST_NODES = 200
"""Shorter parts stay as they are: what is unrolled can be fused."""

Passes = list[list[Node]]


@dataclass(frozen=True, slots=True)
class Loop:
    """Passes that do the same to other values.

    Parameters
    ----------
    passes : list of list of Node
        Nodes of each pass, in the order in which they are computed; corresponding nodes have the same place.
    carried : dict of int to Node
        Places of the values that the next pass needs; and the nodes that the first pass has in their stead.
    given : list of tuple of Node
        For each value that is computed before the loop and is another one in each pass: a node for each pass.
    same : list of Node
        Values that are computed before the loop and serve all passes.
    """

    passes: Passes
    carried: dict[int, Node]
    given: list[tuple[Node, ...]]
    same: list[Node]


def find_loops(nodes: Sequence[Node]) -> list[Node | Loop]:
    """Return the nodes of a program in their order, with loops in the place of those that make up the loops.

    Slices that are other ones in each pass, such as the steps of a sequence, come before their loop.
    """
    numbers: dict[Hashable, int] = {}
    keys = [numbers.setdefault(_key(node), len(numbers)) for node in nodes]
    following = _following(keys)
    found: list[Node | Loop] = []
    no_loop: dict[int, int] = {}
    i = 0
    while i < len(nodes):
        period = _period(keys, following, i, no_loop)
        part, end = _first_loop(nodes, i, _end(keys, i, period), period) if period else ([], i)
        if not part:
            no_loop[period] = i + period
            part, end = [nodes[i]], i + 1
        found += part
        i = end
    return found


def _key(node: Node) -> Hashable:
    """Equal for nodes that may be the same place of two passes; they may take different slices."""
    if node.op in ("call", "constant"):
        return node
    args = tuple(None if isinstance(arg, Node) else (type(arg), repr(arg)) for arg in node.args)
    options = () if node.op == "slice" else tuple(sorted(node.options.items()))
    return node.op, node.shape, node.dtype, args, options


def _following(keys: Sequence[int]) -> list[int]:
    """For each place, where its key comes next; the number of keys where it never does."""
    last: dict[int, int] = {}
    following = [len(keys)] * len(keys)
    for i in range(len(keys) - 1, -1, -1):
        following[i] = last.get(keys[i], len(keys))
        last[keys[i]] = i
    return following


def _period(keys: Sequence[int], following: Sequence[int], i: int, no_loop: dict[int, int]) -> int:
    """Shortest period, from place `i` on, that holds long enough; 0 if there is none.

    `no_loop` tells up to which place a period is known to make no loop.
    """
    after = following[i]
    while i + LEAST_PASSES * (period := after - i) <= len(keys):
        enough = max(LEAST_PASSES * period, LEAST_NODES)
        if i >= no_loop.get(period, 0) and _end(keys, i, period) - i >= enough:
            return period
        after = following[after]
    return 0


def _end(keys: Sequence[int], start: int, period: int) -> int:
    """Where the keys cease to be those of a period before."""
    end = start + period
    while end < len(keys) and keys[end] == keys[end - period]:
        end += 1
    return end


def _first_loop(nodes: Sequence[Node], i: int, end: int, period: int) -> tuple[list[Node | Loop], int]:
    """Return nodes from `i` on, up to the end of the first loop of this period, and that end; nothing without one."""
    for start in range(i, i + period):  # the first pass may not begin where the likeness does
        passes = [list(nodes[at : at + period]) for at in range(start, end - period + 1, period)]
        loop = _loop(passes) if len(passes) >= LEAST_PASSES else None
        if loop is not None:
            return [*nodes[i:start], *loop], start + len(passes) * period
    return [], i


def _loop(passes: Passes) -> list[Node | Loop] | None:
    """Return slices and the loop that comes after them; None if the passes do not do the same."""
    is_moving = [_is_moving(nodes) for nodes in zip(*passes, strict=True)]
    slices = [node for nodes in passes for node, moves in zip(nodes, is_moving, strict=True) if moves]
    passes = [[node for node, moves in zip(nodes, is_moving, strict=True) if not moves] for nodes in passes]
    where = {node: (number, place) for number, nodes in enumerate(passes) for place, node in enumerate(nodes)}
    loop = Loop(passes, {}, [], [])
    for nodes in zip(*passes, strict=True):
        for args in zip(*(node.inputs for node in nodes), strict=True):
            if not _add(loop, args, [where.get(arg) for arg in args]):
                return None
    before = [*loop.same, *(nodes[1] for nodes in loop.given)]  # the second pass stands for all
    if len(set(before)) < len(before) or any(node.args[0] in where for node in slices):
        return None
    return [*slices, loop]


def _is_moving(nodes: Sequence[Node]) -> bool:
    """Whether corresponding nodes are different slices."""
    return nodes[0].op == "slice" and any(node.options != nodes[0].options for node in nodes)


def _add(loop: Loop, args: tuple[Node, ...], where: list[tuple[int, int] | None]) -> bool:
    """Tell whether corresponding arguments come from corresponding places, and add to `loop` what comes from outside.

    `where` gives the number of the pass and the place where each is computed, None for outside.
    """
    first, second, numbers = where[0], where[1], range(len(args))
    if first is not None:
        return where == [(number, first[1]) for number in numbers]
    if second is None:
        if all(arg is args[0] for arg in args):
            loop.same.extend(() if args[0] in loop.same else (args[0],))
        elif args not in loop.given:
            loop.given.append(args)
        return not any(where)
    carried, start = loop.passes[0][second[1]], loop.carried.setdefault(second[1], args[0])
    is_alike = start is args[0] and (start.shape, start.dtype) == (carried.shape, carried.dtype)
    return is_alike and where[1:] == [(number, second[1]) for number in numbers[:-1]]
