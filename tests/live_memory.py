"""What a schedule does with its memory, followed instruction by instruction, without running anything."""

import numpy as np

from xpnn.program.memory import itemsize

__all__ = ["check_owners", "live_minimum"]


def live_minimum(plan, in_place=True):
    """Most bytes of computed values that are needed at one time.

    A value is needed from its own instruction to its last reader. With `in_place`, the last reader may always write
    over it, which only loops can do: nothing needs less than this. Without, only loops of its size and type may.
    """
    end, (step, own, origins) = len(plan.instructions), _values(plan)
    last = {node: step[node] for node in own}
    readers = [(i, arg) for node, i in step.items() for arg in node.inputs]
    for i, arg in [*readers, *((end, node) for node in plan.program.outputs)]:
        last.update({origin: max(last[origin], i) for origin in origins(arg)})

    def is_needed(node, i):
        if step[node] == i or step[node] <= i < last[node]:
            return True
        made = [other for other in plan.instructions[i].nodes if other in own]
        can_reuse = plan.instructions[i].is_loop and any((o.shape, o.dtype) == (node.shape, node.dtype) for o in made)
        return step[node] <= i == last[node] and not in_place and bool(made) and not can_reuse

    return max(
        (sum(node.size * itemsize(node.dtype) for node in own if is_needed(node, i)) for i in range(end)), default=0
    )


def check_owners(plan):
    """Whoever reads a value finds it: nobody has written there in between, nor writes there while it is being read."""
    _, own, origins = _values(plan)
    owners = {dtype: np.full(size, None) for dtype, size in plan.arenas.items()}

    def check(node):
        assert (owners[plan.locations[node].array[1]][_cells(plan.locations[node])] == id(node)).all(), node

    for instruction in plan.instructions:
        inside = set(instruction.nodes)
        reads = [
            (node, arg, origin)
            for node in inside
            for arg in node.inputs
            for origin in origins(arg)
            if origin not in inside
        ]
        for _, _, origin in reads:
            check(origin)
        order = {node: i for i, node in enumerate(instruction.nodes)}
        for node in inside & own:
            for reader, arg, origin in reads:
                is_done = instruction.is_loop and order[reader] <= order[node]
                assert _are_apart(plan, node, origin) or (is_done and _are_same(plan, node, arg)), (node, origin)
            owners[plan.locations[node].array[1]][_cells(plan.locations[node])] = id(node)
    for node in plan.program.outputs:
        for origin in origins(node):
            check(origin)


def _values(plan):
    """Step of each computed node, those that lie in working memory, and a function: what a node is a view of."""
    step = {node: i for i, instruction in enumerate(plan.instructions) for node in instruction.nodes}
    own = {node for node in step if node in plan.locations and plan.locations[node].array[0] == "arena"}

    def origins(node):
        if node in step or not node.inputs:
            return {node} & own
        return set().union(*(origins(arg) for arg in node.inputs))

    return step, own, origins


def _cells(place):
    cells = np.asarray(place.offset)
    for n, stride in zip(place.shape, place.strides, strict=True):
        cells = cells[..., None] + np.arange(n) * stride
    return cells.ravel()


def _are_apart(plan, a, b):
    a, b = plan.locations[a], plan.locations[b]
    return a.array != b.array or not np.intersect1d(_cells(a), _cells(b)).size


def _are_same(plan, a, b):
    return np.array_equal(_cells(plan.locations[a]), _cells(plan.locations[b]))
