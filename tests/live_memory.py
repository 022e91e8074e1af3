"""How much memory a schedule needs at least, counted from the order of its instructions alone."""

from xpnn.program.memory import itemsize

__all__ = ["live_minimum"]


def live_minimum(plan, in_place=True):
    """Most bytes of computed values that are needed at one time.

    A value is needed from its own instruction to its last reader. With `in_place`, the last reader may always write
    over it, which only loops can do: nothing needs less than this. Without, only loops of its size and type may.
    """
    end = len(plan.instructions)
    step = {node: i for i, instruction in enumerate(plan.instructions) for node in instruction.nodes}
    own = {node for node in step if node in plan.locations and plan.locations[node].array[0] == "arena"}
    last = {node: step[node] for node in own}

    def origins(node):
        if node in step or not node.inputs:
            return {node} & own
        return set().union(*(origins(arg) for arg in node.inputs))

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
