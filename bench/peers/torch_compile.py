"""PyTorch compiled: forward, gradients and Adam as one graph of `torch.compile`, which writes in place.

Faster here than a compiled `torch.nn.Module` with ``torch.optim.Adam``, which are two graphs with autograd between.
"""

import os
import shutil
from collections.abc import Sequence
from typing import Any

import torch
from torch.nn.functional import conv2d, cross_entropy, linear, max_pool2d

from peers.problem import Problem, Stage

__all__ = ["Peer"]


class Peer:
    """Tensors of parameters and moments that a compiled function updates."""

    def __init__(self, problem: Problem, device: str = "cpu") -> None:
        if device == "cpu" and not any(map(shutil.which, (os.environ.get("CXX", ""), "g++", "clang++"))):
            raise RuntimeError("torch.compile needs a C++ compiler, and none is installed.")
        self.device, rate = device, problem.learning_rate
        layers, x = problem.channels_first()
        self.x, self.y = (torch.from_numpy(array).to(device) for array in (x, problem.y))
        params = [torch.tensor(part, device=device) for layer in layers for part in layer]
        moments = [[torch.zeros_like(p) for p in params] for _ in range(2)]
        self.state = (params, *moments, torch.zeros((), device=device))
        self._step = torch.compile(lambda state, x, y: _train(state, x, y, rate, problem.stages), fullgraph=True)

    @property
    def versions(self) -> dict[str, str]:
        """What is measured."""
        return {"torch": str(torch.__version__)}

    def step(self) -> Any:
        """One training step."""
        with torch.no_grad():
            return self._step(self.state, self.x, self.y)

    def synchronize(self) -> None:
        """Wait for a GPU; the processor has finished when a call returns."""
        if self.device != "cpu":
            torch.cuda.synchronize()


def _loss(params: list[Any], x: Any, y: Any, stages: Sequence[Stage]) -> Any:
    parameters = iter(params)
    for stage in stages:
        if stage.kind == "pool":
            x = max_pool2d(x, stage.size)
            continue
        weight, bias = next(parameters), next(parameters)
        if stage.kind == "lstm":
            x = _last_state(x, weight, bias)
            continue
        if stage.kind == "conv":
            x = conv2d(x, weight, bias, padding=stage.padding)
        else:
            x = linear(x.flatten(1), weight, bias)
        x = x if stage is stages[-1] else torch.relu(x)
    return cross_entropy(x, y)


def _last_state(x: Any, weight: Any, bias: Any) -> Any:
    """Run an LSTM whose loop is unrolled; `weight` has the columns of the inputs before those of the state."""
    n, recurrent = x.shape[-1], weight[:, x.shape[-1] :].T
    z = linear(x.transpose(0, 1), weight[:, :n], bias)
    h = c = x.new_zeros(x.shape[0], len(recurrent))
    for t in range(len(z)):
        i, f, g, o = (z[t] + h @ recurrent).chunk(4, dim=1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        h = torch.sigmoid(o) * torch.tanh(c)
    return h


def _train(state: Any, x: Any, y: Any, rate: float, stages: Sequence[Stage]) -> Any:
    params, firsts, seconds, t = state
    grads, loss = torch.func.grad_and_value(_loss)(params, x, y, stages)
    t.add_(1)
    scale, root = rate / (1 - 0.9**t), 1 / (1 - 0.999**t)
    for p, m, v, g in zip(params, firsts, seconds, grads, strict=True):
        m.lerp_(g, 0.1)
        v.mul_(0.999).addcmul_(g, g, value=0.001)
        p.sub_(scale * m / ((v * root).sqrt() + 1e-8))
    return loss
