"""`TorchGraph`: a replay captured as a CUDA graph."""

from collections.abc import Sequence
from typing import Any

import torch

from xpnn.typing import Array
from xpnn_backends._replay import Replay

__all__ = ["TorchGraph"]

_WARM_UP = 2
"""Runs before the capture: they load kernels and make the workspace of cuBLAS, which may not happen during it."""


class TorchGraph:
    """An executor; see `xpnn.typing.Executor`. What is new in a run is copied to the place that the graph reads.

    A graph holds addresses. So arrays that are held must stay the same; if they do not, it is captured again.
    """

    def __init__(self, replay: Replay) -> None:
        self._replay = replay
        self._held: Sequence[Array] | None = None
        self._graph: Any = None
        self._given: list[Array] = []
        self._outputs: list[Array] = []

    @property
    def nbytes(self) -> int:
        """Bytes of working memory."""
        return self._replay.nbytes

    def prepare(self, held: Sequence[Array]) -> None:
        """Print the replay; the first run captures it."""
        self._replay.prepare(held)

    def run(self, held: Sequence[Array], given: Sequence[Array], numbers: Sequence[float]) -> tuple[Any, Any]:
        """Run once; `held` is written in place."""
        if held is not self._held:
            self._capture(held, given, numbers)
        for place, array in zip(self._given, given, strict=True):
            place.copy_(array, non_blocking=True)
        self._replay.set_numbers(numbers)
        self._graph.replay()
        return [output.clone() for output in self._outputs], held

    def _capture(self, held: Sequence[Array], given: Sequence[Array], numbers: Sequence[float]) -> None:
        self._given = [array.clone(memory_format=torch.contiguous_format) for array in given]
        kept = [array.clone() for array in held]
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(_WARM_UP):
                self._replay.run(held, self._given, numbers)
            for array, before in zip(held, kept, strict=True):
                array.copy_(before)
        torch.cuda.current_stream().wait_stream(stream)
        self._graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self._graph, capture_error_mode="thread_local"):  # another thread may copy batches
            self._outputs = self._replay.function(*self._given)
        self._held = held
