"""`LoopPrinter`: loops as kernels, with the values that are read in one loop alone in registers.

Each element of a loop belongs to one thread. So a result may take the place of an argument, as in any loop whose
elements do not depend on each other.
"""

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

from xpnn.typing import Shape
from xpnn_backends._cuda_kernel import REDUCTIONS, Body
from xpnn_backends._cuda_reduction import partial_body, partial_places, starts, tree
from xpnn_backends._cuda_steps import Key, Launch, Source
from xpnn_backends._cuda_tiling import BLOCK, Tiling

__all__ = ["LoopPrinter"]


class LoopPrinter:
    """Prints kernels, and adds their launches to `source`.

    Parameters
    ----------
    locations : mapping of node to Location
        Of what lies in memory.
    types : mapping of array to str
        Types of the arrays.
    source : Source
        What the program becomes.
    """

    def __init__(self, locations: Mapping[Any, Any], types: Mapping[Key, str], source: Source) -> None:
        self._locations, self._types, self._source = locations, types, source
        self.kernels: list[str] = []

    def add(self, instruction: Any) -> None:
        """Add one kernel, and one more for each further set of axes over which the loop reduces.

        Those come first: they compute anew what they reduce, before the loop overwrites what that is computed from.
        """
        groups: dict[frozenset[int], list[Any]] = {}
        for node in instruction.nodes:
            if node.op in REDUCTIONS and (axes := _long_axes(node)):
                groups.setdefault(axes, []).append(node)
        (axes, results), *others = groups.items() or [(frozenset(), [])]
        for other_axes, other in others:
            self._add(instruction.shape, _needed(instruction.nodes, other), other, other_axes, is_storing=False)
        elsewhere = {node for _, group in others for node in group}
        nodes = [node for node in instruction.nodes if node not in elsewhere]
        self._add(instruction.shape, nodes, results, axes, is_storing=True)

    def copy(self, node: Any, dtype: str, start: int) -> Any:
        """Add a kernel that copies a value into scratch memory; return its location there."""
        body = Body(node.shape, self._locations, self._types, frozenset())
        place = body.copy(node, dtype, start)
        self._source.reserve(dtype, start + node.size)
        self._plain(body, node.size)
        return place

    def _add(
        self, shape: Shape, nodes: Sequence[Any], results: Sequence[Any], axes: frozenset[int], is_storing: bool
    ) -> None:
        body = Body(shape, self._locations, self._types, axes)
        body.find_operands(nodes, results, is_storing)
        values = []
        for node in nodes:
            if node in results:
                values.append(body.value(node.args[0], node.dtype))
            else:
                body.compute(node, is_storing)
        if results:
            self._reduce(body, results, values, _is_row(shape, axes))
        else:
            self._plain(body, prod(shape))

    def _plain(self, body: Body, size: int) -> None:
        if size:
            threads = BLOCK if size > BLOCK // 2 else BLOCK // 4
            here = ["const index_t o = (index_t)blockIdx.x * blockDim.x + threadIdx.x;", f"if (o >= {size}) return;"]
            self._kernel(body, [*here, *body.axes.names("o"), *body.lines], (-(-size // threads), 1), threads)

    def _reduce(self, body: Body, results: Sequence[Any], values: Sequence[str], is_row: bool) -> None:
        outputs, length = prod(body.axes.kept), prod(body.axes.reduced)
        if not outputs:
            return
        tiling = Tiling.of(outputs, length, is_row)
        if tiling.chunks > 1:
            for node, start in zip(results, starts(results, outputs * tiling.chunks), strict=True):
                self._source.reserve(node.dtype, start + outputs * tiling.chunks)
            places = partial_places(body, results, tiling)
            self._kernel(body, tree(body, results, values, places, tiling), tiling.grid, tiling.threads)
            body, values = partial_body(body, results, tiling)
            tiling = Tiling.of(outputs, tiling.chunks, is_row=False, can_divide=False)
        places = [body.place(node) for node in results]
        self._kernel(body, tree(body, results, values, places, tiling), tiling.grid, tiling.threads)

    def _kernel(self, body: Body, lines: Sequence[str], grid: tuple[int, int], threads: int) -> None:
        name = f"loop{len(self.kernels)}"
        head = f'extern "C" __global__ void {name}({body.parameters()}) {{'
        self.kernels.append("\n".join([head, *(f"    {line}" for line in lines), "}\n"]))
        self._source.steps.append(Launch(name, grid, threads, tuple(body.arrays)))


def _long_axes(node: Any) -> frozenset[int]:
    """Axes over which something is reduced; a reduction over axes of one element is a copy."""
    return frozenset(axis for axis in node.options["axes"] if node.args[0].shape[axis] != 1)


def _is_row(shape: Shape, axes: frozenset[int]) -> bool:
    """Whether neighbours in memory, mostly, are reduced with each other."""
    return max((axis for axis, n in enumerate(shape) if n != 1), default=0) in axes


def _needed(nodes: Sequence[Any], results: Sequence[Any]) -> list[Any]:
    """`results`, and the nodes of the loop that they are computed from."""
    needed = set(results)
    for node in reversed(nodes):
        if node in needed:
            needed.update(node.inputs)
    return [node for node in nodes if node in needed]
