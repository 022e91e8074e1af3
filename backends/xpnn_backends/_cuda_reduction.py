"""Reductions as CUDA C++: each thread reduces what is its own, then a tree brings the threads of a block together.

A long reduction is divided among blocks as well; each writes one partial result, and a second kernel reduces these. The
order in which elements are added up depends on shapes alone, and there are no atomic operations.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from xpnn_backends._cuda_axes import Axes
from xpnn_backends._cuda_kernel import Body
from xpnn_backends._cuda_math import TYPES, combined, identity
from xpnn_backends._cuda_tiling import Tiling

__all__ = ["partial_body", "partial_places", "starts", "tree"]


def tree(body: Body, results: Sequence[Any], values: Sequence[str], places: Sequence[str], tiling: Tiling) -> list[str]:
    """Lines of a kernel that reduces `values`, computed by `body` for each element, into `places`."""
    kinds = [(i, node.op, node.dtype) for i, node in enumerate(results)]
    inner = [*body.axes.names("r"), *body.lines] if tiling.length else []
    inner += [f"sum{i} = {combined(op, f'sum{i}', values[i])};" for i, op, _ in kinds] if tiling.length else []
    return [
        *_where(tiling),
        *body.axes.names("o"),
        *(f"{TYPES[dtype]} sum{i} = {identity(op, dtype)};" for i, op, dtype in kinds),
        f"if (o < {tiling.outputs}) for (index_t r = begin + lane; r < end; r += {tiling.lanes}) {{",
        *(f"    {line}" for line in inner),
        "}",
        *_in_block(kinds, tiling),
        *(f"if (lane == 0 && o < {tiling.outputs}) {place} = sum{i};" for i, place in enumerate(places)),
    ]


def _where(tiling: Tiling) -> Iterator[str]:
    """Lines that say which result and which of its elements a thread works on."""
    neighbours = tiling.lanes if tiling.is_row else tiling.tile
    lane, place = (f"t % {neighbours}", f"t / {neighbours}")[:: 1 if tiling.is_row else -1]
    yield f"const int t = threadIdx.x, lane = {lane};"
    yield f"const index_t o = (index_t)blockIdx.x * {tiling.tile} + {place};"
    yield f"const index_t begin = (index_t)blockIdx.y * {tiling.chunk}, past = begin + {tiling.chunk};"
    yield f"const index_t end = past < {tiling.length} ? past : {tiling.length};"


def _in_block(kinds: Sequence[tuple[int, str, str]], tiling: Tiling) -> Iterator[str]:
    """Lines that bring the results of the lanes together in the first."""
    if tiling.lanes == 1:
        return
    step = "half" if tiling.is_row else f"half * {tiling.tile}"
    for i, _, dtype in kinds:
        yield f"__shared__ {TYPES[dtype]} s{i}[{tiling.threads}];"
        yield f"s{i}[t] = sum{i};"
    yield "__syncthreads();"
    yield f"for (int half = {tiling.lanes // 2}; half > 0; half /= 2) {{"
    for i, op, _ in kinds:
        yield f"    if (lane < half) s{i}[t] = {combined(op, f's{i}[t]', f's{i}[t + {step}]')};"
    yield "    __syncthreads();"
    yield "}"
    for i, _, _ in kinds:
        yield f"sum{i} = s{i}[t];"


def starts(results: Sequence[Any], size: int) -> list[int]:
    """Where the partial results of each reduction begin in the scratch array of its type."""
    return [size * sum(other.dtype == node.dtype for other in results[:i]) for i, node in enumerate(results)]


def partial_places(body: Body, results: Sequence[Any], tiling: Tiling) -> list[str]:
    """Where each block writes its partial results."""
    begins = starts(results, tiling.outputs * tiling.chunks)
    arrays = [body.array(("scratch", node.dtype), is_written=True) for node in results]
    row = f"(index_t)blockIdx.y * {tiling.outputs} + o"
    return [f"{array}[{begin} + {row}]" for array, begin in zip(arrays, begins, strict=True)]


def partial_body(body: Body, results: Sequence[Any], tiling: Tiling) -> tuple[Body, list[str]]:
    """Return the body of the kernel that reduces partial results, and the names of its values."""
    strides = {key: (kept, (0,)) for key, (kept, _) in body.axes.strides.items()}
    last = body.empty(Axes(body.axes.kept, (tiling.chunks,), strides))
    for i, (node, begin) in enumerate(zip(results, starts(results, tiling.outputs * tiling.chunks), strict=True)):
        array = last.array(("scratch", node.dtype))
        last.lines.append(f"const {TYPES[node.dtype]} v{i} = {array}[{begin} + r * {tiling.outputs} + o];")
    return last, [f"v{i}" for i in range(len(results))]
