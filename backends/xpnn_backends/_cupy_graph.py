"""`CupyGraph`: kernels and products captured as a CUDA graph, which the host launches as one."""

import contextlib
from collections.abc import Sequence
from typing import Any

import cupy

from xpnn.typing import Array
from xpnn_backends._cupy_copies import copy_into
from xpnn_backends._cupy_kernels import CupyKernels

__all__ = ["CupyGraph"]

_WARM_UP = 2
"""Runs before the capture: they load the kernels, initialise cuBLAS, and fill the pool of memory."""


class CupyGraph:
    """An executor; see `xpnn.typing.Executor`. What is new in a run is copied to the place that the graph reads.

    The graph is launched in the current stream, and so are the copies to it and from it: whoever uses the arrays in
    that stream before and after sees everything in order. A graph holds addresses, so it is captured anew when the
    arrays that are held are others.

    Parameters
    ----------
    kernels : CupyKernels
        What is captured.
    """

    def __init__(self, kernels: CupyKernels) -> None:
        self._kernels = kernels
        self._pool = cupy.cuda.MemoryPool()
        self._given = [cupy.zeros(node.shape, node.dtype) for node in kernels.given]
        self._held: Sequence[Array] | None = None
        self._graph: Any = None

    @property
    def nbytes(self) -> int:
        """Bytes of working memory."""
        nbytes: int = self._pool.total_bytes() + sum(array.nbytes for array in self._given)
        return self._kernels.nbytes + nbytes

    def prepare(self, held: Sequence[Array]) -> None:
        """Capture, or raise what CUDA does not capture. The runs that it takes leave `held` as it is."""
        self._held, self._graph = None, None
        self._kernels.prepare(held)
        kept = [array.copy() for array in held]
        caller, stream = cupy.cuda.get_current_stream(), cupy.cuda.Stream(non_blocking=True)
        stream.wait_event(caller.record())
        with cupy.cuda.using_allocator(self._pool.malloc), stream:
            try:
                for _ in range(_WARM_UP):
                    self._kernels.launch(self._given)
            finally:
                for array, before in zip(held, kept, strict=True):
                    cupy.copyto(array, before)
                caller.wait_event(stream.record())
            stream.synchronize()
            self._graph = self._capture(stream)
        self._held = held

    def _capture(self, stream: Any) -> Any:
        stream.begin_capture()
        try:
            self._kernels.launch(self._given)
        except BaseException:
            with contextlib.suppress(Exception):
                stream.end_capture()
            raise
        return stream.end_capture()

    def run(self, held: Sequence[Array], given: Sequence[Array], numbers: Sequence[float]) -> tuple[Any, Any]:
        """Run once; `held` is written in place. The results are new."""
        if held is not self._held:
            self.prepare(held)
        for place, array in zip(self._given, given, strict=True):
            copy_into(place, array)
        self._kernels.set_numbers(numbers)
        self._graph.launch()
        return self._kernels.results(), held
