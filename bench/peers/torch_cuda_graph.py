"""PyTorch on a GPU: the eager step captured once as a CUDA graph, and replayed."""

from typing import Any

import torch

from peers import torch_eager
from peers.problem import Problem

__all__ = ["Peer"]

WARM_UP = 3
"""Steps before the capture, on a stream of their own, as PyTorch's notes on CUDA graphs ask for."""


class Peer(torch_eager.Peer):
    """The peer without compilation, its step recorded; the warm-up is undone afterwards."""

    def __init__(self, problem: Problem) -> None:
        if not torch.cuda.is_available():
            raise RuntimeError("PyTorch finds no CUDA device.")
        super().__init__(problem, "cuda", capturable=True)
        start = [p.detach().clone() for p in self.model.parameters()]
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(WARM_UP):
                super().step()
        torch.cuda.current_stream().wait_stream(stream)
        self.optimizer.zero_grad(set_to_none=True)
        self.graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self.graph):
            self.captured = self._captured_step()
        self._restore(start)

    def step(self) -> Any:
        """One training step; the next one overwrites its loss."""
        self.graph.replay()
        return self.captured

    def _captured_step(self) -> Any:
        loss = self.loss(self.model(self.x), self.y)
        loss.backward()
        self.optimizer.step()
        return loss.detach()

    def _restore(self, start: list[Any]) -> None:
        """Bring parameters and moments back to the beginning, in the memory that the graph knows."""
        with torch.no_grad():
            for parameter, value in zip(self.model.parameters(), start, strict=True):
                parameter.copy_(value)
                for moment in self.optimizer.state[parameter].values():
                    moment.zero_()
